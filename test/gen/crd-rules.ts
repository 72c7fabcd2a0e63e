import { type CustomResourceDefinition, imageCrd, imageStreamCrd, imageStreamImportCrd } from '../../src/api/crd.ts';
import type { Schema } from '../../src/api/schema.ts';

/* What the CEL rules of our CRDs refuse and accept. A real API server and the embedded one are held against it. */

/** A whole object, of what a row tells of it. */
export const named = (object: object) => ({
  apiVersion: 'image.openshift.io/v1',
  metadata: { name: 'app', namespace: 'default' },
  ...object,
});

const image = { from: { kind: 'DockerImage', name: 'quay.io/acme/app:1' } };
const stream = (spec: unknown) => ({ kind: 'ImageStream', spec });
const request = (spec: unknown, status?: unknown) => ({
  kind: 'ImageStreamImport',
  spec,
  ...(status ? { status } : {}),
});
/** A request whose answer holds a stream of this spec. */
const answered = (spec: unknown) => request({ images: [image] }, { import: { spec } });
const scheduled = (kind: string) => ({
  tags: [{ name: 'v1', from: { kind, name: 'app:1' }, importPolicy: { scheduled: true } }],
});

const NO_TAG = 'the repository name may not contain a tag or an ID';
const NO_SCHEDULE = 'only tags pointing to Docker repositories may be scheduled for background import';
const SOMETHING = 'you must specify at least one image or a repository import';

const REPOSITORIES = {
  refused: ['quay.io/acme/app:1', 'quay.io/acme/app@sha256:00', 'localhost:5000/app:1'],
  accepted: ['quay.io/acme/app', 'localhost:5000/app', 'app'],
};
const repositories = (names: readonly string[]) => names.map(dockerImageRepository => ({ dockerImageRepository }));
const SCHEDULED = {
  refused: [scheduled('ImageStreamTag'), scheduled('ImageStreamImage')],
  accepted: [
    scheduled('DockerImage'),
    { tags: [{ name: 'v1', importPolicy: { scheduled: true } }] },
    { tags: [{ name: 'v1', from: { kind: 'ImageStreamTag', name: 'app:1' }, importPolicy: { scheduled: false } }] },
    { tags: [{ name: 'v1', from: { kind: 'ImageStreamTag', name: 'app:1' }, importPolicy: {} }] },
    { tags: [{ name: 'v1', from: { kind: 'ImageStreamTag', name: 'app:1' } }] },
  ],
};

/** Every CEL rule of the CRDs that a create can break: where the fault is told, and objects on both sides of it. */
export const CRD_RULES = [
  {
    rule: `ImageStream spec.dockerImageRepository: ${NO_TAG}`,
    at: 'spec.dockerImageRepository',
    refused: repositories(REPOSITORIES.refused).map(stream),
    accepted: repositories(REPOSITORIES.accepted).map(stream),
  },
  {
    rule: `ImageStream spec.tags[]: ${NO_SCHEDULE}`,
    at: 'spec.tags[0].importPolicy.scheduled',
    refused: SCHEDULED.refused.map(stream),
    accepted: SCHEDULED.accepted.map(stream),
  },
  {
    rule: `ImageStreamImport spec: ${SOMETHING}`,
    at: 'spec.images',
    refused: [request({}), request({ import: true }), request({ images: [] })],
    accepted: [
      request({ images: [image] }),
      request({ repository: { from: image.from } }),
      request({ repository: { from: image.from }, images: [] }),
    ],
  },
  {
    rule: `ImageStreamImport status.import.spec.dockerImageRepository: ${NO_TAG}`,
    at: 'status.import.spec.dockerImageRepository',
    refused: repositories(REPOSITORIES.refused).map(answered),
    accepted: repositories(REPOSITORIES.accepted).map(answered),
  },
  {
    rule: `ImageStreamImport status.import.spec.tags[]: ${NO_SCHEDULE}`,
    at: 'status.import.spec.tags[0].importPolicy.scheduled',
    refused: SCHEDULED.refused.map(answered),
    accepted: SCHEDULED.accepted.map(answered),
  },
];

/** The one that speaks of changes. */
export const IMMUTABLE = {
  rule: 'ImageStreamImport spec: spec is immutable: create another ImageStreamImport',
  message: 'spec is immutable: create another ImageStreamImport',
  request: named(request({ images: [image] })),
  /** Merged into the spec of `request`. */
  refused: [{ import: true }, { images: [] }, { repository: { from: image.from } }],
};

/** `rule` of a row, without kind and path. */
export function messageOf(rule: string): string {
  return rule.slice(rule.indexOf(': ') + 2);
}

/** Each rule that the CRDs have, as `rule` of a row names it. */
export function rulesOfCrds(): string[] {
  return [imageCrd, imageStreamImportCrd, imageStreamCrd].flatMap(({ spec }: CustomResourceDefinition) =>
    spec.versions.flatMap(({ schema }) => rulesOf(schema.openAPIV3Schema, '', spec.names.kind)),
  );
}

/** `ImageStream spec.tags[]: message` of each rule in a schema. */
function rulesOf(schema: Schema, path: string, kind: string): string[] {
  const own = schema['x-kubernetes-validations'] ?? [];
  return [
    ...own.map(({ message }) => `${kind} ${path}: ${message}`),
    ...(schema.items ? rulesOf(schema.items, `${path}[]`, kind) : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      rulesOf(property, path === '' ? name : `${path}.${name}`, kind),
    ),
  ];
}
