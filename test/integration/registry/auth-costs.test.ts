import { afterEach, describe, expect, test } from '@jest/globals';
import type { Credential } from '../../../src/registry/credentials.ts';
import {
  type FakeRegistry,
  type HeardRequest,
  redirectTo,
  refusal,
  silence,
  tokenIssuer,
} from '../../fake/registry.ts';
import { password, requestContext } from '../../fake/settings.ts';
import { sampleImage } from '../../gen/content.ts';
import { bench, closeAll } from './bench.ts';
import { PUBLIC, world } from './world.ts';

const image = sampleImage();
const other = sampleImage({ seed: 'other' });
const alice = password('alice', 'wonder');
const bob = password('bob', 'builder');
const MANIFEST = /\/manifests\//;
const MINUTE = 60_000;
const ten = Array.from({ length: 10 }, (_, at) => password(`user-${at}`, 'p'));
const users = Object.fromEntries([...ten.map(({ fingerprint }) => [fingerprint.slice(0, -2), 'p'])]);

afterEach(closeAll);

const challenge = (registry: FakeRegistry) => ({
  status: 401,
  headers: { 'WWW-Authenticate': `Bearer realm="${registry.url}/token",service="fake"` },
});
const methods = (requests: readonly HeardRequest[]) =>
  requests.map(({ method, path }) => (path === '/token' ? 'token' : path === '/v2/' ? 'ping' : method));

/** A registry where each of ten credentials gets a token, and only who `mayRead` gets further. */
async function tenCandidates(mayRead: (user: string) => boolean, refuse: 401 | 403, count = 10) {
  const owners = new Map<string, string>();
  const issuer = tokenIssuer({ users });
  const made = await bench({ auth: { kind: 'bearer', issuer }, settings: { anonymousFallback: false } });
  const { registry } = made;
  const digest = registry.putContent('team/app', 'v1', image);
  registry.on({ path: '/token' }, ({ headers }) => {
    const [user = ''] = Buffer.from(headers.authorization?.slice(6) ?? '', 'base64')
      .toString()
      .split(':');
    const body = issuer.issue(user, ['repository:team/app:pull']);
    owners.set(`Bearer ${body['token']}`, user);
    return { body };
  });
  registry.on({ path: MANIFEST }, ({ headers }) => {
    const owner = owners.get(headers.authorization ?? '');
    if (owner !== undefined && mayRead(owner)) {
      const found = { 'Content-Type': image.mediaType, 'Docker-Content-Digest': digest };
      return { headers: found, body: image.bytes };
    }
    if (owner === undefined) return challenge(registry);
    const said = refusal(refuse, refuse === 401 ? 'UNAUTHORIZED' : 'DENIED', `not for ${owner}`);
    return refuse === 401 ? { ...challenge(registry), body: said.body } : said;
  });
  return {
    ...made,
    digest,
    owners,
    check: () => made.client.checkTag(made.app, 'v1', digest, requestContext(...ten.slice(0, count))),
  };
}

