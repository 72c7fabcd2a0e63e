import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Descriptor } from '../../../src/image/manifest.ts';
import { silentLogger } from '../../../src/log.ts';
import type { Timeouts } from '../../../src/registry/timeouts.ts';
import type { PullSource } from '../../../src/registry/types.ts';
import {
  dribble,
  endless,
  hangUp,
  raw,
  refusal,
  reset,
  sha256,
  silence,
  slowHead,
  truncated,
} from '../../fake/registry.ts';
import { requestContext } from '../../fake/settings.ts';
import { sampleImage, sampleIndex } from '../../gen/content.ts';
import { sampleSchema1 } from '../../gen/schema1.ts';
import { type Bench, bench, clientOf, closeAll } from './bench.ts';

const context = requestContext();
const image = sampleImage();
const MIB = 1024 * 1024;
const OCI = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';

afterEach(closeAll);

const get = ({ client, app }: Bench) => client.getManifest(app, { tag: 'v1' }, context);
const typed = (type: string, body: unknown) => ({ headers: { 'Content-Type': type }, body });

describe('manifests that are not what they say', () => {
  test.each([
    ['G10 an index by its header, an image by its body', typed(INDEX, { schemaVersion: 2, mediaType: OCI })],
    ['G11 an index and an image in one', typed(INDEX, { schemaVersion: 2, manifests: [], layers: [] })],
    ['no JSON', typed(OCI, '<html>')],
    ['an empty body', typed(OCI, '')],
    ['no UTF-8', typed(OCI, Buffer.from([0x7b, 0xff, 0x7d]))],
    ['G15 depth 33', typed(OCI, `${'['.repeat(33)}${']'.repeat(33)}`)],
  ])('%s is an invalidResponse', async (_name, answer) => {
    const made = await bench();
    made.registry.on({}, answer);
    await expect(get(made)).rejects.toMatchObject({ kind: 'invalidResponse', reason: 'manifest' });
  });

  test('G15 a digest that is none fails the manifest before it gets into a URL', async () => {
    const made = await bench();
    const config = { mediaType: 'x', size: 1, digest: 'sha256:../../../etc/passwd' };
    made.registry.on({}, typed(OCI, { schemaVersion: 2, config, layers: [] }));
    await expect(get(made)).rejects.toMatchObject({ kind: 'invalidResponse', reason: 'manifest' });
    expect(made.registry.requests).toHaveLength(1);
  });

  test('R6.10 what is not what was asked for is not even read', async () => {
    const made = await bench();
    made.registry.on({}, typed(OCI, '['.repeat(1000)));
    const asked = made.client.getManifest(made.app, { digest: image.digest }, context);
    await expect(asked).rejects.toMatchObject({ kind: 'digestMismatch', digests: { wanted: image.digest } });
  });

  test('G12 R0.11 R1.3 a signed schema 1 manifest is imported by the digest of its payload', async () => {
    const made = await bench();
    const schema1 = sampleSchema1();
    made.registry.on({}, typed(schema1.mediaType, schema1.bytes));

    expect(await get(made)).toMatchObject({ digest: schema1.digest, manifest: { kind: 'schema1' } });
    expect(schema1.digest).not.toBe(sha256(schema1.bytes));
    expect(await made.client.getManifest(made.app, { digest: schema1.digest }, context)).toMatchObject({
      digest: schema1.digest,
    });
  });

  test('a child of an index is fetched by digest from where the index came from', async () => {
    const made = await bench();
    const child = sampleImage({ architecture: 'arm64' });
    made.registry.putContent('team/app', 'v1', sampleIndex([image, child]));
    const { source } = await get(made);

    expect(await made.client.getChild(source, child.digest, context)).toMatchObject({
      digest: child.digest,
      manifest: { kind: 'image' },
    });
  });
});

