import { afterEach, describe, expect, test } from '@jest/globals';
import type { FakeServer, HeardRequest } from '../../fake/http-server.ts';
import { redirectTo, refusal, sha256, tokenIssuer } from '../../fake/registry.ts';
import { password, requestContext } from '../../fake/settings.ts';
import { sampleImage } from '../../gen/content.ts';
import { closeAll } from './bench.ts';
import { ELSEWHERE, PUBLIC, type World, world } from './world.ts';

const image = sampleImage();
const users = { alice: 'wonder' };
const context = requestContext(password('alice', 'wonder'));
const app = { host: 'reg.example.com', repository: 'team/app', insecure: false };
const MANIFEST = '/v2/team/app/manifests/v1';
const manifest = {
  headers: { 'Content-Type': image.mediaType, 'Docker-Content-Digest': image.digest },
  body: image.bytes,
};

afterEach(closeAll);

/** reg.example.com with Basic at a public address, and a client that knows the password. */
async function registryWorld(settings: Parameters<World['client']>[1] = {}) {
  const here = world();
  here.addresses['reg.example.com'] = [PUBLIC];
  const registry = await here.registry(`${PUBLIC}:443`, { auth: { kind: 'basic', users } });
  return { here, registry, ...here.client({}, settings) };
}

const check = (client: Awaited<ReturnType<typeof registryWorld>>['client']) =>
  client.checkTag(app, 'v1', image.digest, context);

const credentialsSeen = (server: FakeServer) =>
  server.requests.filter(({ headers }: HeardRequest) => headers.authorization ?? headers.cookie).length;

