import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { ImageStream, TagHistory } from '../../../src/api/image-stream.ts';
import { slotsAround } from '../../../src/imagestream/slot.ts';
import { IMAGE_STREAMS } from '../../../src/kube/resource.ts';
import { startFakeApiServer } from '../../fake/api-server.ts';
import { type FakeClock, fakeClock } from '../../fake/clock.ts';
import { reset, silence, startFakeRegistry } from '../../fake/registry.ts';
import { sampleImage } from '../../gen/content.ts';
import { imageStream, specTag } from '../../gen/objects.ts';
import { startOperator, type TestOperator, until } from './operator.ts';

// Hours of a thousand tags pass here; a busy machine may take its time over them.
jest.setTimeout(600_000);

const MINUTE = 60_000;
const image = sampleImage();
const scheduled = { importPolicy: { importMode: 'Legacy', scheduled: true } } as const;

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** An operator on a clock that stands still, with streams of so many tags each, checked every minute. */
async function setUp(streams: number, tags: number) {
  const clock = fakeClock();
  /** When scheduled checks began, and how long after their slots. */
  const begun: { readonly atMs: number; readonly lateMs: number }[] = [];
  let looks = 0;
  const server = await startFakeApiServer();
  const registry = await startFakeRegistry();
  for (let tag = 0; tag < tags; tag += 1) registry.putContent('team/app', `t${tag}`, image);
  for (let index = 0; index < streams; index += 1) {
    // Each stream at a name of its own for the same registry content would share; the repositories differ.
    const repository = `team/app-${index}`;
    for (let tag = 0; tag < tags; tag += 1) registry.putContent(repository, `t${tag}`, image);
    const specTags = Array.from({ length: tags }, (_each, tag) =>
      specTag(`t${tag}`, `${registry.host}/${repository}:t${tag}`, scheduled),
    );
    server.put(IMAGE_STREAMS, imageStream({ name: `s${index}`, tags: specTags }));
  }
  const operator = startOperator({
    server,
    hosts: [registry.host],
    clock,
    breaker: true,
    options: { defaultIntervalMs: MINUTE },
    observer: {
      startedLate: lateMs => begun.push({ atMs: clock.now(), lateMs }),
      reconciled: () => {
        looks += 1;
      },
    },
  });
  closers.push(
    () => registry.close(),
    () => server.close(),
    () => operator.stop(),
  );
  const histories = (): readonly TagHistory[] =>
    server.objects<ImageStream>(IMAGE_STREAMS).flatMap(({ status }) => status?.tags ?? []);
  await settle(operator, clock);
  await until('all imported', () => histories().filter(({ items }) => items?.length).length === streams * tags);
  /** How often streams were looked at so far. */
  const looked = () => looks;
  return { clock, server, registry, operator, histories, begun, looked };
}

/** Lets everything that was begun come to its end; the clock moves only by what results wait for each other. */
async function settle({ controllers }: TestOperator, clock: FakeClock): Promise<void> {
  for (let quiet = 0; quiet < 5; ) {
    await clock.advance(50);
    await new Promise(resolve => setTimeout(resolve, 2));
    const { due, processing } = controllers.streamQueue.stats();
    quiet = controllers.streams.inFlight === 0 && due === 0 && processing === 0 ? quiet + 1 : 0;
  }
}

async function pass(operator: TestOperator, clock: FakeClock, ms: number): Promise<void> {
  const endMs = clock.monotonic() + ms;
  while (clock.monotonic() < endMs) {
    await clock.advance(Math.min(15_000, endMs - clock.monotonic()));
    await settle(operator, clock);
  }
}

const conditionOf = (history: TagHistory) => history.conditions?.[0]?.status;

describe('a registry that is away for ten minutes', () => {
  test('leaves 1,000 tags as they were, tells of each once, and lets all of them heal', async () => {
    const { clock, server, registry, operator, histories } = await setUp(10, 100);
    const before = new Map(histories().map(({ tag, source, items }) => [`${source?.from}${tag}`, items]));
    const back = registry.on({}, reset);
    server.forget();
    registry.forget();
    await pass(operator, clock, 10 * MINUTE);
    expect(histories().every(history => conditionOf(history) === 'False')).toBe(true);
    // Results of one stream share writes, and no failure that says the same takes another.
    expect(server.count({ verb: 'patch', resource: IMAGE_STREAMS })).toBeLessThan(300);
    // A host that is down is left alone: far fewer requests than checks.
    expect(registry.requests.length).toBeLessThan(500);
    back();
    // The longest that a host is left alone, and an interval.
    await pass(operator, clock, 12 * MINUTE);
    expect(histories().filter(history => conditionOf(history) !== 'True')).toEqual([]);
    for (const { tag, source, items } of histories()) expect(items).toEqual(before.get(`${source?.from}${tag}`));
  });
});

