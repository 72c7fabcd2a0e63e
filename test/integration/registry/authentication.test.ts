import { afterEach, describe, expect, test } from '@jest/globals';
import { silentLogger } from '../../../src/log.ts';
import type { Credential } from '../../../src/registry/credentials.ts';
import { refusal, reset, startFakeTokenServer, tokenIssuer } from '../../fake/registry.ts';
import { password, requestContext } from '../../fake/settings.ts';
import { sampleImage } from '../../gen/content.ts';
import { bench, closeAll, closeLater } from './bench.ts';
import { ELSEWHERE, PUBLIC, world } from './world.ts';

const image = sampleImage();
const anonymous = requestContext();
const alice = password('alice', 'wonder');
const mallory = password('mallory', 'wrong');
const users = { alice: 'wonder' };
const MANIFEST = /\/manifests\//;

/** What came in, in order: `HEAD`, `token`, `ping`. */
const story = (requests: readonly { method: string; path: string }[]) =>
  requests.map(({ method, path }) => (path === '/token' ? 'token' : path === '/v2/' ? 'ping' : method));

afterEach(closeAll);

describe('an open registry', () => {
  test('2.1 step 2 is asked without ping and without authorization', async () => {
    const { registry, client, app } = await bench();
    registry.putContent('team/app', 'v1', image);

    await client.checkTag(app, 'v1', image.digest, requestContext(alice));

    expect(story(registry.requests)).toEqual(['HEAD']);
    expect(registry.requests[0]?.headers.authorization).toBeUndefined();
  });
});

describe('a registry with Basic', () => {
  test('2.1 step 4 is asked with the password at once when it is known', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'basic', users } });
    registry.putContent('team/app', 'v1', image);
    const context = requestContext(alice);

    await client.checkTag(app, 'v1', image.digest, context);
    expect(story(registry.requests)).toEqual(['HEAD', 'HEAD']);
    registry.forget();
    await client.checkTag(app, 'v1', image.digest, context);

    expect(story(registry.requests)).toEqual(['HEAD']);
    expect(registry.requests[0]?.headers.authorization).toBe(`Basic ${btoa('alice:wonder')}`);
  });

  test('R8.2 without a credential is unauthorized for want of one, explained by a GET', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'basic', users } });

    await expect(client.checkTag(app, 'v1', image.digest, anonymous)).rejects.toMatchObject({
      kind: 'unauthorized',
      reason: 'noCredentials',
      status: 401,
      errors: [{ code: 'UNAUTHORIZED' }],
      detail: 'missing, or no access to it',
      request: { method: 'GET', url: `${registry.url}/v2/team/app/manifests/v1` },
    });
  });

  test('C16 R1.12 a 401 without challenge is followed by one ping', async () => {
    const { registry, client, app } = await bench();
    const digest = registry.putContent('team/app', 'v1', image);
    registry.on({ path: MANIFEST, times: 1 }, refusal(401, 'UNAUTHORIZED'));
    registry.on({ path: '/v2/' }, { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } });

    await client.checkTag(app, 'v1', digest, requestContext(alice));
    expect(story(registry.requests)).toEqual(['HEAD', 'ping', 'HEAD']);
  });

  test.each([
    ['noChallenge', undefined],
    ['unsupportedScheme', 'Digest realm="x", nonce="y"'],
    ['noRealm', 'Bearer'],
  ])('a 401 that cannot be answered is unauthorized with reason %s', async (reason, challenge) => {
    const { registry, client, app } = await bench();
    registry.on(
      {},
      { status: 401, ...(challenge === undefined ? {} : { headers: { 'WWW-Authenticate': challenge } }) },
    );

    await expect(client.getManifest(app, { tag: 'v1' }, requestContext(alice))).rejects.toMatchObject({
      kind: 'unauthorized',
      reason,
    });
  });

  test('C21 a challenge of 9 KiB is invalid', async () => {
    const { registry, client, app } = await bench();
    const challenge = `Bearer realm="https://r.example.com/t",service="${'s'.repeat(9 * 1024)}"`;
    registry.on({}, { status: 401, headers: { 'WWW-Authenticate': challenge } });

    await expect(client.getManifest(app, { tag: 'v1' }, anonymous)).rejects.toMatchObject({
      kind: 'invalidResponse',
      reason: 'challenge',
    });
  });
});

