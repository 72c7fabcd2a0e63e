import { afterAll, expect, test } from '@jest/globals';
import { sampleImage } from '../gen/content.ts';
import { createEngine, image, keyringOf } from './harness.ts';
import { push, type Setup, setUp, stopAll } from './setups.ts';

const OPEN: Setup = { name: 'open', auth: 'open' };
const HTPASSWD: Setup = { name: 'htpasswd', auth: 'htpasswd' };
const TLS: Setup = { name: 'TLS', auth: 'open', tls: true };
const TLS_TOKEN: Setup = { name: 'TLS and token', auth: 'token', tls: true };

afterAll(stopAll);

/** Imports `repository:v1` from a registry that no administrator has listed. */
async function statusOf(setup: Setup, insecure: boolean, repository = 'team/app') {
  const registry = await setUp(setup);
  await push(registry, repository, 'v1', sampleImage());
  const engine = createEngine(registry, { administrator: 'nothing' });
  const { status } = await engine.run(
    { images: [image(`${registry.host}/${repository}:v1`, { insecure })] },
    keyringOf(registry),
  );
  await engine.close();
  const { code, reason, message = '' } = status.images?.[0]?.status ?? {};
  return [code, reason, message.replaceAll(registry.host, 'HOST')];
}

const SUCCESS = [undefined, undefined, ''];

test('a private CA that nobody has listed', async () => {
  expect(await statusOf(TLS, false)).toEqual([
    500,
    'InternalError',
    'Internal error occurred: HOST/team/app:v1: Get "https://HOST/v2/": ' +
      'tls: failed to verify certificate: x509: certificate signed by unknown authority',
  ]);
});

test('a private CA with the insecure flag', async () => {
  expect(await statusOf(TLS, true)).toEqual(SUCCESS);
});

test('plain http without the insecure flag', async () => {
  expect(await statusOf(OPEN, false)).toEqual([
    500,
    'InternalError',
    'Internal error occurred: HOST/team/app:v1: Get "https://HOST/v2/": http: server gave HTTP response to HTTPS client',
  ]);
});

test('plain http with the insecure flag', async () => {
  expect(await statusOf(OPEN, true)).toEqual(SUCCESS);
});

test('D25 credentials do not go over plain http to a host that nobody has listed', async () => {
  expect(await statusOf(HTPASSWD, true)).toEqual([
    401,
    'Unauthorized',
    'you may not have access to the container image "HOST/team/app:v1"',
  ]);
});

test('R2.20 credentials do not go to a realm that does not belong to the registry; public images need none', async () => {
  const registry = await setUp(TLS_TOKEN);
  expect(await statusOf(TLS_TOKEN, true)).toEqual([401, 'Unauthorized', expect.stringContaining('HOST/team/app:v1')]);
  expect(await statusOf(TLS_TOKEN, true, 'public/app')).toEqual(SUCCESS);
  expect(new Set(registry.tokenServer?.requests.map(({ grant }) => grant))).toEqual(new Set(['anonymous']));
});

test('nobody listens', async () => {
  const registry = await setUp({ name: 'stopped', auth: 'open' });
  const engine = createEngine(registry);
  await registry.stop();
  const { status } = await engine.run({ images: [image(`${registry.host}/team/app:v1`)] });
  await engine.close();
  expect(status.images?.[0]?.status.message).toBe(
    `Internal error occurred: ${registry.host}/team/app:v1: Get "http://${registry.host}/v2/": ` +
      'dial tcp: connect: connection refused',
  );
});
