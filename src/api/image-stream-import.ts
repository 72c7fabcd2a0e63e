import { imageSource, importPolicy, type ObjectReference, referencePolicy } from './common.ts';
import { type Image, imageProperties } from './image.ts';
import { type ImageStream, imageStreamProperties } from './image-stream.ts';
import { objectSchema, type TypedObject } from './meta.ts';
import type { Infer, Schema } from './schema.ts';
import type { Status } from './status.ts';

const includeManifest = {
  type: 'boolean',
  description: 'Return the raw manifest and config of the image in the status.',
} as const satisfies Schema;

const imageImport = {
  type: 'object',
  description: 'An image to look up.',
  properties: {
    from: imageSource,
    to: {
      type: 'object',
      description:
        'Tag of the stream to import into. Defaults to the tag of from.name; without either nothing is tagged.',
      properties: { name: { type: 'string', description: 'Name of the tag.', maxLength: 256 } },
    },
    importPolicy,
    referencePolicy,
    includeManifest,
  },
  required: ['from'],
} as const satisfies Schema;

const repositoryImport = {
  type: 'object',
  description: 'A repository to import tag by tag, up to the limit of the operator.',
  properties: { from: imageSource, importPolicy, referencePolicy, includeManifest },
  required: ['from'],
} as const satisfies Schema;

const status = {
  type: 'object',
  description: 'Outcome as the API would answer it (metav1.Status).',
  properties: {
    kind: { type: 'string', description: 'Status.' },
    apiVersion: { type: 'string', description: 'v1.' },
    metadata: {
      type: 'object',
      description: 'Always empty.',
      'x-kubernetes-preserve-unknown-fields': true,
    },
    status: { type: 'string', description: 'Success or Failure.' },
    message: { type: 'string', description: 'What failed.' },
    reason: { type: 'string', description: 'Cause in one word, for example NotFound.' },
    code: { type: 'integer', format: 'int32', description: 'HTTP status code that goes with the reason.' },
    details: { type: 'object', description: 'More on the cause.', 'x-kubernetes-preserve-unknown-fields': true },
  },
} as const satisfies Schema;

/** Metadata of an object inside an object: a plain object type would be stored as `{}` (design D2). */
const embeddedMetadata = {
  type: 'object',
  description: 'Metadata of the object.',
  'x-kubernetes-preserve-unknown-fields': true,
} as const satisfies Schema;

const typeMeta = {
  kind: { type: 'string', description: 'Kind of the object.' },
  apiVersion: { type: 'string', description: 'API version of the object.' },
} as const satisfies Readonly<Record<string, Schema>>;

const embeddedImage = {
  type: 'object',
  description: 'An image that was found.',
  properties: { ...typeMeta, metadata: embeddedMetadata, ...imageProperties },
} as const satisfies Schema;

const imageStatus = {
  type: 'object',
  description: 'What came of one image.',
  properties: {
    status,
    image: embeddedImage,
    tag: { type: 'string', description: 'Tag that was looked up; empty for a digest.' },
    manifests: {
      type: 'array',
      description: 'Images of the manifests of a preserved list.',
      'x-kubernetes-list-type': 'atomic',
      items: embeddedImage,
    },
  },
  required: ['status'],
} as const satisfies Schema;

const importCondition = {
  type: 'object',
  description: 'State of the request.',
  properties: {
    type: { type: 'string', description: 'Complete or Succeeded.', maxLength: 256 },
    status: { type: 'string', description: 'True, False or Unknown.' },
    lastTransitionTime: {
      type: 'string',
      format: 'date-time',
      description: 'When the status last changed from one value to another.',
    },
    reason: { type: 'string', description: 'Imported, PartlyFailed, Failed or Refused.' },
    message: { type: 'string', description: 'What happened.' },
  },
  required: ['type', 'status'],
} as const satisfies Schema;

export const imageStreamImportProperties = {
  spec: {
    type: 'object',
    description: 'What to import. Cannot be changed.',
    'x-kubernetes-validations': [
      { rule: 'self == oldSelf', message: 'spec is immutable: create another ImageStreamImport' },
      {
        rule: 'has(self.repository) || (has(self.images) && size(self.images) > 0)',
        message: 'you must specify at least one image or a repository import',
        fieldPath: '.images',
        reason: 'FieldValueInvalid',
      },
    ],
    properties: {
      import: {
        type: 'boolean',
        description: 'Record the images in the stream. False only looks them up.',
      },
      repository: repositoryImport,
      images: {
        type: 'array',
        description: 'Images to import.',
        maxItems: 4096,
        'x-kubernetes-list-type': 'atomic',
        items: imageImport,
      },
    },
  },
  status: {
    type: 'object',
    description: 'What came of the request.',
    properties: {
      import: {
        type: 'object',
        description: 'The stream as it was written; only when spec.import is true and the write succeeded.',
        properties: { ...typeMeta, metadata: embeddedMetadata, ...imageStreamProperties },
      },
      repository: {
        type: 'object',
        description: 'What came of spec.repository.',
        properties: {
          status,
          images: {
            type: 'array',
            description: 'One entry for each tag that was tried.',
            'x-kubernetes-list-type': 'atomic',
            items: imageStatus,
          },
          additionalTags: {
            type: 'array',
            description: 'Tags that exist but were not imported, because of the limit.',
            'x-kubernetes-list-type': 'atomic',
            items: { type: 'string', description: 'Name of a tag.' },
          },
        },
      },
      images: {
        type: 'array',
        description: 'One entry for each of spec.images, in the same order.',
        'x-kubernetes-list-type': 'atomic',
        items: imageStatus,
      },
      conditions: {
        type: 'array',
        description: 'Complete (finished, whatever the outcome) and Succeeded.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
        items: importCondition,
      },
      handledUID: { type: 'string', description: 'UID of the object that this status belongs to.' },
    },
  },
} as const satisfies Readonly<Record<string, Schema>>;

/** A whole ImageStreamImport. */
export const imageStreamImportSchema = objectSchema(
  'ImageStreamImport asks once for images to be looked up in their registries and, with spec.import, to be recorded in the stream of its name. The answer is in the status.',
  imageStreamImportProperties,
  ['spec'],
);

export type ImageImport = Omit<Infer<typeof imageImport>, 'from'> & { readonly from: ObjectReference };
export type RepositoryImport = Omit<Infer<typeof repositoryImport>, 'from'> & { readonly from: ObjectReference };
export type ImportCondition = Infer<typeof importCondition>;

export interface ImageImportStatus {
  readonly status: Status;
  readonly image?: Image;
  readonly tag?: string;
  readonly manifests?: readonly Image[];
}

export interface RepositoryImportStatus {
  readonly status?: Status;
  readonly images?: readonly ImageImportStatus[];
  readonly additionalTags?: readonly string[];
}

export interface ImageStreamImportSpec {
  readonly import?: boolean;
  readonly repository?: RepositoryImport;
  readonly images?: readonly ImageImport[];
}

export interface ImageStreamImportStatus {
  readonly import?: ImageStream;
  readonly repository?: RepositoryImportStatus;
  readonly images?: readonly ImageImportStatus[];
  readonly conditions?: readonly ImportCondition[];
  readonly handledUID?: string;
}

export type ImageStreamImport = TypedObject & {
  readonly spec: ImageStreamImportSpec;
  readonly status?: ImageStreamImportStatus;
};
