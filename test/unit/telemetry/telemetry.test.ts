import { PerformanceObserver, performance } from 'node:perf_hooks';
import { describe, expect, jest, test } from '@jest/globals';
import type { Gauges } from '../../../src/telemetry/gauges.ts';
import { METRICS, type MetricRow } from '../../../src/telemetry/metrics.ts';
import { createTelemetry, type Telemetry } from '../../../src/telemetry/telemetry.ts';
import { fakeClock } from '../../fake/clock.ts';
import { samplesOf } from './samples.ts';

const rows = Object.values<MetricRow>(METRICS);
const QUIET: Gauges = {
  streams: () => 3,
  tags: () => [
    {
      registry: 'quay.io',
      standings: { imported: 40, failing: 3, neverWorked: 2, waiting: 1 },
      scheduled: 30,
      late: 4,
    },
  ],
  tagsInFlight: () => 2,
  streamsWaiting: () => 3,
  importsRunning: () => 1,
  queues: () => ({ streams: { depth: 7, due: 4, processing: 2, oldestDueMs: 1_500 } }),
  lanes: () => [],
  images: () => ({ count: 5, bytes: 9_000 }),
  leader: () => true,
  synced: () => true,
  registriesFileValid: () => false,
  loopBusyMs: () => 2_500,
};

/** Tells of everything that can be told, once. */
function everything({ registry, kube, controller, ...telemetry }: Telemetry): void {
  registry.request({ host: 'quay.io', method: 'HEAD', status: 200, ms: 20 });
  registry.digestHeaderMismatch('quay.io');
  registry.realmNotTrusted('quay.io', 'realm.example.com');
  registry.credentialsRejected('quay.io');
  registry.credentialRefused('quay.io');
  registry.pullQuota({ host: 'quay.io', identity: 'anonymous', remaining: 76, limit: 100 });
  kube.request({ verb: 'patch', resource: 'imagestreams', code: 200, ms: 4 });
  kube.listed({ resource: 'imagestreams', reason: 'expired', objects: 500, ms: 900 });
  kube.watchEnded({ resource: 'imagestreams', how: 'failed' });
  kube.watchEvent({ resource: 'imagestreams', type: 'BOOKMARK' });
  kube.sinkFailed({ resource: 'imagestreams' });
  controller.tagChecked({ registry: 'quay.io', outcome: 'imported', reason: 'scheduled', ms: 250 });
  controller.tagChecked({ registry: 'quay.io', outcome: 'failed', reason: 'retry', failureReason: 'NotFound', ms: 1 });
  controller.startedLate(40);
  controller.entryImported({ registry: 'quay.io', status: { status: 'Success' } });
  controller.patched('imagestreams', 'conflict');
  controller.reconciled({ controller: 'imports', ms: 12, failed: true });
  telemetry.registriesReloaded(true);
  telemetry.kubernetesEvent('dropped');
  const lane = { host: 'quay.io', inFlight: 2, waiting: 9, perSecond: 10, breaker: 'open' as const };
  telemetry.show({ ...QUIET, lanes: () => [{ ...lane, pausedUntilMs: fakeClock().now() + 30_000 }] });
}

async function told(tell: (telemetry: Telemetry) => void = () => {}, gauges?: Partial<Gauges>) {
  const telemetry = createTelemetry({ version: '1.2.3', clock: fakeClock(), ...(gauges && { gauges }) });
  tell(telemetry);
  return samplesOf(await telemetry.exposition());
}

