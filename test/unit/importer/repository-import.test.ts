import { describe, expect, test } from '@jest/globals';
import { RegistryError } from '../../../src/registry/errors.ts';
import { sampleImage, sampleIndex } from '../../gen/content.ts';
import { type ScriptedClient, scriptedClient } from '../../gen/registry-client.ts';
import { image, recordingLogger, refusal, runImport } from './parts.ts';

const TAGS = ['v1', 'other', 'v2', '3', '3.1', 'abc'];
const A = sampleImage();
const L = sampleIndex([A]);
const repository = { from: { kind: 'DockerImage', name: 'test' } };

function clientWith(tags: readonly string[]): ScriptedClient {
  const client = scriptedClient();
  for (const tag of tags) client.put(tag, A);
  return client;
}

describe('importRequest of a repository (import-semantics 6)', () => {
  test('11.2 limit 5: images in order of priority, the rest additional', async () => {
    const client = clientWith(TAGS);
    const { status, failed } = await runImport(client, { repository }, { maxImagesPerRepository: 5 });
    expect(status.repository?.status).toEqual({ metadata: {}, status: 'Success' });
    expect(status.repository?.images?.map(({ tag }) => tag)).toEqual(['3.1', '3', 'abc', 'other', 'v1']);
    expect(status.repository?.additionalTags).toEqual(['v2']);
    expect(status.repository?.images?.[0]).toMatchObject({
      status: { status: 'Success' },
      image: { dockerImageReference: `test@${A.digest}` },
    });
    expect(failed).toBe(0);
  });

  test('11.2 the same with every manifest fetch failing', async () => {
    const client = clientWith(TAGS);
    for (const tag of TAGS) client.fail(tag, refusal('no such manifest tag'));
    const { status, failed } = await runImport(client, { repository }, { maxImagesPerRepository: 5 });
    expect(status.repository?.images?.map(entry => entry.status.message)).toEqual(
      ['3.1', '3', 'abc', 'other', 'v1'].map(
        tag => `Internal error occurred: docker.io/library/test:${tag}: no such manifest tag`,
      ),
    );
    expect(status.repository?.status).toEqual({
      metadata: {},
      status: 'Failure',
      reason: 'ImportFailed',
      message: '5 of the images from this repository failed to import',
    });
    expect(status.repository?.additionalTags).toEqual(['v2']);
    expect(failed).toBe(5);
  });

  test('6.7 one failed tag', async () => {
    const client = clientWith(TAGS);
    client.fail('3', refusal('no'));
    const { status } = await runImport(client, { repository });
    expect(status.repository?.status?.message).toBe('one of the images from this repository failed to import');
  });

  test.each([
    { configured: 0, imported: 50 },
    { configured: -1, imported: 60 },
    { configured: 7, imported: 7 },
  ])('6.2 a maximum of $configured imports $imported of 60', async ({ configured, imported }) => {
    const client = clientWith(Array.from({ length: 60 }, (_, at) => `1.${at}`));
    const { status } = await runImport(client, { repository }, { maxImagesPerRepository: configured });
    expect(status.repository?.images).toHaveLength(imported);
    expect(status.repository?.additionalTags ?? []).toHaveLength(60 - imported);
  });

  test('6.2 another maximum that is not positive asks for nothing', async () => {
    const client = clientWith(TAGS);
    const { status } = await runImport(client, { repository }, { maxImagesPerRepository: -2 });
    expect(status.repository).toEqual({ status: { metadata: {}, status: 'Success' } });
    expect(client.asked).toEqual([]);
  });

  test('6.4 an empty tag is latest; tags are distinct', async () => {
    const client = clientWith(['latest', 'a']);
    client.setTags(['a', '', 'latest', 'a']);
    const { status } = await runImport(client, { repository });
    expect(status.repository?.images?.map(({ tag }) => tag)).toEqual(['latest', 'a']);
  });

  test('6.5 no preference applies', async () => {
    const B = sampleImage({ architecture: 'arm64' });
    const client = scriptedClient();
    client.put('latest', sampleIndex([A, B]));
    const annotations = { 'importer.image.openshift.io/prefer-arch': 'arm64' };
    const stream = { metadata: { name: 'test' }, spec: { tags: [{ name: 'latest', annotations }] } };
    const { status } = await runImport(client, { repository }, { stream });
    expect(status.repository?.images?.[0]?.image?.metadata.name).toBe(A.digest);
  });

  describe('6.5 a tag beyond the limit that spec.images fetched', () => {
    const limit = { maxImagesPerRepository: 1 };
    const preserve = { importMode: 'PreserveOriginal' } as const;
    const client = () => {
      const made = clientWith(['latest', 'b']);
      made.put('a', L);
      return made;
    };

    test('is appended with its image, less those below it', async () => {
      const scripted = client();
      const { status } = await runImport(
        scripted,
        {
          images: [image('test:a', { importPolicy: preserve })],
          repository: { ...repository, importPolicy: preserve },
        },
        limit,
      );
      expect(status.repository?.images?.map(({ tag }) => tag)).toEqual(['latest', 'a']);
      expect(status.repository?.images?.[1]?.image?.metadata.name).toBe(L.digest);
      expect(status.repository?.images?.[1]?.manifests).toBeUndefined();
      expect(status.repository?.additionalTags).toEqual(['b']);
      expect(scripted.manifests).toEqual(['a', A.digest, 'latest']);
    });

    test('stays where it is in another mode', async () => {
      const { status } = await runImport(
        client(),
        { images: [image('test:a', { importPolicy: preserve })], repository },
        limit,
      );
      expect(status.repository?.additionalTags).toEqual(['a', 'b']);
    });

    test('stays where it is when it failed', async () => {
      const scripted = client();
      scripted.fail('a', refusal('no'));
      const { status } = await runImport(scripted, { images: [image('test:a')], repository }, limit);
      expect(status.repository?.additionalTags).toEqual(['a', 'b']);
    });
  });

  test('a tag within the limit that spec.images fetched is not fetched again', async () => {
    const client = clientWith(['latest', 'a']);
    const { status } = await runImport(client, { images: [image('docker.io/library/test:a')], repository });
    expect(client.manifests).toEqual(['a', 'latest']);
    expect(status.repository?.images?.[1]?.image?.dockerImageReference).toBe(`test@${A.digest}`);
  });

  test('its tags are asked for side by side', async () => {
    const client = clientWith(TAGS);
    const running = runImport(client, { repository });
    await new Promise(resolve => setImmediate(resolve));
    expect(client.manifests).toHaveLength(TAGS.length);
    await running;
  });

  test('a list that was cut is told in the log', async () => {
    const client = clientWith(['a']);
    client.setTags(['a'], { truncated: true });
    const log = recordingLogger();
    await runImport(client, { repository }, {}, log);
    expect(log.lines.map(({ level }) => level)).toEqual(['warn']);
  });
});