describe('sizes (R6.6 to R6.9)', () => {
  test.each([
    ['declared', (length: number) => ({ headers: { 'Content-Type': OCI, 'Content-Length': String(length) } })],
  ])('G13 a manifest of 4 MiB and a byte, %s, is tooLarge before it is read', async (_name, answer) => {
    const made = await bench();
    made.registry.on({}, (_request, response) => {
      response.writeHead(200, answer(4 * MIB + 1).headers);
      response.flushHeaders();
      return undefined;
    });
    await expect(get(made)).rejects.toMatchObject({ kind: 'tooLarge', limit: { what: 'manifest', bytes: 4 * MIB } });
  });

  test('G13 of undeclared length it is read no further than the cap', async () => {
    const made = await bench();
    made.registry.on({}, endless({ 'Content-Type': OCI }));
    const error = await get(made).catch(caught => caught);
    expect(error).toMatchObject({ kind: 'tooLarge', limit: { what: 'manifest', bytes: 4 * MIB } });
    expect(error.detail).toBe('manifest is larger than 4 MiB');
  });

  test('G13 a manifest of exactly 4 MiB is read', async () => {
    const made = await bench();
    const whole = JSON.stringify({ schemaVersion: 2, mediaType: OCI, ...JSON.parse(image.bytes.toString()) });
    made.registry.on({}, typed(OCI, whole.padEnd(4 * MIB)));
    expect(await get(made)).toMatchObject({ manifest: { kind: 'image' } });
  });

  test('R1.9 a HEAD that declares more than the cap is tooLarge without a GET', async () => {
    const made = await bench();
    made.registry.on({ method: 'HEAD' }, { headers: { 'Content-Length': String(4 * MIB + 1) } });
    const asked = made.client.checkTag(made.app, 'v1', image.digest, context);
    await expect(asked).rejects.toMatchObject({ kind: 'tooLarge' });
    expect(made.registry.requests).toHaveLength(1);
  });

  test('the body of an error is cut, not refused', async () => {
    const made = await bench();
    made.registry.on({}, endless({}, 404));
    await expect(get(made)).rejects.toMatchObject({ kind: 'notFound', status: 404 });
  });

  test('G14 a body longer than declared is no manifest', async () => {
    const made = await bench();
    made.registry.on({}, raw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"schemaVersion":2}x'));
    await expect(get(made)).rejects.toMatchObject({ kind: 'invalidResponse' });
  });

  test('G14 a body shorter than declared is cut off', async () => {
    const made = await bench();
    made.registry.on({}, truncated(image.bytes, 10));
    await expect(get(made)).rejects.toMatchObject({ kind: 'unavailable', reason: 'cutOff' });
  });

  test('R6.9 one gzip is undone', async () => {
    const made = await bench();
    const headers = { 'Content-Type': OCI, 'Content-Encoding': 'gzip' };
    made.registry.on({}, { headers, body: gzipSync(image.bytes) });
    expect(await get(made)).toMatchObject({ digest: image.digest });
  });

  test('R6.9 a gzip that unpacks beyond the cap is tooLarge', async () => {
    const made = await bench();
    made.registry.on({}, { headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(Buffer.alloc(5 * MIB)) });
    await expect(get(made)).rejects.toMatchObject({ kind: 'tooLarge' });
  });

  test.each(['br', 'gzip, gzip', 'deflate'])('R6.9 the encoding %s is refused', async encoding => {
    const made = await bench();
    made.registry.on({}, { headers: { 'Content-Encoding': encoding }, body: gzipSync(image.bytes) });
    await expect(get(made)).rejects.toMatchObject({ kind: 'invalidResponse', reason: 'encoding' });
  });

  test('a head of 64 KiB is an invalidResponse', async () => {
    const made = await bench();
    made.registry.on({}, raw(`HTTP/1.1 200 OK\r\nX-Bomb: ${'x'.repeat(65_536)}\r\n\r\n`));
    await expect(get(made)).rejects.toMatchObject({ kind: 'invalidResponse' });
  });
});

describe('time (R5.10, R6.8)', () => {
  const hour = 3_600_000;
  /** Nothing ends but what a row is about: a test that hangs has missed its deadline. */
  const patient: Timeouts = {
    connectMs: hour,
    headersMs: hour,
    bodyIdleMs: hour,
    headAttemptMs: hour,
    getAttemptMs: hour,
    operationMs: hour,
    minRateAfterMs: hour,
    minBytesPerSecond: 1024,
  };

  test.each([
    ['no head', 'headers', silence, { headersMs: 50 }],
    ['a head that dribbles', 'headers', slowHead(5), { getAttemptMs: 50 }],
    ['G20 a body that dribbles', 'body', dribble(5), { minRateAfterMs: 50 }],
    ['a body that dribbles past the attempt', 'body', dribble(5), { getAttemptMs: 100 }],
    [
      'a body that stops',
      'body',
      raw('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{', { keepOpen: true }),
      { bodyIdleMs: 50 },
    ],
    ['a call that used up its time', 'headers', silence, { operationMs: 50 }],
  ] as const)('%s is a timeout of the %s', async (_name, reason, answer, timeouts) => {
    const made = await bench({ client: { timeouts: { ...patient, ...timeouts } } });
    made.registry.on({}, answer);
    await expect(get(made)).rejects.toMatchObject({ kind: 'timeout', reason });
  });

  test('an abort ends the request at once', async () => {
    const made = await bench();
    const controller = new AbortController();
    made.registry.on({}, () => {
      controller.abort(new Error('not wanted any more'));
      return undefined;
    });
    const asked = made.client.getManifest(made.app, { tag: 'v1' }, { ...context, signal: controller.signal });
    await expect(asked).rejects.toMatchObject({ kind: 'aborted' });
  });

  test('an abort before anything was asked sends nothing', async () => {
    const made = await bench();
    const asked = made.client.getManifest(made.app, { tag: 'v1' }, { ...context, signal: AbortSignal.abort() });
    await expect(asked).rejects.toMatchObject({ kind: 'aborted' });
    expect(made.registry.requests).toEqual([]);
  });
});