describe('a registry with tokens', () => {
  test('Z20 100 parallel cold checks cost one probe, one token and 100 HEADs', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'bearer' } });
    registry.putContent('team/app', 'v1', image);

    await Promise.all(Array.from({ length: 100 }, () => client.checkTag(app, 'v1', image.digest, anonymous)));

    expect(registry.count({ path: '/token' })).toBe(1);
    expect(registry.requests.filter(({ headers, path }) => path !== '/token' && !headers.authorization)).toHaveLength(
      1,
    );
    expect(registry.count({ method: 'HEAD' })).toBe(101);
  });

  test('who gives up while another finds out hears of its own abort', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'bearer' } });
    registry.putContent('team/app', 'v1', image);
    const leaving = new AbortController();
    registry.on({ method: 'HEAD', times: 1 }, () => {
      leaving.abort(new Error('gone'));
      return { status: 503 };
    });
    const first = client.checkTag(app, 'v1', image.digest, anonymous);
    const second = client.checkTag(app, 'v1', image.digest, { ...anonymous, signal: leaving.signal });

    await expect(second).rejects.toMatchObject({ name: 'RegistryError', kind: 'aborted' });
    await expect(first).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('7.1 a known endpoint costs one request per check while the token holds', async () => {
    const { registry, client, app, clock } = await bench({ auth: { kind: 'bearer' } });
    registry.putContent('team/app', 'v1', image);
    await client.checkTag(app, 'v1', image.digest, anonymous);
    registry.forget();

    await client.checkTag(app, 'v1', image.digest, anonymous);
    expect(story(registry.requests)).toEqual(['HEAD']);
    registry.forget();
    await clock.advance(300_000);
    await client.checkTag(app, 'v1', image.digest, anonymous);
    expect(story(registry.requests)).toEqual(['token', 'HEAD']);
  });

  test('7.1 100 unchanged tags in 20 repositories cost at most 121 requests, then 120', async () => {
    const { registry, client, app, clock } = await bench({ auth: { kind: 'bearer' } });
    const tags = Array.from({ length: 100 }, (_, at) => ({ repository: `team/app-${at % 20}`, tag: `v${at}` }));
    for (const { repository, tag } of tags) registry.putContent(repository, tag, image);
    const cycle = async () => {
      registry.forget();
      await Promise.all(
        tags.map(({ repository, tag }) => client.checkTag({ ...app, repository }, tag, image.digest, anonymous)),
      );
      return registry.requests.length;
    };

    expect(await cycle()).toBeLessThanOrEqual(121);
    await clock.advance(900_000);
    expect(await cycle()).toBeLessThanOrEqual(120);
    expect(registry.count({ method: 'GET', path: MANIFEST })).toBe(0);
  });

  test('2.5 a password is shown to the realm, with service, scope and account', async () => {
    const issuer = tokenIssuer({ users });
    const { registry, client, app } = await bench({ auth: { kind: 'bearer', issuer } });
    registry.putContent('team/app', 'v1', image);

    await client.getManifest(app, { tag: 'v1' }, requestContext(alice));

    const asked = registry.requests.find(({ path }) => path === '/token');
    expect(asked?.headers.authorization).toBe(`Basic ${btoa('alice:wonder')}`);
    expect(asked?.query).toBe('service=fake&scope=repository%3Ateam%2Fapp%3Apull&account=alice');
    const fixed = { accept: 'application/json', 'accept-encoding': 'identity' };
    expect(asked?.headers).toMatchObject({ ...fixed, 'user-agent': 'imagestream-operator/test' });
  });

  test('Z19 a cached token that is refused is renewed once', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'bearer' } });
    registry.putContent('team/app', 'v1', image);
    await client.checkTag(app, 'v1', image.digest, anonymous);
    registry.issuer.revokeAll();
    registry.forget();

    expect(await client.checkTag(app, 'v1', image.digest, anonymous)).toMatchObject({ outcome: 'unchanged' });
    expect(story(registry.requests)).toEqual(['HEAD', 'token', 'HEAD']);
  });

  test('2.1 step 6 a cached token that gets DENIED is renewed once', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'bearer' } });
    registry.putContent('team/app', 'v1', image);
    await client.getManifest(app, { tag: 'v1' }, anonymous);
    registry.forget();
    registry.on({ path: MANIFEST }, refusal(403, 'DENIED'));

    await expect(client.getManifest(app, { tag: 'v1' }, anonymous)).rejects.toMatchObject({
      kind: 'denied',
      status: 403,
    });
    expect(story(registry.requests)).toEqual(['GET', 'token', 'GET']);
  });

  test('R2.30 a fresh token that is refused is not asked for again', async () => {
    const issuer = tokenIssuer({ users, access: () => false });
    const { registry, client, app } = await bench({ auth: { kind: 'bearer', issuer } });

    await expect(client.getManifest(app, { tag: 'v1' }, requestContext(alice))).rejects.toMatchObject({
      kind: 'unauthorized',
      reason: 'rejected',
    });
    // The probe, alice's token and try, the anonymous token and try.
    expect(story(registry.requests)).toEqual(['GET', 'token', 'GET', 'token', 'GET']);
  });

  test('C19 R2.10 insufficient_scope fetches a token with the scope and tries once more', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'bearer' } });
    const digest = registry.putContent('team/app', 'v1', image);
    await client.checkTag(app, 'v1', digest, anonymous);
    registry.forget();
    const scope = 'repository:team/app:metadata_read';
    const challenge = `Bearer error="insufficient_scope",realm="${registry.url}/token",service="fake",scope="${scope}"`;
    registry.on({ method: 'HEAD', times: 1 }, { status: 401, headers: { 'WWW-Authenticate': challenge } });

    await client.checkTag(app, 'v1', digest, anonymous);

    expect(story(registry.requests)).toEqual(['HEAD', 'token', 'HEAD']);
    expect(new URLSearchParams(registry.requests[1]?.query).getAll('scope')).toEqual([
      scope,
      'repository:team/app:pull',
    ]);
  });

  test.each([403, 404, 200])('R2.3 a challenge that comes with %i is none', async status => {
    const { registry, client, app } = await bench();
    const service = closeLater(await startFakeTokenServer(tokenIssuer()));
    const headers = {
      'WWW-Authenticate': `Bearer realm="${service.url}/token",service="fake"`,
      'Docker-Content-Digest': image.digest,
    };
    registry.on({}, { status, headers });
    for (const _again of [1, 2]) await client.checkTag(app, 'v1', image.digest, anonymous).catch(() => {});

    expect(service.requests).toEqual([]);
    expect(registry.requests.every(({ headers: sent }) => sent.authorization === undefined)).toBe(true);
  });

  test('R1.12 the scope that comes with /v2/ is nobody’s', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'bearer' } });
    registry.putContent('team/app', 'v1', image);
    const challenge = `Bearer realm="${registry.url}/token",service="fake",scope="*"`;
    registry.on({ method: 'HEAD', times: 1 }, { status: 401 });
    registry.on({ path: '/v2/' }, { status: 401, headers: { 'WWW-Authenticate': challenge } });

    await client.checkTag(app, 'v1', image.digest, anonymous);
    const asked = registry.requests.find(({ path }) => path === '/token');
    expect(new URLSearchParams(asked?.query).getAll('scope')).toEqual(['repository:team/app:pull']);
  });

  test('R2.10 so does one that had just been granted: the scope is new', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'bearer' } });
    const digest = registry.putContent('team/app', 'v1', image);
    const challenge = (more: string) => ({
      status: 401,
      headers: { 'WWW-Authenticate': `Bearer realm="${registry.url}/token",service="fake"${more}` },
    });
    registry.on(
      { method: 'HEAD', times: 1 },
      challenge(',error="insufficient_scope",scope="repository:team/app:metadata_read"'),
    );
    registry.on({ method: 'HEAD', times: 1 }, challenge(''));

    expect(await client.checkTag(app, 'v1', digest, anonymous)).toMatchObject({ outcome: 'unchanged' });
    expect(story(registry.requests)).toEqual(['HEAD', 'token', 'HEAD', 'token', 'HEAD']);
  });

  test.each(['', ',service=""'])('R2.23 a service that the challenge does not name is not made up: %j', async more => {
    const { registry, client, app } = await bench({ auth: { kind: 'bearer' } });
    registry.putContent('team/app', 'v1', image);
    const challenge = `Bearer realm="${registry.url}/token?v=1"${more}`;
    registry.on({ method: 'HEAD', times: 1 }, { status: 401, headers: { 'WWW-Authenticate': challenge } });

    await client.checkTag(app, 'v1', image.digest, anonymous);
    const asked = registry.requests.find(({ path }) => path === '/token');
    expect(asked?.query).toBe('v=1&scope=repository%3Ateam%2Fapp%3Apull');
    expect(asked?.headers.accept).toBe('application/json');
  });

  test('R2.15 the scope learned for one repository is asked for another', async () => {
    const scope = (repository: string) => `repository:${repository}:metadata_read`;
    const { registry, client, app } = await bench({ auth: { kind: 'bearer', scope } });
    registry.putContent('team/app', 'v1', image);
    registry.putContent('team/web', 'v1', image);
    await client.checkTag(app, 'v1', image.digest, anonymous);
    registry.forget();

    await client.checkTag({ ...app, repository: 'team/web' }, 'v1', image.digest, anonymous);
    expect(new URLSearchParams(registry.requests[0]?.query).getAll('scope')).toEqual([
      'repository:team/web:metadata_read',
      'repository:team/web:pull',
    ]);
  });

  test('registrytoken is the bearer value itself', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'bearer' } });
    registry.putContent('team/app', 'v1', image);
    const { token } = registry.issuer.issue('ci', ['repository:team/app:pull']);
    const ci: Credential = { kind: 'registryToken', token: String(token), fingerprint: 'ci' };

    await client.getManifest(app, { tag: 'v1' }, requestContext(ci));
    expect(story(registry.requests)).toEqual(['GET', 'GET']);
  });

  test('a token service on another port of the host is asked, but not shown a password', async () => {
    const issuer = tokenIssuer({ users, access: user => user === 'alice' });
    const service = closeLater(await startFakeTokenServer(issuer));
    const { registry, client, app, heard } = await bench({
      auth: { kind: 'bearer', issuer, realm: `${service.url}/token` },
    });
    registry.putContent('team/app', 'v1', image);

    await expect(client.getManifest(app, { tag: 'v1' }, requestContext(alice))).rejects.toMatchObject({
      kind: 'unauthorized',
    });
    expect(service.requests[0]?.headers.authorization).toBeUndefined();
    expect(heard.untrusted).toEqual([service.host]);
  });

  test('a registry token is for the registry, whatever its token service is', async () => {
    const issuer = tokenIssuer({ access: user => user !== undefined });
    const service = closeLater(await startFakeTokenServer(issuer));
    const auth = { kind: 'bearer', issuer, realm: `${service.url}/token` } as const;
    const { registry, client, app } = await bench({ auth });
    registry.putContent('team/app', 'v1', image);
    const { token } = issuer.issue('ci', ['repository:team/app:pull']);
    const ci: Credential = { kind: 'registryToken', token: String(token), fingerprint: 'ci' };

    expect(await client.getManifest(app, { tag: 'v1' }, requestContext(ci))).toMatchObject({ digest: image.digest });
    expect(service.requests).toEqual([]);
  });

  test('R2.20c unless the administrator trusts it', async () => {
    const issuer = tokenIssuer({ users, access: user => user === 'alice' });
    const service = closeLater(await startFakeTokenServer(issuer));
    const { registry, client, app } = await bench({
      auth: { kind: 'bearer', issuer, realm: `${service.url}/token` },
      host: { trustedRealmHosts: [service.host] },
    });
    registry.putContent('team/app', 'v1', image);

    expect(await client.getManifest(app, { tag: 'v1' }, requestContext(alice))).toMatchObject({ digest: image.digest });
  });
});

