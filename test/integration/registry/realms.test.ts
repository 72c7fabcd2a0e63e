import { afterEach, describe, expect, test } from '@jest/globals';
import { redirectTo, type TokenIssuer, tokenIssuer } from '../../fake/registry.ts';
import { password, requestContext } from '../../fake/settings.ts';
import { answerTokenRequest } from '../../fake/token-server.ts';
import { sampleImage } from '../../gen/content.ts';
import { closeAll } from './bench.ts';
import { ELSEWHERE, PUBLIC, world } from './world.ts';

const image = sampleImage();
const context = requestContext(password('alice', 'wonder'));

afterEach(closeAll);

/** A registry whose challenges name a realm, and a token service at another address. */
async function realmWorld(endpoint: string, realm: string, registryAt: string, realmAt: string) {
  const here = world();
  const issuer: TokenIssuer = tokenIssuer({ users: { alice: 'wonder' } });
  const registry = await here.registry(registryAt, { auth: { kind: 'bearer', issuer, realm } });
  registry.putContent('team/app', 'v1', image);
  const service = await here.server(realmAt, (request, response) => answerTokenRequest(issuer, request, response));
  here.addresses[new URL(`https://${endpoint}`).hostname] = [registryAt.split(':')[0] ?? ''];
  const realmHost = URL.parse(realm)?.hostname;
  if (realmHost !== undefined && here.addresses[realmHost] === undefined) {
    here.addresses[realmHost] = [realmAt.split(':')[0] ?? ''];
  }
  const made = here.client({ 'docker.io': {} });
  const host = endpoint === 'registry-1.docker.io' ? 'docker.io' : endpoint;
  const get = () => made.client.getManifest({ host, repository: 'team/app', insecure: false }, { tag: 'v1' }, context);
  return { here, registry, service, ...made, get };
}

const BASIC = `Basic ${btoa('alice:wonder')}`;

