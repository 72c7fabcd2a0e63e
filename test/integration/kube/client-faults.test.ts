import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { TypedObject } from '../../../src/api/meta.ts';
import { ApiError, isTooLarge, NoAnswer } from '../../../src/kube/api-error.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { createKubeClient, type KubeClientParts } from '../../../src/kube/http-client.ts';
import type { Credentials, KubeConfig } from '../../../src/kube/kubeconfig.ts';
import { LeaseLost } from '../../../src/kube/leader-term.ts';
import { IMAGE_STREAMS, SECRETS } from '../../../src/kube/resource.ts';
import { silentLogger } from '../../../src/log.ts';
import { type FakeApiServer, type Fault, startFakeApiServer } from '../../fake/api-server.ts';
import { type HastyClock, hastyClock } from '../../fake/api-server-clock.ts';

const app = { resource: IMAGE_STREAMS, namespace: 'demo', name: 'app' };
const TOKEN = 's3cret-token';
const { signal } = new AbortController();

let server: FakeApiServer;
let clock: HastyClock;
let clients: KubeClient[];

beforeEach(async () => {
  server = await startFakeApiServer({ token: TOKEN });
  server.put(IMAGE_STREAMS, { metadata: { namespace: 'demo', name: 'app' } });
  clock = hastyClock();
  clients = [];
});
afterEach(async () => {
  await Promise.all(clients.map(client => client.close()));
  await server.close();
});

const connect = (parts: Partial<KubeClientParts> = {}): KubeClient => {
  const client = createKubeClient({ config: server.config, clock, log: silentLogger, random: () => 0, ...parts });
  clients.push(client);
  return client;
};
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    value => ({ unexpected: value }),
    (error: unknown) => error,
  );

describe('a refused request is sent again', () => {
  const cases: readonly { name: string; fault: Fault; times: number; slept: readonly number[]; ends: number }[] = [
    {
      name: 'after 429, at growing distances',
      fault: { kind: 'status', code: 429 },
      times: 2,
      slept: [250, 500],
      ends: 200,
    },
    {
      name: 'when Retry-After has passed',
      fault: { kind: 'status', code: 429, retryAfterSeconds: 3 },
      times: 1,
      slept: [3_000],
      ends: 200,
    },
    {
      name: 'after 10 s at the latest',
      fault: { kind: 'status', code: 429, retryAfterSeconds: 60 },
      times: 1,
      slept: [10_000],
      ends: 200,
    },
    {
      name: 'whatever became of the words of the refusal',
      fault: { kind: 'text', code: 429, body: 'x'.repeat(2 * 1024 * 1024) },
      times: 1,
      slept: [250],
      ends: 200,
    },
    {
      name: 'four times at most',
      fault: { kind: 'status', code: 429 },
      times: 5,
      slept: [250, 500, 1_000, 2_000],
      ends: 429,
    },
    {
      name: 'after 503 with Retry-After',
      fault: { kind: 'status', code: 503, retryAfterSeconds: 1 },
      times: 1,
      slept: [1_000],
      ends: 200,
    },
    { name: 'not after 503 without', fault: { kind: 'status', code: 503 }, times: 1, slept: [], ends: 503 },
    { name: 'not after 500', fault: { kind: 'status', code: 500 }, times: 1, slept: [], ends: 500 },
    { name: 'not after 409', fault: { kind: 'status', code: 409 }, times: 1, slept: [], ends: 409 },
  ];
  test.each(cases)('$name', async ({ fault, times, slept, ends }) => {
    server.fail({ verb: 'patch' }, fault, times);
    const outcome = await failureOf(connect().patch(app, { spec: {} }, signal));
    expect(outcome instanceof ApiError ? outcome.code : 200).toBe(ends);
    expect(clock.slept).toEqual(slept);
  });
});

describe('an answer that is none of success', () => {
  test('is told in the words of the server', async () => {
    server.fail({}, { kind: 'status', code: 422, reason: 'Invalid', message: 'spec.tags[0]: Required value' });
    const error = await failureOf(connect().patch({ ...app, subresource: 'status' }, {}, signal));
    expect(error).toMatchObject({ code: 422, status: { reason: 'Invalid', code: 422 } });
    expect(error).toHaveProperty(
      'message',
      'Cannot patch status of imagestreams "demo/app": the API server answered 422: spec.tags[0]: Required value',
    );
  });

  test('has a Status made from its code when a proxy answered', async () => {
    server.fail({}, { kind: 'text', code: 502, body: '<html>s3cret of the proxy</html>' });
    const error = await failureOf(connect().get(app, signal));
    expect(error).toHaveProperty('message', 'Cannot get imagestreams "demo/app": the API server answered 502');
    expect(error).toMatchObject({ code: 502, status: { kind: 'Status', status: 'Failure', code: 502 } });
  });
});