describe('redirects (12.5)', () => {
  test('S1 another host is followed without authorization; S15 its digest counts', async () => {
    const { here, registry, client } = await registryWorld();
    here.addresses['cdn.example.net'] = [ELSEWHERE];
    const cdn = await here.server(`${ELSEWHERE}:443`);
    cdn.on({}, manifest);
    registry.on({ path: MANIFEST }, redirectTo('https://cdn.example.net/x?signature=secret'));

    expect(await check(client)).toEqual({ outcome: 'unchanged', digest: image.digest });
    expect(cdn.requests).toHaveLength(1);
    expect(cdn.requests[0]).toMatchObject({ method: 'HEAD', path: '/x', query: 'signature=secret' });
    expect(credentialsSeen(cdn)).toBe(0);
  });

  test('R5.7 what the registry said of the digest on the way there does not count', async () => {
    const { here, registry, client } = await registryWorld();
    here.addresses['cdn.example.net'] = [ELSEWHERE];
    const cdn = await here.server(`${ELSEWHERE}:443`);
    cdn.on({}, manifest);
    const headers = { Location: 'https://cdn.example.net/x', 'Docker-Content-Digest': sha256('something else') };
    registry.on({ path: MANIFEST }, { status: 307, headers });

    expect(await check(client)).toEqual({ outcome: 'unchanged', digest: image.digest });
  });

  test.each([301, 308])('R5.8 a %i is not remembered: the registry is asked each time', async status => {
    const { here, registry, client } = await registryWorld();
    here.addresses['cdn.example.net'] = [ELSEWHERE];
    const cdn = await here.server(`${ELSEWHERE}:443`);
    cdn.on({}, manifest);
    registry.on({ path: MANIFEST }, redirectTo('https://cdn.example.net/x', status));
    await check(client);
    registry.forget();

    await check(client);
    expect(registry.requests).toHaveLength(1);
  });

  test('S2 another port of the same host is another origin', async () => {
    const { here, registry, client } = await registryWorld();
    const other = await here.server(`${PUBLIC}:8443`);
    other.on({}, manifest);
    // The first answer is a challenge, so that the redirected request carries the password.
    registry.on({ path: MANIFEST }, ({ headers }) =>
      headers.authorization === undefined
        ? { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } }
        : redirectTo('https://reg.example.com:8443/x'),
    );

    expect(await check(client)).toMatchObject({ outcome: 'unchanged' });
    expect(credentialsSeen(registry)).toBe(1);
    expect(credentialsSeen(other)).toBe(0);
  });

  test.each([
    ['S3 a downgrade to http', 'http://reg.example.com/x'],
    ['S13 userinfo', 'https://user:pw@reg.example.com/x'],
    ['another scheme', 'ftp://reg.example.com/x'],
    ['R6.5 a port of somebody else', 'https://cdn.example.net:6443/x'],
  ])('%s is refused', async (_name, location) => {
    const { here, registry, client } = await registryWorld();
    here.addresses['cdn.example.net'] = [ELSEWHERE];
    registry.on({ path: MANIFEST }, redirectTo(location));

    await expect(check(client)).rejects.toMatchObject({ kind: 'blockedAddress', reason: 'redirectHost' });
    expect(here.dialled.every(at => at === `${PUBLIC}:443`)).toBe(true);
  });

  test('S4 the same origin is followed with authorization', async () => {
    const { registry, client } = await registryWorld();
    registry.on({ path: '/v2/team/app2/manifests/x' }, manifest);
    registry.on({ path: MANIFEST }, ({ headers }) =>
      headers.authorization === undefined
        ? { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } }
        : redirectTo('/v2/team/app2/manifests/x', 302),
    );

    expect(await check(client)).toMatchObject({ outcome: 'unchanged' });
    expect(registry.requests.at(-1)).toMatchObject({
      path: '/v2/team/app2/manifests/x',
      headers: { authorization: expect.stringContaining('Basic') },
    });
  });

  test('S5 a way back to the first origin restores nothing', async () => {
    const { here, registry, client } = await registryWorld();
    here.addresses['cdn.example.net'] = [ELSEWHERE];
    const cdn = await here.server(`${ELSEWHERE}:443`);
    cdn.on({}, redirectTo('https://reg.example.com/back'));
    registry.on({ path: '/back' }, manifest);
    registry.on({ path: MANIFEST }, ({ headers }) =>
      headers.authorization === undefined
        ? { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } }
        : redirectTo('https://cdn.example.net/x'),
    );

    expect(await check(client)).toMatchObject({ outcome: 'unchanged' });
    expect(registry.requests.find(({ path }) => path === '/back')?.headers.authorization).toBeUndefined();
  });

  test('R5.3 what a GET depends on is for the registry alone', async () => {
    const { here, registry, client } = await registryWorld();
    here.addresses['open.example.com'] = ['93.184.216.36'];
    here.addresses['cdn.example.net'] = [ELSEWHERE];
    const open = await here.registry('93.184.216.36:443', { digestHeader: false });
    open.putContent('team/app', 'v1', image);
    const cdn = await here.server(`${ELSEWHERE}:443`);
    cdn.on({}, manifest);
    const again = () => client.checkTag({ ...app, host: 'open.example.com' }, 'v1', image.digest, context);
    await again();
    open.forget();
    open.on({ path: MANIFEST }, redirectTo('https://cdn.example.net/x'));

    expect(await again()).toMatchObject({ outcome: 'unchanged' });
    expect(open.requests.map(({ headers }) => headers['if-none-match'])).toEqual([`"${image.digest}"`]);
    expect(cdn.requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined]);
    expect(registry.requests).toEqual([]);
  });

  test('S6 the sixth hop is one too many', async () => {
    const { registry, client } = await registryWorld();
    registry.on({ path: /\/hop\// }, ({ path }) => redirectTo(`/hop/${Number(path.split('/').at(-1)) + 1}`));
    registry.on({ path: MANIFEST }, redirectTo('/hop/1'));

    await expect(check(client)).rejects.toMatchObject({ kind: 'unavailable', reason: 'redirectLoop' });
    expect(registry.requests).toHaveLength(6);
  });

  test('S7 a loop ends at once', async () => {
    const { registry, client } = await registryWorld();
    registry.on({ path: '/x' }, redirectTo(MANIFEST));
    registry.on({ path: MANIFEST }, redirectTo('/x'));

    await expect(check(client)).rejects.toMatchObject({ kind: 'unavailable', reason: 'redirectLoop' });
    expect(registry.requests).toHaveLength(2);
  });

  test('R5.2 a redirect to nowhere is an invalid answer', async () => {
    const { registry, client } = await registryWorld();
    registry.on({ path: MANIFEST }, { status: 307 });

    await expect(check(client)).rejects.toMatchObject({ kind: 'invalidResponse', reason: 'status', status: 307 });
  });

  test('S14 R5.4 a target that wants a token gets an anonymous one, for this request only', async () => {
    const { here, registry, client } = await registryWorld();
    here.addresses['eu.example.net'] = [ELSEWHERE];
    const issuer = tokenIssuer();
    const regional = await here.registry(`${ELSEWHERE}:443`, { auth: { kind: 'bearer', issuer } });
    regional.putContent('mirrored/app', 'v1', image);
    registry.on({ path: MANIFEST }, redirectTo('https://eu.example.net/v2/mirrored/app/manifests/v1'));

    expect(await check(client)).toMatchObject({ outcome: 'unchanged' });
    expect(await check(client)).toMatchObject({ outcome: 'unchanged' });

    const asked = regional.requests.filter(({ path }) => path === '/token');
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
    expect(asked[0]?.query).toContain('repository%3Amirrored%2Fapp%3Apull');
    expect(registry.requests.every(({ headers }) => !headers.authorization?.startsWith('Bearer'))).toBe(true);
  });

  test('R5.6 errors name what was asked of the registry, never the signed target', async () => {
    const { here, registry, client } = await registryWorld();
    here.addresses['cdn.example.net'] = [ELSEWHERE];
    const cdn = await here.server(`${ELSEWHERE}:443`);
    cdn.on({}, { status: 503 });
    registry.on({ path: MANIFEST }, redirectTo('https://cdn.example.net/x?signature=secret'));

    const error = await check(client).catch(caught => caught);

    expect(error).toMatchObject({
      kind: 'unavailable',
      from: 'redirectTarget',
      request: { method: 'HEAD', url: `https://reg.example.com${MANIFEST}` },
    });
    expect(`${error.message} ${JSON.stringify(error)}`).not.toMatch(/secret|cdn/);
  });

  test('D21 R5.5 every hop takes the lane of the host it goes to', async () => {
    const { here, registry, client, lanes } = await registryWorld();
    here.addresses['cdn.example.net'] = [ELSEWHERE];
    const cdn = await here.server(`${ELSEWHERE}:443`);
    cdn.on({}, manifest);
    registry.on({ path: MANIFEST }, redirectTo('https://cdn.example.net/x'));

    await check(client);
    expect(lanes.admissions.map(({ host }) => host)).toEqual(['reg.example.com', 'cdn.example.net']);
  });
});