describe('the table of metrics', () => {
  test.each(rows)('$name is told of by an observer or a gauge', async ({ name, type, labels }) => {
    const before = (await told()).of(type === 'histogram' ? `${name}_count` : name);
    const after = (await told(everything)).of(type === 'histogram' ? `${name}_count` : name);
    expect(after.length).toBeGreaterThan(0);
    for (const { labels: set } of after) expect(Object.keys(set).sort()).toEqual(Object.keys(labels).sort());
    // Always the same, from the start on.
    if (name === METRICS.buildInfo.name) return;
    expect(after).not.toEqual(before);
  });

  test.each(rows)('$name has a name and a help that promtool accepts', ({ name, type, help }) => {
    expect(help).toMatch(/\S\.$/);
    if (name.startsWith('openshift_')) return;
    expect(name).toMatch(/^imagestream_operator_[a-z]+(_[a-z]+)*$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(name).not.toMatch(
      /_(count|sum|bucket|info_total|ms|milliseconds|minutes|hours|kilobytes|gauge|counter|histogram)\b/,
    );
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
  });

  test('no label is a stream, a namespace or a tag (D32)', () => {
    const labels = new Set(rows.flatMap(row => Object.keys(row.labels)));
    expect(
      [...labels].filter(label => /^(name|stream|imagestream|namespace|tag|repository|image|key|pod)$/.test(label)),
    ).toEqual([]);
  });

  test('names are distinct', () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  });
});

