import { describe, expect, test } from '@jest/globals';
import { importOfStream, requestsOf } from '../../../src/imagestream/request.ts';
import { LINUX_AMD64 } from '../../../src/imagestream/source.ts';
import { imported } from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const from = 'quay.io/acme/app:1';

describe('requestsOf()', () => {
  test('asks for the importable tags, as they are', () => {
    const stream = imageStream({
      tags: [
        specTag('plain', from),
        specTag('list', from, {
          importPolicy: { importMode: 'PreserveOriginal', insecure: true },
          annotations: { 'importer.image.openshift.io/prefer-arch': 'arm64' },
        }),
        specTag('reference', from, { reference: true }),
        specTag('follows', { kind: 'ImageStreamTag', name: 'plain' }),
        specTag('pushed'),
      ],
    });
    expect(requestsOf(stream, LINUX_AMD64)).toEqual([
      {
        tag: 'plain',
        from,
        importMode: 'Legacy',
        insecure: false,
        platform: LINUX_AMD64,
        asked: { from, specGeneration: null },
      },
      {
        tag: 'list',
        from,
        importMode: 'PreserveOriginal',
        insecure: true,
        platform: { os: 'linux', architecture: 'arm64' },
        asked: { from, importMode: 'PreserveOriginal', insecure: true, platform: 'linux/arm64', specGeneration: null },
      },
    ]);
  });

  test('says what is recorded', () => {
    const history = imported('1', from);
    const [request] = requestsOf(imageStream({ tags: [specTag('1', from)], history: [history] }), LINUX_AMD64);
    expect(request?.recorded).toEqual(history.source);
  });

  test('R0.9 keeps the digest to itself where there is no image, so that content is fetched', () => {
    const history = imported('1', from, '1', { items: [] });
    const [request] = requestsOf(imageStream({ tags: [specTag('1', from)], history: [history] }), LINUX_AMD64);
    expect(request?.recorded).toEqual({ from, specGeneration: null });
  });
});

describe('importOfStream() (controllers 1.3)', () => {
  const images = (stream: Parameters<typeof importOfStream>[0]) =>
    importOfStream(stream).spec.images?.map(image => `${image.from.name} → ${image.to?.name}`);

  test.each([
    ['nothing', imageStream(), []],
    [
      'latest ← test/other:latest, reference=true',
      imageStream({ tags: [specTag('latest', 'test/other:latest', { reference: true })] }),
      [],
    ],
    [
      'latest, kind AnotherImage, reference=true',
      imageStream({ tags: [specTag('latest', { kind: 'AnotherImage' }, { reference: true })] }),
      [],
    ],
    [
      '1.1 ← some/repo:mytag (null)',
      imageStream({ tags: [specTag('1.1', 'some/repo:mytag')] }),
      ['some/repo:mytag → 1.1'],
    ],
  ])('9.1 %s', (_name, stream, want) => {
    expect(images(stream)).toEqual(want);
  });

  test('9.1 repo `test/other` + `v1 ← x:v1`: x:v1 → v1 and repository test/other', () => {
    const stream = imageStream({ tags: [specTag('v1', 'x:v1')], dockerImageRepository: 'test/other' });
    expect(images(stream)).toEqual(['x:v1 → v1']);
    expect(importOfStream(stream).spec.repository).toEqual({ from: { kind: 'DockerImage', name: 'test/other' } });
  });

  test('the insecure annotation concerns the repository', () => {
    const stream = imageStream({
      dockerImageRepository: 'test/other',
      annotations: { 'openshift.io/image.insecureRepository': 'true' },
    });
    expect(importOfStream(stream).spec.repository?.importPolicy).toEqual({ insecure: true });
  });

  test('copies policies, and is tied to the version of the stream', () => {
    const policies = { importPolicy: { scheduled: true }, referencePolicy: { type: 'Local' } } as const;
    const stream = imageStream({ tags: [specTag('1', from, policies)], metadata: { resourceVersion: '7', uid: 'u' } });
    expect(importOfStream(stream)).toEqual({
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStreamImport',
      metadata: { name: 'app', namespace: 'demo', resourceVersion: '7', uid: 'u' },
      spec: { import: true, images: [{ from: { kind: 'DockerImage', name: from }, to: { name: '1' }, ...policies }] },
    });
  });
});
