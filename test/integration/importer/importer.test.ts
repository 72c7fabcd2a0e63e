import { afterEach, describe, expect, test } from '@jest/globals';
import type { ImageImport, ImageStreamImportSpec } from '../../../src/api/image-stream-import.ts';
import { createImporter, type Importer } from '../../../src/importer/importer.ts';
import { silentLogger } from '../../../src/log.ts';
import type { Timeouts } from '../../../src/registry/timeouts.ts';
import type { RegistryClient } from '../../../src/registry/types.ts';
import type { Answer } from '../../fake/answers.ts';
import { fakeClock } from '../../fake/clock.ts';
import type { HeardRequest } from '../../fake/registry.ts';
import {
  dribble,
  endless,
  hangUp,
  raw,
  redirectTo,
  refusal,
  reset,
  silence,
  slowHead,
  startFakeRegistry,
  truncated,
} from '../../fake/registry.ts';
import { keyringOf, password } from '../../fake/settings.ts';
import { type Content, sampleImage, sampleIndex } from '../../gen/content.ts';
import { sampleSchema1 } from '../../gen/schema1.ts';
import { type Bench, type BenchOptions, bench, clientOf, closeAll, closeLater } from '../registry/bench.ts';

afterEach(closeAll);

const LINUX_AMD64 = { os: 'linux', architecture: 'amd64' } as const;
const [amd64, arm64] = [sampleImage(), sampleImage({ architecture: 'arm64', variant: 'v8' })];
const list = sampleIndex([amd64, arm64, sampleImage({ architecture: 's390x' })]);
const preserve = { importMode: 'PreserveOriginal' } as const;

function importerOf(client: RegistryClient): Importer {
  return createImporter({ client, clock: fakeClock(), log: silentLogger, retry: action => action() });
}

function run(client: RegistryClient, spec: ImageStreamImportSpec, keyring = keyringOf()) {
  return importerOf(client).importRequest({
    isi: { metadata: { name: 'app', namespace: 'demo' }, spec },
    keyring,
    platform: LINUX_AMD64,
    maxImagesPerRepository: 0,
    blockedHosts: new Set(),
    signal: new AbortController().signal,
  });
}

const image = (name: string, more: Partial<ImageImport> = {}): ImageImport => ({
  from: { kind: 'DockerImage', name },
  ...more,
});
const heard = (requests: readonly HeardRequest[]) => requests.map(({ method, path }) => `${method} ${path}`);

async function benchWith(tags: Readonly<Record<string, Content>>, options: BenchOptions = {}): Promise<Bench> {
  const made = await bench(options);
  for (const [tag, content] of Object.entries(tags)) made.registry.putContent('team/app', tag, content);
  return made;
}

describe('what an import costs, in requests', () => {
  test.each([
    { name: 'first import of a single-platform tag: 2', content: amd64, spec: {}, requests: 2 },
    { name: 'Legacy list: 3', content: list, spec: {}, requests: 3 },
    { name: 'PreserveOriginal with 3 children: 1 + 2·3', content: list, spec: { importPolicy: preserve }, requests: 7 },
    { name: 'schema 1 with 2 layers of unknown size: 3', content: sampleSchema1(), spec: {}, requests: 3 },
  ])('$name', async ({ content, spec, requests }) => {
    const { client, registry } = await benchWith({ v1: content });
    const { failed } = await run(client, { images: [image(`${registry.host}/team/app:v1`, spec)] });
    expect(failed).toBe(0);
    expect(registry.requests).toHaveLength(requests);
  });

  test('an unchanged re-check with a known source digest: 1 HEAD', async () => {
    const { client, registry } = await benchWith({ v1: list });
    const importer = importerOf(client);
    const from = `${registry.host}/team/app:v1`;
    const request = { tag: 'v1', from, importMode: 'Legacy', insecure: false, platform: LINUX_AMD64 } as const;
    const signal = new AbortController().signal;
    const context = { keyring: keyringOf(), blockedHosts: new Set<string>(), signal, priority: 0 };
    const first = await importer.importTag({ ...request, asked: { from } }, context);
    registry.forget();
    const again = await importer.importTag({ ...request, asked: { from }, recorded: first.source }, context);
    expect(again).toEqual({ outcome: 'unchanged', tag: 'v1', source: { from, digest: list.digest } });
    expect(heard(registry.requests)).toEqual(['HEAD /v2/team/app/manifests/v1']);
  });

  test('a repository costs one list and each tag its own; authentication happens once', async () => {
    const { client, registry } = await benchWith({ a: amd64, b: arm64, c: list }, { auth: { kind: 'bearer' } });
    const { status, failed } = await run(client, { repository: image(`${registry.host}/team/app`) });
    expect(failed).toBe(0);
    expect(status.repository?.images?.map(({ tag }) => tag)).toEqual(['a', 'b', 'c']);
    expect(registry.count({ path: '/token' })).toBe(1);
  });
});

