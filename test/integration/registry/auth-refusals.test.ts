import { afterEach, describe, expect, test } from '@jest/globals';
import type { Credential } from '../../../src/registry/credentials.ts';
import { readPullSecrets } from '../../../src/registry/docker-config.ts';
import { createKeyring } from '../../../src/registry/keyring.ts';
import { type FakeRegistry, type HeardRequest, refusal, tokenIssuer } from '../../fake/registry.ts';
import { password, requestContext } from '../../fake/settings.ts';
import { keyPair, testCa } from '../../fake/tls.ts';
import { sampleImage } from '../../gen/content.ts';
import { bench, clientOf, closeAll } from './bench.ts';
import { PUBLIC, world } from './world.ts';

const image = sampleImage();
const alice = password('alice', 'wonder');
const mallory = password('mallory', 'wrong');
const users = { alice: 'wonder' };
const MINUTE = 60_000;
const MANIFEST = /\/manifests\//;
const BASIC = `Basic ${btoa('alice:wonder')}`;

afterEach(closeAll);

const bearer = (registry: FakeRegistry) => ({
  status: 401,
  headers: { 'WWW-Authenticate': `Bearer realm="${registry.url}/token",service="fake"` },
});
const basic = { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } };
const withPassword = ({ path, headers }: HeardRequest) => path === '/token' && headers.authorization !== undefined;

test('R3.7 a secret with a huge password leaves the turn to the next', async () => {
  // As most servers, the fake one reads no header of more than 16 KB, and says 431 to it.
  const { registry, client, app } = await bench({ auth: { kind: 'basic', users } });
  registry.putContent('team/app', 'v1', image);
  const type = 'kubernetes.io/dockerconfigjson';
  const secret = (name: string, pair: string) => {
    const auths = { [registry.host]: { auth: Buffer.from(pair).toString('base64') } };
    const encoded = Buffer.from(JSON.stringify({ auths })).toString('base64');
    return { metadata: { name }, type, data: { '.dockerconfigjson': encoded } };
  };
  const secrets = [secret('huge', `bob:${'x'.repeat(600_000)}`), secret('good', 'alice:wonder')];
  const { configs, warnings } = readPullSecrets(secrets);
  const keyring = createKeyring(configs, { fingerprint: fields => fields.join() });
  expect(await client.getManifest(app, { tag: 'v1' }, { ...requestContext(), keyring })).toMatchObject({
    digest: image.digest,
  });
  expect(warnings).toEqual([expect.stringContaining('its login is too long for a header')]);
});