describe('addresses (12.5)', () => {
  test.each([
    'http://169.254.169.254/latest/meta-data/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[fd00:ec2::254]/',
    'https://100.100.100.200/',
    'https://0.0.0.0/',
    'https://[::]/',
    'https://127.0.0.1/',
    'https://2852039166/',
    'https://[::ffff:169.254.169.254]/',
    'https://[64:ff9b::a9fe:a9fe]/',
    'https://10.0.0.5/',
  ])('S8 S9 a public registry leads nowhere near %s', async location => {
    const { here, registry, client } = await registryWorld();
    registry.on({ path: MANIFEST }, redirectTo(location));

    await expect(check(client)).rejects.toMatchObject({ kind: 'blockedAddress', reason: 'redirectHost' });
    expect(here.dialled.every(at => at === `${PUBLIC}:443`)).toBe(true);
  });

  test.each(['https://127.0.0.1/', 'https://[::1]/', 'https://local.example.net/'])(
    'S8 nor near %s where registries on loopback are allowed, as they are for import and dev',
    async location => {
      const { here, registry, client } = await registryWorld({ loopback: 'allow' });
      here.addresses['local.example.net'] = ['127.0.0.1'];
      registry.on({ path: MANIFEST }, redirectTo(location));

      await expect(check(client)).rejects.toMatchObject({ kind: 'blockedAddress', reason: 'redirectHost' });
      expect(here.dialled.every(at => at === `${PUBLIC}:443`)).toBe(true);
    },
  );

  test('S9 nor to a name that resolves inside', async () => {
    const { here, registry, client } = await registryWorld();
    here.addresses['db.example.net'] = ['10.0.0.5'];
    registry.on({ path: MANIFEST }, redirectTo('https://db.example.net/'));

    await expect(check(client)).rejects.toMatchObject({ kind: 'blockedAddress', reason: 'redirectHost' });
    expect(here.dialled).toEqual([`${PUBLIC}:443`]);
  });

  test('S9 not even over a connection that an endpoint of that name keeps open', async () => {
    const { here, registry, client } = await registryWorld();
    here.addresses['db.example.net'] = ['10.0.0.5'];
    const inside = await here.registry('10.0.0.5:443');
    inside.putContent('team/app', 'v1', image);
    await client.checkTag({ ...app, host: 'db.example.net' }, 'v1', image.digest, context);
    registry.on({ path: MANIFEST }, redirectTo(`https://db.example.net${MANIFEST}`));

    await expect(check(client)).rejects.toMatchObject({ kind: 'blockedAddress' });
    expect(inside.requests).toHaveLength(1);
  });

  test('S10 a registry inside may lead to its neighbours', async () => {
    const { here, client } = await registryWorld();
    here.addresses['inside.example.com'] = ['10.0.0.5'];
    here.addresses['store.example.com'] = ['10.0.0.6'];
    const registry = await here.server('10.0.0.5:443');
    const store = await here.server('10.0.0.6:443');
    store.on({}, manifest);
    registry.on({}, redirectTo('https://store.example.com/x'));

    const found = await client.checkTag({ ...app, host: 'inside.example.com' }, 'v1', image.digest, context);
    expect(found).toMatchObject({ outcome: 'unchanged' });
  });

  test('S11 a name that rebinds to loopback is refused when it is connected to', async () => {
    const { here, registry, client } = await registryWorld();
    const answers = [[ELSEWHERE], ['127.0.0.1']];
    here.addresses['cdn.example.net'] = () => answers.shift() ?? ['127.0.0.1'];
    const cdn = await here.server(`${ELSEWHERE}:443`);
    cdn.on({}, (_request, response) => {
      response.setHeader('Connection', 'close');
      return manifest;
    });
    registry.on({ path: MANIFEST }, redirectTo('https://cdn.example.net/x'));

    expect(await check(client)).toMatchObject({ outcome: 'unchanged' });
    await expect(check(client)).rejects.toMatchObject({ kind: 'blockedAddress', reason: 'redirectHost' });
    expect(here.dialled).not.toContain('127.0.0.1:443');
  });

  test('S12 of several addresses only the allowed one is connected to', async () => {
    const { here, registry, client } = await registryWorld();
    here.addresses['cdn.example.net'] = ['127.0.0.1', ELSEWHERE];
    const cdn = await here.server(`${ELSEWHERE}:443`);
    cdn.on({}, manifest);
    registry.on({ path: MANIFEST }, redirectTo('https://cdn.example.net/x'));

    expect(await check(client)).toMatchObject({ outcome: 'unchanged' });
    expect(here.dialled).toEqual([`${PUBLIC}:443`, `${ELSEWHERE}:443`]);
  });

  test.each(['127.0.0.1', '[::1]', 'localhost', '169.254.169.254', 'metadata.example.com'])(
    'R6.2 D24 an endpoint at %s is refused unless it is listed',
    async host => {
      const { here, client } = await registryWorld();
      here.addresses['localhost'] = ['127.0.0.1', '::1'];
      here.addresses['metadata.example.com'] = ['169.254.169.254'];

      const asked = client.getManifest({ ...app, host }, { tag: 'v1' }, context);
      await expect(asked).rejects.toMatchObject({ kind: 'blockedAddress', reason: 'endpointAddress', host });
      expect(here.dialled).toEqual([]);
    },
  );

  test('D24 listing opens loopback and nothing else that is local', async () => {
    const here = world();
    const registry = await here.registry('127.0.0.1:443');
    registry.putContent('team/app', 'v1', image);
    const { client } = here.client({ '127.0.0.1': { listed: true }, '169.254.169.254': { listed: true } });

    const asked = client.getManifest({ ...app, host: '127.0.0.1' }, { tag: 'v1' }, context);
    expect(await asked).toMatchObject({ digest: image.digest });
    await expect(client.getManifest({ ...app, host: '169.254.169.254' }, { tag: 'v1' }, context)).rejects.toMatchObject(
      { kind: 'blockedAddress' },
    );
  });

  test('R6.2 private endpoints are refused when the administrator says so', async () => {
    const { here, client } = await registryWorld({ privateAddresses: 'deny' });
    here.addresses['inside.example.com'] = ['10.0.0.5'];

    const asked = client.getManifest({ ...app, host: 'inside.example.com' }, { tag: 'v1' }, context);
    await expect(asked).rejects.toMatchObject({ kind: 'blockedAddress' });
  });

  test('R6.2 the API server is no registry, by name or by address', async () => {
    const { here, client } = await registryWorld({ refusedHosts: ['10.96.0.1', 'kubernetes.default.svc'] });
    here.addresses['api.example.com'] = ['10.96.0.1'];

    for (const host of ['10.96.0.1', 'kubernetes.default.svc', 'api.example.com']) {
      const asked = client.getManifest({ ...app, host }, { tag: 'v1' }, context);
      await expect(asked).rejects.toMatchObject({ kind: 'blockedAddress' });
    }
    expect(here.dialled).toEqual([]);
  });
});

