import { afterEach, describe, expect, test } from '@jest/globals';
import { createLanes } from '../../../src/queue/lanes.ts';
import type { RegistryError } from '../../../src/registry/errors.ts';
import { LanePaused } from '../../../src/registry/lanes.ts';
import type { RequestContext } from '../../../src/registry/types.ts';
import { fakeClock } from '../../fake/clock.ts';
import { type FakeRegistry, hangUp, refusal, silence, startFakeRegistry } from '../../fake/registry.ts';
import { keyringOf, requestContext } from '../../fake/settings.ts';
import { sampleImage } from '../../gen/content.ts';
import { clientOf, closeAll, closeLater } from '../registry/bench.ts';

afterEach(closeAll);

const image = sampleImage();
const context = requestContext();

/** A client whose requests go through real lanes with a breaker, and the registries it asks. */
async function scene(...names: readonly string[]) {
  const registries = new Map<string, FakeRegistry>();
  for (const name of names) {
    const registry = closeLater(await startFakeRegistry());
    registry.putContent('team/app', 'v1', image);
    registries.set(name, registry);
  }
  const clock = fakeClock();
  const lanes = createLanes({
    clock,
    limits: () => ({ perSecond: 1e6, burst: 1e6, inFlight: 6 }),
    maxWaitMs: 10_000,
    paused: (host, untilMs, cause) => new LanePaused(host, untilMs, cause),
    breakerJitter: () => 0,
  });
  const hosts = Object.fromEntries([...registries.values()].map(({ host }) => [host, { plainHttp: true }]));
  // For those that never answer; long enough for the others on a busy machine.
  const { client } = clientOf(hosts, {}, { clock, lanes, timeouts: { headAttemptMs: 1_000, headersMs: 1_000 } });
  const registryOf = (name: string) => {
    const registry = registries.get(name);
    if (registry === undefined) throw new RangeError(name);
    return registry;
  };
  const check = (name: string, more: Partial<RequestContext> = {}) => {
    const { host } = registryOf(name);
    const repository = { host, repository: 'team/app', insecure: false };
    return client.checkTag(repository, 'v1', image.digest, { ...context, ...more });
  };
  const failure = (name: string) =>
    check(name).then(
      () => 'no failure' as const,
      (error: RegistryError) => error,
    );
  const stateOf = (name: string) => lanes.stats().find(({ host }) => host === registryOf(name).host)?.breaker;
  return { clock, lanes, check, failure, stateOf, registry: registryOf };
}

describe('a host that is down', () => {
  test.each([
    ['answers with 5xx alone', refusal(503, 'UNAVAILABLE'), { kind: 'unavailable', reason: 'httpStatus', status: 503 }],
    ['hangs up', hangUp, { kind: 'unavailable', reason: 'closed' }],
    ['accepts and never answers', silence, { kind: 'timeout', reason: 'headers' }],
  ] as const)(
    'A20 R4.13 that %s costs nothing after five failures, which read as before',
    async (_name, answer, told) => {
      const { clock, failure, stateOf, registry } = await scene('down', 'up');
      registry('down').on({}, answer);
      let last: unknown;
      for (let attempt = 0; attempt < 5; attempt += 1) last = await failure('down');
      const { length } = registry('down').requests;
      expect(stateOf('down')).toBe('open');

      const refused = await failure('down');
      expect(registry('down').requests).toHaveLength(length);
      expect(refused).toMatchObject({ ...told, retryAtMs: clock.now() + 30_000 });
      expect((refused as RegistryError).message).toBe((last as RegistryError).message);
      expect(stateOf('up')).toBeUndefined();
    },
  );

  test('A20 R4.12 is probed by one HEAD, and asked by everybody once that is answered', async () => {
    const { clock, check, failure, stateOf, registry } = await scene('host');
    const heal = registry('host').on({}, refusal(500, 'UNKNOWN'));
    for (let attempt = 0; attempt < 5; attempt += 1) await failure('host');
    registry('host').forget();
    await clock.advance(30_000);
    await failure('host');
    expect(registry('host').requests).toHaveLength(1);
    expect(stateOf('host')).toBe('open');

    heal();
    await clock.advance(60_000);
    expect((await check('host')).outcome).toBe('unchanged');
    expect(stateOf('host')).toBe('closed');
  });

  test.each([401, 403, 404, 429, 501])('R4.11 is not one that answers %i', async status => {
    const { clock, failure, stateOf, registry } = await scene('host');
    registry('host').on({}, { status });
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await failure('host');
      // A 429 pauses the host for a minute.
      await clock.advance(70_000);
    }
    expect(stateOf('host')).toBe('closed');
  });

  test('R4.14 takes with it whoever sends us there for tokens, and nobody else', async () => {
    const { clock, check, failure, stateOf, registry } = await scene('bearer', 'tokens', 'open');
    const challenge = `Bearer realm="${registry('tokens').url}/token",service="fake"`;
    registry('bearer').on({}, { status: 401, headers: { 'WWW-Authenticate': challenge } });
    registry('tokens').on({}, hangUp);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await failure('bearer');
      // So long its failure is told again without asking (R2.32).
      await clock.advance(5_000);
    }
    expect(stateOf('tokens')).toBe('open');
    const { length } = registry('tokens').requests;

    expect(await failure('bearer')).toMatchObject({ kind: 'unavailable', reason: 'closed', from: 'tokenService' });
    expect(registry('tokens').requests).toHaveLength(length);
    expect(stateOf('bearer')).toBe('closed');
    expect((await check('open')).outcome).toBe('unchanged');
  });

  test('keeps no tag of another waiting while it holds its connections', async () => {
    const { check, failure, registry } = await scene('silent', 'up');
    registry('silent').on({}, silence);
    const vain = Array.from({ length: 50 }, () => failure('silent'));
    for (let tag = 0; tag < 20; tag += 1) expect((await check('up')).outcome).toBe('unchanged');
    await Promise.all(vain);
    expect(registry('silent').requests.length).toBeLessThan(20);
  });
});

test('R4.3 tenants take turns at one host, from the context of a call to its lane', async () => {
  const { lanes, check, registry } = await scene('host');
  await check('host');
  registry('host').forget();
  const { host } = registry('host');
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const held = Array.from({ length: 6 }, () => lanes.run({ host, priority: 99, signal: context.signal }, () => gate));
  const order: string[] = [];
  const ask = (tenant: string, name: string) =>
    check('host', { tenant, keyring: keyringOf() }).then(() => order.push(name));
  const all = [...Array.from({ length: 100 }, () => ask('big', 'big')), ask('small', 'small')];
  await new Promise(resolve => setImmediate(resolve));
  open();
  await Promise.all([...held, ...all]);
  expect(order.indexOf('small')).toBeLessThan(10);
});
