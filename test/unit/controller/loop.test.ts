import { describe, expect, test } from '@jest/globals';
import { type LoopParts, lead } from '../../../src/controller/loop.ts';
import { type LogFields, silentLogger } from '../../../src/log.ts';
import { WorkQueue } from '../../../src/queue/work-queue.ts';
import { fakeClock } from '../../fake/clock.ts';

const settled = () => new Promise(resolve => setImmediate(resolve));

/** A term over streams and imports that only take note of what is asked of them. */
function scene(keys: readonly string[], reconcile: (key: string) => Promise<void> = async () => {}) {
  const clock = fakeClock();
  const looked: string[] = [];
  const told: unknown[] = [];
  const lines: LogFields[] = [];
  const queue = () => new WorkQueue({ clock, random: () => 0.5 });
  const [streamQueue, importQueue] = [queue(), queue()];
  const [ending, lost] = [new AbortController(), new AbortController()];
  const rest = {
    run: (signal: AbortSignal) =>
      new Promise<void>(resolve => {
        signal.addEventListener('abort', () => resolve());
        if (signal.aborted) resolve();
      }),
  };
  const controller = (name: string) => ({
    lead: (sinceMs?: number) => void told.push([name, 'leads', sinceMs]),
    stop: (reason: unknown) => void told.push([name, 'stops', reason]),
    reconcile: (key: string) => {
      looked.push(key);
      return reconcile(key);
    },
  });
  const reconciled: unknown[] = [];
  const parts = {
    index: { size: keys.length, keys: () => keys.values() },
    streams: controller('streams'),
    imports: controller('imports'),
    streamQueue,
    importQueue,
    census: rest,
    sweep: undefined,
    synced: Promise.resolve(),
    observer: { reconciled: (event: unknown) => void reconciled.push(event) },
    clock,
    log: { ...silentLogger, info: (fields: LogFields) => void lines.push(fields) },
  } as unknown as LoopParts;
  const start = (previousRenewMs?: number) =>
    lead(parts, { previousRenewMs, ending: ending.signal, lost: lost.signal }, 1_000);
  return { clock, looked, told, lines, reconciled, streamQueue, importQueue, ending, start };
}

describe('a term', () => {
  test('looks at every stream, and tells of each how long that took and whether it failed', async () => {
    const { clock, ending, reconciled, importQueue, start } = scene(['demo/good', 'demo/bad'], async key => {
      await clock.sleep(20);
      if (key === 'demo/bad') throw new Error('boom');
    });
    const led = start();
    importQueue.add('demo/import', 0);
    await settled();
    await clock.advance(20);
    await settled();
    expect(reconciled).toHaveLength(3);
    expect(reconciled).toEqual(
      expect.arrayContaining([
        { controller: 'streams', ms: 20, failed: false },
        { controller: 'streams', ms: 20, failed: true },
        { controller: 'imports', ms: 20, failed: false },
      ]),
    );
    ending.abort('over');
    await led;
  });

  test('ends with everybody told why, and says whether all was finished', async () => {
    const { ending, told, lines, clock, start } = scene([]);
    const startMs = clock.now();
    const led = start();
    await settled();
    ending.abort('over');
    await led;
    expect(told).toEqual([
      ['streams', 'leads', startMs],
      ['imports', 'leads', undefined],
      ['streams', 'stops', 'over'],
      ['imports', 'stops', 'over'],
    ]);
    expect(lines).toEqual([{ streams: 0 }, { finished: true }]);
  });

  test('waits no longer than the grace for what never ends', async () => {
    const { clock, ending, lines, looked, start } = scene(['demo/stuck'], () => new Promise(() => {}));
    const led = start();
    await settled();
    expect(looked).toEqual(['demo/stuck']);
    ending.abort('over');
    await settled();
    await clock.advance(1_000);
    await led;
    expect(lines).toEqual([{ streams: 1 }, { finished: false }]);
  });
});

test('a term begins with all streams, 250 of them in each turn of the event loop, and stops adding when it ends', async () => {
  const keys = Array.from({ length: 600 }, (_each, index) => `demo/s${index}`);
  const begin = () => {
    const { ending, start, streamQueue } = scene(keys);
    const added: string[] = [];
    streamQueue.add = key => void added.push(key);
    return { ending, added, led: start() };
  };
  const whole = begin();
  const counts: number[] = [];
  for (let turn = 0; turn < 10; turn += 1) {
    await settled();
    counts.push(whole.added.length);
  }
  expect(new Set(whole.added)).toEqual(new Set(keys));
  const grew = counts.map((count, turn) => count - (counts[turn - 1] ?? 0));
  expect(Math.max(...grew)).toBe(250);
  whole.ending.abort('over');
  await whole.led;

  const short = begin();
  while (short.added.length === 0) await settled();
  short.ending.abort('over');
  await short.led;
  expect(short.added).toHaveLength(250);
});

test.each([
  { name: 'by less than five seconds is none', jumpMs: 4_999, again: 0 },
  { name: 'ahead', jumpMs: 5_000, again: 1 },
  { name: 'back', jumpMs: -5_000, again: 1 },
])('D22 a wall clock that was set has every stream looked at once more: $name', async ({ jumpMs, again }) => {
  const { clock, ending, looked, start } = scene(['demo/a', 'demo/b']);
  const led = start();
  await settled();
  clock.jumpTo(clock.now() + jumpMs);
  for (let look = 0; look < 3; look += 1) {
    await settled();
    await clock.advance(10_000);
  }
  await settled();
  expect(looked).toHaveLength(2 + 2 * again);
  ending.abort('over');
  await led;
});
