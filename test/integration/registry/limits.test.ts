import { afterEach, describe, expect, test } from '@jest/globals';
import { refusal, startFakeTokenServer, tokenIssuer } from '../../fake/registry.ts';
import { password, requestContext } from '../../fake/settings.ts';
import { sampleImage } from '../../gen/content.ts';
import { bench, closeAll, closeLater } from './bench.ts';
import { ELSEWHERE, PUBLIC, world } from './world.ts';

const NOW = Date.parse('Wed, 21 Oct 2015 07:28:00 GMT');
const context = requestContext();
const image = sampleImage({ seed: '1' });
const other = sampleImage({ seed: '2' });

afterEach(closeAll);

describe('limits of a registry (12.4)', () => {
  test.each([
    ['A1 429 with seconds', { status: 429, headers: { 'Retry-After': '120' } }, 120],
    ['A2 429 with 0', { status: 429, headers: { 'Retry-After': '0' } }, 1],
    ['A3 429 with a date', { status: 429, headers: { 'Retry-After': 'Wed, 21 Oct 2015 07:29:00 GMT' } }, 60],
    ['A6 429 with a date gone by', { status: 429, headers: { 'Retry-After': 'Wed, 21 Oct 2015 07:00:00 GMT' } }, 1],
    ['A7 429 with nonsense', { status: 429, headers: { 'Retry-After': '1.5' } }, 60],
    ['A8 429 with an age', { status: 429, headers: { 'Retry-After': '99999999999' } }, 6 * 3600],
    ['A9 429 with two', { status: 429, headers: { 'Retry-After': ['30', '90'] } }, 90],
    ['A10 503 with seconds', { status: 503, headers: { 'Retry-After': '10' } }, 10],
    ['A12 429 without', { status: 429, body: 'Too Many Requests' }, 60],
    ['A13 429 of a short burst', refusal(429, 'TOOMANYREQUESTS', 'retry-after: 880.092µs, allowed: 44000/minute'), 1],
  ])('%s pauses the host and halves its pace', async (_name, answer, seconds) => {
    const { registry, client, app, lanes, clock } = await bench();
    clock.jumpTo(NOW);
    registry.on({}, answer);

    await expect(client.getManifest(app, { tag: 'v1' }, context)).rejects.toMatchObject({
      kind: answer.status === 429 ? 'rateLimited' : 'unavailable',
      status: answer.status,
      retryAtMs: NOW + seconds * 1000,
    });
    expect(lanes.pauses).toEqual([{ host: registry.host, untilMs: NOW + seconds * 1000 }]);
    expect(lanes.slowed).toEqual([registry.host]);
    expect(registry.requests).toHaveLength(1);
  });

  test('R4.8 up to a tenth is added, so that not everybody comes back at once', async () => {
    const { registry, client, app, lanes, clock } = await bench({ client: { random: () => 0.5 } });
    registry.on({}, { status: 429, headers: { 'Retry-After': '100' } });

    await expect(client.getManifest(app, { tag: 'v1' }, context)).rejects.toThrow();
    expect(lanes.pauses[0]?.untilMs).toBe(clock.now() + 105_000);
  });

  test('503 without Retry-After pauses nothing', async () => {
    const { registry, client, app, lanes } = await bench();
    registry.on({}, { status: 503 });

    await expect(client.getManifest(app, { tag: 'v1' }, context)).rejects.toMatchObject({
      kind: 'unavailable',
      reason: 'httpStatus',
      status: 503,
    });
    expect(lanes.pauses).toEqual([]);
  });

  test('A18 a 429 of the token service pauses the token service', async () => {
    const issuer = tokenIssuer();
    const service = closeLater(await startFakeTokenServer(issuer));
    service.on({}, { status: 429, headers: { 'Retry-After': '30' } });
    const { client, app, lanes } = await bench({ auth: { kind: 'bearer', issuer, realm: `${service.url}/token` } });

    await expect(client.getManifest(app, { tag: 'v1' }, context)).rejects.toMatchObject({
      kind: 'rateLimited',
      from: 'tokenService',
    });
    expect(lanes.pauses.map(({ host }) => host)).toEqual([service.host]);
  });

  test('a paused lane is rateLimited until it opens', async () => {
    const { registry, client, app, lanes, clock } = await bench();
    lanes.close(registry.host, clock.now() + 60_000);

    await expect(client.checkTag(app, 'v1', image.digest, context)).rejects.toMatchObject({
      kind: 'rateLimited',
      retryAtMs: clock.now() + 60_000,
    });
    expect(registry.requests).toEqual([]);
  });
});