describe('realms (12.5)', () => {
  test.each([
    ['Z1', 'registry-1.docker.io', 'https://auth.docker.io/token', 443, 443],
    ['Z3', 'registry.corp.example:5050', 'https://gitlab.corp.example/jwt/auth', 5050, 443],
  ])('%s %s is given the password at %s', async (_id, endpoint, realm, port, realmPort) => {
    const { service, get, heard } = await realmWorld(endpoint, realm, `${PUBLIC}:${port}`, `${ELSEWHERE}:${realmPort}`);

    expect(await get()).toMatchObject({ digest: image.digest });
    expect(service.requests.map(({ headers }) => headers.authorization)).toEqual([BASIC]);
    expect(heard.untrusted).toEqual([]);
  });

  test('Z4 the same host on port 443 is given the password', async () => {
    const { service, get } = await realmWorld(
      'gitlab.corp.example:5050',
      'https://gitlab.corp.example/jwt/auth',
      `${PUBLIC}:5050`,
      `${PUBLIC}:443`,
    );
    expect(await get()).toMatchObject({ digest: image.digest });
    expect(service.requests.map(({ headers }) => headers.authorization)).toEqual([BASIC]);
  });

  test('Z2 a realm of somebody else is asked anonymously, and that is told once an hour', async () => {
    const { registry, service, get, heard, clock } = await realmWorld(
      'reg.example.com',
      'https://attacker.example.net/token',
      `${PUBLIC}:443`,
      `${ELSEWHERE}:443`,
    );

    expect(await get()).toMatchObject({ digest: image.digest });
    await get();
    expect(service.requests.map(({ headers, query }) => [headers.authorization, query.includes('account')])).toEqual([
      [undefined, false],
    ]);
    expect(registry.requests.some(({ headers }) => headers.authorization?.startsWith('Basic'))).toBe(false);
    expect(heard.untrusted).toEqual(['attacker.example.net']);
    await clock.advance(3_600_000);
    await get();
    expect(heard.untrusted).toHaveLength(2);
  });

  test('R2.20 a registry that changes its realm to somebody else’s gets no password sent there', async () => {
    const { here, registry, get } = await realmWorld(
      'reg.example.com',
      'https://auth.example.com/token',
      `${PUBLIC}:443`,
      `${ELSEWHERE}:443`,
    );
    await get();
    here.addresses['attacker.example.net'] = ['93.184.216.36'];
    const attacker = await here.server('93.184.216.36:443');
    attacker.on({}, { body: { token: 'x' } });
    const challenge = 'Bearer realm="https://attacker.example.net/token",service="fake"';
    registry.on({ path: /manifests/ }, { status: 401, headers: { 'WWW-Authenticate': challenge } });

    await expect(get()).rejects.toMatchObject({ kind: 'unauthorized' });
    expect(attacker.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  test('Z8 a realm that a TLS proxy makes say http is asked over https at the endpoint’s port', async () => {
    const { registry, get } = await realmWorld(
      'reg.example.com',
      'http://reg.example.com/token',
      `${PUBLIC}:443`,
      `${ELSEWHERE}:443`,
    );
    expect(await get()).toMatchObject({ digest: image.digest });
    expect(registry.count({ path: '/token' })).toBe(1);
  });

  test.each([
    ['Z9', 'http://other.example.com/token'],
    ['Z10', 'file:///etc/passwd'],
    ['Z10', 'ftp://reg.example.com/t'],
    ['Z10', 'https://user:pw@reg.example.com/t'],
    ['Z10', 'https://'],
  ])('%s the realm %s is refused', async (_id, realm) => {
    const { here, get } = await realmWorld('reg.example.com', realm, `${PUBLIC}:443`, `${ELSEWHERE}:443`);

    await expect(get()).rejects.toMatchObject({ kind: 'blockedAddress', reason: 'realmHost' });
    expect(here.dialled).toEqual([`${PUBLIC}:443`]);
  });

  test('Z11 a redirect of a trusted realm is not followed with the password', async () => {
    const { here, service, get } = await realmWorld(
      'reg.example.com',
      'https://auth.example.com/token',
      `${PUBLIC}:443`,
      `${ELSEWHERE}:443`,
    );
    service.on({}, redirectTo('https://attacker.example.net/collect', 302));
    here.addresses['attacker.example.net'] = ['93.184.216.36'];
    const attacker = await here.server('93.184.216.36:443');

    await expect(get()).rejects.toMatchObject({ from: 'tokenService' });
    expect(attacker.requests).toEqual([]);
  });

  test('Z12 nor an anonymous one to a metadata address', async () => {
    const { here, service, get } = await realmWorld(
      'reg.example.com',
      'https://attacker.example.net/token',
      `${PUBLIC}:443`,
      `${ELSEWHERE}:443`,
    );
    service.on({}, redirectTo('https://169.254.169.254/latest/', 302));

    await expect(get()).rejects.toMatchObject({ kind: 'blockedAddress', reason: 'realmHost' });
    expect(here.dialled.some(at => at.startsWith('169.254'))).toBe(false);
  });

  test('R2.21 an anonymous redirect to an allowed host is followed', async () => {
    const { here, service, get } = await realmWorld(
      'reg.example.com',
      'https://attacker.example.net/token',
      `${PUBLIC}:443`,
      `${ELSEWHERE}:443`,
    );
    service.on({ path: '/token', times: 1 }, ({ query }) => redirectTo(`https://tokens.example.net/new?${query}`, 302));
    here.addresses['tokens.example.net'] = [ELSEWHERE];

    expect(await get()).toMatchObject({ digest: image.digest });
  });

  test('R2.21 three times and no more', async () => {
    const { here, service, get } = await realmWorld(
      'reg.example.com',
      'https://attacker.example.net/token',
      `${PUBLIC}:443`,
      `${ELSEWHERE}:443`,
    );
    let hops = 0;
    service.on({}, () => redirectTo(`https://tokens.example.net/hop/${++hops}`, 302));
    here.addresses['tokens.example.net'] = [ELSEWHERE];

    await expect(get()).rejects.toMatchObject({ kind: 'unavailable', from: 'tokenService', status: 302 });
    expect(service.requests).toHaveLength(4);
  });

  test('R2.19 R6.3 a public registry’s realm inside is refused; S10 an inside registry’s is not', async () => {
    const outside = await realmWorld(
      'reg.example.com',
      'https://auth.example.com/token',
      `${PUBLIC}:443`,
      '10.0.0.6:443',
    );
    await expect(outside.get()).rejects.toMatchObject({ kind: 'blockedAddress', reason: 'realmHost' });
    expect(outside.service.requests).toEqual([]);

    const inside = await realmWorld(
      'reg.example.com',
      'https://auth.example.com/token',
      '10.0.0.5:443',
      '10.0.0.6:443',
    );
    expect(await inside.get()).toMatchObject({ digest: image.digest });
    expect(inside.service.requests).toHaveLength(1);
  });

  test('R2.9 a realm that policy refuses leaves Basic where it is offered', async () => {
    const { registry, get } = await realmWorld('reg.example.com', 'x', `${PUBLIC}:443`, `${ELSEWHERE}:443`);
    registry.on({ path: /manifests/ }, ({ headers }) =>
      headers.authorization === BASIC
        ? { headers: { 'Content-Type': image.mediaType }, body: image.bytes }
        : { status: 401, headers: { 'WWW-Authenticate': 'Bearer realm="file:///etc/passwd", Basic realm="x"' } },
    );
    expect(await get()).toMatchObject({ digest: image.digest });
  });
});