describe('importRequest of a repository that fails as a whole', () => {
  const nameUnknown = new RegistryError({
    kind: 'notFound',
    host: 'quay.io',
    status: 404,
    errors: [{ code: 'NAME_UNKNOWN', message: '', hasDetail: false }],
  });

  test('11.5 tag list NAME_UNKNOWN', async () => {
    const client = scriptedClient();
    client.fail('tags', nameUnknown);
    const named = { from: { kind: 'DockerImage', name: 'quay.io/org/app' } };
    const { status, failed, entries } = await runImport(client, { repository: named });
    expect(status.repository).toEqual({
      status: expect.objectContaining({
        code: 404,
        reason: 'NotFound',
        message: 'dockerimage.image.openshift.io "quay.io/org/app" not found',
      }),
    });
    expect(entries).toEqual([]);
    expect(failed).toBe(1);
  });

  test('11.3 repository test, client creation fails', async () => {
    const client = scriptedClient();
    client.fail('tags', new RegistryError({ kind: 'blockedAddress', reason: 'endpointAddress', host: 'docker.io' }));
    const { status } = await runImport(client, { repository });
    expect(status.repository?.status?.message).toBe(
      'Internal error occurred: test: registry docker.io leads to an address that is not allowed',
    );
  });

  test('6.1 blocked, unparsable', async () => {
    const client = scriptedClient();
    const input = { blockedHosts: new Set(['docker.io']) };
    const blocked = await runImport(client, { repository }, input);
    expect(blocked.status.repository?.status?.message).toBe('forbidden: registry  blocked');
    const bad = await runImport(client, { repository: { from: { kind: 'DockerImage', name: 'A//b' } } });
    expect(bad.status.repository?.status?.message).toBe(
      ' "" is invalid: from.name: Invalid value: "A//b": invalid name: invalid reference format',
    );
    expect(client.asked).toEqual([]);
  });

  test('a fault of ours is told, and logged with its stack', async () => {
    const client = scriptedClient();
    client.fail('tags', new TypeError('a bug'));
    const log = recordingLogger();
    const { status } = await runImport(client, { images: [], repository }, {}, log);
    expect(status.repository?.status?.message).toBe('Internal error occurred: test: unexpected error');
    expect(log.lines.map(({ level }) => level)).toEqual(['error']);
  });
});