describe('requests per check (9.5)', () => {
  test.each([401, 403] as const)(
    'ten candidates that get %d cost at most 8, and soon next to nothing',
    async status => {
      const { registry, check } = await tenCandidates(() => false, status);
      const costs: number[] = [];
      for (let at = 0; at < 6; at += 1) {
        registry.forget();
        await expect(check()).rejects.toMatchObject({ status });
        costs.push(registry.requests.length);
      }
      expect(Math.max(...costs)).toBeLessThanOrEqual(8);
      expect(costs.at(-1)).toBe(0);
    },
  );

  test.each([401, 403] as const)('each of ten candidates gets its turn after %d', async status => {
    const { check } = await tenCandidates(user => user === 'user-9', status);
    for (let at = 0; at < 4; at += 1) await check().catch(() => undefined);
    expect(await check()).toMatchObject({ outcome: 'unchanged' });
  });

  test('each gets its turn, too, when checks are further apart than refusals are remembered', async () => {
    const { check, clock } = await tenCandidates(user => user === 'user-9', 403);
    for (let at = 0; at < 5; at += 1) {
      await check().catch(() => undefined);
      await clock.advance(15 * MINUTE);
    }
    expect(await check()).toMatchObject({ outcome: 'unchanged' });
  });

  test('D18 the first candidate’s refusal is told whoever’s turn it is', async () => {
    const { check, clock } = await tenCandidates(() => false, 403);
    for (let at = 0; at < 5; at += 1) {
      const told = { kind: 'denied', errors: [{ code: 'DENIED', message: 'not for user-0' }] };
      await expect(check()).rejects.toMatchObject(told);
      await clock.advance(15 * MINUTE);
    }
  });

  test('no sequence of answers makes a check send more than 8', async () => {
    let seed = 1;
    const next = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((seed / 2_147_483_648) * below);
    };
    const { registry, client, app, clock } = await bench({ auth: { kind: 'none' } });
    const found = (content: typeof image) => ({
      'Content-Type': content.mediaType,
      'Docker-Content-Digest': content.digest,
    });
    registry.on({}, ({ path, method }) => {
      if (path === '/token') {
        return [{ body: { token: `t${next(1e6)}` } }, refusal(401, 'UNAUTHORIZED'), redirectTo(`/token?${next(9)}`)][
          next(3)
        ];
      }
      return [
        challenge(registry),
        { status: 401 },
        { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } },
        refusal(403, 'DENIED'),
        refusal(404, 'MANIFEST_UNKNOWN'),
        redirectTo(`/v2/team/app/manifests/${method}-${next(1e6)}`),
        redirectTo(`http://localhost:${registry.port}/v2/team/app/manifests/${next(1e6)}`),
        { headers: found(other), body: other.bytes },
        { headers: { 'Content-Type': image.mediaType }, body: image.bytes },
      ][next(9)];
    });
    const most: number[] = [];
    for (let round = 0; round < 300; round += 1) {
      registry.forget();
      const context = requestContext(...ten.slice(0, next(11)));
      const repository = `team/app-${next(3)}`;
      await client.checkTag({ ...app, repository }, 'v1', image.digest, context).catch(error => {
        expect(error).toMatchObject({ name: 'RegistryError' });
      });
      most.push(registry.requests.length);
      await clock.advance(next(20) * MINUTE);
    }
    expect(Math.max(...most)).toBe(8);
  });

  test('R1.10 a change that can’t be verified within them is told unverified', async () => {
    const { registry, client, app } = await bench();
    registry.putContent('team/app', 'v1', other);
    const hops = (request: HeardRequest) => Number(/hop-(\d)$/.exec(request.path)?.[1] ?? 0);
    registry.on({ path: MANIFEST }, request => {
      const hop = hops(request);
      if (hop < 4) return redirectTo(`/v2/team/app/manifests/hop-${hop + 1}`);
      return { headers: { 'Content-Type': other.mediaType, 'Docker-Content-Digest': other.digest }, body: other.bytes };
    });

    const found = await client.checkTag(app, 'v1', image.digest, requestContext());
    expect(found).toEqual({ outcome: 'changed', digest: other.digest });
    expect(registry.requests).toHaveLength(8);
  });

  test('R1.12 /v2/ is asked for a challenge once, however many 401 come without one', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'bearer', issuer: tokenIssuer({ users }) } });
    registry.on({ path: MANIFEST }, { status: 401 });
    registry.on({ path: '/v2/' }, challenge(registry));

    const context = requestContext(...ten.slice(0, 2));
    await expect(client.checkTag(app, 'v1', image.digest, context)).rejects.toMatchObject({ kind: 'unauthorized' });
    expect(registry.count({ path: '/v2/' })).toBe(1);
  });

  test('R1.8 a HEAD that several were refused is explained as the first alone', async () => {
    const { registry, check, owners } = await tenCandidates(user => user === 'user-0', 403, 3);
    await check();
    registry.on({ path: MANIFEST }, refusal(403, 'UNKNOWN', 'not any more'));
    registry.forget();

    await expect(check()).rejects.toMatchObject({ errors: [{ message: 'not any more' }] });
    expect(registry.count({ method: 'HEAD' })).toBe(3);
    const explaining = registry.requests.filter(({ method, path }) => method === 'GET' && MANIFEST.test(path));
    expect(explaining.map(({ headers }) => owners.get(headers.authorization ?? ''))).toEqual(['user-0']);
  });

  test('R1.8 a HEAD that a GET proved wrong is not held against who sent it', async () => {
    const issuer = tokenIssuer({ users: { alice: 'wonder' }, access: user => user === 'alice' });
    const { registry, client, app } = await bench({ auth: { kind: 'bearer', issuer } });
    registry.putContent('team/app', 'v1', image);
    const check = () => client.checkTag(app, 'v1', image.digest, requestContext(alice));
    await check();
    // The token that is kept does not do any more; only a GET can say so.
    registry.on({ path: MANIFEST, times: 2 }, refusal(403, 'DENIED'));
    expect(await check()).toMatchObject({ outcome: 'unchanged' });
    registry.forget();

    expect(await check()).toMatchObject({ outcome: 'unchanged' });
    expect(methods(registry.requests)).toEqual(['HEAD']);
  });
});