describe('a good credential that one repository refuses (R3.21)', () => {
  test('goes on for its own where the token service said no', async () => {
    const issuer = tokenIssuer({ users, expiresIn: 60 });
    const { registry, client, app, clock } = await bench({ auth: { kind: 'bearer', issuer } });
    registry.putContent('team/app', 'v1', image);
    registry.on({ path: '/token' }, ({ query }) =>
      query.includes('other') ? refusal(403, 'DENIED') : { body: issuer.issue('alice', ['repository:team/app:pull']) },
    );
    const other = { ...app, repository: 'other/app' };
    const context = requestContext(alice);
    await client.getManifest(app, { tag: 'v1' }, context);
    await expect(client.getManifest(other, { tag: 'v1' }, context)).rejects.toMatchObject({ reason: 'rejected' });
    await clock.advance(MINUTE);
    registry.forget();

    expect(await client.getManifest(app, { tag: 'v1' }, context)).toMatchObject({ digest: image.digest });
    await expect(client.getManifest(other, { tag: 'v1' }, context)).rejects.toMatchObject({ reason: 'rejected' });
    expect(registry.requests.filter(withPassword)).toHaveLength(1);
  });

  test('is not taken for a wrong one where a token service knows it and forbids that repository first', async () => {
    const issuer = tokenIssuer({ users });
    const settings = { anonymousFallback: false };
    const { registry, client, app } = await bench({ auth: { kind: 'bearer', issuer }, settings });
    registry.putContent('team/app', 'v1', image);
    registry.on({ path: '/token' }, ({ query }) =>
      query.includes('other') ? refusal(403, 'DENIED') : { body: issuer.issue('alice', ['repository:team/app:pull']) },
    );
    const other = { ...app, repository: 'other/app' };
    const context = requestContext(alice);
    for (const _twice of [1, 2]) {
      await expect(client.getManifest(other, { tag: 'v1' }, context)).rejects.toMatchObject({ reason: 'rejected' });
    }
    expect(registry.requests.filter(withPassword)).toHaveLength(1);

    expect(await client.getManifest(app, { tag: 'v1' }, context)).toMatchObject({ digest: image.digest });
  });

  test('goes on for its own where the registry said no to Basic', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'basic', users } });
    registry.putContent('team/app', 'v1', image);
    registry.on({ path: /other/ }, basic);
    const context = requestContext(alice);
    await client.getManifest(app, { tag: 'v1' }, context);
    await expect(client.getManifest({ ...app, repository: 'other/app' }, { tag: 'v1' }, context)).rejects.toThrow();
    registry.forget();

    await client.getManifest(app, { tag: 'v1' }, context);
    expect(registry.requests.map(({ headers }) => headers.authorization)).toEqual([BASIC]);
  });

  test('goes on where one image alone is kept back', async () => {
    const { registry, client, app } = await bench({
      auth: { kind: 'bearer', issuer: tokenIssuer({ users }) },
      settings: { anonymousFallback: false },
    });
    for (const tag of ['v1', 'v2']) registry.putContent('team/app', tag, image);
    const context = requestContext(alice);
    const get = (tag: string) => client.getManifest(app, { tag }, context);
    await get('v1');
    registry.on({ path: /v2$/ }, refusal(403, 'DENIED'));
    await expect(get('v2')).rejects.toMatchObject({ kind: 'denied' });
    registry.forget();

    expect(await get('v1')).toMatchObject({ digest: image.digest });
    await expect(get('v2')).rejects.toMatchObject({ kind: 'denied', errors: [{ code: 'DENIED' }] });
    expect(registry.requests.map(({ path }) => path)).toEqual(['/v2/team/app/manifests/v1']);
  });
});

describe('refusals that had no memory (R3.21)', () => {
  test('a registry token that is refused rests 10 minutes, then 20', async () => {
    const { registry, client, app, clock } = await bench({
      auth: { kind: 'bearer' },
      settings: { anonymousFallback: false },
    });
    registry.on({ path: MANIFEST }, bearer(registry));
    const ci: Credential = { kind: 'registryToken', token: 'bad', fingerprint: 'ci' };
    const shown = () => registry.requests.filter(({ headers }) => headers.authorization === 'Bearer bad').length;

    for (const [waitMs, times] of [
      [0, 1],
      [10 * MINUTE - 1, 1],
      [1, 2],
      [20 * MINUTE - 1, 2],
      [1, 3],
    ] as const) {
      await clock.advance(waitMs);
      const asked = client.getManifest(app, { tag: 'v1' }, requestContext(ci));
      await expect(asked).rejects.toMatchObject({ kind: 'unauthorized', reason: 'rejected', status: 401 });
      expect(shown()).toBe(times);
    }
  });

  test('so does a password whose fresh token the registry refuses, for that repository', async () => {
    const { registry, client, app, clock } = await bench({
      auth: { kind: 'bearer', issuer: tokenIssuer({ users, expiresIn: 60 }) },
      settings: { anonymousFallback: false },
    });
    registry.putContent('team/web', 'v1', image);
    registry.on({ path: /team\/app/ }, { ...bearer(registry), ...refusal(401, 'UNAUTHORIZED', 'not yours') });
    const get = (repository: string) =>
      client.getManifest({ ...app, repository }, { tag: 'v1' }, requestContext(alice));

    for (const [waitMs, times] of [
      [0, 1],
      [10 * MINUTE - 1, 1],
      [1, 2],
      [20 * MINUTE - 1, 2],
      [1, 3],
    ] as const) {
      await clock.advance(waitMs);
      await expect(get('team/app')).rejects.toMatchObject({
        kind: 'unauthorized',
        reason: 'rejected',
        errors: [{ code: 'UNAUTHORIZED', message: 'not yours' }],
      });
      expect(registry.requests.filter(withPassword)).toHaveLength(times);
    }
    expect(await get('team/web')).toMatchObject({ digest: image.digest });
  });

  test('T5 invalidateIdentity forgets those, too', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'bearer', issuer: tokenIssuer({ users }) } });
    registry.putContent('team/app', 'v1', image);
    const off = registry.on({ path: MANIFEST }, bearer(registry));
    const get = () => client.getManifest(app, { tag: 'v1' }, requestContext(alice));
    await expect(get()).rejects.toThrow();
    off();
    client.invalidateIdentity(alice.fingerprint);
    registry.forget();

    await get();
    expect(registry.requests.some(withPassword)).toBe(true);
  });

  test('R4.8 a 403 that names a time is a limit, and remembered by the lanes alone', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'basic', users } });
    registry.putContent('team/app', 'v1', image);
    const get = () => client.getManifest(app, { tag: 'v1' }, requestContext(alice));
    await get();
    registry.on({ times: 2 }, { status: 403, headers: { 'Retry-After': '1' } });
    await expect(get()).rejects.toMatchObject({ status: 403 });
    expect(await get()).toMatchObject({ digest: image.digest });
  });

  test('a registry that went from Basic to tokens has not rejected the password', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'bearer', issuer: tokenIssuer({ users }) } });
    registry.putContent('team/app', 'v1', image);
    const off = registry.on({ path: MANIFEST }, ({ headers }) =>
      headers.authorization === BASIC ? { headers: { 'Content-Type': image.mediaType }, body: image.bytes } : basic,
    );
    await client.getManifest(app, { tag: 'v1' }, requestContext(alice));
    off();
    registry.forget();

    await client.getManifest(app, { tag: 'v1' }, requestContext(alice));
    expect(registry.requests.filter(withPassword)).toHaveLength(1);
  });
});

