import { inspect } from 'node:util';
import { afterEach, expect, test } from '@jest/globals';
import { systemClock } from '../../../src/clock.ts';
import { createKubeClient } from '../../../src/kube/http-client.ts';
import { deafObserver } from '../../../src/kube/observer.ts';
import { createPullSecrets, type PullSecret, type PullSecretsParts } from '../../../src/kube/pull-secrets.ts';
import { SECRETS } from '../../../src/kube/resource.ts';
import { createLogger, silentLogger } from '../../../src/log.ts';
import { type Fault, startFakeApiServer } from '../../fake/api-server.ts';
import { hastyClock } from '../../fake/api-server-clock.ts';

const { signal } = new AbortController();
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const DOCKER = 'kubernetes.io/dockerconfigjson';

function secret(name: string, more: Partial<PullSecret> & { readonly namespace?: string } = {}): PullSecret {
  const { namespace = 'demo', metadata, ...rest } = more;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name, ...metadata },
    type: DOCKER,
    data: { '.dockerconfigjson': Buffer.from(`{"auths":{"${name}":{}}}`).toString('base64') },
    ...rest,
  };
}

async function setUp(more: Partial<PullSecretsParts> = {}, log = silentLogger) {
  const server = await startFakeApiServer();
  const client = createKubeClient({ config: server.config, clock: systemClock, log });
  const changes: (string | undefined)[] = [];
  const secrets = createPullSecrets({
    client,
    namespaces: [],
    defaultSecret: undefined,
    onChange: namespace => changes.push(namespace),
    clock: hastyClock(),
    random: () => 0,
    log,
    observer: deafObserver,
    ...more,
  });
  const stop = new AbortController();
  const start = () => {
    const running = secrets.watch.run(stop.signal);
    closers.push(async () => {
      stop.abort();
      await running;
      await client.close();
      await server.close();
    });
    return secrets.watch.synced;
  };
  const names = async (namespace = 'demo') =>
    (await secrets.forNamespace(namespace, signal)).map(({ metadata }) => metadata.name);
  return { server, secrets, start, changes, names };
}

async function until(probe: () => boolean): Promise<void> {
  while (!probe()) await new Promise(resolve => setTimeout(resolve, 5));
}

const reads = { verb: 'get', resource: SECRETS } as const;

test('D18 a namespace without pull secrets costs no request', async () => {
  const { server, start, names } = await setUp();
  server.put(SECRETS, secret('elsewhere', { namespace: 'other' }));
  await start();
  expect(await names()).toEqual([]);
  expect(server.count(reads)).toBe(0);
});

test('those of both types count, by name; excluded ones and others do not', async () => {
  const { server, start, names } = await setUp();
  server.put(SECRETS, secret('b'));
  server.put(SECRETS, secret('a', { type: 'kubernetes.io/dockercfg' }));
  server.put(SECRETS, secret('opaque', { type: 'Opaque' }));
  server.put(
    SECRETS,
    secret('out', {
      metadata: { namespace: 'demo', name: 'out', annotations: { 'openshift.io/image.excludeSecret': 'true' } },
    }),
  );
  await start();
  expect(await names()).toEqual(['a', 'b']);
});

test('what was read is kept, the same array, until the watch tells of a change', async () => {
  const { server, secrets, start, changes, names } = await setUp();
  server.put(SECRETS, secret('a'));
  await start();
  expect(changes).toEqual([]);
  const first = await secrets.forNamespace('demo', signal);
  expect(await secrets.forNamespace('demo', signal)).toBe(first);
  expect(server.count(reads)).toBe(1);
  server.put(SECRETS, secret('b'));
  await until(() => changes.length > 0);
  expect(changes).toEqual(['demo']);
  expect(await names()).toEqual(['a', 'b']);
  server.remove(SECRETS, { namespace: 'demo', name: 'a' });
  await until(() => changes.length > 1);
  expect(await names()).toEqual(['b']);
});

