import { importPolicy, type ObjectReference, referencePolicy, tagSource } from './common.ts';
import { objectSchema, type TypedObject } from './meta.ts';
import type { Infer, Schema } from './schema.ts';

const specTag = {
  type: 'object',
  description: 'A tag this stream should have.',
  properties: {
    name: { type: 'string', description: 'Name of the tag.', minLength: 1, maxLength: 256 },
    annotations: {
      type: 'object',
      nullable: true,
      description:
        'Annotations of the tag. importer.image.openshift.io/prefer-arch and prefer-os choose a platform in Legacy mode; imagestream-operator/interval sets how often a scheduled tag is re-checked.',
      additionalProperties: { type: 'string', description: 'Value of the annotation.' },
    },
    from: tagSource,
    reference: {
      type: 'boolean',
      description: 'Only record the pull spec, never ask the registry.',
    },
    generation: {
      type: 'integer',
      format: 'int64',
      nullable: true,
      description: 'Change it, for example to 0, to ask for a new import. The operator never writes it.',
    },
    importPolicy,
    referencePolicy,
  },
  required: ['name'],
  'x-kubernetes-validations': [
    {
      rule: "!has(self.from) || self.from.kind == 'DockerImage' || !has(self.importPolicy) || !has(self.importPolicy.scheduled) || !self.importPolicy.scheduled",
      message: 'only tags pointing to Docker repositories may be scheduled for background import',
      fieldPath: '.importPolicy.scheduled',
      reason: 'FieldValueInvalid',
    },
  ],
} as const satisfies Schema;

const tagEvent = {
  type: 'object',
  description: 'One image that the tag pointed to.',
  properties: {
    created: { type: 'string', format: 'date-time', description: 'When the operator recorded it.' },
    dockerImageReference: { type: 'string', description: 'Pull spec by digest.' },
    image: {
      type: 'string',
      description: 'Name of the image (sha256:...); empty for a tag that only records a reference.',
    },
    generation: {
      type: 'integer',
      format: 'int64',
      description: 'Generation of the spec that led to this event.',
    },
  },
  required: ['created', 'dockerImageReference', 'image', 'generation'],
} as const satisfies Schema;

const tagCondition = {
  type: 'object',
  description: 'What came of the last import of the tag.',
  properties: {
    type: { type: 'string', description: 'ImportSuccess.', maxLength: 256 },
    status: { type: 'string', description: 'True, False or Unknown.' },
    lastTransitionTime: {
      type: 'string',
      format: 'date-time',
      nullable: true,
      description: 'When the status last changed from one value to another.',
    },
    reason: { type: 'string', description: 'Cause in one word, for example NotFound or Unauthorized.' },
    message: { type: 'string', description: 'What failed, stable between equal failures.' },
    generation: {
      type: 'integer',
      format: 'int64',
      description: 'Generation of the spec that the condition speaks of.',
    },
  },
  required: ['type', 'status', 'generation'],
} as const satisfies Schema;

/** Ours (design D4): what was last asked for a tag, and what the registry said. Defaults are left out. */
const source = {
  type: 'object',
  description:
    'What was last asked for this tag and what the registry said. The tag is imported again exactly when its spec asks for something else.',
  'x-kubernetes-map-type': 'atomic',
  properties: {
    from: { type: 'string', description: 'Pull spec as the spec tag wrote it.' },
    importMode: { type: 'string', description: 'Import mode, when it is not Legacy.' },
    insecure: { type: 'boolean', description: 'Whether an insecure import was asked for.' },
    platform: {
      type: 'string',
      description: 'Platform in force for manifest lists (os/architecture); left out for linux/amd64.',
    },
    specGeneration: {
      type: 'integer',
      format: 'int64',
      nullable: true,
      description: 'spec.tags[].generation as it stood.',
    },
    acceptVersion: {
      type: 'integer',
      format: 'int32',
      description: 'Version of the Accept header that the digest was obtained with.',
    },
    digest: {
      type: 'string',
      description:
        'Digest that the tag has at the registry (of the list, where it is one); absent until this request first succeeded.',
    },
  },
  required: ['from'],
} as const satisfies Schema;