describe('what is learned without verification (R0.12, R2.2)', () => {
  const app = { host: 'reg.example.com', repository: 'team/app' };
  const name = { tag: 'v1' };

  async function twoFaced() {
    const here = world();
    here.addresses['reg.example.com'] = [PUBLIC];
    const registry = await here.registry(`${PUBLIC}:443`, { auth: { kind: 'basic', users } });
    registry.putContent('team/app', 'v1', image);
    return { registry, ...here.client() };
  }

  test('R3.21 a rejection that anybody may have sent keeps nobody from the registry itself', async () => {
    const { registry, client } = await twoFaced();
    const off = registry.on({}, basic);
    const context = requestContext(alice);
    await expect(client.getManifest({ ...app, insecure: true }, name, context)).rejects.toThrow();
    off();

    expect(await client.getManifest({ ...app, insecure: false }, name, context)).toMatchObject({
      digest: image.digest,
    });
  });

  test('R2.2 a challenge is not answered before the registry itself has sent it', async () => {
    const { registry, client } = await twoFaced();
    const context = requestContext(alice);
    await client.getManifest({ ...app, insecure: true }, name, context);
    registry.forget();

    await client.getManifest({ ...app, insecure: false }, name, context);
    expect(registry.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, BASIC]);
  });

  test('R2.1 a token goes back only to the registry it was obtained for', async () => {
    const issuer = tokenIssuer({ users });
    const tls = keyPair('server');
    const realm = await bench({ tls, auth: { kind: 'bearer', issuer } });
    const auth = { kind: 'bearer', issuer, realm: `${realm.registry.url}/token` } as const;
    const [one, two] = [await bench({ tls, auth }), await bench({ tls, auth })];
    for (const { registry } of [one, two]) registry.putContent('team/app', 'v1', image);
    const trusting = { ca: testCa, trustedRealmHosts: [realm.registry.host] };
    const hosts = [one, two].map(({ registry }) => [registry.host, trusting]);
    const { client } = clientOf({ ...Object.fromEntries(hosts), [realm.registry.host]: { ca: testCa } });

    for (const { app: there } of [one, two]) await client.getManifest(there, name, requestContext(alice));
    const [first, second] = [one, two].map(({ registry }) => registry.requests.at(-1)?.headers.authorization);
    expect(first).toMatch(/^Bearer /);
    expect(second).not.toBe(first);
  });
});

