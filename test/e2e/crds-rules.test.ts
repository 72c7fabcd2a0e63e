import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { CustomResourceDefinition } from '../../src/api/crd.ts';
import type { Schema } from '../../src/api/schema.ts';
import { useControlPlane } from './control-plane.ts';
import { ROOT } from './shipped.ts';

const cluster = useControlPlane();
beforeAll(() => cluster.applyCrds());

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
const IMMUTABLE = 'spec is immutable: create another ImageStreamImport';

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

/** Every CEL rule that a create can break: where the fault is told, and objects on both sides of it. */
const RULES = [
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
const ON_UPDATE = `ImageStreamImport spec: ${IMMUTABLE}`;

const DRY_RUN = ['create', '--dry-run=server', '-f', '-'];
const named = (object: object) => ({
  apiVersion: 'image.openshift.io/v1',
  metadata: { name: 'app', namespace: 'default' },
  ...object,
});

describe.each(RULES)('the API server, by the rule of $rule', ({ rule, at, refused, accepted }) => {
  test.each(refused)('refuses %j', async object => {
    const complaint = await cluster.kubectl.refused(DRY_RUN, { stdin: named(object) });
    const message = rule.slice(rule.indexOf(': ') + 2);
    expect(complaint).toContain(`${at}: Invalid value`);
    expect(complaint).toContain(message);
  });

  test.each(accepted)('accepts %j', async object => {
    expect(await cluster.kubectl.ok(DRY_RUN, { stdin: named(object) })).toContain('created (server dry run)');
  });
});

describe(`the API server, by the rule of ${ON_UPDATE}`, () => {
  const change = (patch: unknown) => ['patch', 'isi', 'app', '--type=merge', `--patch=${JSON.stringify(patch)}`];
  beforeAll(() => cluster.kubectl.ok(['create', '-f', '-'], { stdin: named(request({ images: [image] })) }));

  test.each([{ import: true }, { images: [] }, { repository: { from: image.from } }])(
    'refuses to change spec by %j',
    async spec => {
      expect(await cluster.kubectl.refused(change({ spec }))).toContain(`spec: Invalid value: ${IMMUTABLE}`);
    },
  );

  test('accepts the same spec again, other metadata and a status', async () => {
    const status = { conditions: [{ type: 'Complete', status: 'True' }] };
    await cluster.kubectl.ok(['apply', '-f', '-'], { stdin: named(request({ images: [image] })) });
    await cluster.kubectl.ok(change({ metadata: { labels: { team: 'acme' } }, status }));
    expect(await cluster.get('isi', 'app')).toMatchObject({ metadata: { labels: { team: 'acme' } }, status });
  });
});

test('every CEL rule of the CRDs is among those above', () => {
  const all = ['images', 'imagestreamimports', 'imagestreams'].flatMap(name => {
    const { spec } = parse(readFileSync(join(ROOT, `crds/${name}.yaml`), 'utf8')) as CustomResourceDefinition;
    return spec.versions.flatMap(({ schema }) => rulesOf(schema.openAPIV3Schema, '', spec.names.kind));
  });
  expect(all.toSorted()).toEqual([...RULES.map(({ rule }) => rule), ON_UPDATE].toSorted());
});

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
