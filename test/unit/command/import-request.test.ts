import { describe, expect, test } from '@jest/globals';
import { hostsOf, type TypedRequest, typedImport, withMirrors } from '../../../src/command/import-request.ts';
import { registrySettings } from '../../fake/settings.ts';
import { imageStream, imageStreamImport, specTag } from '../../gen/objects.ts';

const plain: TypedRequest = {
  references: ['quay.io/acme/app:1.2'],
  all: false,
  insecure: false,
  scheduled: false,
  includeManifest: false,
  record: false,
};

describe('typedImport()', () => {
  test('is the quietest request there is', () => {
    expect(typedImport(plain)).toEqual({
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStreamImport',
      metadata: { name: 'app', namespace: 'default' },
      spec: {
        import: false,
        images: [{ from: { kind: 'DockerImage', name: 'quay.io/acme/app:1.2' }, importPolicy: {} }],
      },
    });
  });

  test('asks for each reference in the order typed', () => {
    const { spec } = typedImport({ ...plain, references: ['redis:7', 'quay.io/acme/app'] });
    expect(spec.images?.map(({ from }) => from.name)).toEqual(['redis:7', 'quay.io/acme/app']);
  });

  test('asks for the repository with --all', () => {
    const { spec } = typedImport({ ...plain, references: ['quay.io/acme/app'], all: true, insecure: true });
    expect(spec).toEqual({
      import: false,
      repository: { from: { kind: 'DockerImage', name: 'quay.io/acme/app' }, importPolicy: { insecure: true } },
    });
  });

  test.each<[string, Partial<TypedRequest>, object]>([
    ['--to', { to: 'stable' }, { to: { name: 'stable' } }],
    ['--import-mode', { importMode: 'PreserveOriginal' }, { importPolicy: { importMode: 'PreserveOriginal' } }],
    ['--insecure', { insecure: true }, { importPolicy: { insecure: true } }],
    ['--scheduled', { scheduled: true }, { importPolicy: { scheduled: true } }],
    ['--reference-policy', { referencePolicy: 'Local' }, { referencePolicy: { type: 'Local' } }],
    ['--include-manifest', { includeManifest: true }, { includeManifest: true }],
  ])('says %s in every entry', (_option, typed, want) => {
    const { spec } = typedImport({ ...plain, references: ['a/b', 'c/d'], ...typed });
    expect(spec.images).toEqual([expect.objectContaining(want), expect.objectContaining(want)]);
  });

  test('imports into the stream that was given', () => {
    const { metadata, spec } = typedImport({ ...plain, stream: imageStream({ name: 'web' }), record: true });
    expect(metadata).toEqual({ name: 'web', namespace: 'demo' });
    expect(spec.import).toBe(true);
  });

  test.each([
    ['redis', 'redis'],
    ['quay.io/acme/team/app@sha256:'.padEnd(93, '0'), 'app'],
    ['localhost:5000/app:1', 'app'],
    ['not a reference', 'import'],
  ])('names the request made of %s %s', (reference, want) => {
    expect(typedImport({ ...plain, references: [reference] }).metadata.name).toBe(want);
  });
});

describe('withMirrors()', () => {
  test('R5.27 adds the mirrors that are asked with credentials of their own', () => {
    const mirror = {
      prefix: '',
      pathPrefix: '',
      resolveTags: true,
      insecure: false,
      credentialsFrom: 'mirror',
      proxy: false,
    } as const;
    const settings = registrySettings({
      'quay.io': {
        mirrors: [
          { ...mirror, host: 'mirror.example.com' },
          { ...mirror, host: 'copy.example.com', credentialsFrom: 'upstream' },
          { ...mirror, host: 'registry-1.docker.io' },
        ],
      },
    });
    expect(withMirrors(['quay.io', 'ghcr.io'], settings)).toEqual([
      'quay.io',
      'ghcr.io',
      'mirror.example.com',
      'docker.io',
    ]);
  });
});

describe('hostsOf()', () => {
  test('names every registry of a request once, by its logical name', () => {
    const isi = imageStreamImport({
      images: ['redis', 'docker.io/acme/app', 'quay.io/a/b', '??'],
      repository: 'ghcr.io/a/b',
    });
    expect(hostsOf(isi)).toEqual(['ghcr.io', 'docker.io', 'quay.io']);
  });

  test('names those of a stream', () => {
    const stream = imageStream({
      dockerImageRepository: 'quay.io/acme/app',
      tags: [specTag('a', 'localhost:5000/a/b'), specTag('b'), specTag('c', { kind: 'ImageStreamTag', name: 'a' })],
    });
    expect(hostsOf(stream)).toEqual(expect.arrayContaining(['quay.io', 'localhost:5000']));
  });

  test('is empty for a stream without spec', () => {
    expect(hostsOf({ metadata: { name: 'app' } })).toEqual([]);
  });
});