describe('token answers', () => {
  const answering = async (answer: Parameters<Awaited<ReturnType<typeof bench>>['registry']['on']>[1]) => {
    const made = await bench({ auth: { kind: 'bearer' } });
    made.registry.putContent('team/app', 'v1', image);
    made.registry.on({ path: '/token' }, answer);
    return made;
  };

  test.each([
    ['Z13 Token with a capital', { body: { Token: 'x' } }],
    ['Z15 200 KiB', { body: { token: 'x', padding: ' '.repeat(200 * 1024) } }],
    ['Z16 a line break in the token', { body: { token: 'a\r\nX-Evil: 1' } }],
    ['Z16 a space in the token', { body: { token: 'a b' } }],
    ['no JSON', { body: '<html>' }],
    ['404 of its own', refusal(404, 'MANIFEST_UNKNOWN')],
  ])('%s gives no token, and never notFound', async (_name, answer) => {
    const { client, app } = await answering(answer);

    const error = await client.getManifest(app, { tag: 'v1' }, anonymous).catch(caught => caught);

    expect(error).toMatchObject({ from: 'tokenService', request: { method: 'GET' } });
    expect(['invalidResponse', 'tooLarge']).toContain(error.kind);
  });

  test('Z14 an empty token leaves access_token', async () => {
    const { registry, client, app } = await answering(({ query }) => {
      const { token } = registry.issuer.issue(undefined, new URLSearchParams(query).getAll('scope'));
      return { body: { token: '', access_token: token } };
    });
    expect(await client.getManifest(app, { tag: 'v1' }, anonymous)).toMatchObject({ digest: image.digest });
  });

  test('R2.29 a 401 of the token service says who said it and what of the registry was asked', async () => {
    const { registry, client, app } = await answering(refusal(401, 'UNAUTHORIZED', 'Requires authentication'));

    await expect(client.getManifest(app, { tag: 'v1' }, anonymous)).rejects.toMatchObject({
      kind: 'unauthorized',
      from: 'tokenService',
      status: 401,
      errors: [{ code: 'UNAUTHORIZED', message: 'Requires authentication' }],
      request: { method: 'GET', url: `${registry.url}/v2/team/app/manifests/v1` },
    });
  });

  test('R2.29 a 503 of the token service is unavailable, remembered for 5 seconds', async () => {
    const { registry, client, app, clock } = await answering({ status: 503 });
    const failed = { kind: 'unavailable', from: 'tokenService', status: 503 };

    await expect(client.getManifest(app, { tag: 'v1' }, anonymous)).rejects.toMatchObject(failed);
    await expect(client.getManifest(app, { tag: 'v2' }, anonymous)).rejects.toMatchObject({
      ...failed,
      request: { url: `${registry.url}/v2/team/app/manifests/v2` },
    });
    expect(registry.count({ path: '/token' })).toBe(1);
    await clock.advance(5_000);
    await expect(client.getManifest(app, { tag: 'v1' }, anonymous)).rejects.toMatchObject(failed);
    expect(registry.count({ path: '/token' })).toBe(2);
  });
});