describe('a 403 without a challenge', () => {
  const closed = ({ headers }: HeardRequest) =>
    headers.authorization === BASIC
      ? { headers: { 'Content-Type': image.mediaType, 'Docker-Content-Digest': image.digest }, body: image.bytes }
      : refusal(403, 'DENIED');
  const shown = (registry: FakeRegistry) => registry.requests.map(({ headers }) => headers.authorization);

  test('is asked again with the first password, from then on at once', async () => {
    const { registry, client, app } = await bench();
    registry.on({}, closed);
    const context = requestContext(alice, mallory);

    expect(await client.checkTag(app, 'v1', image.digest, context)).toMatchObject({ outcome: 'unchanged' });
    expect(await client.checkTag(app, 'v1', image.digest, context)).toMatchObject({ outcome: 'unchanged' });
    expect(shown(registry)).toEqual([undefined, BASIC, BASIC]);
  });

  test('is the answer where that is refused as well, and it is not sent again soon', async () => {
    const { registry, client, app, clock } = await bench();
    registry.on({}, refusal(403, 'DENIED'));
    const get = () =>
      expect(client.getManifest(app, { tag: 'v1' }, requestContext(alice, mallory))).rejects.toMatchObject({
        kind: 'denied',
      });

    await get();
    await get();
    expect(shown(registry)).toEqual([undefined, BASIC, undefined]);
    await clock.advance(10 * MINUTE);
    await get();
    expect(shown(registry).slice(3)).toEqual([undefined, BASIC]);
  });

  test('and a challenge that comes then is answered', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'bearer', issuer: tokenIssuer({ users }) } });
    registry.putContent('team/app', 'v1', image);
    registry.on({ path: MANIFEST, times: 1 }, refusal(403, 'DENIED'));

    expect(await client.getManifest(app, { tag: 'v1' }, requestContext(alice))).toMatchObject({
      digest: image.digest,
    });
    registry.forget();
    await client.getManifest(app, { tag: 'v1' }, requestContext(alice));
    expect(shown(registry)).toEqual([expect.stringMatching(/^Bearer /)]);
  });

  test.each([
    ['R5.19 over plain http where that is not allowed', { allowCredentialsOverHttp: false }, alice],
    ['of a registry token', {}, { kind: 'registryToken', token: 't', fingerprint: 'ci' } as const],
  ])('shows nothing %s', async (_name, host, credential) => {
    const { registry, client, app } = await bench({ host });
    registry.on({}, closed);
    await expect(client.getManifest(app, { tag: 'v1' }, requestContext(credential))).rejects.toThrow();
    expect(shown(registry)).toEqual([undefined]);
  });
});

describe('R5.19 D25 a realm over plain http', () => {
  const http = { plainHttp: true, allowCredentialsOverHttp: true, listed: true };

  test.each([
    ['of the same site is shown no password', {}, undefined],
    ['is shown one where its own settings allow it', { 'auth.example.com': http }, BASIC],
    ['is shown none for being listed', { 'auth.example.com': { listed: true, plainHttp: true } }, undefined],
  ])('%s', async (_name, hosts, shown) => {
    const issuer = tokenIssuer({ users });
    const auth = { kind: 'bearer', issuer, realm: 'http://auth.example.com/token' } as const;
    // Both names lead to one server, which speaks http.
    const both = await bench({ auth });
    both.registry.putContent('team/app', 'v1', image);
    const { client } = clientOf(
      { 'reg.example.com': http, ...hosts },
      { loopback: 'listedHosts' },
      {
        lookup: async () => [{ address: PUBLIC, family: 4 }],
        dial: () => ({ address: '127.0.0.1', port: both.registry.port }),
      },
    );

    const app = { host: 'reg.example.com', repository: 'team/app', insecure: false };
    expect(await client.getManifest(app, { tag: 'v1' }, requestContext(alice))).toMatchObject({
      digest: image.digest,
    });
    const asked = both.registry.requests.find(({ path }) => path === '/token');
    expect(asked?.headers.host).toBe('auth.example.com');
    expect(asked?.headers.authorization).toBe(shown);
  });
});