describe('a scheduled check', () => {
  test('begins at the first beat after its slot, with all that fall due before that', async () => {
    const { clock, operator, begun } = await setUp(200, 1);
    begun.splice(0);
    await pass(operator, clock, 2 * MINUTE);
    expect(begun.length).toBeGreaterThanOrEqual(200);
    expect(begun.filter(({ atMs, lateMs }) => atMs % 400 !== 0 || lateMs < 0 || lateMs >= 400)).toEqual([]);
    // Some two hundred at a hundred and fifty beats.
    expect(new Set(begun.map(({ atMs }) => atMs)).size).toBeLessThan(begun.length);
  });

  test('that finds nothing new has its stream looked at once, when it begins', async () => {
    const { clock, operator, begun, looked } = await setUp(5, 1);
    await pass(operator, clock, MINUTE);
    begun.splice(0);
    const before = looked();
    await pass(operator, clock, 3 * MINUTE);
    expect(begun.length).toBeGreaterThanOrEqual(15);
    expect(looked() - before).toBe(begun.length);
  });

  test('that is under way when a new value of requested-at comes leaves that to be answered once it is back', async () => {
    const { clock, server, registry, operator, histories, looked } = await setUp(1, 1);
    await pass(operator, clock, MINUTE);
    const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>();
    const headers = { 'Docker-Content-Digest': histories()[0]?.source?.digest ?? '' };
    const whole = registry.on({ method: 'HEAD' }, async () => {
      await mayAnswer;
      return { status: 200, headers };
    });
    registry.forget();
    while (registry.requests.length === 0) {
      await clock.advance(400);
      await new Promise(resolve => setTimeout(resolve, 2));
    }
    const before = looked();
    const [stream] = server.objects<ImageStream>(IMAGE_STREAMS);
    if (stream === undefined) throw new Error('gone');
    const annotations = { 'imagestream-operator/requested-at': 'now' };
    server.put(IMAGE_STREAMS, { ...stream, metadata: { ...stream.metadata, annotations } });
    await until('the stream is looked at', () => looked() > before);
    const status = () => server.objects<ImageStream>(IMAGE_STREAMS)[0]?.status;
    answer();
    whole();
    await until('the answer', () => status()?.lastHandledRequest === 'now');
  });
});

describe('the census of tags', () => {
  test('counts none as late while all are checked in time, and all once their registry is silent', async () => {
    const { clock, registry, operator } = await setUp(2, 3);
    await pass(operator, clock, 5 * MINUTE);
    const standings = { imported: 6, failing: 0, neverWorked: 0, waiting: 0 };
    const all = { registry: registry.host, standings, scheduled: 6 };
    expect(operator.controllers.census.counted).toEqual([{ ...all, late: 0 }]);
    const back = registry.on({}, silence);
    await clock.advance(3 * MINUTE);
    await until('all are late', () => operator.controllers.census.counted?.[0]?.late === 6);
    back();
    await operator.stop();
    expect(operator.controllers.census.counted).toBeUndefined();
  });
});

describe('a wall clock that is set', () => {
  test.each([
    // What was asked less than half a minute ago answers these checks, too.
    ['forward by an hour makes one check of each tag at most', 60 * MINUTE, 0],
    ['back by an hour makes one check of each tag, at once', -60 * MINUTE, 15],
  ])('D22 %s', async (_how, jumpMs, atLeast) => {
    const { clock, registry, operator } = await setUp(3, 5);
    await pass(operator, clock, 2 * MINUTE);
    registry.forget();
    clock.jumpTo(clock.now() + jumpMs);
    const jumpedMs = clock.now();
    await pass(operator, clock, 15_000);
    const checks = Map.groupBy(registry.requests, ({ path }) => path);
    // None waits for an alarm that was set before.
    expect(checks.size).toBeGreaterThanOrEqual(atLeast);
    for (const [path, requests] of checks) {
      const repository = /^\/v2\/(.*)\/manifests\//.exec(path)?.[1] ?? '';
      const slotMs = slotsAround(clock.now(), MINUTE, registry.host, repository).previousMs;
      // One for the jump, and one for a slot that happened to lie in this quarter of a minute.
      expect(requests.length).toBeLessThanOrEqual(slotMs > jumpedMs ? 2 : 1);
    }
    // And the schedule goes on.
    registry.forget();
    await pass(operator, clock, 2 * MINUTE);
    expect(new Set(registry.requests.map(({ path }) => path)).size).toBe(15);
  });
});

describe('a wall clock that was a day ahead and is set back', () => {
  test('D22 keeps neither a failed tag nor a failed repository from their retries', async () => {
    const { clock, server, registry, operator, histories } = await setUp(1, 1);
    registry.putContent('team/whole', 'v1', image);
    const back = registry.on({}, reset);
    const whole = { namespace: 'demo', name: 'whole' };
    server.put(IMAGE_STREAMS, imageStream({ ...whole, dockerImageRepository: `${registry.host}/team/whole` }));
    await pass(operator, clock, 3 * MINUTE);
    const repository = () => server.get<ImageStream>(IMAGE_STREAMS, whole)?.status?.conditions?.[0]?.status;
    expect([...histories().map(conditionOf), repository()]).toEqual(['False', 'False']);
    clock.jumpTo(clock.now() - 24 * 60 * MINUTE);
    back();
    // The longest that a host is left alone, and an interval.
    await pass(operator, clock, 12 * MINUTE);
    expect([...histories().map(conditionOf), repository()]).toEqual(['True', 'True', 'True']);
  });
});