describe('exposition()', () => {
  test('is of each telemetry its own', async () => {
    const [one, other] = [await told(everything), await told()];
    const name = METRICS.credentialsRejected.name;
    expect([one.of(name).length, other.of(name).length]).toEqual([1, 0]);
  });

  test('has closed label sets from the start, as 0', async () => {
    const samples = await told();
    expect(samples.of(METRICS.writes.name)).toHaveLength(9);
    expect(samples.value(METRICS.registriesReloads.name, { outcome: 'failed' })).toBe(0);
    expect(samples.value(`${METRICS.reconcileSeconds.name}_count`, { controller: 'streams' })).toBe(0);
  });

  test('tells what runs', async () => {
    const version = process.versions.node;
    expect((await told()).value(METRICS.buildInfo.name, { version: '1.2.3', node: version })).toBe(1);
  });

  test('tells of the process, less what promtool refuses', async () => {
    const { names } = await told();
    expect(names).toContain('process_resident_memory_bytes');
    expect(names).toContain('nodejs_heap_size_used_bytes');
    expect(names.filter(name => /^nodejs_active_.*_total$/.test(name))).toEqual([]);
  });

  test('asks for no object from Node for each garbage collection', async () => {
    const observe = jest.spyOn(PerformanceObserver.prototype, 'observe');
    const { names } = await told();
    expect(observe).not.toHaveBeenCalled();
    expect(names.filter(name => name.startsWith('nodejs_gc_'))).toEqual([]);
    jest.restoreAllMocks();
  });

  test('tells how late the event loop is as it is read, and not by a sampler that wakes the process', async () => {
    const { names } = await told();
    expect(names.filter(name => name.startsWith('nodejs_eventloop_lag_'))).toEqual(['nodejs_eventloop_lag_seconds']);
  });

  test('tells how long the event loop of this process was busy, each time anew', async () => {
    const telemetry = createTelemetry({ version: '1.2.3', clock: fakeClock() });
    for (let time = 0; time < 2; time += 1) {
      const { active: before } = performance.eventLoopUtilization();
      const samples = samplesOf(await telemetry.exposition());
      const busyMs = (samples.value(METRICS.eventLoopBusySeconds.name, {}) ?? 0) * 1000;
      // Less a rounding of its digits.
      expect(busyMs).toBeGreaterThan(before - 0.001);
      expect(busyMs).toBeLessThan(performance.eventLoopUtilization().active + 0.001);
    }
  });

  test.each([
    [METRICS.streams.name, {}, 3],
    [METRICS.tags.name, { registry: 'quay.io', state: 'imported' }, 40],
    [METRICS.tags.name, { registry: 'quay.io', state: 'failing' }, 3],
    [METRICS.tags.name, { registry: 'quay.io', state: 'neverWorked' }, 2],
    [METRICS.tags.name, { registry: 'quay.io', state: 'waiting' }, 1],
    [METRICS.tagsScheduled.name, { registry: 'quay.io' }, 30],
    [METRICS.tagsLate.name, { registry: 'quay.io' }, 4],
    [METRICS.tagsInFlight.name, {}, 2],
    [METRICS.streamsWaiting.name, {}, 3],
    [METRICS.importsRunning.name, {}, 1],
    [METRICS.queueDepth.name, { queue: 'streams' }, 7],
    [METRICS.queueDue.name, { queue: 'streams' }, 4],
    [METRICS.queueProcessing.name, { queue: 'streams' }, 2],
    [METRICS.queueOldestDueSeconds.name, { queue: 'streams' }, 1.5],
    [METRICS.images.name, {}, 5],
    [METRICS.imagesBytes.name, {}, 9_000],
    [METRICS.leader.name, {}, 1],
    [METRICS.synced.name, {}, 1],
    [METRICS.registriesFileValid.name, {}, 0],
    [METRICS.eventLoopBusySeconds.name, {}, 2.5],
    [METRICS.laneInFlight.name, { host: 'quay.io' }, 2],
    [METRICS.laneWaiting.name, { host: 'quay.io' }, 9],
    [METRICS.lanePausedSeconds.name, { host: 'quay.io' }, 30],
    [METRICS.laneBreakerOpen.name, { host: 'quay.io' }, 1],
    [METRICS.laneRequestsPerSecond.name, { host: 'quay.io' }, 10],
    [METRICS.pullQuotaRemaining.name, { host: 'quay.io', identity: 'anonymous' }, 76],
    [METRICS.pullQuotaLimit.name, { host: 'quay.io', identity: 'anonymous' }, 100],
    [METRICS.registriesReloadedAt.name, {}, Date.parse('2026-01-02T03:04:05Z') / 1000],
    [METRICS.registryRequests.name, { host: 'quay.io', method: 'HEAD', code: '2xx' }, 1],
    [METRICS.kubeRequests.name, { verb: 'patch', resource: 'imagestreams', code: '200' }, 1],
    [`${METRICS.scheduleLagSeconds.name}_sum`, {}, 0.04],
    [`${METRICS.tagCheckSeconds.name}_sum`, { registry: 'quay.io' }, 0.251],
    [METRICS.tagChecks.name, { registry: 'quay.io', outcome: 'imported', reason: 'scheduled' }, 1],
  ])('has %s %j = %d', async (name, labels, want) => {
    expect((await told(everything)).value(name, labels)).toBeCloseTo(want);
  });

  test('leaves out what cannot be told, and tells the rest', async () => {
    const fail = () => {
      throw new Error('not yet');
    };
    const samples = await told(undefined, { ...QUIET, streams: fail, lanes: fail, images: () => undefined });
    expect(samples.of(METRICS.streams.name)).toEqual([]);
    expect(samples.of(METRICS.images.name)).toEqual([]);
    expect(samples.value(METRICS.leader.name, {})).toBe(1);
  });

  test('forgets tags of registries that are gone, and all when it no longer leads', async () => {
    const telemetry = createTelemetry({ version: '1', clock: fakeClock(), gauges: QUIET });
    await telemetry.exposition();
    telemetry.show({ tags: () => undefined });
    const samples = samplesOf(await telemetry.exposition());
    for (const { name } of [METRICS.tags, METRICS.tagsScheduled, METRICS.tagsLate])
      expect(samples.of(name)).toEqual([]);
  });

  test('forgets lanes that are gone', async () => {
    const telemetry = createTelemetry({ version: '1', clock: fakeClock() });
    everything(telemetry);
    await telemetry.exposition();
    telemetry.show({ lanes: () => [] });
    expect(samplesOf(await telemetry.exposition()).of(METRICS.laneInFlight.name)).toEqual([]);
  });

  test('counts a request that got no answer as such', async () => {
    const samples = await told(({ registry, kube }) => {
      registry.request({ host: 'a', method: 'GET', status: undefined, ms: 1 });
      registry.request({ host: 'a', method: 'GET', status: 999, ms: 1 });
      kube.request({ verb: 'get', resource: 'secrets', code: undefined, ms: 1 });
    });
    expect(samples.of(METRICS.registryRequests.name).map(({ labels }) => labels['code'])).toEqual(['none', 'other']);
    expect(samples.of(METRICS.kubeRequests.name).map(({ labels }) => labels['code'])).toEqual(['none']);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -5])('a time of %d ms is no reason to throw', async ms => {
    const samples = await told(({ controller }) => controller.startedLate(ms));
    expect(samples.value(`${METRICS.scheduleLagSeconds.name}_sum`, {})).toBe(0);
  });
});