test('R2.31 scopes in another order are the same token', async () => {
  const mine = 'repository:team/app:pull';
  const { registry, client, app } = await bench({ auth: { kind: 'bearer', scope: () => '*' } });
  registry.putContent('team/app', 'v1', image);
  await client.checkTag(app, 'v1', image.digest, requestContext());
  expect(new URLSearchParams(registry.requests[1]?.query).getAll('scope')).toEqual(['*', mine]);
  registry.forget();
  const more = `Bearer error="insufficient_scope",realm="${registry.url}/token",service="fake",scope="${mine} *"`;
  registry.on({ path: /\/tags\/list$/, times: 1 }, { status: 401, headers: { 'WWW-Authenticate': more } });

  expect(await client.listTags(app, requestContext())).toMatchObject({ tags: ['v1'] });
  expect(methods(registry.requests)).toEqual(['token', 'GET', 'GET']);
});

describe('the next candidate (R3.18, R3.19)', () => {
  const people = { alice: 'wonder', bob: 'builder' };
  const shown = ({ username, password: secret }: Credential & { kind: 'basic' }) =>
    `Basic ${btoa(`${username}:${secret}`)}`;

  test('R3.18 is tried after a 403', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'basic', users: people } });
    registry.putContent('team/app', 'v1', image);
    registry.on({ path: MANIFEST }, ({ headers }) =>
      headers.authorization === shown(alice as Credential & { kind: 'basic' })
        ? refusal(403, 'DENIED')
        : headers.authorization === undefined
          ? { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } }
          : { headers: { 'Content-Type': image.mediaType }, body: image.bytes },
    );
    expect(await client.getManifest(app, { tag: 'v1' }, requestContext(alice, bob))).toMatchObject({
      digest: image.digest,
    });
  });

  test('R3.19 the one that worked is asked first, also when the first may be tried again', async () => {
    const issuer = tokenIssuer({ users: { bob: 'builder' }, expiresIn: 60 });
    const { registry, client, app, clock } = await bench({ auth: { kind: 'bearer', issuer } });
    registry.putContent('team/app', 'v1', image);
    const context = requestContext(alice, bob);
    await client.checkTag(app, 'v1', image.digest, context);
    await clock.advance(60 * MINUTE);
    registry.forget();

    await client.checkTag(app, 'v1', image.digest, context);
    expect(methods(registry.requests)).toEqual(['token', 'HEAD']);
  });

  test('R3.19 nobody is asked first where nobody got in, and for those alone who asked', async () => {
    const issuer = tokenIssuer({ users: { bob: 'builder' } });
    const { registry, client, app, clock } = await bench({ auth: { kind: 'bearer', issuer } });
    registry.putContent('team/app', 'v1', image);
    const shown = async (...who: Credential[]) => {
      registry.forget();
      await client.getManifest(app, { tag: 'v1' }, requestContext(...who));
      const asked = registry.requests.filter(({ path }) => path === '/token');
      return asked.map(({ headers }) => headers.authorization?.slice('Basic '.length));
    };
    const [ofAlice, ofBob] = [btoa('alice:wonder'), btoa('bob:builder')];

    expect(await shown(alice)).toEqual([ofAlice, undefined]);
    await clock.advance(60 * MINUTE);
    expect(await shown(alice)).toEqual([undefined]);
    await clock.advance(60 * MINUTE);
    expect(await shown(bob)).toEqual([ofBob]);
  });

  test.each([
    ['one more at Docker Hub, which hides what is private', 'docker.io', 'registry-1.docker.io', 2],
    ['nobody else at any other registry', 'reg.example.com', 'reg.example.com', 1],
  ])('R3.18 after a 404 is %s', async (_name, host, name, asked) => {
    const here = world();
    here.addresses[name] = [PUBLIC];
    const everybody = { ...people, carol: 'singer' };
    const registry = await here.registry(`${PUBLIC}:443`, { auth: { kind: 'basic', users: everybody } });
    const { client } = here.client();
    const context = requestContext(alice, bob, password('carol', 'singer'));
    const app = { host, repository: 'team/app', insecure: false };

    await expect(client.getManifest(app, { tag: 'v1' }, context)).rejects.toMatchObject({ kind: 'notFound' });
    const showing = registry.requests.filter(({ headers }) => headers.authorization !== undefined);
    expect(showing).toHaveLength(asked);
  });
});

