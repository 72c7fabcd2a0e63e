import type { Infer, Schema } from './schema.ts';

/** `corev1.ObjectReference` whose kinds are those a spec tag may come from. */
export const tagSource = {
  type: 'object',
  description:
    'Where the tag comes from. Kind DockerImage names an image in a registry; ImageStreamTag and ImageStreamImage name one of another tag or image of a stream.',
  properties: {
    kind: {
      type: 'string',
      description: 'DockerImage, ImageStreamTag or ImageStreamImage.',
      enum: ['DockerImage', 'ImageStreamTag', 'ImageStreamImage'],
    },
    name: {
      type: 'string',
      description: 'Pull spec (quay.io/acme/app:1.2), stream tag (app:1.2) or stream image (app@sha256:...).',
      minLength: 1,
      maxLength: 1024,
    },
    namespace: { type: 'string', description: 'Namespace of the stream; meaningful for the two stream kinds only.' },
    apiVersion: { type: 'string', description: 'API version of the referent.' },
    uid: { type: 'string', description: 'UID of the referent.' },
    resourceVersion: { type: 'string', description: 'Resource version of the referent.' },
    fieldPath: { type: 'string', description: 'Part of the referent.' },
  },
  required: ['kind', 'name'],
} as const satisfies Schema;

/** `corev1.ObjectReference` of an import request: only DockerImage is supported, and a refusal says so (D12). */
export const imageSource = {
  type: 'object',
  description: 'The image or repository to import. Only kind DockerImage is supported.',
  properties: {
    ...tagSource.properties,
    kind: { type: 'string', description: 'DockerImage.', maxLength: 128 },
    name: {
      type: 'string',
      description: 'Pull spec of the image (quay.io/acme/app:1.2), or of the repository without tag and digest.',
      maxLength: 1024,
    },
    namespace: { type: 'string', description: 'Not used: a pull spec has no namespace.' },
  },
} as const satisfies Schema;

export const importPolicy = {
  type: 'object',
  description: 'How the image is imported.',
  properties: {
    insecure: {
      type: 'boolean',
      description:
        'Do not verify the certificate of the registry, and use plain http where https is not spoken. An administrator can restrict or switch this off.',
    },
    scheduled: {
      type: 'boolean',
      description:
        'Re-check the tag in the background. The interval is the annotation imagestream-operator/interval of the tag or the stream, else the default of the operator.',
    },
    importMode: {
      type: 'string',
      description:
        'What to do with a manifest list or image index: Legacy (default) keeps the manifest of one platform, PreserveOriginal keeps the list and imports every manifest of it.',
      enum: ['', 'Legacy', 'PreserveOriginal'],
    },
  },
} as const satisfies Schema;

export const referencePolicy = {
  type: 'object',
  description: 'How a consumer of the tag refers to its image.',
  properties: {
    type: {
      type: 'string',
      description:
        'Source (default, also when empty): by the place it was imported from. Local: through the integrated registry.',
      // Go clients send the empty text where nothing was chosen.
      enum: ['', 'Source', 'Local'],
    },
  },
  required: ['type'],
} as const satisfies Schema;

export type ObjectReference = {
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly apiVersion?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly fieldPath?: string;
};
export type ImportPolicy = Infer<typeof importPolicy>;
export type ReferencePolicy = Infer<typeof referencePolicy>;
export type ImportMode = NonNullable<ImportPolicy['importMode']>;