test('what is known is held: nothing before the lists came, nor what was not read as it is now', async () => {
  const { server, secrets, start, changes } = await setUp();
  server.put(SECRETS, secret('a'));
  expect(secrets.held('demo')).toBeUndefined();
  await start();
  expect(secrets.held('none')).toEqual({ own: [], defaults: [] });
  expect(secrets.held('demo')).toBeUndefined();
  const own = await secrets.forNamespace('demo', signal);
  expect(secrets.held('demo')?.own).toBe(own);
  server.put(SECRETS, secret('b'));
  await until(() => changes.length > 0);
  expect(secrets.held('demo')).toBeUndefined();
});

test('many who ask at once share one reading', async () => {
  const { server, secrets, start } = await setUp();
  server.put(SECRETS, secret('a'));
  await start();
  await Promise.all(Array.from({ length: 50 }, () => secrets.forNamespace('demo', signal)));
  expect(server.count(reads)).toBe(1);
});

test('a change while secrets are read is not lost: who asks after it reads again', async () => {
  const { server, secrets, start, changes } = await setUp();
  server.put(SECRETS, secret('a'));
  await start();
  server.fail(reads, { kind: 'delay', ms: 50 });
  const before = secrets.forNamespace('demo', signal);
  await server.heard(reads);
  server.put(SECRETS, secret('a', { data: { '.dockerconfigjson': 'bmV3' } }));
  await until(() => changes.length > 0);
  const [after] = await secrets.forNamespace('demo', signal);
  expect(after?.data).toEqual({ '.dockerconfigjson': 'bmV3' });
  await before;
  expect((await secrets.forNamespace('demo', signal))[0]).toBe(after);
  expect(server.count(reads)).toBe(2);
});

test('a new list of what is known already is no change', async () => {
  const { server, secrets, start, changes } = await setUp();
  server.put(SECRETS, secret('a'));
  await start();
  const kept = await secrets.forNamespace('demo', signal);
  server.fail({ verb: 'watch', resource: SECRETS }, { kind: 'watchError', code: 410 }, 2);
  const lists = server.count({ verb: 'list', resource: SECRETS });
  server.endWatches();
  await server.heard({ verb: 'list', resource: SECRETS }, lists + 2);
  server.put(SECRETS, secret('b', { namespace: 'other' }));
  await until(() => changes.length > 0);
  expect(changes).toEqual(['other']);
  expect(await secrets.forNamespace('demo', signal)).toBe(kept);
});

test('a secret that is made again with another type counts on', async () => {
  const { server, secrets, start, changes, names } = await setUp();
  server.put(SECRETS, secret('a'));
  await start();
  server.remove(SECRETS, { namespace: 'demo', name: 'a' });
  server.put(SECRETS, secret('a', { type: 'kubernetes.io/dockercfg', data: { '.dockercfg': 'e30=' } }));
  await until(() => changes.length > 1);
  expect(await names()).toEqual(['a']);
  expect((await secrets.forNamespace('demo', signal))[0]?.type).toBe('kubernetes.io/dockercfg');
});

test('a reading that fails rejects, and is not kept', async () => {
  const { server, secrets, start, names } = await setUp();
  server.put(SECRETS, secret('a'));
  await start();
  server.fail(reads, { kind: 'status', code: 500, reason: 'InternalError' });
  await expect(secrets.forNamespace('demo', signal)).rejects.toMatchObject({ code: 500 });
  expect(await names()).toEqual(['a']);
});

test('who asks before the first list waits for it, or for its own signal', async () => {
  const { server, secrets, start } = await setUp();
  server.put(SECRETS, secret('a'));
  const gone = AbortSignal.abort(new Error('gone'));
  await expect(secrets.forNamespace('demo', gone)).rejects.toThrow('gone');
  const early = secrets.forNamespace('demo', signal);
  await start();
  expect(await early).toHaveLength(1);
});