describe('connections', () => {
  test.each([
    ['reset', reset, 'reset'],
    ['closed before an answer', hangUp, 'closed'],
  ])('one that is %s is unavailable', async (_name, answer, reason) => {
    const made = await bench();
    made.registry.on({}, answer);
    await expect(get(made)).rejects.toMatchObject({ kind: 'unavailable', reason });
    expect(made.registry.requests).toHaveLength(1);
  });

  const single = { perSecond: 10, burst: 20, inFlight: 1 };

  test('R4.6 a kept one that is reset is followed by one second try', async () => {
    const made = await bench({ host: { rate: single } });
    made.registry.putContent('team/app', 'v1', image);
    await get(made);
    made.registry.forget();
    made.registry.on({ times: 1 }, reset);

    expect(await get(made)).toMatchObject({ digest: image.digest });
    expect(made.registry.requests).toHaveLength(2);
  });

  test('R4.6 of two tries the lanes hear one failure, that of the second', async () => {
    const made = await bench({ host: { rate: single } });
    made.registry.putContent('team/app', 'v1', image);
    await get(made);
    const before = made.lanes.health.length;
    made.registry.on({}, hangUp);
    made.registry.on({ times: 1 }, reset);

    await expect(get(made)).rejects.toMatchObject({ kind: 'unavailable', reason: 'closed' });
    expect(made.lanes.health.slice(before)).toMatchObject([{ failure: { kind: 'unavailable', reason: 'closed' } }]);
  });

  test('R4.6 a kept one that is reset and then answers has not failed', async () => {
    const made = await bench({ host: { rate: single } });
    made.registry.putContent('team/app', 'v1', image);
    await get(made);
    made.registry.on({ times: 1 }, reset);
    await get(made);
    expect(made.lanes.health.map(({ failure }) => failure)).toEqual([undefined, undefined]);
  });

  test('D19 R5.9 a hundred checks in a row share one connection', async () => {
    const made = await bench({ host: { rate: single } });
    made.registry.putContent('team/app', 'v1', image);
    for (let i = 0; i < 100; i += 1) await made.client.checkTag(made.app, 'v1', image.digest, context);
    expect(made.registry.connections).toBe(1);
  });

  test('R5.11 of the addresses of a name one that nobody listens at is passed over', async () => {
    const addresses = [
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ];
    const made = await bench();
    made.registry.putContent('team/app', 'v1', image);
    const host = `localhost:${made.registry.port}`;
    const { client } = clientOf({ [host]: { plainHttp: true } }, {}, { lookup: async () => addresses });
    const asked = client.getManifest({ ...made.app, host }, { tag: 'v1' }, context);
    expect(await asked).toMatchObject({ digest: image.digest });
  });

  test.each([
    ['is free for the next request', 1024, 1],
    ['is given up where that is long', 1024 * 1024, 2],
  ])('R5.13 one whose redirect has a body %s', async (_name, length, connections) => {
    const made = await bench({ host: { rate: single } });
    made.registry.putContent('team/app', 'v1', image);
    const headers = { Location: '/v2/team/app/manifests/v1' };
    made.registry.on({ path: /moved/ }, { status: 307, headers, body: 'x'.repeat(length) });
    const asked = made.client.getManifest(made.app, { tag: 'moved' }, context);
    expect(await asked).toMatchObject({ digest: image.digest });
    expect(made.registry.connections).toBe(connections);
  });

  test('nobody there is refused', async () => {
    const made = await bench();
    await made.registry.close();
    await expect(get(made)).rejects.toMatchObject({
      kind: 'unavailable',
      reason: 'refused',
      request: { method: 'GET', url: `${made.registry.url}/v2/team/app/manifests/v1` },
    });
  });

  test('a name that is none is dns', async () => {
    const made = await bench({
      client: { lookup: async () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })) },
    });
    const asked = made.client.getManifest({ ...made.app, host: 'nowhere.example.com' }, { tag: 'v1' }, context);
    await expect(asked).rejects.toMatchObject({ kind: 'unavailable', reason: 'dns' });
  });

  test.each(['bad host', 'user@host', 'host/path', 'http://host'])(
    'R0.1 nothing is sent to the host "%s"',
    async host => {
      const made = await bench();
      const asked = made.client.getManifest({ ...made.app, host }, { tag: 'v1' }, context);
      await expect(asked).rejects.toMatchObject({ kind: 'blocked' });
    },
  );

  test.each(['../x', 'a//b', 'A', 'a/%2e%2e/b'])('R0.6 nothing is sent for the repository "%s"', async repository => {
    const made = await bench();
    const app = { ...made.app, repository };
    await expect(made.client.getManifest(app, { tag: 'v1' }, context)).rejects.toMatchObject({ kind: 'blocked' });
    await expect(made.client.listTags(app, context)).rejects.toMatchObject({ kind: 'blocked' });
    expect(made.registry.requests).toEqual([]);
  });
});

