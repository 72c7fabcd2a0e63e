import { describe, expect, test } from '@jest/globals';
import type { Source } from '../../../src/api/image-stream.ts';
import type { ImportTag } from '../../../src/importer/importer.ts';
import { sampleImage, sampleIndex } from '../../gen/content.ts';
import { type ScriptedClient, scriptedClient } from '../../gen/registry-client.ts';
import { importerOf, keyring, LINUX_AMD64, refusal, unauthorized, withoutSecrets } from './parts.ts';

const A = sampleImage();
const B = sampleImage({ architecture: 'arm64' });
const B2 = sampleImage({ architecture: 'arm64', seed: '2' });
const L = sampleIndex([A, B]);
const asked: Source = { from: 'test:1' };

/** Imports the tag `1` of a stream, whose record each test changes. */
function importTag(client: ScriptedClient, change: Partial<ImportTag> = {}) {
  return importerOf(client).importTag(
    { tag: '1', from: 'test:1', importMode: 'Legacy', insecure: false, platform: LINUX_AMD64, asked, ...change },
    { keyring, withoutSecrets, blockedHosts: new Set(), signal: new AbortController().signal, priority: 0 },
  );
}

const ops = (client: ScriptedClient) => client.asked.map(({ op, name }) => `${op} ${name}`);
const configOf = (content: typeof A) => [...content.blobs.keys()][0];

