import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sampleImage } from '../gen/content.ts';
import { createEngine, type DockerEntry, type Engine, image, keyringOf, password } from './harness.ts';
import { push, type RunningRegistry, setUp, stopAll } from './setups.ts';

const WRONG = password({ username: 'alice', password: 'wrong' });
const app = sampleImage();

let registry: RunningRegistry;
let engine: Engine;

async function start(auth: 'htpasswd' | 'token'): Promise<void> {
  registry = await setUp({ name: auth, auth });
  for (const repository of ['team/app', 'public/app']) await push(registry, repository, 'v1', app);
}

function right(): DockerEntry {
  if (registry.credentials === undefined) throw new Error('an open registry has no credentials');
  return password(registry.credentials);
}

/** A new engine each time: nothing is remembered of earlier answers. */
async function statusWith(entries: readonly DockerEntry[], repository = 'team/app') {
  engine = createEngine(registry);
  const { status } = await engine.run(
    { images: [image(`${registry.host}/${repository}:v1`)] },
    keyringOf(registry, entries),
  );
  await engine.close();
  return status.images?.[0]?.status;
}

const noAccess = () => ({
  status: 'Failure',
  code: 401,
  reason: 'Unauthorized',
  message: `you may not have access to the container image "${registry.host}/team/app:v1"`,
});

afterAll(stopAll);

describe('behind htpasswd', () => {
  beforeAll(() => start('htpasswd'));

  test('a wrong password', async () => {
    expect(await statusWith([WRONG])).toMatchObject(noAccess());
  });

  test('no credentials at all', async () => {
    expect(await statusWith([])).toMatchObject(noAccess());
  });

  test('several credentials are tried in order', async () => {
    await registry.forgetRequests();
    expect(await statusWith([WRONG, right()])).toMatchObject({ status: 'Success' });
    const asked = (await registry.requests()).filter(({ path }) => path.includes('/manifests/'));
    // Once without, since nothing is known of the registry yet, then once with each.
    expect(asked.map(({ status }) => status)).toEqual([401, 401, 200]);
  });

  test('the first that works is the last that is tried', async () => {
    await registry.forgetRequests();
    expect(await statusWith([right(), WRONG])).toMatchObject({ status: 'Success' });
    const asked = (await registry.requests()).filter(({ path }) => path.includes('/manifests/'));
    expect(asked.map(({ status }) => status)).toEqual([401, 200]);
  });
});

describe('behind a token server', () => {
  beforeAll(() => start('token'));
  const grants = () => registry.tokenServer?.requests.map(({ grant, status }) => `${grant} ${status}`) ?? [];

  test('a wrong password', async () => {
    expect(await statusWith([WRONG])).toMatchObject({
      code: 401,
      reason: 'Unauthorized',
      message: `incorrect username or password for image "${registry.host}/team/app:v1"`,
    });
  });

  test('no credentials at all', async () => {
    expect(await statusWith([])).toMatchObject(noAccess());
  });

  test('several credentials are tried in order', async () => {
    const before = grants().length;
    expect(await statusWith([WRONG, right()])).toMatchObject({ status: 'Success' });
    expect(grants().slice(before)).toEqual(['basic 401', 'basic 200']);
  });

  test('anybody may have a public image', async () => {
    const before = grants().length;
    expect(await statusWith([], 'public/app')).toMatchObject({ status: 'Success' });
    expect(grants().slice(before)).toEqual(['anonymous 200']);
  });

  test('a wrong password does not hide a public image', async () => {
    expect(await statusWith([WRONG], 'public/app')).toMatchObject({ status: 'Success' });
  });

  test('an identity token', async () => {
    const before = grants().length;
    const identitytoken = registry.tokenServer?.identityToken('alice') ?? '';
    expect(await statusWith([{ identitytoken }])).toMatchObject({ status: 'Success' });
    expect(grants().slice(before)).toEqual(['refresh_token 200']);
  });

  test('R2.11 only our own repository is asked for, only to pull', async () => {
    await statusWith([right()]);
    expect(registry.tokenServer?.requests.at(-1)?.scopes).toEqual(['repository:team/app:pull']);
  });
});
