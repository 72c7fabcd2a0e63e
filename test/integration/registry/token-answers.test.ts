import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { RegistryClientParts } from '../../../src/registry/client.ts';
import type { Answer } from '../../fake/answers.ts';
import { dribble, endless, raw, redirectTo, truncated } from '../../fake/registry.ts';
import { requestContext } from '../../fake/settings.ts';
import { keyPair, testCa } from '../../fake/tls.ts';
import { sampleImage } from '../../gen/content.ts';
import { bench, clientOf, closeAll, closeLater } from './bench.ts';

const context = requestContext();
const image = sampleImage();
const repository = 'team/app';

afterEach(closeAll);

/** A registry that wants tokens, of which it has told already, and checks of a tag there. */
async function scene(client: Partial<RegistryClientParts> = {}) {
  const made = await bench({ auth: { kind: 'bearer' }, client });
  const { registry, app } = made;
  registry.putContent(repository, 'v1', image);
  const granted = new Set<string>();
  registry.on({ method: 'HEAD' }, ({ headers }) => {
    if (granted.has(headers.authorization ?? '')) return { headers: { 'Docker-Content-Digest': image.digest } };
    return { status: 401, headers: { 'WWW-Authenticate': `Bearer realm="${registry.url}/token",service="fake"` } };
  });
  const check = () => made.client.checkTag(app, 'v1', image.digest, context);
  const grant = (token: string) => granted.add(`Bearer ${token}`);
  return { registry, check, grant };
}

const answer = (token: string) => JSON.stringify({ token, expires_in: 300 });
const OK = 'HTTP/1.1 200 OK\r\n';
const inChunks =
  (...chunks: readonly string[]): Answer =>
  (_request, response) => {
    for (const chunk of chunks) response.write(chunk);
    response.end();
    return undefined;
  };

describe('the answer of a token service', () => {
  test.each([
    ['as it is', { body: answer('t') }],
    ['in chunks', inChunks('{"token"', ':"t"}')],
    ['to the end of its connection', raw(`${OK}\r\n${answer('t')}`)],
    ['R6.9 in gzip, unasked', { headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(answer('t')) }],
  ])('is read %s', async (_how, said) => {
    const { registry, check, grant } = await scene();
    registry.on({ path: '/token' }, said);
    grant('t');
    expect(await check()).toMatchObject({ outcome: 'unchanged' });
  });

  test.each([
    ['R6.6 that grows beyond the cap', endless(), { kind: 'tooLarge', limit: { what: 'token' } }],
    ['R6.7 that declares more than the cap', { body: 'x'.repeat(128 * 1024 + 1) }, { kind: 'tooLarge' }],
    ['R6.7 that breaks off', truncated(Buffer.from(answer('t')), 10), { kind: 'unavailable', reason: 'cutOff' }],
    [
      'R6.9 in an encoding that was not asked for',
      { headers: { 'Content-Encoding': 'br' }, body: 'x' },
      { kind: 'invalidResponse', reason: 'encoding' },
    ],
    [
      'with a length and chunks',
      raw(`${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
      { kind: 'invalidResponse', reason: 'malformed' },
    ],
    ['that is no HTTP', raw('SSH-2.0\r\n\r\n'), { kind: 'invalidResponse', reason: 'malformed' }],
  ] as const)('%s fails the check', async (_what, said, error) => {
    const { registry, check } = await scene();
    registry.on({ path: '/token' }, said);
    await expect(check()).rejects.toMatchObject({ ...error, from: 'tokenService' });
  });

  test.each([
    ['R6.8 that dribbles', dribble(5), { minRateAfterMs: 50 }],
    ['that takes longer than all of a token may', dribble(5), { headAttemptMs: 100 }],
    ['that stops', raw(`${OK}Content-Length: 9\r\n\r\n{`, { keepOpen: true }), { bodyIdleMs: 50 }],
  ] as const)('%s is a timeout', async (_what, said, timeouts) => {
    const { registry, check } = await scene({ timeouts });
    registry.on({ path: '/token' }, said);
    await expect(check()).rejects.toMatchObject({ kind: 'timeout', reason: 'body', from: 'tokenService' });
  });

  test('of a no counts whatever becomes of its words', async () => {
    const { registry, check } = await scene();
    registry.on({ path: '/token' }, endless({}, 403));
    await expect(check()).rejects.toMatchObject({ kind: 'unauthorized', status: 403, from: 'tokenService' });
  });

  test('sends on to another path with all that was asked', async () => {
    const { registry, check, grant } = await scene();
    grant('t');
    registry.on({ path: '/token' }, ({ query }) => redirectTo(`elsewhere?${query}`));
    registry.on({ path: '/elsewhere' }, { body: answer('t') });
    expect(await check()).toMatchObject({ outcome: 'unchanged' });
    const asked = registry.requests.filter(({ method }) => method === 'GET').map(({ query }) => `${query}`);
    expect(asked).toEqual(new Array(2).fill('service=fake&scope=repository%3Ateam%2Fapp%3Apull'));
  });
});

test('tokens come over the connections of the HEADs that want them', async () => {
  const { registry, check, grant } = await scene();
  grant('t');
  registry.on({ path: '/token' }, { body: answer('t') });
  await check();
  expect(registry.requests.map(({ method, connection }) => `${method} ${connection}`)).toEqual([
    'HEAD 1',
    'GET 1',
    'HEAD 1',
  ]);
});

test('a token service that an administrator lets speak HTTP/2 is asked over it', async () => {
  const heard: string[] = [];
  const server = createSecureServer({ ...keyPair('server') }, (request, response) => {
    heard.push(`HTTP/${request.httpVersion} ${request.method} ${request.url?.split('?')[0]}`);
    if (request.url?.startsWith('/token')) {
      response.end(answer('t'));
    } else if (request.headers.authorization === 'Bearer t') {
      response.writeHead(200, { 'docker-content-digest': image.digest }).end();
    } else {
      response.writeHead(401, { 'www-authenticate': `Bearer realm="https://${host}/token"` }).end('words');
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  closeLater({ close: () => new Promise<void>(resolve => server.close(() => resolve())) });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { client } = clientOf({ [host]: { ca: testCa, allowH2: true } });
  const check = client.checkTag({ host, repository, insecure: false }, 'v1', image.digest, context);
  expect(await check).toMatchObject({ outcome: 'unchanged' });
  expect(heard).toEqual(
    ['HEAD', 'GET', 'HEAD'].map(
      method => `HTTP/2.0 ${method} ${method === 'GET' ? '/token' : '/v2/team/app/manifests/v1'}`,
    ),
  );
});