describe('identity tokens', () => {
  const ci = { kind: 'identityToken', token: 'refresh-me', fingerprint: 'ci' } as const;
  const rules = {
    users,
    identityTokens: { 'refresh-me': 'ci' },
    access: (user: string | undefined) => user !== undefined,
  };

  test('are exchanged by POST, never shown to the registry', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'bearer', issuer: tokenIssuer(rules) } });
    registry.putContent('team/app', 'v1', image);

    await client.getManifest(app, { tag: 'v1' }, requestContext(ci));

    const asked = registry.requests.find(({ path }) => path === '/token');
    expect(asked?.method).toBe('POST');
    expect(asked?.body).toBe(
      'grant_type=refresh_token&refresh_token=refresh-me&service=fake&scope=repository%3Ateam%2Fapp%3Apull&client_id=imagestream-operator',
    );
  });

  test('R2.16 several scopes go into one field of the form', async () => {
    const scope = () => 'repository:team/app:metadata_read';
    const { registry, client, app } = await bench({ auth: { kind: 'bearer', issuer: tokenIssuer(rules), scope } });
    registry.putContent('team/app', 'v1', image);

    await client.getManifest(app, { tag: 'v1' }, requestContext(ci));
    const form = new URLSearchParams(registry.requests.find(({ path }) => path === '/token')?.body);
    expect(form.getAll('scope')).toEqual(['repository:team/app:metadata_read repository:team/app:pull']);
  });

  test('R4.6 a POST is not sent twice, whatever became of its connection', async () => {
    const rate = { perSecond: 10, burst: 20, inFlight: 1 };
    const auth = { kind: 'bearer', issuer: tokenIssuer(rules) } as const;
    const { registry, client, app, clock } = await bench({ auth, host: { rate } });
    registry.putContent('team/app', 'v1', image);
    await client.getManifest(app, { tag: 'v1' }, requestContext(ci));
    await clock.advance(300_000);
    registry.forget();
    registry.on({ method: 'POST', times: 1 }, reset);

    const asked = client.getManifest(app, { tag: 'v1' }, requestContext(ci));
    await expect(asked).rejects.toMatchObject({ kind: 'unavailable', from: 'tokenService' });
    expect(registry.count({ method: 'POST' })).toBe(1);
  });

  test.each([400, 401, 404, 405])('Z21 a POST that answers %d falls back to the password', async status => {
    const { registry, client, app } = await bench({ auth: { kind: 'bearer', issuer: tokenIssuer(rules) } });
    registry.putContent('team/app', 'v1', image);
    registry.on({ method: 'POST', path: '/token' }, { status });
    const both = { ...ci, basic: { username: 'alice', password: 'wonder' } };

    expect(await client.getManifest(app, { tag: 'v1' }, requestContext(both))).toMatchObject({ digest: image.digest });
    expect(registry.requests.filter(({ path }) => path === '/token').map(({ method }) => method)).toEqual([
      'POST',
      'GET',
    ]);
  });

  test('2.5 a service without GET is asked with the password by POST', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'bearer', issuer: tokenIssuer(rules) } });
    registry.putContent('team/app', 'v1', image);
    registry.on({ method: 'GET', path: '/token' }, { status: 405 });

    expect(await client.getManifest(app, { tag: 'v1' }, requestContext(alice))).toMatchObject({ digest: image.digest });
    const posted = new URLSearchParams(registry.requests.find(({ method }) => method === 'POST')?.body);
    expect(posted.get('grant_type')).toBe('password');
    expect(posted.get('access_type')).toBe('online');
  });

  test('R2.28 a refresh token from an answer stands in for the password at the same realm', async () => {
    const issuer = tokenIssuer({ ...rules, identityTokens: { 'given-back': 'alice' } });
    const { registry, client, app, clock } = await bench({ auth: { kind: 'bearer', issuer } });
    registry.putContent('team/app', 'v1', image);
    registry.on({ method: 'GET', path: '/token' }, ({ query }) => ({
      body: { ...issuer.issue('alice', new URLSearchParams(query).getAll('scope')), refresh_token: 'given-back' },
    }));
    await client.getManifest(app, { tag: 'v1' }, requestContext(alice));
    await clock.advance(300_000);
    registry.forget();

    await client.getManifest(app, { tag: 'v1' }, requestContext(alice));
    expect(registry.requests[0]).toMatchObject({ method: 'POST', body: expect.stringContaining('given-back') });
  });
});