describe('slots', () => {
  test('are each checked once in every interval', async () => {
    const { clock, registry, operator } = await setUp(4, 3);
    await pass(operator, clock, MINUTE);
    registry.forget();
    await pass(operator, clock, 5 * MINUTE);
    const checks = Map.groupBy(registry.requests, ({ path }) => path);
    expect(checks.size).toBe(12);
    for (const requests of checks.values()) expect([4, 5, 6]).toContain(requests.length);
  });

  test('D22 that passed while nobody led are made up for at once, and no others', async () => {
    const { clock, server, registry, operator } = await setUp(6, 1);
    await pass(operator, clock, MINUTE);
    const diedMs = clock.now();
    await operator.stop();
    clock.jumpTo(clock.now() + 20_000);
    await clock.advance(20_000);
    registry.forget();
    const next = startOperator({
      server,
      hosts: [registry.host],
      clock,
      options: { defaultIntervalMs: 60 * MINUTE },
      previousRenewMs: diedMs,
    });
    closers.push(() => next.stop());
    await settle(next, clock);
    const paths = registry.requests.map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths.length).toBeLessThan(6);
  });

  test('D22 of the last five minutes of the leader before are made up for, too: it may have been slow to die', async () => {
    const { clock, server, registry, operator } = await setUp(6, 1);
    await operator.stop();
    const interval = 60 * MINUTE;
    const slotOf = (index: number) => slotsAround(clock.now(), interval, registry.host, `team/app-${index}`);
    const previousRenewMs = slotOf(0).nextMs + 4 * MINUTE;
    clock.jumpTo(previousRenewMs + 1_000);
    registry.forget();
    const options = { defaultIntervalMs: interval };
    const next = startOperator({ server, hosts: [registry.host], clock, options, previousRenewMs });
    closers.push(() => next.stop());
    await settle(next, clock);
    const missed = [0, 1, 2, 3, 4, 5].filter(index => slotOf(index).previousMs > previousRenewMs - 5 * MINUTE);
    expect(missed).toContain(0);
    const paths = registry.requests.map(({ path }) => path).sort();
    expect(paths).toEqual(missed.map(index => `/v2/team/app-${index}/manifests/t0`));
  });
});

describe('a new leader', () => {
  test('tells that it looked at a generation that came while nobody led, once the checks it begins with are back', async () => {
    const { clock, server, registry, operator } = await setUp(1, 1);
    await operator.stop();
    const [stream] = server.objects<ImageStream>(IMAGE_STREAMS);
    if (stream === undefined) throw new Error('gone');
    server.put(IMAGE_STREAMS, { ...stream, spec: { ...stream.spec, lookupPolicy: { local: true } } });
    const previousRenewMs = clock.now();
    clock.jumpTo(previousRenewMs + 10 * MINUTE);
    registry.forget();
    const options = { defaultIntervalMs: MINUTE };
    const next = startOperator({ server, hosts: [registry.host], clock, options, previousRenewMs });
    closers.push(() => next.stop());
    // No slot comes: the clock stands still from here on, but for what results wait for each other.
    const told = () => server.objects<ImageStream>(IMAGE_STREAMS)[0];
    await until('the check', () => registry.requests.length > 0);
    await until('the generation', () => told()?.status?.observedGeneration === told()?.metadata.generation);
    expect(told()?.metadata.generation).not.toBe(stream.metadata.generation);
  });
});

describe('R8.3 a tag that existed and is not found', () => {
  test('is told of only when it is missing still a minute later; a moment’s absence leaves no trace', async () => {
    const { clock, server, registry, operator, histories } = await setUp(1, 1);
    await pass(operator, clock, MINUTE);
    server.forget();
    const manifest = { path: '/v2/team/app-0/manifests/t0' };
    const back = registry.on(manifest, { status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN' }] } });
    registry.forget();
    while (registry.count(manifest) === 0) await pass(operator, clock, 5_000);
    expect(histories().map(conditionOf)).toEqual(['True']);
    back();
    await pass(operator, clock, MINUTE + 5_000);
    expect(histories().map(conditionOf)).toEqual(['True']);
    expect(server.count({ verb: 'patch' })).toBe(0);

    registry.on(manifest, { status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN' }] } });
    await pass(operator, clock, 2 * MINUTE + 10_000);
    expect(histories().map(conditionOf)).toEqual(['False']);
    expect(histories()[0]?.items).toHaveLength(1);
  });
});