test('the administrator’s secret is for all: a change of it is told without a namespace', async () => {
  const { server, secrets, start, changes } = await setUp({ defaultSecret: { namespace: 'infra', name: 'hub' } });
  await start();
  expect(await secrets.defaults(signal)).toEqual([]);
  server.put(SECRETS, secret('hub', { namespace: 'infra' }));
  await until(() => changes.includes(undefined));
  expect((await secrets.defaults(signal)).map(({ metadata }) => metadata.name)).toEqual(['hub']);
});

test('an administrator’s secret that is not there, or no pull secret, is told', async () => {
  const warnings: unknown[] = [];
  const log = { ...silentLogger, warn: (fields: object, message: string) => warnings.push([message, fields]) };
  const missing = { namespace: 'infra', name: 'hub' };
  const { server, secrets, start, changes } = await setUp({ defaultSecret: missing }, log);
  await start();
  await until(() => warnings.length > 0);
  expect(warnings).toEqual([['The default pull secret does not exist, or is excluded', { secret: 'infra/hub' }]]);
  server.put(SECRETS, secret('hub', { namespace: 'infra', type: 'Opaque' }));
  await until(() => changes.length > 0);
  expect(await secrets.defaults(signal)).toEqual([]);
  expect(warnings).toHaveLength(2);
});

test('only the namespaces that are watched are asked for', async () => {
  const { server, start } = await setUp({ namespaces: ['demo', 'other'] });
  await start();
  const lists = server.requests({ verb: 'list', resource: SECRETS });
  expect(new Set(lists.map(({ namespace }) => namespace))).toEqual(new Set(['demo', 'other']));
});

test('nothing that is secret is ever logged, however reading it ends', async () => {
  let logged = '';
  const log = createLogger('debug', { write: (line: string) => (logged += line) });
  const { server, secrets, start, changes } = await setUp({}, log);
  const password = 'hunter2-hunter2';
  const content = Buffer.from(`{"auths":{"quay.io":{"password":"${password}"}}}`).toString('base64');
  const applied = { 'kubectl.kubernetes.io/last-applied-configuration': `{"data":{"x":"${content}"}}` };
  const metadata = { namespace: 'demo', name: 'a', annotations: applied };
  server.put(SECRETS, secret('a', { metadata, data: { '.dockerconfigjson': content } }));
  server.put(SECRETS, secret('b', { data: { '.dockerconfigjson': Buffer.from(`{${password}`).toString('base64') } }));
  server.put(SECRETS, secret('c', { data: { '.dockerconfigjson': content.repeat(80_000) } }));
  await start();
  const faults: readonly Fault[] = [
    { kind: 'status', code: 500, message: 'broken' },
    { kind: 'truncated', bytes: 200 },
    { kind: 'reset' },
  ];
  for (const fault of faults) {
    server.fail({ ...reads, name: 'a' }, fault);
    const failure: unknown = await secrets.forNamespace('demo', signal).catch((error: unknown) => error);
    expect(Error.isError(failure)).toBe(true);
    for (const text of [content, password]) expect(inspect(failure, { depth: 10 })).not.toContain(text);
  }
  server.fail({ verb: 'watch', resource: SECRETS }, { kind: 'watchTruncated' });
  server.endWatches();
  server.put(SECRETS, secret('d', { metadata: { ...metadata, name: 'd' } }));
  await until(() => changes.length > 0);
  const read = await secrets.forNamespace('demo', signal);
  expect(read[0]?.data?.['.dockerconfigjson']).toBe(content);
  expect(logged).toContain('"level":"debug"');
  for (const text of [content, password, content.slice(0, 24)]) expect(logged).not.toContain(text);
});

test('lists and watches ask for metadata alone', async () => {
  const { server, secrets, start } = await setUp();
  server.put(SECRETS, secret('a'));
  await start();
  await secrets.forNamespace('demo', signal);
  const watched = server.requests({ resource: SECRETS }).filter(({ verb }) => verb !== 'get');
  expect(watched.length).toBeGreaterThanOrEqual(2);
  expect(watched.every(({ headers }) => String(headers.accept).includes('PartialObjectMetadata'))).toBe(true);
});