describe('descriptors', () => {
  test('Z22 urls are never followed', async () => {
    const { here, client } = await registryWorld();
    here.addresses['open.example.com'] = [ELSEWHERE];
    const registry = await here.registry(`${ELSEWHERE}:443`);
    const config = { created: '2026-01-01T00:00:00Z' };
    const digest = registry.putBlob('team/app', config);
    const size = Buffer.from(JSON.stringify(config)).length;
    const urls = ['https://attacker.example.net/x'];
    registry.putManifest('team/app', 'v1', {
      schemaVersion: 2,
      mediaType: image.mediaType,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size, urls },
      layers: [{ mediaType: 'application/x', digest: sha256('layer'), size: 5, urls }],
    });

    const fetched = await client.getManifest({ ...app, host: 'open.example.com' }, { tag: 'v1' }, context);
    expect(fetched.manifest.kind).toBe('image');
    if (fetched.manifest.kind === 'image') await client.getConfig(fetched.source, fetched.manifest.config, context);
    expect(new Set(here.dialled)).toEqual(new Set([`${ELSEWHERE}:443`]));
  });

  test('a 404 that a redirect target says is told as its own', async () => {
    const { here, registry, client } = await registryWorld();
    here.addresses['cdn.example.net'] = [ELSEWHERE];
    const cdn = await here.server(`${ELSEWHERE}:443`);
    cdn.on({}, refusal(404, 'MANIFEST_UNKNOWN'));
    registry.on({ path: MANIFEST }, redirectTo('https://cdn.example.net/x'));

    await expect(check(client)).rejects.toMatchObject({ kind: 'notFound', from: 'redirectTarget' });
  });
});