describe('no answer', () => {
  test.each([
    { name: 'a reset', fault: { kind: 'reset' }, reason: 'broken' },
    { name: 'a body that breaks off', fault: { kind: 'truncated', bytes: 20 }, reason: 'broken' },
    { name: 'silence', fault: { kind: 'silence' }, reason: 'silent' },
    { name: 'a body that is no JSON', fault: { kind: 'text', code: 200, body: 's3cret' }, reason: 'unreadable' },
    {
      name: 'a body that is no object',
      fault: { kind: 'text', code: 200, body: '{"s3cret":1}' },
      reason: 'unreadable',
    },
  ] as const)('$name is $reason, and says what was asked', async ({ fault, reason }) => {
    server.fail({}, fault);
    const error = await failureOf(connect({ timeouts: { headersMs: 50 } }).get(app, signal));
    expect(error).toBeInstanceOf(NoAnswer);
    expect(error).toMatchObject({ reason });
    expect(String(error)).toMatch(/^NoAnswer: Cannot get imagestreams "demo\/app": /);
    expect(`${error} ${(error as Error).cause}`).not.toContain('s3cret');
  });

  test.each([
    { name: 'whose last line has no end', fault: { kind: 'watchTruncated' }, detail: 'the last line has no end' },
    {
      name: 'with a line that is none',
      fault: { kind: 'watchGarbled', line: 's3cret\n' },
      detail: 'a line is no event',
    },
  ] as const)('a watch $name is unreadable', async ({ fault, detail }) => {
    server.fail({ verb: 'watch' }, fault);
    const drain = async () => {
      for await (const _event of connect().watch(app, { resourceVersion: '0', timeoutSeconds: 1 }, signal));
    };
    const error = await failureOf(drain());
    expect(String(error)).toBe(
      `NoAnswer: Cannot watch imagestreams in "demo": what the API server sent cannot be read (${detail})`,
    );
  });

  test('a refused connection is unreachable', async () => {
    await server.stop();
    const error = await failureOf(connect().list({ resource: SECRETS, namespace: 'demo' }, {}, signal));
    expect(String(error)).toBe(
      'NoAnswer: Cannot list secrets in "demo": the API server cannot be reached (ECONNREFUSED)',
    );
  });

  test('a write whose answer was lost is not sent again: it may have been done', async () => {
    server.fail({ verb: 'patch' }, { kind: 'dropAnswer' });
    const error = await failureOf(connect().patch(app, { spec: { a: 1 } }, signal));
    expect(error).toMatchObject({ reason: 'broken' });
    expect(server.count({ verb: 'patch' })).toBe(1);
    expect(server.get(IMAGE_STREAMS, app)).toMatchObject({ spec: { a: 1 } });
  });

  test('an object over 8 MiB is too large', async () => {
    const text = `{"metadata":{},"text":"${'x'.repeat(8 * 1024 * 1024)}"}`;
    server.fail({}, { kind: 'text', code: 200, body: text });
    expect(isTooLarge(await failureOf(connect().get(app, signal)))).toBe(true);
  });

  test('a client that was closed asks nobody', async () => {
    const client = connect();
    await client.get(app, signal);
    await client.close();
    expect(await failureOf(client.get(app, signal))).toBeInstanceOf(NoAnswer);
    expect(server.count()).toBe(1);
  });
});

describe('a 401', () => {
  /** Settings whose credentials are renewed when they were refused. */
  const rotating = (tokens: readonly string[]): KubeConfig & { readonly renewals: readonly Credentials[] } => {
    const renewals: Credentials[] = [];
    const all = tokens.map(token => ({ headers: { Authorization: `Bearer ${token}` }, tls: { verify: true } }));
    return {
      ...server.config,
      renewals,
      credentials: async refused => {
        if (refused !== undefined) renewals.push(refused);
        return (all[Math.min(renewals.length, all.length - 1)] ?? all[0]) as Credentials;
      },
    };
  };

  test('has the credentials read again, once, and the request sent again', async () => {
    const config = rotating(['old', TOKEN]);
    await connect({ config }).patch(app, { spec: { a: 1 } }, signal);
    expect(config.renewals).toHaveLength(1);
    expect(server.requests().map(({ headers }) => headers.authorization)).toEqual(['Bearer old', `Bearer ${TOKEN}`]);
    expect(clock.slept).toEqual([]);
  });

  test('after that is told', async () => {
    const config = rotating(['old', 'older']);
    const error = await failureOf(connect({ config }).get(app, signal));
    expect(error).toMatchObject({ code: 401 });
    expect(server.count()).toBe(2);
    expect(String(error)).not.toContain('old');
  });

  test('is met by watches, too', async () => {
    const config = rotating(['old', TOKEN]);
    const query = { resourceVersion: '0', timeoutSeconds: 0 };
    for await (const { type } of connect({ config }).watch(app, query, signal)) expect(type).toBe('ADDED');
    expect(server.count({ verb: 'watch' })).toBe(2);
  });

  test('credentials that cannot be had are told with the request that needed them', async () => {
    const credentials = () => Promise.reject(new Error('kubeconfig "/a": there is no such file'));
    const error = await failureOf(connect({ config: { ...server.config, credentials } }).get(app, signal));
    expect(error).toMatchObject({ reason: 'credentials' });
    expect(String(error)).toContain('Cannot get imagestreams "demo/app": there are no credentials (kubeconfig "/a"');
    expect(server.count()).toBe(0);
  });
});

