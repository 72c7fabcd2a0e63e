import { afterEach, expect, test } from '@jest/globals';
import { systemClock } from '../../../src/clock.ts';
import { createKubeClient } from '../../../src/kube/http-client.ts';
import { deafObserver } from '../../../src/kube/observer.ts';
import { createPullSecrets, type PullSecret, type PullSecretsParts } from '../../../src/kube/pull-secrets.ts';
import { SECRETS } from '../../../src/kube/resource.ts';
import { createLogger, silentLogger } from '../../../src/log.ts';
import { startFakeApiServer } from '../../fake/api-server.ts';

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
    clock: systemClock,
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

test('many who ask at once share one reading', async () => {
  const { server, secrets, start } = await setUp();
  server.put(SECRETS, secret('a'));
  await start();
  await Promise.all(Array.from({ length: 50 }, () => secrets.forNamespace('demo', signal)));
  expect(server.count(reads)).toBe(1);
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

test('only the namespaces that are watched are asked for', async () => {
  const { server, start } = await setUp({ namespaces: ['demo', 'other'] });
  await start();
  const lists = server.requests({ verb: 'list', resource: SECRETS });
  expect(new Set(lists.map(({ namespace }) => namespace))).toEqual(new Set(['demo', 'other']));
});

test('lists and watches ask for metadata alone, and nothing that is secret is ever logged', async () => {
  let logged = '';
  const log = createLogger('debug', { write: (line: string) => (logged += line) });
  const { server, secrets, start } = await setUp({}, log);
  server.put(SECRETS, secret('a'));
  await start();
  const [read] = await secrets.forNamespace('demo', signal);
  const content = read?.data?.['.dockerconfigjson'] ?? '';
  expect(content).not.toBe('');
  const watched = server.requests({ resource: SECRETS }).filter(({ verb }) => verb !== 'get');
  expect(watched.every(({ headers }) => String(headers.accept).includes('PartialObjectMetadata'))).toBe(true);
  expect(logged).not.toBe('');
  expect(logged).not.toContain(content);
});
