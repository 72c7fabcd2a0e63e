import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ACCEPT } from '../../../src/image/media-types.ts';
import type { PlainAnswer } from '../../fake/answers.ts';
import { redirectTo, refusal, sha256, startFakeRegistry } from '../../fake/registry.ts';
import { requestContext } from '../../fake/settings.ts';
import { sampleImage } from '../../gen/content.ts';
import { bench, clientOf, closeAll, closeLater } from './bench.ts';
import { PUBLIC, world } from './world.ts';

const context = requestContext();
const MANIFEST = /\/manifests\//;
const one = sampleImage({ seed: '1' });
const two = sampleImage({ seed: '2' });

afterEach(closeAll);

describe('checkTag()', () => {
  test('G1 an unchanged tag costs one HEAD', async () => {
    const { registry, client, app } = await bench();
    const digest = registry.putContent('team/app', 'v1', one);

    expect(await client.checkTag(app, 'v1', digest, context)).toEqual({ outcome: 'unchanged', digest });

    expect(registry.requests).toHaveLength(1);
    expect(registry.requests[0]).toMatchObject({
      method: 'HEAD',
      path: '/v2/team/app/manifests/v1',
      headers: { accept: ACCEPT, 'accept-encoding': 'identity', 'user-agent': 'imagestream-operator/test' },
    });
  });

  test('a registry at a name is found through the system’s resolver', async () => {
    const registry = closeLater(await startFakeRegistry());
    const host = `localhost:${registry.port}`;
    const { client } = clientOf({ [host]: { plainHttp: true } });
    const digest = registry.putContent('team/app', 'v1', one);

    const app = { host, repository: 'team/app', insecure: false };
    expect(await client.checkTag(app, 'v1', digest, context)).toMatchObject({ outcome: 'unchanged' });
  });

  test('G2 a changed tag is fetched by its new digest: two requests', async () => {
    const { registry, client, app } = await bench();
    registry.putContent('team/app', 'v1', two);

    const check = await client.checkTag(app, 'v1', one.digest, context);

    expect(check).toMatchObject({ outcome: 'changed', digest: two.digest, fetched: { digest: two.digest } });
    expect(registry.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'HEAD /v2/team/app/manifests/v1',
      `GET /v2/team/app/manifests/${two.digest}`,
    ]);
  });

  test('G3 other bytes than the digest says are a digestMismatch', async () => {
    const { registry, client, app } = await bench();
    registry.putContent('team/app', 'v1', two);
    registry.on({ method: 'GET', path: MANIFEST }, { headers: { 'Content-Type': one.mediaType }, body: one.bytes });

    await expect(client.checkTag(app, 'v1', one.digest, context)).rejects.toMatchObject({
      kind: 'digestMismatch',
      digests: { wanted: two.digest, got: one.digest, what: 'manifest' },
    });
  });

  test('G4 a digest that is gone meanwhile is fetched by tag, its computed digest counts', async () => {
    const { registry, client, app } = await bench();
    registry.putContent('team/app', 'v1', two);
    registry.on({ method: 'GET', path: `/v2/team/app/manifests/${two.digest}` }, refusal(404, 'MANIFEST_UNKNOWN'));

    const check = await client.checkTag(app, 'v1', one.digest, context);

    expect(check).toMatchObject({ outcome: 'changed', digest: two.digest, fetched: { digest: two.digest } });
    expect(registry.count({ path: MANIFEST })).toBe(3);
  });
});

