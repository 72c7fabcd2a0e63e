import { describe, expect, test } from '@jest/globals';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import { TagCensus } from '../../../src/controller/tag-census.ts';
import { recordOf } from '../../../src/imagestream/stream-record.ts';
import { type FakeClock, fakeClock } from '../../fake/clock.ts';
import { failed, imported } from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const MINUTE = 60_000;
const scheduled = { importPolicy: { importMode: 'Legacy', scheduled: true } } as const;
const intervals = { defaultIntervalMs: 15 * MINUTE, minIntervalMs: MINUTE };

/** A census of these streams that runs until the test stops it. */
function begin(streams: readonly ImageStream[], clock: FakeClock = fakeClock(), tookMs = 0) {
  const byKey = new Map(streams.map(stream => [`${stream.metadata.namespace}/${stream.metadata.name}`, stream]));
  const lastChecked = new Map<string, number>();
  let looks = 0;
  let reads = 0;
  let monotonicMs = 0;
  const census = new TagCensus({
    index: {
      keys: () => byKey.keys(),
      record: key => {
        looks += 1;
        const stream = byKey.get(key);
        return stream && recordOf(stream);
      },
      get: key => {
        reads += 1;
        return byKey.get(key);
      },
    },
    memoryOf: key => {
      const lastCheckedMs = lastChecked.get(key);
      return new Map(lastCheckedMs === undefined ? [] : [['1', { lastCheckedMs }]]);
    },
    // Each count reads it at its beginning and at its end.
    clock: {
      ...clock,
      monotonic: () => {
        monotonicMs += tookMs;
        return monotonicMs;
      },
    },
    intervals,
  });
  const stop = new AbortController();
  const ended = census.run(stop.signal);
  return {
    census,
    clock,
    lastChecked,
    looks: () => looks,
    reads: () => reads,
    put: (stream: ImageStream) => byKey.set(`${stream.metadata.namespace}/${stream.metadata.name}`, stream),
    remove: (key: string) => byKey.delete(key),
    ended,
    stop: () => stop.abort(),
  };
}

const stream = (name: string, from: string, more: { readonly fails?: boolean } = {}) =>
  imageStream({
    name,
    tags: [specTag('1', from, scheduled)],
    history: [imported('1', from, '1', more.fails === true ? { conditions: [failed()] } : {})],
  });

describe('TagCensus', () => {
  test('counts the tags of all streams by registry and standing', async () => {
    const { census, clock, stop } = begin([
      stream('a', 'quay.io/acme/app:1'),
      stream('b', 'quay.io/acme/web:1', { fails: true }),
      stream('c', 'redis:7'),
      imageStream({ name: 'new', tags: [specTag('1', 'quay.io/acme/new:1')] }),
      imageStream({ name: 'none' }),
    ]);
    await clock.advance(0);
    const none = { imported: 0, failing: 0, neverWorked: 0, waiting: 0 };
    expect(census.counted).toEqual([
      { registry: 'quay.io', standings: { ...none, imported: 1, failing: 1, waiting: 1 }, scheduled: 2, late: 0 },
      { registry: 'docker.io', standings: { ...none, imported: 1 }, scheduled: 1, late: 0 },
    ]);
    stop();
  });

  test('finds a tag that was lost on the way to its next check, and is not for others', async () => {
    const { census, clock, lastChecked, stop } = begin([stream('a', 'quay.io/a/b:1'), stream('b', 'ghcr.io/a/b:1')]);
    const late = () => Object.fromEntries((census.counted ?? []).map(({ registry, late }) => [registry, late]));
    await clock.advance(30 * MINUTE);
    expect(late()).toEqual({ 'quay.io': 0, 'ghcr.io': 0 });
    lastChecked.set('demo/b', clock.now());
    await clock.advance(60_000);
    expect(late()).toEqual({ 'quay.io': 1, 'ghcr.io': 0 });
    lastChecked.set('demo/a', clock.now());
    await clock.advance(60_000);
    expect(late()).toEqual({ 'quay.io': 0, 'ghcr.io': 0 });
    stop();
  });

  test('reads a stream again when it has changed, and forgets one that is gone', async () => {
    const { census, clock, reads, put, remove, stop } = begin([stream('a', 'redis:7'), stream('b', 'quay.io/a/b:1')]);
    const standings = () => (census.counted ?? []).map(({ registry, standings }) => [registry, standings.imported]);
    await clock.advance(0);
    await clock.advance(MINUTE);
    expect([reads(), standings()]).toEqual([
      2,
      [
        ['docker.io', 1],
        ['quay.io', 1],
      ],
    ]);
    put(stream('b', 'ghcr.io/a/b:1'));
    await clock.advance(MINUTE);
    expect([reads(), standings()]).toEqual([
      3,
      [
        ['docker.io', 1],
        ['ghcr.io', 1],
      ],
    ]);
    remove('demo/a');
    await clock.advance(MINUTE);
    expect([reads(), standings()]).toEqual([3, [['ghcr.io', 1]]]);
    stop();
  });

  test('keeps what it saw of ten thousand tags, and reads the rest each time', async () => {
    const tags = Array.from({ length: 1_000 }, (_each, index) => specTag(`t${index}`, 'quay.io/acme/app:1'));
    const streams = Array.from({ length: 12 }, (_each, index) => imageStream({ name: `s${index}`, tags }));
    const { census, clock, reads, stop } = begin(streams);
    await clock.advance(0);
    expect(reads()).toBe(12);
    await clock.advance(MINUTE);
    expect(reads()).toBe(14);
    expect(census.counted?.[0]?.standings.waiting).toBe(12_000);
    stop();
  });

  test('tells nothing before it has counted and after it was stopped', async () => {
    const { census, clock, ended, stop } = begin([stream('a', 'quay.io/acme/app:1')]);
    expect(census.counted).toBeUndefined();
    await clock.advance(0);
    expect(census.counted).toHaveLength(1);
    stop();
    await ended;
    expect(census.counted).toBeUndefined();
  });

  test.each([
    { name: 'every minute', tookMs: 0, everyMs: 60_000 },
    { name: 'every minute while that costs little', tookMs: 100, everyMs: 60_000 },
    { name: 'so seldom that it takes a fiftieth of the time', tookMs: 2_000, everyMs: 100_000 },
  ])('counts $name', async ({ tookMs, everyMs }) => {
    const { clock, looks, stop } = begin([stream('a', 'quay.io/acme/app:1')], fakeClock(), tookMs);
    await clock.advance(0);
    expect(looks()).toBe(1);
    await clock.advance(everyMs - 1);
    expect(looks()).toBe(1);
    await clock.advance(1);
    expect(looks()).toBe(2);
    stop();
  });

  test('lets others have a turn between pieces, and stops there when it is told to', async () => {
    const streams = Array.from({ length: 1_200 }, (_each, index) => stream(`s${index}`, 'quay.io/acme/app:1'));
    const { looks, ended, stop } = begin(streams);
    expect(looks()).toBe(100);
    stop();
    await ended;
    expect(looks()).toBe(100);
  });
});