describe('time of a call (R5.10)', () => {
  /** Nothing ends but a call that has used up its 120 s: a test that hangs has met none of the other deadlines. */
  const hours = 3_600_000;
  const onlyTheCall = { headersMs: hours, bodyIdleMs: hours, headAttemptMs: hours, getAttemptMs: hours };

  /** A registry with tokens whose answers move the clock; the deadlines themselves are real. */
  async function slow() {
    const issuer = tokenIssuer({ users: { alice: 'wonder' } });
    const made = await bench({ auth: { kind: 'bearer', issuer }, client: { timeouts: onlyTheCall } });
    made.registry.putContent('team/app', 'v1', image);
    return { ...made, get: () => made.client.getManifest(made.app, { tag: 'v1' }, requestContext(alice)) };
  }

  test('what its requests took is added up', async () => {
    const { registry, clock, get } = await slow();
    registry.on({ path: MANIFEST }, silence);
    registry.on({ path: MANIFEST, times: 1 }, async () => {
      await clock.advance(119_980);
      return challenge(registry);
    });
    await expect(get()).rejects.toMatchObject({ kind: 'timeout', from: 'registry' });
  });

  test('a token has what is left of it', async () => {
    const { registry, clock, get } = await slow();
    registry.on({ path: '/token' }, silence);
    registry.on({ path: MANIFEST, times: 1 }, async () => {
      await clock.advance(119_980);
      return challenge(registry);
    });
    await expect(get()).rejects.toMatchObject({ kind: 'timeout', from: 'tokenService' });
  });

  test('and is paid for out of it, whatever it was good for', async () => {
    const { registry, clock, client, app } = await slow();
    registry.on({ path: '/token' }, silence);
    registry.on({ path: '/token', times: 1 }, async () => {
      await clock.advance(119_980);
      return refusal(401, 'UNAUTHORIZED');
    });
    const asked = client.getManifest(app, { tag: 'v1' }, requestContext(bob, alice));
    await expect(asked).rejects.toMatchObject({ kind: 'timeout', from: 'tokenService' });
  });
});