test.each([
  ['429 is the answer', 429, 'rateLimited', 0],
  ['503 is the answer', 503, 'unavailable', 0],
  ['400 gives way to the password', 400, undefined, 1],
] as const)('2.5 a refresh token: %s', async (_name, status, kind, gets) => {
  const issuer = tokenIssuer({ users });
  const { registry, client, app, clock } = await bench({ auth: { kind: 'bearer', issuer } });
  registry.putContent('team/app', 'v1', image);
  registry.on({ method: 'GET', path: '/token', times: 1 }, ({ query }) => ({
    body: { ...issuer.issue('alice', new URLSearchParams(query).getAll('scope')), refresh_token: 'given-back' },
  }));
  await client.getManifest(app, { tag: 'v1' }, requestContext(alice));
  await clock.advance(300_000);
  registry.on({ method: 'POST', path: '/token' }, { status });
  registry.forget();

  const error = await client.getManifest(app, { tag: 'v1' }, requestContext(alice)).catch(caught => caught);
  expect(error.kind).toBe(kind);
  expect(registry.count({ method: 'GET', path: '/token' })).toBe(gets);
});

describe('several credentials', () => {
  const issuer = () => tokenIssuer({ users, access: user => user === 'alice' });

  test('T1 the second is tried when the first is rejected; the next check starts with it', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'bearer', issuer: issuer() } });
    registry.putContent('team/app', 'v1', image);
    const context = requestContext(mallory, alice);

    await client.checkTag(app, 'v1', image.digest, context);
    expect(story(registry.requests)).toEqual(['HEAD', 'token', 'token', 'HEAD']);
    registry.forget();
    await client.checkTag(app, 'v1', image.digest, context);
    expect(story(registry.requests)).toEqual(['HEAD']);
  });

  test('T1 R3.21 a rejected credential rests for 10 minutes, then 20, and its error is told meanwhile', async () => {
    const { registry, client, app, clock } = await bench({
      auth: { kind: 'bearer', issuer: issuer() },
      settings: { anonymousFallback: false },
    });
    const context = requestContext(mallory);
    const rejected = { kind: 'unauthorized', reason: 'rejected', from: 'tokenService', status: 401 };
    const tryIt = () => expect(client.getManifest(app, { tag: 'v1' }, context)).rejects.toMatchObject(rejected);

    for (const [waitMs, asked] of [
      [0, 1],
      [599_000, 1],
      [1_000, 2],
      [1_199_000, 2],
      [1_000, 3],
    ] as const) {
      await clock.advance(waitMs);
      await tryIt();
      expect(registry.count({ path: '/token' })).toBe(asked);
    }
  });

  test('T2 a 429 for the first is the answer: the second is not tried', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'bearer', issuer: issuer() } });
    registry.on({ path: '/token' }, { status: 429 });

    await expect(client.getManifest(app, { tag: 'v1' }, requestContext(mallory, alice))).rejects.toMatchObject({
      kind: 'rateLimited',
    });
    expect(registry.count({ path: '/token' })).toBe(1);
  });

  test('T2 a 503 for the second is the answer, not the refusal of the first', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'bearer', issuer: issuer() } });
    registry.on({ path: MANIFEST }, { status: 503 });
    registry.on(
      { path: MANIFEST, times: 1 },
      {
        status: 401,
        headers: { 'WWW-Authenticate': `Bearer realm="${registry.url}/token",service="fake"` },
      },
    );

    await expect(client.getManifest(app, { tag: 'v1' }, requestContext(mallory, alice))).rejects.toMatchObject({
      kind: 'unavailable',
      status: 503,
    });
  });

  test('T3 R3.20 a public image is read anonymously, with a warning', async () => {
    const warned: unknown[] = [];
    const log = {
      ...silentLogger,
      warn: (fields: object, message: string) => void warned.push({ ...fields, message }),
    };
    const { registry, client, app, heard } = await bench({
      auth: { kind: 'bearer', issuer: tokenIssuer({ users }) },
      client: { log },
    });
    registry.putContent('team/app', 'v1', image);

    expect(await client.getManifest(app, { tag: 'v1' }, requestContext(mallory))).toMatchObject({
      digest: image.digest,
    });
    expect(heard.rejected).toEqual([registry.host]);
    // docs/troubleshooting.md has these words.
    const message = 'registry rejected the credentials; asked without them';
    expect(warned).toEqual([{ host: registry.host, message }]);
  });

  test('R3.21 each refusal is told, though another got in; what rests is refused no second time', async () => {
    const { registry, client, app, heard } = await bench({ auth: { kind: 'bearer', issuer: issuer() } });
    registry.putContent('team/app', 'v1', image);
    for (let check = 0; check < 2; check += 1) {
      await client.checkTag(app, 'v1', image.digest, requestContext(mallory, alice));
    }
    expect({ refused: heard.refused, withoutAny: heard.rejected }).toEqual({
      refused: [registry.host],
      withoutAny: [],
    });
  });

  test('R3.21 so is one of the registry itself, though nobody got in', async () => {
    const { registry, client, app, heard } = await bench({ auth: { kind: 'basic', users } });
    const asked = client.getManifest(app, { tag: 'v1' }, requestContext(mallory));
    await expect(asked).rejects.toMatchObject({ reason: 'rejected' });
    expect(heard.refused).toEqual([registry.host]);
  });

  test('R3.21 a token service is told by its own name', async () => {
    const here = world();
    here.addresses['registry.example.com'] = [PUBLIC];
    here.addresses['auth.example.com'] = [ELSEWHERE];
    const registry = await here.registry(`${PUBLIC}:443`);
    await here.server(`${ELSEWHERE}:443`, (_request, response) => void response.writeHead(401).end());
    const challenge = 'Bearer realm="https://auth.example.com/token",service="fake"';
    registry.on({}, { status: 401, headers: { 'WWW-Authenticate': challenge } });
    const { client, heard } = here.client();
    const app = { host: 'registry.example.com', repository: 'team/app', insecure: false };
    await expect(client.getManifest(app, { tag: 'v1' }, requestContext(mallory))).rejects.toThrow();
    expect(heard.refused).toEqual(['auth.example.com']);
  });

  test('T4 30 bad credentials are rejected at most 10 times in 3 minutes', async () => {
    const { registry, client, app, clock } = await bench({
      auth: { kind: 'bearer', issuer: issuer() },
      settings: { anonymousFallback: false },
    });
    const all = () =>
      Promise.allSettled(
        Array.from({ length: 30 }, (_, at) =>
          client.getManifest(app, { tag: 'v1' }, requestContext(password(`mallory-${at}`, 'wrong'))),
        ),
      );

    expect((await all()).every(({ status }) => status === 'rejected')).toBe(true);
    expect(registry.count({ path: '/token' })).toBe(10);
    await clock.advance(3 * 60_000);
    await all();
    expect(registry.count({ path: '/token' })).toBe(20);
  });

  test('T4 the same with Basic at the registry', async () => {
    const { registry, client, app } = await bench({
      auth: { kind: 'basic', users },
      settings: { anonymousFallback: false },
    });
    await Promise.allSettled(
      Array.from({ length: 30 }, (_, at) =>
        client.getManifest(app, { tag: 'v1' }, requestContext(password(`mallory-${at}`, 'wrong'))),
      ),
    );
    expect(registry.requests.filter(({ headers }) => headers.authorization !== undefined)).toHaveLength(10);
  });

  test('who has no credentials is nobody, also where nobody else may fall back to that', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'bearer' }, settings: { anonymousFallback: false } });
    registry.putContent('team/app', 'v1', image);
    expect(await client.getManifest(app, { tag: 'v1' }, requestContext())).toMatchObject({ digest: image.digest });
  });

  test('T5 invalidateIdentity forgets tokens and rejections', async () => {
    const { registry, client, app } = await bench({
      auth: { kind: 'bearer', issuer: issuer() },
      settings: { anonymousFallback: false },
    });
    registry.putContent('team/app', 'v1', image);
    await client.getManifest(app, { tag: 'v1' }, requestContext(alice));
    await expect(client.getManifest(app, { tag: 'v1' }, requestContext(mallory))).rejects.toThrow();
    registry.forget();

    client.invalidateIdentity(alice.fingerprint);
    client.invalidateIdentity(mallory.fingerprint);
    await client.getManifest(app, { tag: 'v1' }, requestContext(alice));
    await expect(client.getManifest(app, { tag: 'v1' }, requestContext(mallory))).rejects.toThrow();
    expect(registry.count({ path: '/token' })).toBe(2);
  });

  test('T6 what one may read is no other’s', async () => {
    const { registry, client, app } = await bench({ auth: { kind: 'bearer', issuer: issuer() } });
    registry.putContent('team/app', 'v1', image);

    const [x, y] = await Promise.allSettled([
      client.checkTag(app, 'v1', image.digest, requestContext(alice)),
      client.checkTag(app, 'v1', image.digest, anonymous),
    ]);
    expect(x).toMatchObject({ status: 'fulfilled', value: { outcome: 'unchanged' } });
    expect(y).toMatchObject({ status: 'rejected', reason: { kind: 'unauthorized', reason: 'noCredentials' } });
  });

  test('D18 of several refusals the first credential’s is told', async () => {
    const { client, app } = await bench({ auth: { kind: 'bearer', issuer: issuer() } });

    await expect(client.getManifest(app, { tag: 'v1' }, requestContext(mallory))).rejects.toMatchObject({
      from: 'tokenService',
      errors: [{ message: 'incorrect username or password' }],
    });
  });

  test('R5.19 none is sent over plain http where the host does not allow it', async () => {
    const { registry, client, app, heard } = await bench({
      auth: { kind: 'bearer', issuer: tokenIssuer({ users }) },
      host: { allowCredentialsOverHttp: false },
    });
    registry.putContent('team/app', 'v1', image);

    await client.getManifest(app, { tag: 'v1' }, requestContext(alice));
    expect(registry.requests.every(({ headers }) => !headers.authorization?.startsWith('Basic'))).toBe(true);
    expect(heard.rejected).toEqual([]);
  });
});