describe('checkTag() where HEAD is of no use', () => {
  test('G6 without a digest on HEAD a conditional GET is learned: 304 is unchanged', async () => {
    const { registry, client, app } = await bench({ digestHeader: false });
    const digest = registry.putContent('team/app', 'v1', one);

    expect(await client.checkTag(app, 'v1', digest, context)).toMatchObject({ outcome: 'unchanged' });
    expect(registry.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET']);
    registry.forget();
    expect(await client.checkTag(app, 'v1', digest, context)).toMatchObject({ outcome: 'unchanged' });

    expect(registry.requests).toHaveLength(1);
    expect(registry.requests[0]).toMatchObject({ method: 'GET', headers: { 'if-none-match': `"${digest}"` } });
  });

  test('R1.13 an ETag is only used for the digest it came with', async () => {
    const { registry, client, app } = await bench({ digestHeader: false });
    registry.putContent('team/app', 'v1', one);
    await client.checkTag(app, 'v1', one.digest, context);
    registry.forget();

    expect(await client.checkTag(app, 'v1', two.digest, context)).toMatchObject({
      outcome: 'changed',
      digest: one.digest,
    });
    expect(registry.requests[0]?.headers['if-none-match']).toBeUndefined();
  });

  test('R1.13 without ETag every check is one plain GET', async () => {
    const { registry, client, app } = await bench({ digestHeader: false, etag: 'none' });
    const digest = registry.putContent('team/app', 'v1', one);
    await client.checkTag(app, 'v1', digest, context);
    registry.forget();

    expect(await client.checkTag(app, 'v1', digest, context)).toMatchObject({ outcome: 'unchanged' });
    expect(registry.requests.map(({ method }) => method)).toEqual(['GET']);
  });

  test.each([400, 403, 404, 405, 501])(
    'G7 HEAD answers %d, GET 200: the GET counts and is learned',
    async headStatus => {
      const { registry, client, app } = await bench({ headStatus });
      const digest = registry.putContent('team/app', 'v1', one);

      expect(await client.checkTag(app, 'v1', digest, context)).toMatchObject({ outcome: 'unchanged' });
      registry.forget();
      expect(await client.checkTag(app, 'v1', digest, context)).toMatchObject({ outcome: 'unchanged' });
      expect(registry.requests.map(({ method }) => method)).toEqual(['GET']);
    },
  );

  test('G7 HEAD is refused where it is redirected to, as signed URLs do: the GET counts and is learned', async () => {
    const { registry, client, app } = await bench();
    const { digest } = one;
    registry.on({ path: '/v2/team/app/manifests/v1' }, redirectTo(`http://localhost:${registry.port}/store/v1`));
    registry.on({ method: 'GET', path: '/store/v1' }, { headers: { 'Content-Type': one.mediaType }, body: one.bytes });
    registry.on({ method: 'HEAD', path: '/store/v1' }, { status: 403 });

    expect(await client.checkTag(app, 'v1', digest, context)).toMatchObject({ outcome: 'unchanged' });
    registry.forget();
    expect(await client.checkTag(app, 'v1', digest, context)).toMatchObject({ outcome: 'unchanged' });
    expect(registry.requests.map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  test.each([
    ['a plain GET', 'none', ['HEAD', 'GET']],
    ['a conditional one', 'strong', ['HEAD', 'GET']],
  ] as const)('1.3 after 24 hours HEAD has another chance where %s had to do', async (_name, etag, want) => {
    const { registry, client, app, clock } = await bench({ digestHeader: false, etag });
    const digest = registry.putContent('team/app', 'v1', one);
    await client.checkTag(app, 'v1', digest, context);
    await clock.advance(24 * 3_600_000);
    registry.forget();

    await client.checkTag(app, 'v1', digest, context);
    expect(registry.requests.map(({ method }) => method)).toEqual(want);
  });

  test('R1.13 at Docker Hub no GET is conditional: it may count as a pull', async () => {
    const here = world();
    here.addresses['registry-1.docker.io'] = [PUBLIC];
    const registry = await here.registry(`${PUBLIC}:443`, { digestHeader: false });
    registry.putContent('library/redis', '7', one);
    const redis = { host: 'docker.io', repository: 'library/redis', insecure: false };
    const { client } = here.client();
    await client.checkTag(redis, '7', one.digest, context);
    registry.forget();

    expect(await client.checkTag(redis, '7', one.digest, context)).toMatchObject({ outcome: 'unchanged' });
    expect(registry.requests.map(({ method, headers }) => [method, headers['if-none-match']])).toEqual([
      ['GET', undefined],
    ]);
  });

  test('headMode of the host settings overrides what is learned', async () => {
    const { registry, client, app } = await bench({ host: { headMode: 'get' } });
    const digest = registry.putContent('team/app', 'v1', one);

    await client.checkTag(app, 'v1', digest, context);

    expect(registry.requests.map(({ method }) => method)).toEqual(['GET']);
  });
});

describe('checkTag() of a tag that is gone', () => {
  const gone = { kind: 'notFound', status: 404, errors: [{ code: 'MANIFEST_UNKNOWN' }] };

  test('G8 in mode head the first 404 is explained by one GET, then believed', async () => {
    const { registry, client, app } = await bench();
    const digest = registry.putContent('team/app', 'v1', one);
    await client.checkTag(app, 'v1', digest, context);
    registry.remove('team/app', 'v1');
    registry.forget();

    await expect(client.checkTag(app, 'v1', digest, context)).rejects.toMatchObject(gone);
    await expect(client.checkTag(app, 'v1', digest, context)).rejects.toMatchObject(gone);

    expect(registry.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET', 'HEAD']);
  });

  test('1.3 step 5 the 404 is confirmed again after 24 hours', async () => {
    const { registry, client, app, clock } = await bench({ host: { headMode: 'head' } });
    registry.putContent('team/app', 'other', one);
    await expect(client.checkTag(app, 'v1', one.digest, context)).rejects.toMatchObject(gone);
    await clock.advance(24 * 3_600_000);
    registry.forget();

    await expect(client.checkTag(app, 'v1', one.digest, context)).rejects.toMatchObject(gone);
    expect(registry.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET']);
  });

  test('R1.8 on a host not in mode head a 404 that a GET confirmed is believed for an hour', async () => {
    const { registry, client, app, clock } = await bench();
    registry.putContent('team/app', 'other', one);
    const check = () => expect(client.checkTag(app, 'v1', one.digest, context)).rejects.toMatchObject(gone);

    await check();
    await check();
    expect(registry.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET', 'HEAD']);
    await clock.advance(3_600_000);
    registry.forget();
    await check();
    expect(registry.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET']);
  });

  test('R1.8 it is explained again when it was there meanwhile', async () => {
    const { registry, client, app } = await bench();
    const check = () => client.checkTag(app, 'v1', one.digest, context).catch(error => error.kind);
    registry.putContent('team/app', 'v1', one);
    await check();
    registry.remove('team/app', 'v1');
    await check();
    registry.putContent('team/app', 'v1', one);
    await check();
    registry.remove('team/app', 'v1');
    registry.forget();

    expect(await check()).toBe('notFound');
    expect(registry.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET']);
  });

  test('R1.8 it is explained again when it is refused otherwise', async () => {
    const { registry, client, app } = await bench({ host: { headMode: 'head' } });
    registry.on({}, refusal(404, 'MANIFEST_UNKNOWN'));
    await expect(client.checkTag(app, 'v1', one.digest, context)).rejects.toMatchObject(gone);
    registry.on({}, refusal(403, 'DENIED'));
    registry.forget();

    await expect(client.checkTag(app, 'v1', one.digest, context)).rejects.toMatchObject({ kind: 'denied' });
    expect(registry.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET']);
  });

  test('R1.8 a 401 is about who asks, never about the method: it is explained once a day', async () => {
    const { registry, client, app, clock } = await bench({ auth: { kind: 'basic', users: { alice: 'wonder' } } });
    const check = () =>
      expect(client.checkTag(app, 'v1', one.digest, context)).rejects.toMatchObject({ kind: 'unauthorized' });
    await check();
    await clock.advance(23 * 3_600_000);
    registry.forget();
    await check();
    expect(registry.requests.map(({ method }) => method)).toEqual(['HEAD']);
    await clock.advance(3_600_000);
    registry.forget();
    await check();
    expect(registry.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET']);
  });

  test('R1.8 a GET that says something else than no explains nothing', async () => {
    const { registry, client, app } = await bench({ host: { headMode: 'head' } });
    registry.on({ method: 'HEAD' }, { status: 404 });
    registry.on({ method: 'GET', times: 1 }, { headers: { 'Content-Type': 'text/html' }, body: '<h1>maintenance' });

    await expect(client.checkTag(app, 'v1', one.digest, context)).rejects.toMatchObject({ kind: 'invalidResponse' });
    await expect(client.checkTag(app, 'v1', one.digest, context)).rejects.toMatchObject({ kind: 'notFound' });
  });

  test('G9 a 404 with a page of HTML is notFound without error document', async () => {
    const { registry, client, app } = await bench();
    registry.on({ path: MANIFEST }, { status: 404, headers: { 'Content-Type': 'text/html' }, body: '<h1>no</h1>' });

    const error = await client.checkTag(app, 'v1', one.digest, context).catch(caught => caught);

    expect(error).toMatchObject({ kind: 'notFound', status: 404, errors: undefined });
    expect(error.message).not.toContain('<h1>');
  });

  test('R1.8 a HEAD that the limit refuses is not explained', async () => {
    const { registry, client, app } = await bench();
    registry.on({ path: MANIFEST }, refusal(429, 'TOOMANYREQUESTS'));

    await expect(client.checkTag(app, 'v1', one.digest, context)).rejects.toMatchObject({ kind: 'rateLimited' });
    expect(registry.requests).toHaveLength(1);
  });
});

describe('digest headers (R1.11)', () => {
  const sha512 = `sha512:${createHash('sha512').update(one.bytes).digest('hex')}`;
  const wrong = sha256('something else');

  const answering = (digest: string | string[]) => ({
    headers: { 'Content-Type': one.mediaType, 'Docker-Content-Digest': digest },
    body: one.bytes,
  });

  test('G5 by tag the computed digest counts; a wrong header is counted and costs the host its HEADs', async () => {
    const { registry, client, app, heard } = await bench();
    registry.on({ path: MANIFEST }, answering(wrong));

    expect(await client.getManifest(app, { tag: 'v1' }, context)).toMatchObject({ digest: one.digest });
    expect(heard.mismatches).toEqual([registry.host]);
    registry.forget();
    await client.checkTag(app, 'v1', one.digest, context);
    expect(registry.requests.map(({ method }) => method)).toEqual(['GET']);
  });

  test('G16 a sha512 header that matches is the digest', async () => {
    const { registry, client, app } = await bench();
    registry.on({ path: MANIFEST }, answering(sha512));

    expect(await client.getManifest(app, { tag: 'v1' }, context)).toMatchObject({ digest: sha512 });
    expect(await client.checkTag(app, 'v1', sha512, context)).toMatchObject({ outcome: 'unchanged' });
  });

  test('R1.11 a sha512 header that does not match is as good as none', async () => {
    const { registry, client, app, heard } = await bench();
    registry.on({ path: MANIFEST }, answering(`sha512:${'a'.repeat(128)}`));

    expect(await client.getManifest(app, { tag: 'v1' }, context)).toMatchObject({ digest: one.digest });
    expect(heard.mismatches).toEqual([]);
  });

  test('G16 a manifest is fetched and verified by its sha512', async () => {
    const { registry, client, app } = await bench();
    registry.on({ path: MANIFEST }, answering(sha512));

    expect(await client.getManifest(app, { digest: sha512 }, context)).toMatchObject({ digest: sha512 });
  });

  test.each([
    ['G17 a blake3 header', `blake3:${'a'.repeat(64)}`],
    ['G18 two different headers', [one.digest, wrong]],
    ['R1.11 a header that is no digest', 'sha256:ABC'],
  ])('%s is as good as none: the GET tells', async (_name, header) => {
    const { registry, client, app } = await bench();
    registry.on({ path: MANIFEST }, answering(header));

    expect(await client.checkTag(app, 'v1', one.digest, context)).toEqual({ outcome: 'unchanged', digest: one.digest });
    expect(registry.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET']);
  });

  test('G18 two equal headers are one', async () => {
    const { registry, client, app } = await bench();
    registry.on({ path: MANIFEST }, answering([one.digest, one.digest]));

    expect(await client.checkTag(app, 'v1', one.digest, context)).toMatchObject({ outcome: 'unchanged' });
    expect(registry.requests).toHaveLength(1);
  });

  test('R6.17 a digest that we cannot verify is never asked for', async () => {
    const { registry, client, app } = await bench();

    await expect(client.getManifest(app, { digest: `md5:${'a'.repeat(32)}` }, context)).rejects.toMatchObject({
      kind: 'invalidResponse',
    });
    expect(registry.requests).toHaveLength(0);
  });
});

describe('verifying a change (R1.10)', () => {
  const limited = refusal(429, 'TOOMANYREQUESTS');

  test('bestEffort tells a change unverified when the limit refuses the GET', async () => {
    const { registry, client, app } = await bench();
    registry.putContent('team/app', 'v1', two);
    registry.on({ method: 'GET' }, limited);

    expect(await client.checkTag(app, 'v1', one.digest, context)).toEqual({ outcome: 'changed', digest: two.digest });
  });

  describe('when the digest is gone and the GET by tag', () => {
    const moved = async (byTag: PlainAnswer, settings = {}) => {
      const { registry, client, app } = await bench({ settings });
      registry.putContent('team/app', 'v1', two);
      registry.on({ method: 'GET', path: `/v2/team/app/manifests/${two.digest}` }, refusal(404, 'MANIFEST_UNKNOWN'));
      registry.on({ method: 'GET', path: '/v2/team/app/manifests/v1' }, byTag);
      const found = await client.checkTag(app, 'v1', one.digest, context).catch(error => error);
      expect(registry.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET', 'GET']);
      return found;
    };

    test('is over the limit, the change is told unverified', async () => {
      expect(await moved(limited)).toEqual({ outcome: 'changed', digest: two.digest });
    });

    test('is over the limit, always insists', async () => {
      expect(await moved(limited, { verifyOnChange: 'always' })).toMatchObject({ kind: 'rateLimited' });
    });

    test('fails otherwise, the check fails with it', async () => {
      expect(await moved({ status: 500 })).toMatchObject({ kind: 'unavailable', status: 500 });
    });
  });

  test('always insists', async () => {
    const { registry, client, app } = await bench({ settings: { verifyOnChange: 'always' } });
    registry.putContent('team/app', 'v1', two);
    registry.on({ method: 'GET' }, limited);

    await expect(client.checkTag(app, 'v1', one.digest, context)).rejects.toMatchObject({ kind: 'rateLimited' });
  });

  test('never sends no GET', async () => {
    const { registry, client, app } = await bench({ settings: { verifyOnChange: 'never' } });
    registry.putContent('team/app', 'v1', two);

    expect(await client.checkTag(app, 'v1', one.digest, context)).toEqual({ outcome: 'changed', digest: two.digest });
    expect(registry.requests).toHaveLength(1);
  });
});

describe('getManifest()', () => {
  test('G24 a tag without a recorded digest costs one GET by tag', async () => {
    const { registry, client, app } = await bench();
    registry.putContent('team/app', 'v1', one);

    const fetched = await client.getManifest(app, { tag: 'v1' }, context);

    expect(fetched).toMatchObject({
      digest: sha256(one.bytes),
      manifest: { kind: 'image' },
      source: { host: registry.host, repository: 'team/app', mirror: false },
    });
    expect(registry.requests.map(({ method }) => method)).toEqual(['GET']);
  });

  test('R1.1 R1.4 R1.5 every request for a manifest has the same words', async () => {
    const { registry, client, app } = await bench();
    registry.putContent('team/app', 'v1', one);
    const child = registry.putContent('team/app', undefined, two);
    await client.getManifest(app, { tag: 'v1' }, context);
    await client.getManifest(app, { digest: one.digest }, context);
    await client.getChild({ ...app, mirror: false }, child, context);
    registry.putContent('team/app', 'v1', sampleImage({ seed: '3' }));
    await client.checkTag(app, 'v1', one.digest, context);

    const words = { accept: ACCEPT, 'accept-encoding': 'identity', 'user-agent': 'imagestream-operator/test' };
    expect(registry.requests.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET', 'HEAD', 'GET']);
    for (const { headers } of registry.requests) {
      const { host: _host, connection: _connection, ...own } = headers;
      expect(own).toEqual(words);
    }
  });
});