describe('Docker Hub (12.4)', () => {
  const redis = { host: 'docker.io', repository: 'library/redis', insecure: false };

  async function hub() {
    const here = world();
    here.addresses['registry-1.docker.io'] = [PUBLIC];
    const registry = await here.registry(`${PUBLIC}:443`);
    registry.putContent('library/redis', '7', image);
    return { here, registry, ...here.client() };
  }

  test('A11 A19 a pull quota that is used up pauses manifest GETs of that identity alone', async () => {
    const { registry, client, lanes, clock } = await hub();
    registry.on({ method: 'GET' }, refusal(429, 'TOOMANYREQUESTS', 'You have reached your pull rate limit.'));

    await expect(client.getManifest(redis, { tag: '7' }, context)).rejects.toMatchObject({ kind: 'rateLimited' });
    expect(lanes.pauses).toEqual([
      { host: 'registry-1.docker.io', untilMs: clock.now() + 30 * 60_000, pull: { identity: 'anonymous' } },
    ]);
    expect(lanes.admissions).toEqual([expect.objectContaining({ pullIdentity: 'anonymous' })]);
  });

  test('A19 the pull of somebody is counted to them', async () => {
    const { registry, client, lanes } = await hub();
    const alice = password('alice', 'wonder');
    registry.on({ method: 'GET' }, ({ headers }) =>
      headers.authorization === undefined
        ? { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } }
        : refusal(429, 'TOOMANYREQUESTS', 'pull rate limit'),
    );
    await expect(client.getManifest(redis, { tag: '7' }, requestContext(alice))).rejects.toThrow();
    expect(lanes.pauses.map(({ pull }) => pull)).toEqual([{ identity: alice.fingerprint }]);
  });

  test('R7.8 a HEAD is no pull', async () => {
    const { client, lanes } = await hub();
    await client.checkTag(redis, '7', image.digest, context);
    expect(lanes.admissions.map(({ pullIdentity }) => pullIdentity)).toEqual([undefined]);
  });

  test.each([
    ['A14 19 of 100 left', { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '19;w=21600' }, 0],
    ['A15 nothing left', { 'ratelimit-remaining': '0;w=21600' }, 0],
    ['A16 nonsense', { 'ratelimit-remaining': 'abc' }, 1],
    ['A17 no headers', {}, 1],
  ])('%s: a change is told', async (_name, headers, gets) => {
    const { registry, client } = await hub();
    const digest = { 'Docker-Content-Digest': image.digest };
    registry.on({ method: 'HEAD' }, { headers: { ...digest, ...(headers as Record<string, string>) } });

    const found = await client.checkTag(redis, '7', other.digest, context);
    expect(found).toMatchObject({ outcome: 'changed', digest: image.digest });
    expect(registry.count({ method: 'GET' })).toBe(gets);
  });

  const reserve = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '19;w=21600' };
  const digestHeader = { 'Docker-Content-Digest': image.digest };

  test('R4.4 the reserve is for what a user waits for', async () => {
    const { registry, client } = await hub();
    registry.on({ method: 'HEAD' }, { headers: { ...digestHeader, ...reserve } });

    const found = await client.checkTag(redis, '7', other.digest, { ...context, priority: 20 });
    expect(found).toMatchObject({ outcome: 'changed', fetched: { digest: image.digest } });
  });

  test('A15 nothing is fetched to verify when nothing is left, for nobody', async () => {
    const { registry, client } = await hub();
    registry.on({ method: 'HEAD' }, { headers: { ...digestHeader, 'ratelimit-remaining': '0;w=21600' } });

    await client.checkTag(redis, '7', other.digest, { ...context, priority: 20 });
    expect(registry.count({ method: 'GET' })).toBe(0);
  });

  test('R4.4 background work fetches no manifest from the reserve; HEADs go on, and a user is served', async () => {
    const { registry, client, clock } = await hub();
    registry.on({ method: 'HEAD' }, { headers: { ...digestHeader, ...reserve } });
    await client.checkTag(redis, '7', image.digest, context);

    await expect(client.getManifest(redis, { tag: '7' }, context)).rejects.toMatchObject({
      kind: 'rateLimited',
      retryAtMs: clock.now() + 15 * 60_000,
    });
    expect((await client.checkTag(redis, '7', image.digest, context)).outcome).toBe('unchanged');
    expect(registry.count({ method: 'GET' })).toBe(0);
    await client.getManifest(redis, { tag: '7' }, { ...context, priority: 20 });
    expect(registry.count({ method: 'GET' })).toBe(1);
  });

  test('R4.4 what was said of a quota is believed for a while: then a fetch finds out', async () => {
    const { registry, client, clock } = await hub();
    registry.on({ method: 'HEAD' }, { headers: { ...digestHeader, ...reserve } });
    await client.checkTag(redis, '7', image.digest, context);
    await clock.advance(15 * 60_000);
    await client.getManifest(redis, { tag: '7' }, context);
    expect(registry.count({ method: 'GET' })).toBe(1);
  });

  test('R4.4 it is believed no longer than the window of the limit', async () => {
    const { registry, client, clock } = await hub();
    const spent = { 'ratelimit-limit': '100;w=60', 'ratelimit-remaining': '0;w=60' };
    registry.on({ method: 'HEAD' }, { headers: { ...digestHeader, ...spent } });
    await client.checkTag(redis, '7', image.digest, context);
    await expect(client.getManifest(redis, { tag: '7' }, context)).rejects.toMatchObject({
      retryAtMs: clock.now() + 60_000,
    });
    await clock.advance(60_000);
    await client.getManifest(redis, { tag: '7' }, context);
    expect(registry.count({ method: 'GET' })).toBe(1);
  });

  test('R4.4 what it says is nothing to another registry, nor what that one says to anybody', async () => {
    const { here, registry, client } = await hub();
    const spent = { ...digestHeader, 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '0;w=21600' };
    here.addresses['reg.example.com'] = [ELSEWHERE];
    const elsewhere = await here.registry(`${ELSEWHERE}:443`);
    elsewhere.putContent('team/app', 'v1', image);
    for (const each of [registry, elsewhere]) each.on({ method: 'HEAD' }, { headers: spent });
    const app = { host: 'reg.example.com', repository: 'team/app', insecure: false };

    await client.checkTag(app, 'v1', image.digest, context);
    await client.getManifest(redis, { tag: '7' }, context);
    await client.checkTag(redis, '7', image.digest, context);
    const found = await client.checkTag(app, 'v1', other.digest, context);
    expect(found).toMatchObject({ outcome: 'changed', fetched: { digest: image.digest } });
    await client.getManifest(app, { tag: 'v1' }, context);
  });

  test('R4.4 the quota of one identity is not that of another', async () => {
    const { registry, client } = await hub();
    registry.on({ method: 'HEAD' }, { headers: { ...digestHeader, ...reserve } });
    await client.checkTag(redis, '7', image.digest, context);
    await client.getManifest(redis, { tag: '7' }, requestContext(password('alice', 'wonder')));
    expect(registry.count({ method: 'GET' })).toBe(1);
  });

  test('8.2 tells what is left, and of whom no more than whether they have credentials', async () => {
    const { registry, client, heard } = await hub();
    registry.on({ method: 'HEAD' }, { headers: { ...digestHeader, ...reserve } });
    await client.checkTag(redis, '7', image.digest, context);
    registry.on({ method: 'GET' }, ({ headers }) =>
      headers.authorization === undefined
        ? { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } }
        : { status: 404, headers: { 'ratelimit-remaining': '7' } },
    );
    const user = { ...requestContext(password('alice', 'wonder')), priority: 20 };
    await expect(client.getManifest(redis, { tag: '8' }, user)).rejects.toThrow();
    expect(heard.quotas).toEqual([
      { host: 'docker.io', identity: 'anonymous', remaining: 19, limit: 100 },
      { host: 'docker.io', identity: 'credential', remaining: 7 },
    ]);
  });
});