describe('names that are none (R0.6)', () => {
  test.each(['', '../v2', 'a/b', 'v1?x=1', '-v1', 'x'.repeat(129)])('nothing is sent for the tag "%s"', async tag => {
    const made = await bench();
    await expect(made.client.getManifest(made.app, { tag }, context)).rejects.toMatchObject({ kind: 'blocked' });
    const checked = made.client.checkTag(made.app, tag, image.digest, context);
    await expect(checked).rejects.toMatchObject({ kind: 'blocked' });
    expect(made.registry.requests).toEqual([]);
  });

  test.each(['sha256:../../x', `SHA256:${'a'.repeat(64)}`, `sha256:${'a'.repeat(63)}`, `md5:${'a'.repeat(32)}`])(
    'nothing is sent for the digest "%s"',
    async digest => {
      const made = await bench();
      const source: PullSource = { ...made.app, mirror: false };
      const refused = { kind: 'invalidResponse' };
      await expect(made.client.getManifest(made.app, { digest }, context)).rejects.toMatchObject(refused);
      await expect(made.client.getChild(source, digest, context)).rejects.toMatchObject(refused);
      await expect(made.client.blobSize(source, digest, context)).rejects.toMatchObject(refused);
      const config = { digest, size: 2, mediaType: 'x' };
      await expect(made.client.getConfig(source, config, context)).rejects.toMatchObject(refused);
      expect(made.registry.requests).toEqual([]);
    },
  );
});

describe('answers', () => {
  test.each([
    [404, 'NAME_UNKNOWN', 'notFound'],
    [404, 'NOT_FOUND', 'notFound'],
    [404, 'BLOB_UNKNOWN', 'notFound'],
    [408, 'SLOW', 'timeout'],
    [499, 'GONE', 'unavailable'],
    [401, 'UNAUTHORIZED', 'unauthorized'],
    [403, 'DENIED', 'denied'],
    [429, 'TOOMANYREQUESTS', 'rateLimited'],
    [500, 'INTERNAL', 'unavailable'],
    [503, 'DENIED', 'unavailable'],
    [400, 'TAG_INVALID', 'invalidResponse'],
    // A code outweighs the status.
    [400, 'UNAVAILABLE', 'unavailable'],
    [400, 'DENIED', 'denied'],
    [400, 'TOOMANYREQUESTS', 'rateLimited'],
    // R8.1: with words of its own it is not what it looks like.
    [404, 'TAG_INVALID', 'invalidResponse'],
  ])('%d %s is %s', async (status, code, kind) => {
    const made = await bench();
    made.registry.on({}, refusal(status, code));
    await expect(get(made)).rejects.toMatchObject({ kind, status });
  });

  test('R6.15 a warning is passed on, and changes nothing', async () => {
    const warned: unknown[] = [];
    const log = { ...silentLogger, warn: (fields: object) => void warned.push(fields) };
    const made = await bench({ client: { log } });
    made.registry.putContent('team/app', 'v1', image);
    made.registry.on(
      { times: 1 },
      { headers: { 'Content-Type': OCI, Warning: '299 - "v1 goes away"' }, body: image.bytes },
    );
    expect(await get(made)).toMatchObject({ digest: image.digest });
    expect(warned).toEqual([{ host: made.registry.host, warning: 'v1 goes away' }]);
  });

  test('R8.4 MANIFEST_UNKNOWN anywhere decides', async () => {
    const made = await bench();
    const errors = [{ code: 'DENIED' }, { code: 'MANIFEST_UNKNOWN', message: 'gone', detail: { tag: 'v1' } }];
    made.registry.on({}, { status: 404, body: { errors } });
    await expect(get(made)).rejects.toMatchObject({
      kind: 'notFound',
      errors: [{ code: 'DENIED' }, { code: 'MANIFEST_UNKNOWN', hasDetail: true }],
    });
  });

  test('R8.1 UNKNOWN with "not found" is notFound', async () => {
    const made = await bench();
    made.registry.on({}, refusal(404, 'UNKNOWN', 'repository not found'));
    await expect(get(made)).rejects.toMatchObject({ kind: 'notFound' });
  });
});