const tagHistory = {
  type: 'object',
  description: 'What became of one tag.',
  properties: {
    tag: { type: 'string', description: 'Name of the tag.', minLength: 1, maxLength: 256 },
    items: {
      type: 'array',
      nullable: true,
      description: 'Images that the tag pointed to, newest first.',
      'x-kubernetes-list-type': 'atomic',
      items: tagEvent,
    },
    conditions: {
      type: 'array',
      description: 'Conditions of the last import.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: tagCondition,
    },
    source,
  },
  required: ['tag'],
} as const satisfies Schema;

const streamCondition = {
  type: 'object',
  description: 'State of the stream as a whole.',
  properties: {
    type: { type: 'string', description: 'RepositoryImport.', maxLength: 256 },
    status: { type: 'string', description: 'True, False or Unknown.' },
    lastTransitionTime: {
      type: 'string',
      format: 'date-time',
      description: 'When the status last changed from one value to another.',
    },
    reason: { type: 'string', description: 'Cause in one word.' },
    message: { type: 'string', description: 'What happened.' },
    observedGeneration: {
      type: 'integer',
      format: 'int64',
      description: 'metadata.generation that the condition speaks of.',
    },
  },
  required: ['type', 'status'],
} as const satisfies Schema;

export const imageStreamProperties = {
  spec: {
    type: 'object',
    description: 'What the stream should follow.',
    properties: {
      lookupPolicy: {
        type: 'object',
        description: 'Whether workloads of the namespace may name the tags of this stream as their image.',
        properties: {
          local: { type: 'boolean', description: 'Resolve names in this namespace.', default: false },
        },
        required: ['local'],
      },
      dockerImageRepository: {
        type: 'string',
        description:
          'Repository to import as a whole, without tag or digest. The tags that it has are added to spec.tags, up to the limit of the operator.',
        maxLength: 1024,
        // Cheap, and it refuses nothing that OpenShift accepts. What it lets through, the operator judges.
        'x-kubernetes-validations': [
          {
            rule: "!self.contains('@') && !self.matches('/[^/]*:[^/]*$')",
            message: 'the repository name may not contain a tag or an ID',
            reason: 'FieldValueInvalid',
          },
        ],
      },
      tags: {
        type: 'array',
        description: 'Tags this stream should have.',
        maxItems: 4096,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: specTag,
      },
    },
  },
  status: {
    type: 'object',
    description: 'What the operator found.',
    properties: {
      dockerImageRepository: {
        type: 'string',
        description: 'Repository through which the stream can be pulled, if there is one.',
      },
      publicDockerImageRepository: {
        type: 'string',
        description: 'The same, as seen from outside the cluster.',
      },
      tags: {
        type: 'array',
        description: 'History of each tag.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['tag'],
        items: tagHistory,
      },
      observedGeneration: {
        type: 'integer',
        format: 'int64',
        description: 'metadata.generation that was last looked at.',
      },
      lastHandledRequest: {
        type: 'string',
        description: 'Last value of the annotation imagestream-operator/requested-at that all tags have answered.',
      },
      conditions: {
        type: 'array',
        description: 'State of the stream as a whole.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
        items: streamCondition,
      },
    },
  },
} as const satisfies Readonly<Record<string, Schema>>;

/** A whole ImageStream. */
export const imageStreamSchema = objectSchema(
  'ImageStream follows tags of images in other registries: spec.tags says which, status.tags keeps the history of what each of them pointed to and why an import failed.',
  imageStreamProperties,
);

/** `from` is typed as a client may have written it; validation says what is wrong with it. */
export type SpecTag = Omit<Infer<typeof specTag>, 'from'> & { readonly from?: ObjectReference };
export type ImageStreamSpec = Omit<Infer<typeof imageStreamProperties.spec>, 'tags'> & {
  readonly tags?: readonly SpecTag[];
};
export type ImageStreamStatus = Infer<typeof imageStreamProperties.status>;
export type TagHistory = Infer<typeof tagHistory>;
export type TagEvent = Infer<typeof tagEvent>;
export type TagCondition = Infer<typeof tagCondition>;
export type StreamCondition = Infer<typeof streamCondition>;
export type Source = Infer<typeof source>;
export type ImageStream = TypedObject & { readonly spec?: ImageStreamSpec; readonly status?: ImageStreamStatus };
