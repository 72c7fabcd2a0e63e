import { objectSchema, type TypedObject } from './meta.ts';
import type { Infer, Schema } from './schema.ts';

const layer = {
  type: 'object',
  description: 'A layer of the image.',
  properties: {
    name: { type: 'string', description: 'Digest of the layer.' },
    size: { type: 'integer', format: 'int64', description: 'Size in bytes.' },
    mediaType: { type: 'string', description: 'Media type of the layer.' },
  },
  required: ['name', 'size', 'mediaType'],
} as const satisfies Schema;

const manifestEntry = {
  type: 'object',
  description: 'A manifest of a manifest list or image index.',
  properties: {
    digest: { type: 'string', description: 'Digest of the manifest.' },
    mediaType: { type: 'string', description: 'Media type of the manifest.' },
    manifestSize: { type: 'integer', format: 'int64', description: 'Size of the manifest in bytes.' },
    architecture: { type: 'string', description: 'CPU architecture, for example amd64.' },
    os: { type: 'string', description: 'Operating system, for example linux.' },
    variant: { type: 'string', description: 'Variant of the architecture, for example v8.' },
  },
  required: ['digest', 'mediaType', 'manifestSize', 'architecture', 'os'],
} as const satisfies Schema;

/** Fields of an Image besides its metadata: of the CRD, and of the Images inside an ImageStreamImport. */
export const imageProperties = {
  dockerImageReference: {
    type: 'string',
    description: 'Pull spec by digest of the place the image was first imported from.',
  },
  dockerImageMetadata: {
    type: 'object',
    description: 'Metadata of the image, from its config: command, environment, labels, size and so on.',
    'x-kubernetes-preserve-unknown-fields': true,
  },
  dockerImageMetadataVersion: { type: 'string', description: 'Version of dockerImageMetadata, "1.0".' },
  dockerImageManifest: { type: 'string', description: 'Raw manifest. Not stored by an import.' },
  dockerImageManifestMediaType: { type: 'string', description: 'Media type of the manifest.' },
  dockerImageConfig: { type: 'string', description: 'Raw image config. Not stored by an import.' },
  dockerImageLayers: {
    type: 'array',
    nullable: true,
    description: 'Layers of the image, base layer first.',
    'x-kubernetes-list-type': 'atomic',
    items: layer,
  },
  dockerImageManifests: {
    type: 'array',
    description: 'Manifests of a manifest list or image index.',
    'x-kubernetes-list-type': 'atomic',
    items: manifestEntry,
  },
  signatures: {
    type: 'array',
    description: 'Signatures of the image.',
    'x-kubernetes-list-type': 'atomic',
    items: {
      type: 'object',
      description: 'An ImageSignature.',
      'x-kubernetes-preserve-unknown-fields': true,
    },
  },
  dockerImageSignatures: {
    type: 'array',
    description: 'Signatures of a schema 1 manifest.',
    'x-kubernetes-list-type': 'atomic',
    items: { type: 'string', format: 'byte', description: 'A signature in base64.' },
  },
} as const satisfies Readonly<Record<string, Schema>>;

/** A whole Image. */
export const imageSchema = objectSchema(
  'Image is what the operator knows of one image that a stream points or pointed to: its layers, its config, the manifests of a list. Its name is the digest with a dash in place of the colon (sha256-...).',
  imageProperties,
  ['dockerImageReference'],
);

type ImageFields = Infer<{ type: 'object'; properties: Omit<typeof imageProperties, 'dockerImageMetadata'> }>;

export type Image = TypedObject & ImageFields & { readonly dockerImageMetadata?: DockerImageMetadata };
export type ImageLayer = Infer<typeof layer>;
export type ImageManifestEntry = Infer<typeof manifestEntry>;

/** `dockerImageMetadata` (api-types 4.3); keys are capitalised, zero values left out. */
export interface DockerImageMetadata {
  readonly kind: 'DockerImage';
  readonly apiVersion: 'image.openshift.io/1.0';
  readonly Id: string;
  readonly Parent?: string;
  readonly Comment?: string;
  /** RFC 3339 in UTC without fractions, or null. */
  readonly Created: string | null;
  readonly Container?: string;
  readonly ContainerConfig: DockerConfig;
  readonly DockerVersion?: string;
  readonly Author?: string;
  readonly Config?: DockerConfig;
  readonly Architecture?: string;
  readonly Size?: number;
}

export interface DockerConfig {
  readonly Hostname?: string;
  readonly Domainname?: string;
  readonly User?: string;
  readonly Memory?: number;
  readonly MemorySwap?: number;
  readonly CpuShares?: number;
  readonly Cpuset?: string;
  readonly AttachStdin?: boolean;
  readonly AttachStdout?: boolean;
  readonly AttachStderr?: boolean;
  readonly PortSpecs?: readonly string[];
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
  readonly Tty?: boolean;
  readonly OpenStdin?: boolean;
  readonly StdinOnce?: boolean;
  readonly Env?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Dns?: readonly string[];
  readonly Image?: string;
  readonly Volumes?: Readonly<Record<string, Record<string, never>>>;
  readonly VolumesFrom?: string;
  readonly WorkingDir?: string;
  readonly Entrypoint?: readonly string[];
  readonly NetworkDisabled?: boolean;
  readonly SecurityOpts?: readonly string[];
  readonly OnBuild?: readonly string[];
  readonly Labels?: Readonly<Record<string, string>>;
}