test('R0.15 a request has no pace of its own, and no ping', async () => {
  const tags = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`v${at}`, amd64]));
  const { client, registry } = await benchWith(tags);
  // Its clock stands still: whoever waited for a token of a bucket would wait for ever.
  const { failed } = await run(client, {
    images: Object.keys(tags).map(tag => image(`${registry.host}/team/app:${tag}`)),
  });
  expect(failed).toBe(0);
  expect(registry.count({ path: '/v2/' })).toBe(0);
});

test('11.3 a mirror serves a digest, the stored reference names the source', async () => {
  const mirror = closeLater(await startFakeRegistry());
  mirror.putContent('openshift4/test', undefined, amd64);
  const source = closeLater(await startFakeRegistry());
  source.putContent('other/test', undefined, amd64);
  const rule = { prefix: 'openshift', host: mirror.host, pathPrefix: 'openshift4', resolveTags: false };
  const { client } = clientOf({
    [source.host]: {
      plainHttp: true,
      mirrors: [{ ...rule, insecure: false, credentialsFrom: 'mirror', proxy: false }],
    },
    [mirror.host]: { plainHttp: true },
  });
  const mirrored = `${source.host}/openshift/test@${amd64.digest}`;
  const { status, failed } = await run(client, { images: [image(mirrored)] });
  expect(failed).toBe(0);
  expect(mirror.requests[0]?.path).toBe(`/v2/openshift4/test/manifests/${amd64.digest}`);
  expect(source.requests).toEqual([]);
  expect(status.images?.[0]?.image?.dockerImageReference).toBe(mirrored);

  mirror.forget();
  await run(client, { images: [image(`${source.host}/other/test@${amd64.digest}`)] });
  expect(mirror.requests).toEqual([]);
  expect(source.requests[0]?.path).toBe(`/v2/other/test/manifests/${amd64.digest}`);
});

