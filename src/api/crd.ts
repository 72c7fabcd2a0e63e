import { imageSchema } from './image.ts';
import { imageStreamSchema } from './image-stream.ts';
import { imageStreamImportSchema } from './image-stream-import.ts';
import { GROUP } from './names.ts';
import type { Schema } from './schema.ts';

/** An `apiextensions.k8s.io/v1` CustomResourceDefinition, as far as ours go. */
export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced' | 'Cluster';
    readonly names: CrdNames;
    readonly versions: readonly CrdVersion[];
  };
}

export interface CrdNames {
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

export interface CrdVersion {
  readonly name: string;
  readonly served: true;
  readonly storage: true;
  readonly schema: { readonly openAPIV3Schema: Schema };
  readonly subresources?: { readonly status: Record<string, never> };
  readonly additionalPrinterColumns: readonly PrinterColumn[];
}

export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  /** 1 shows the column in `-o wide` only. */
  readonly priority?: 1;
}

const age: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'When the object was created.',
};

/** Streams: spec is the user's, status the operator's. */
export const imageStreamCrd = crd({
  kind: 'ImageStream',
  scope: 'Namespaced',
  version: 'v1',
  shortNames: ['is'],
  categories: ['all'],
  schema: imageStreamSchema,
  statusSubresource: true,
  columns: [
    {
      name: 'Repository',
      type: 'string',
      jsonPath: '.status.dockerImageRepository',
      description: 'Repository of the stream, if it has one.',
    },
    {
      name: 'Failing',
      type: 'string',
      jsonPath: '.status.tags[?(@.conditions[0].status=="False")].tag',
      description: 'The first tag whose last import failed.',
    },
    {
      name: 'Reason',
      type: 'string',
      jsonPath: '.status.tags[*].conditions[?(@.status=="False")].reason',
      description: 'Why it failed.',
    },
    age,
  ],
});

/** Requests: one object asks once. Without a status subresource a create can carry its answer (design D1). */
export const imageStreamImportCrd = crd({
  kind: 'ImageStreamImport',
  scope: 'Namespaced',
  version: 'v1',
  shortNames: ['isi'],
  schema: imageStreamImportSchema,
  statusSubresource: false,
  columns: [
    {
      name: 'Complete',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Complete")].status',
      description: 'Whether the request was dealt with, whatever the outcome.',
    },
    {
      name: 'Succeeded',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Succeeded")].status',
      description: 'Whether every image was found and, if asked for, recorded.',
    },
    {
      name: 'Reason',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Complete")].reason',
      description: 'Imported, PartlyFailed, Failed or Refused.',
    },
    {
      name: 'Message',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Complete")].message',
      description: 'What happened.',
      priority: 1,
    },
    age,
  ],
});

/** Images, at v1alpha1 only: at v1 `oc adm prune images` would delete histories that use other names (design D1). */
export const imageCrd = crd({
  kind: 'Image',
  scope: 'Cluster',
  version: 'v1alpha1',
  schema: imageSchema,
  statusSubresource: false,
  columns: [
    {
      name: 'Image Reference',
      type: 'string',
      jsonPath: '.dockerImageReference',
      description: 'Pull spec by digest of the place it was first imported from.',
    },
    {
      name: 'Media Type',
      type: 'string',
      jsonPath: '.dockerImageManifestMediaType',
      description: 'Media type of the manifest.',
      priority: 1,
    },
    age,
  ],
});

interface CrdParts {
  readonly kind: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly version: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly schema: Schema;
  readonly statusSubresource: boolean;
  readonly columns: readonly PrinterColumn[];
}

function crd(parts: CrdParts): CustomResourceDefinition {
  const { kind, scope, version, shortNames, categories, schema, statusSubresource, columns } = parts;
  const singular = kind.toLowerCase();
  const plural = `${singular}s`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular,
        ...(shortNames && { shortNames }),
        ...(categories && { categories }),
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: withOpaqueMetadata(schema) },
          ...(statusSubresource && { subresources: { status: {} } }),
          additionalPrinterColumns: columns,
        },
      ],
    },
  };
}

/** The API server knows `metadata` itself and refuses a CRD that describes it. */
function withOpaqueMetadata(schema: Schema): Schema {
  return { ...schema, properties: { ...schema.properties, metadata: { type: 'object' } } };
}