describe('whoever gives up', () => {
  const reason = new Error('given up');

  test.each([
    { name: 'before it began', fault: undefined },
    { name: 'while nothing is answered', fault: { kind: 'silence' } },
    { name: 'while an answer comes in', fault: { kind: 'split', pieceBytes: 1 } },
  ] as const)('$name is told the reason', async ({ fault }) => {
    const stopper = new AbortController();
    if (fault === undefined) stopper.abort(reason);
    else server.fail({}, fault);
    const work = failureOf(connect().get(app, stopper.signal));
    if (fault !== undefined) await server.heard({});
    stopper.abort(reason);
    expect(await work).toBe(reason);
    expect(server.count()).toBe(fault === undefined ? 0 : 1);
  });

  test('while it waits to try again is told the reason', async () => {
    const stopper = new AbortController();
    clock.sleep = async (_ms, given) => {
      stopper.abort(reason);
      given?.throwIfAborted();
    };
    server.fail({}, { kind: 'status', code: 429 });
    expect(await failureOf(connect().get(app, stopper.signal))).toBe(reason);
    expect(server.count()).toBe(1);
  });

  test('while a credential plug-in hangs is told the reason', async () => {
    const stopper = new AbortController();
    const credentials = () => new Promise<never>(() => {});
    const work = failureOf(connect({ config: { ...server.config, credentials } }).get(app, stopper.signal));
    stopper.abort(reason);
    expect(await work).toBe(reason);
  });

  test('before a credential plug-in was asked does not wait for it', async () => {
    const credentials = () => new Promise<never>(() => {});
    const client = connect({ config: { ...server.config, credentials } });
    expect(await failureOf(client.get(app, AbortSignal.abort(reason)))).toBe(reason);
  });

  test('by leaving the loop of a watch closes it', async () => {
    const query = { resourceVersion: '0', timeoutSeconds: 600 };
    for await (const _event of connect().watch<TypedObject>(app, query, signal)) break;
    while (server.watches() > 0) await setImmediate();
    expect(server.count({ verb: 'watch' })).toBe(1);
  });
});

describe('whoever leads no more', () => {
  test('writes nothing, whatever it is, and still reads', async () => {
    const client = connect({ mayWrite: () => false });
    const writes = [
      client.create({ resource: IMAGE_STREAMS, namespace: 'demo' }, { metadata: { name: 'other' } }, signal),
      client.patch(app, { metadata: { labels: { a: 'b' } } }, signal),
      client.replace(app, { metadata: { name: 'app' } }, signal),
      client.delete(app, {}, signal),
    ];
    for (const write of writes) expect(await failureOf(write)).toBeInstanceOf(LeaseLost);
    expect(server.requests()).toEqual([]);
    expect(await client.get(app, signal)).toMatchObject({ metadata: { name: 'app' } });
  });

  test('does not send again what was refused while it led', async () => {
    server.fail({ verb: 'patch' }, { kind: 'status', code: 429 });
    const client = connect({ mayWrite: () => clock.slept.length === 0 });
    expect(await failureOf(client.patch(app, {}, signal))).toBeInstanceOf(LeaseLost);
    expect(server.count({ verb: 'patch' })).toBe(1);
  });
});

describe('connections', () => {
  test('are shared: 200 requests at once need 16', async () => {
    const client = connect();
    await Promise.all(Array.from({ length: 200 }, () => client.get(app, signal)));
    expect(server.connections).toBe(16);
    await Promise.all(Array.from({ length: 50 }, () => client.get(app, signal)));
    expect(server.connections).toBe(16);
  });

  test('of a client of its own number as many as it was given', async () => {
    const client = connect({ connections: 1 });
    await Promise.all(Array.from({ length: 10 }, () => client.get(app, signal)));
    expect(server.connections).toBe(1);
  });

  test('are not taken by watches', async () => {
    const client = connect({ connections: 1 });
    const stopper = new AbortController();
    const query = { resourceVersion: String(server.version), timeoutSeconds: 600 };
    const watches = Array.from({ length: 20 }, async () => {
      for await (const _event of client.watch(app, query, stopper.signal));
    }).map(failureOf);
    await server.heard({ verb: 'watch' }, 20);
    await client.get(app, signal);
    stopper.abort();
    await Promise.all(watches);
  });
});