describe('configs and blobs', () => {
  const config = Buffer.from('{"created":"2026-01-01T00:00:00Z","config":{"Labels":{"__proto__":"x"}}}');
  const descriptor: Descriptor = { digest: sha256(config), size: config.length, mediaType: 'x' };
  const source = ({ app }: Bench): PullSource => ({ ...app, mirror: false });

  test('G22 a config is verified and handed over as it is', async () => {
    const made = await bench();
    made.registry.putBlob('team/app', config);
    const bytes = await made.client.getConfig(source(made), descriptor, context);
    expect(Buffer.from(bytes)).toEqual(config);
  });

  test('G21 R1.19 a descriptor with its own content costs no request', async () => {
    const made = await bench();
    const bytes = await made.client.getConfig(
      source(made),
      { ...descriptor, data: config.toString('base64') },
      context,
    );
    expect(Buffer.from(bytes)).toEqual(config);
    expect(made.registry.requests).toEqual([]);
  });

  test('G21 content that is not what the descriptor says is fetched instead', async () => {
    const made = await bench();
    made.registry.putBlob('team/app', config);
    await made.client.getConfig(source(made), { ...descriptor, data: 'bm8=' }, context);
    expect(made.registry.requests).toHaveLength(1);
  });

  test('R1.19 so is content whose descriptor tells another size', async () => {
    const made = await bench();
    const size = config.length + 1;
    made.registry.on({}, { body: Buffer.alloc(size, 'x') });
    const asked = made.client.getConfig(
      source(made),
      { ...descriptor, size, data: config.toString('base64') },
      context,
    );
    await expect(asked).rejects.toMatchObject({ kind: 'digestMismatch' });
  });

  test.each([
    ['R6.7 of another length', { kind: 'invalidResponse', reason: 'length' }, Buffer.from('{}')],
    ['of other bytes', { kind: 'digestMismatch', digests: { what: 'blob' } }, Buffer.alloc(config.length, '1')],
  ])('a blob %s is refused', async (_name, error, body) => {
    const made = await bench();
    made.registry.on({}, { body });
    await expect(made.client.getConfig(source(made), descriptor, context)).rejects.toMatchObject(error);
  });

  test('R6.6 no more is read of a config than its descriptor says', async () => {
    const made = await bench();
    made.registry.on({}, endless());
    // 4 MiB, as far as a config may go at all, would be tooLarge.
    await expect(made.client.getConfig(source(made), descriptor, context)).rejects.toMatchObject({
      kind: 'invalidResponse',
      reason: 'length',
    });
  });

  test('R6.6 a config of more than 4 MiB is tooLarge and not asked for', async () => {
    const made = await bench();
    const asked = made.client.getConfig(source(made), { ...descriptor, size: 4 * MIB + 1 }, context);
    await expect(asked).rejects.toMatchObject({ kind: 'tooLarge', limit: { what: 'config' } });
    expect(made.registry.requests).toEqual([]);
  });

  test('blobSize() tells the size by HEAD', async () => {
    const made = await bench();
    const digest = made.registry.putBlob('team/app', config);
    expect(await made.client.blobSize(source(made), digest, context)).toBe(config.length);
    expect(made.registry.requests.map(({ method }) => method)).toEqual(['HEAD']);
  });

  test('blobSize() of a blob that is gone is notFound', async () => {
    const made = await bench();
    made.registry.putBlob('team/app', config);
    const asked = made.client.blobSize(source(made), sha256('gone'), context);
    await expect(asked).rejects.toMatchObject({ kind: 'notFound' });
  });
});