describe('what a registry answers, as a Status (R0.13, R0.14)', () => {
  const OCI = { 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' };
  type Row = readonly [name: string, answer: Answer, code: number, message: RegExp, timeouts?: Partial<Timeouts>];
  const rows: readonly Row[] = [
    ['404 MANIFEST_UNKNOWN', refusal(404, 'MANIFEST_UNKNOWN'), 404, / not found$/],
    ['404 NAME_UNKNOWN', refusal(404, 'NAME_UNKNOWN'), 500, /: name unknown/],
    ['403 DENIED', refusal(403, 'DENIED', 'requested access to the resource is denied'), 500, /: denied$/],
    ['401 without a challenge', { status: 401 }, 401, /^you may not have access to the container image /],
    [
      '404 with HTML',
      { status: 404, body: '<html>secret</html>' },
      500,
      / answered HTTP 404 without an error document$/,
    ],
    ['503', { status: 503, body: 'at 10.0.0.1' }, 500, /: received unexpected HTTP status: 503 Service Unavailable$/],
    ['429', { status: 429, headers: { 'Retry-After': '7' } }, 500, /: toomanyrequests: too many requests$/],
    [
      'a request id in the text',
      (request: HeardRequest) => refusal(403, 'DENIED', `id ${crypto.randomUUID()} ${request.method}`),
      500,
      /: denied: id … GET$/,
    ],
    ['connection reset', reset, 500, /: dial tcp: connect: connection reset by peer$/],
    ['closed without an answer', hangUp, 500, /: EOF$/],
    ['no HTTP', raw('220 smtp ready\r\n'), 500, /: (malformed HTTP response|the connection failed)$/],
    ['silence', silence, 500, /: timed out waiting for headers$/, { headersMs: 50 }],
    ['headers that dribble', slowHead(10), 500, /: timed out waiting for headers$/, { getAttemptMs: 150 }],
    ['a body that dribbles', dribble(10, OCI), 500, /: timed out reading the body$/, { minRateAfterMs: 50 }],
    ['a body without end', endless(OCI), 500, /: manifest is larger than 4 MiB$/],
    ['a body cut off', truncated(amd64.bytes, 20, OCI), 500, /: unexpected EOF$/],
    ['HTML with 200', { headers: { 'Content-Type': 'text/html' }, body: '<html>secret</html>' }, 500, /^(?!.*secret)/],
    [
      'a manifest of another type',
      { headers: OCI, body: { schemaVersion: 2, mediaType: 'text/plain' } },
      500,
      /^(?!.*text\/plain)/,
    ],
    [
      'a redirect to a link-local address',
      redirectTo('http://169.254.169.254/latest'),
      500,
      / redirects to a host that is not allowed$/,
    ],
  ];

  test.each(rows)('%s', async (_name, answer, code, message, timeouts = {}) => {
    const { client, registry } = await bench({ client: { timeouts } });
    registry.on({ path: /^\/v2\// }, answer);
    const spec = { images: [image(`${registry.host}/team/app:v1`)] };
    const [first, again] = [await run(client, spec), await run(client, spec)];
    expect(first.status.images?.[0]?.status).toMatchObject({ status: 'Failure', code });
    expect(first.status.images?.[0]?.status.message).toMatch(message);
    expect(again.status.images?.[0]?.status).toEqual(first.status.images?.[0]?.status);
  });

  test.each([
    [
      'that is not allowed',
      '169.254.169.254',
      /: registry reg\.example\.com:\d+ leads to an address that is not allowed$/,
    ],
    ['where nobody listens', '127.0.0.1', /: dial tcp: connect: connection refused$/],
  ])('R0.14 the address of a name %s is not told', async (_name, address, message) => {
    const gone = await startFakeRegistry();
    await gone.close();
    const host = `reg.example.com:${gone.port}`;
    const { client } = clientOf({ [host]: { plainHttp: true } }, {}, { lookup: async () => [{ address, family: 4 }] });
    const { status } = await run(client, { images: [image(`${host}/team/app:v1`)] });
    expect(status.images?.[0]?.status).toMatchObject({ code: 500, message: expect.stringMatching(message) });
    expect(JSON.stringify(status)).not.toContain(address);
  });

  test('a digest that brings other content', async () => {
    const { client, registry } = await benchWith({ v1: amd64 });
    registry.on({}, { headers: OCI, body: arm64.bytes });
    const { status } = await run(client, { images: [image(`${registry.host}/team/app@${amd64.digest}`)] });
    expect(status.images?.[0]?.status.message).toBe(
      `Internal error occurred: ${registry.host}/team/app@${amd64.digest}: content integrity error: the manifest ` +
        `retrieved with digest ${amd64.digest} does not match the digest calculated from the content ${arm64.digest}`,
    );
  });

  test('a config that is missing, and one with other content', async () => {
    const { client, registry } = await benchWith({ v1: amd64 });
    const take = registry.on({ path: /\/blobs\// }, refusal(404, 'BLOB_UNKNOWN'));
    const spec = { images: [image(`${registry.host}/team/app:v1`)] };
    const missing = await run(client, spec);
    expect(missing.status.images?.[0]?.status.message).toMatch(/\/team\/app:v1: unknown blob$/);
    take();
    const [config = ''] = amd64.blobs.keys();
    const size = amd64.blobs.get(config)?.length ?? 0;
    registry.on({ path: /\/blobs\// }, { body: Buffer.alloc(size, 'x') });
    const other = await run(client, spec);
    expect(other.status.images?.[0]?.status.message).toMatch(
      /: content integrity error: the blob retrieved with digest sha256:\w+ does not match the digest calculated /,
    );
  });

  test('a wrong password', async () => {
    const { client, registry } = await benchWith({ v1: amd64 }, { auth: { kind: 'basic', users: { ann: 'right' } } });
    const spec = { images: [image(`${registry.host}/team/app:v1`)] };
    const wrong = await run(client, spec, keyringOf(password('ann', 'wrong')));
    expect(wrong.status.images?.[0]?.status).toMatchObject({
      code: 401,
      reason: 'Unauthorized',
      message: `you may not have access to the container image "${registry.host}/team/app:v1"`,
    });
    expect((await run(client, spec, keyringOf(password('ann', 'right')))).failed).toBe(0);
  });

  test('nobody listens', async () => {
    const gone = await startFakeRegistry();
    await gone.close();
    const { client } = clientOf({ [gone.host]: { plainHttp: true } });
    const spec = { images: [image(`${gone.host}/team/app:v1`)], repository: image(`${gone.host}/team/app`) };
    const { status, failed } = await run(client, spec);
    expect(failed).toBe(2);
    const text = `Get "http://${gone.host}/v2/": dial tcp: connect: connection refused`;
    expect(status.images?.[0]?.status.message).toBe(`Internal error occurred: ${gone.host}/team/app:v1: ${text}`);
    expect(status.repository?.status?.message).toBe(`Internal error occurred: ${text}`);
  });

  test('a tag list of a repository that is not there', async () => {
    const { client, registry } = await benchWith({});
    const { status } = await run(client, { repository: image(`${registry.host}/no/such`) });
    expect(status.repository?.status).toMatchObject({
      code: 404,
      message: `dockerimage.image.openshift.io "${registry.host}/no/such" not found`,
    });
  });
});