describe('importTag', () => {
  test('R0.9, G24 no source digest stored: one GET by tag, no HEAD', async () => {
    const client = scriptedClient();
    client.put('1', A);
    const result = await importTag(client, { recorded: asked });
    expect(ops(client)).toEqual(['manifest 1', `config ${configOf(A)}`]);
    expect(result).toMatchObject({
      outcome: 'imported',
      tag: '1',
      source: { from: 'test:1', digest: A.digest },
      image: { metadata: { name: A.digest }, dockerImageReference: `test@${A.digest}` },
      children: [],
    });
  });

  test('R0.7, G1 an unchanged tag costs one HEAD', async () => {
    const client = scriptedClient();
    client.put('1', L);
    const recorded = { ...asked, digest: L.digest };
    expect(await importTag(client, { recorded })).toEqual({ outcome: 'unchanged', tag: '1', source: recorded });
    expect(ops(client)).toEqual(['check 1']);
  });

  test('R1.10 a moved tag is fetched by digest', async () => {
    const client = scriptedClient();
    client.put('1', A);
    const result = await importTag(client, { recorded: { ...asked, digest: L.digest }, recordedImage: B.digest });
    expect(ops(client)).toEqual(['check 1', `manifest ${A.digest}`, `config ${configOf(A)}`]);
    expect(result).toMatchObject({ outcome: 'imported', source: { digest: A.digest } });
  });

  test('R0.8, R1.16, G23 index digest changed, wanted child unchanged: 1 HEAD + 1 GET, source digest updated', async () => {
    const client = scriptedClient();
    const rebuilt = sampleIndex([A, B2]);
    client.put('1', rebuilt);
    const result = await importTag(client, { recorded: { ...asked, digest: L.digest }, recordedImage: A.digest });
    expect(ops(client)).toEqual(['check 1', `manifest ${rebuilt.digest}`]);
    expect(result).toEqual({ outcome: 'unchanged', tag: '1', source: { ...asked, digest: rebuilt.digest } });
  });

  test('G25 platform preference changed, source digest equal: one GET, child selected again', async () => {
    const client = scriptedClient();
    client.put('1', L);
    const result = await importTag(client, {
      recorded: { ...asked, digest: L.digest },
      recordedImage: A.digest,
      asked: { ...asked, platform: 'linux/arm64' },
      platform: { os: 'linux', architecture: 'arm64' },
    });
    expect(ops(client)).toEqual(['manifest 1', `manifest ${B.digest}`, `config ${configOf(B)}`]);
    expect(result).toMatchObject({ outcome: 'imported', image: { metadata: { name: B.digest } } });
  });

  test('G25 import mode changed, source digest equal: not unchanged', async () => {
    const client = scriptedClient();
    client.put('1', L);
    const result = await importTag(client, {
      recorded: { ...asked, digest: L.digest },
      recordedImage: A.digest,
      asked: { ...asked, importMode: 'PreserveOriginal' },
      importMode: 'PreserveOriginal',
    });
    expect(result).toMatchObject({ outcome: 'imported', image: { metadata: { name: L.digest } } });
    expect(client.manifests).toEqual(['1', A.digest, B.digest]);
  });

  test('D20 only from differs and the digest is the same: one HEAD at the new place', async () => {
    const client = scriptedClient();
    client.put('1', L, 'mirror.example.com/test');
    const moved = { from: 'mirror.example.com/test:1' };
    const result = await importTag(client, {
      from: moved.from,
      asked: moved,
      recorded: { ...asked, digest: L.digest },
      recordedImage: A.digest,
    });
    expect(client.asked.map(({ op, repository }) => `${op} ${repository}`)).toEqual(['check mirror.example.com/test']);
    expect(result).toEqual({ outcome: 'unchanged', tag: '1', source: { ...moved, digest: L.digest } });
  });

  test('D20 only from differs and so does the digest: imported, although the image is the same', async () => {
    const client = scriptedClient();
    client.put('1', sampleIndex([A, B2]), 'mirror.example.com/test');
    const moved = { from: 'mirror.example.com/test:1' };
    const result = await importTag(client, {
      from: moved.from,
      asked: moved,
      recorded: { ...asked, digest: L.digest },
      recordedImage: A.digest,
    });
    expect(result).toMatchObject({
      outcome: 'imported',
      image: { dockerImageReference: `mirror.example.com/test@${A.digest}` },
    });
  });

  test('D5 another specGeneration asks for a new import', async () => {
    const client = scriptedClient();
    client.put('1', A);
    const result = await importTag(client, {
      recorded: { ...asked, digest: A.digest },
      recordedImage: A.digest,
      asked: { ...asked, specGeneration: 0 },
    });
    expect(result).toMatchObject({ outcome: 'imported', source: { specGeneration: 0 } });
  });

  test('R1.2, G19 Accept version changed since: re-baseline, no trigger', async () => {
    const client = scriptedClient();
    client.put('1', A);
    const recorded = { ...asked, acceptVersion: 99, digest: L.digest };
    const result = await importTag(client, { recorded, recordedImage: B.digest });
    expect(result).toEqual({ outcome: 'unchanged', tag: '1', source: { ...asked, digest: A.digest } });
  });

  test('R1.10 quota forbids fetching what moved: failed, to be tried again', async () => {
    const client = scriptedClient();
    client.put('1', A);
    client.withholdChanges();
    const result = await importTag(client, { recorded: { ...asked, digest: L.digest }, recordedImage: B.digest });
    expect(result).toMatchObject({
      outcome: 'failed',
      source: asked,
      failure: {
        transient: true,
        status: { message: 'Internal error occurred: docker.io/library/test:1: toomanyrequests: too many requests' },
      },
    });
  });

  test('R0.3 a digest is never polled by HEAD, and fetched content that is known costs no config', async () => {
    const client = scriptedClient();
    client.put(undefined, A);
    const byDigest = { from: `test@${A.digest}` };
    const recorded = { ...byDigest, digest: A.digest };
    const result = await importTag(client, { ...byDigest, asked: byDigest, recorded, recordedImage: A.digest });
    expect(ops(client)).toEqual([`manifest ${A.digest}`]);
    expect(result.outcome).toBe('unchanged');
  });

  test('D8 a failure carries what was asked', async () => {
    const client = scriptedClient();
    client.fail('1', refusal('no'));
    const result = await importTag(client, { recorded: { ...asked, digest: A.digest } });
    expect(result).toMatchObject({ outcome: 'failed', tag: '1', source: asked });
  });

  test('8.6 what is stored has no raw texts', async () => {
    const client = scriptedClient();
    client.put('1', L);
    const result = await importTag(client, { importMode: 'PreserveOriginal' });
    expect(JSON.stringify(result)).not.toMatch(/dockerImage(Manifest|Config)"/);
  });

  test.each([
    ['no///name', 422],
    ['quay.io', 500],
  ])('%s fails unasked with code %i', async (from, code) => {
    const client = scriptedClient();
    expect(await importTag(client, { from })).toMatchObject({ outcome: 'failed', failure: { status: { code } } });
    expect(client.asked).toEqual([]);
  });

  test('7.3 a refused password asks again without secrets', async () => {
    const client = scriptedClient();
    client.put('1', A);
    client.fail('1', unauthorized('incorrect username or password', 'tokenService'), keyring);
    expect((await importTag(client)).outcome).toBe('imported');
    client.fail('1', unauthorized(undefined, 'registry'), withoutSecrets);
    expect(await importTag(client)).toMatchObject({
      failure: { status: { message: 'incorrect username or password for image "docker.io/library/test:1"' } },
    });
  });
});

test('importTags keeps the order of its requests', async () => {
  const client = scriptedClient();
  client.put('a', A);
  client.put('b', L);
  client.fail('bad', refusal('no'));
  const request = (tag: string) => ({
    tag,
    from: `test:${tag}`,
    importMode: 'Legacy' as const,
    insecure: false,
    platform: LINUX_AMD64,
    asked: { from: `test:${tag}` },
  });
  const signal = new AbortController().signal;
  const context = { keyring, blockedHosts: new Set<string>(), signal, priority: 0 };
  const results = await importerOf(client).importTags(['a', 'bad', 'b'].map(request), context);
  expect(results.map(({ tag, outcome }) => `${tag} ${outcome}`)).toEqual(['a imported', 'bad failed', 'b imported']);
});

test('R4.3 a namespace with many tags of a registry keeps no other from its images', async () => {
  const client = scriptedClient();
  const importer = importerOf(client, undefined, { maxImagesAtOnce: 1 });
  const request = (tag: string) => ({
    tag,
    from: `test:${tag}`,
    importMode: 'Legacy' as const,
    insecure: false,
    platform: LINUX_AMD64,
    asked: { from: `test:${tag}` },
  });
  const signal = new AbortController().signal;
  const context = { keyring, blockedHosts: new Set<string>(), signal, priority: 0 };
  const tags = Array.from({ length: 50 }, (_each, index) => `big-${index}`);
  await Promise.all([
    importer.importTags(tags.map(request), { ...context, tenant: 'big' }),
    importer.importTag(request('small'), { ...context, tenant: 'small' }),
    importer.importTag(request('urgent'), { ...context, tenant: 'big', priority: 20 }),
  ]);
  expect(client.manifests.slice(0, 4)).toEqual(['big-0', 'urgent', 'big-1', 'small']);
});
