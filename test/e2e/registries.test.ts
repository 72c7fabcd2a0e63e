import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Dispatcher, request } from 'undici';
import type { RunningRegistry } from '../../hack/registry/start.ts';
import { pushContent, sampleImage, sampleIndex } from '../gen/content.ts';
import { sampleSchema1 } from '../gen/schema1.ts';
import { push, SETUPS, setUp, stopAll } from './setups.ts';

/** Plain HTTP, with no client of ours: what the parts of this suite do by themselves. */
async function ask(registry: RunningRegistry, path: string, headers: Record<string, string> = {}, method = 'HEAD') {
  const accept = sampleSchema1().mediaType;
  return plain(
    registry,
    new URL(path, registry.url),
    { accept: `${sampleImage().mediaType}, ${accept}`, ...headers },
    method,
  );
}

async function plain(registry: RunningRegistry, url: URL, headers: Record<string, string>, method = 'GET', body = '') {
  const answer = await request(url, {
    method: method as Dispatcher.HttpMethod,
    headers,
    dispatcher: registry.dispatcher,
    ...(body === '' ? {} : { body }),
  });
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
}

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

afterAll(stopAll);

describe.each(SETUPS)('a registry, $name', setup => {
  test('serves what was pushed, under the digest it was pushed with', async () => {
    const registry = await setUp(setup);
    const image = sampleImage({ seed: 'served' });
    await push(registry, 'team/served', 'v1', image);
    const answer = await ask(registry, '/v2/team/served/manifests/v1', registry.pushHeaders('team/served'));
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'docker-content-digest': image.digest, 'content-type': image.mediaType },
    });
  });

  test('answers 401 to a request without credentials, unless it is open', async () => {
    const registry = await setUp(setup);
    const { status, headers } = await ask(registry, '/v2/team/nothing/manifests/v1');
    const challenge = { htpasswd: /^Basic realm=/, token: /^Bearer realm="https?:\/\/127\.0\.0\.1:\d+\/token"/ };
    if (setup.auth === 'open') expect(status).toBe(404);
    else expect([status, headers['www-authenticate']]).toEqual([401, expect.stringMatching(challenge[setup.auth])]);
  });

  test('counts the requests it answered', async () => {
    const registry = await setUp(setup);
    await registry.forgetRequests();
    await ask(registry, '/v2/team/counted/manifests/v1', registry.pushHeaders('team/counted'));
    expect(await registry.requests()).toEqual([{ method: 'HEAD', path: '/v2/team/counted/manifests/v1', status: 404 }]);
  });

  test('takes an index and a signed schema 1 manifest', async () => {
    const registry = await setUp(setup);
    const old = sampleSchema1({ name: 'team/old', tag: 'v1' });
    await push(registry, 'team/old', 'v1', old);
    await push(registry, 'team/old', 'index', sampleIndex([sampleImage(), sampleImage({ architecture: 'arm64' })]));
    const answer = await ask(registry, '/v2/team/old/manifests/v1', {
      ...registry.pushHeaders('team/old'),
      accept: old.mediaType,
    });
    expect(answer.headers['docker-content-digest']).toBe(old.digest);
  });
});

describe('a token server', () => {
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await setUp({ name: 'token', auth: 'token' });
    for (const repository of ['public/app', 'team/app']) await push(registry, repository, 'v1', sampleImage());
  });

  const realm = (repository: string) => {
    const url = new URL(registry.tokenServer?.realm ?? '');
    url.searchParams.append('scope', `repository:${repository}:pull`);
    return url;
  };
  const pull = async (repository: string, token: string) =>
    (await ask(registry, `/v2/${repository}/manifests/v1`, { authorization: `Bearer ${token}` })).status;

  test('lets anybody pull from a public repository, and from no other', async () => {
    const { token } = JSON.parse((await plain(registry, realm('public/app'), {})).text);
    expect([await pull('public/app', token), await pull('team/app', token)]).toEqual([200, 401]);
    const other = JSON.parse((await plain(registry, realm('team/app'), {})).text);
    expect(await pull('team/app', other.token)).toBe(401);
  });

  test('gives a token for a password (GET with Basic)', async () => {
    const headers = { authorization: basic('alice', 'correct horse') };
    const { token } = JSON.parse((await plain(registry, realm('team/app'), headers)).text);
    expect(await pull('team/app', token)).toBe(200);
  });

  test('refuses a wrong password', async () => {
    const headers = { authorization: basic('alice', 'wrong') };
    expect((await plain(registry, realm('team/app'), headers)).status).toBe(401);
  });

  test('gives a token for an identity token (POST), and an identity token for a password', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const scope = 'repository:team/app:pull';
    const login = new URLSearchParams({
      grant_type: 'password',
      username: 'alice',
      password: 'correct horse',
      access_type: 'offline',
    });
    const first = await plain(registry, realm('team/app'), form, 'POST', login.toString());
    const renew = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: JSON.parse(first.text).refresh_token,
      scope,
    });
    const second = await plain(registry, realm('team/app'), form, 'POST', renew.toString());
    expect(await pull('team/app', JSON.parse(second.text).access_token)).toBe(200);
    expect(registry.tokenServer?.requests.at(-1)).toEqual({
      method: 'POST',
      grant: 'refresh_token',
      scopes: [scope],
      status: 200,
    });
  });
});

test('a registry behind a private CA is not trusted by others', async () => {
  const registry = await setUp({ name: 'TLS', auth: 'open', tls: true });
  await expect(pushContent(registry.url, 'team/app', 'v1', sampleImage())).rejects.toMatchObject({
    code: expect.stringMatching(/CERT|SELF_SIGNED|VERIFY/),
  });
});
