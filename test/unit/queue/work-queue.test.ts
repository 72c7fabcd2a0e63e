import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type RunOptions, WorkQueue, type WorkQueueParts } from '../../../src/queue/work-queue.ts';
import { fakeClock } from '../../fake/clock.ts';

const settled = () => new Promise(resolve => setImmediate(resolve));

interface Work {
  readonly key: string;
  readonly atMs: number;
  readonly signal: AbortSignal;
  readonly finish: () => Promise<void>;
  readonly fail: (error: unknown) => Promise<void>;
}

/** A queue on a fake clock, whose workers last until a test ends them unless they are `quick`. */
function scene(parts: Partial<WorkQueueParts> = {}) {
  const clock = fakeClock();
  const failures: string[] = [];
  const queue = new WorkQueue({
    clock,
    random: () => 0.5,
    onFailure: (key, _error, againInMs) => failures.push(`${key} again in ${againInMs}`),
    ...parts,
  });
  const works: Work[] = [];
  const worker = (key: string, signal: AbortSignal) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const end = (how: () => void) => async () => {
      how();
      await settled();
    };
    works.push({
      key,
      atMs: clock.monotonic(),
      signal,
      finish: end(resolve),
      fail: error => end(() => reject(error))(),
    });
    return promise;
  };
  const leading = new AbortController();
  const run = (options: Partial<RunOptions> = {}) =>
    queue.run(worker, { concurrency: 1, signal: leading.signal, ...options });
  const quick: string[] = [];
  const runQuick = (act: (key: string) => void = () => {}) =>
    void queue.run(
      async key => {
        quick.push(key);
        act(key);
      },
      { concurrency: 1, signal: leading.signal },
    );
  return { clock, queue, works, run, leading, failures, quick, runQuick, keys: () => works.map(({ key }) => key) };
}

describe('a key', () => {
  test('is worked on at once, and never inside the call that added it', async () => {
    const { queue, quick, runQuick } = scene();
    runQuick();
    queue.add('ns/a');
    expect(quick).toEqual([]);
    await settled();
    expect(quick).toEqual(['ns/a']);
  });

  test('waits once, at the earliest time and with the largest priority', async () => {
    const { clock, queue, quick, runQuick } = scene();
    runQuick();
    queue.addAt('ns/a', clock.now() + 5_000, 10);
    queue.addAt('ns/a', clock.now() + 1_000);
    queue.addAt('ns/a', clock.now() + 9_000);
    queue.addAt('ns/b', clock.now() + 1_000, 5);
    expect(queue.stats()).toEqual({ depth: 2, due: 0, processing: 0, oldestDueMs: 0 });
    await clock.advance(999);
    expect(quick).toEqual([]);
    await clock.advance(1);
    expect(quick).toEqual(['ns/a', 'ns/b']);
    await clock.advance(60_000);
    expect(quick).toEqual(['ns/a', 'ns/b']);
  });

  test('is lifted where it stands in line', async () => {
    const { queue, quick, runQuick } = scene();
    for (const key of ['ns/a', 'ns/b', 'ns/c']) queue.add(key);
    queue.add('ns/c', 10);
    runQuick();
    await settled();
    expect(quick).toEqual(['ns/c', 'ns/a', 'ns/b']);
  });

  test('is worked on by one worker at a time, and once more when it was added meanwhile', async () => {
    const { queue, works, run, keys } = scene();
    void run({ concurrency: 4 });
    queue.add('ns/a');
    await settled();
    queue.add('ns/a');
    queue.add('ns/a');
    await settled();
    expect(keys()).toEqual(['ns/a']);
    await works[0]?.finish();
    expect(keys()).toEqual(['ns/a', 'ns/a']);
    await works[1]?.finish();
    expect(keys()).toEqual(['ns/a', 'ns/a']);
    expect(queue.stats()).toMatchObject({ depth: 0, processing: 0 });
  });

  test('that is added for later while it is worked on waits for its time', async () => {
    const { clock, queue, works, run } = scene();
    void run();
    queue.add('ns/a');
    await settled();
    queue.addAt('ns/a', clock.now() + 3_000);
    await works[0]?.finish();
    await clock.advance(10_000);
    expect(works.map(({ atMs }) => atMs)).toEqual([0, 3_000]);
  });

  test('that is added while it is worked on waits by those wishes alone, once it succeeded', async () => {
    const { clock, queue, works, run, keys } = scene();
    void run();
    queue.add('ns/a', 20);
    await settled();
    queue.addAt('ns/a', clock.now() + 3_000);
    queue.addAt('ns/a', clock.now() + 5_000, 5);
    queue.addAt('ns/b', clock.now() + 3_000, 10);
    await works[0]?.finish();
    await clock.advance(3_000);
    await works[1]?.finish();
    expect(keys()).toEqual(['ns/a', 'ns/b', 'ns/a']);
  });

  test('that failed comes again with the priority it had, whatever was wished meanwhile', async () => {
    const { clock, queue, works, run, keys } = scene();
    void run();
    queue.add('ns/a', 20);
    await settled();
    queue.addAt('ns/a', clock.now() + 60_000, 5);
    queue.addAt('ns/b', clock.now() + 500, 10);
    await works[0]?.fail(new Error('boom'));
    await clock.advance(500);
    await works[1]?.finish();
    expect(keys()).toEqual(['ns/a', 'ns/a', 'ns/b']);
  });

  test('whose time lies in the past is due now', async () => {
    const { clock, queue, quick, runQuick } = scene();
    runQuick();
    queue.addAt('ns/a', clock.now() - 60_000);
    await settled();
    expect(quick).toEqual(['ns/a']);
  });

  test('D22 that waits already is not moved when the wall clock jumps', async () => {
    const { clock, queue, quick, runQuick } = scene();
    runQuick();
    queue.addAt('ns/a', clock.now() + 5_000);
    await settled();
    clock.jumpTo(clock.now() + 3_600_000);
    await clock.advance(4_999);
    expect(quick).toEqual([]);
    await clock.advance(1);
    expect(quick).toEqual(['ns/a']);
  });
});

describe('the order of keys that are due', () => {
  test('is priority, then groups by turns, then the time they became due', async () => {
    const { clock, queue, quick, runQuick } = scene();
    queue.addAt('big/2', clock.now() + 2);
    queue.addAt('big/1', clock.now() + 1);
    queue.addAt('big/3', clock.now() + 3);
    queue.addAt('small/1', clock.now() + 4);
    queue.addAt('big/urgent', clock.now() + 5, 20);
    await clock.advance(10);
    runQuick();
    await settled();
    expect(quick).toEqual(['big/urgent', 'big/1', 'small/1', 'big/2', 'big/3']);
  });

  test('lets ten keys of one namespace not stand behind ten thousand of another', async () => {
    const { queue, quick, runQuick } = scene();
    for (let index = 0; index < 10_000; index += 1) queue.add(`big/${index}`);
    for (let index = 0; index < 10; index += 1) queue.add(`small/${index}`);
    runQuick();
    await settled();
    const last = quick.findLastIndex(key => key.startsWith('small/'));
    expect(last).toBeLessThan(20);
    expect(quick).toHaveLength(10_010);
  });
});

describe('a worker that throws', () => {
  test('design 6 has its key come again after a growing, jittered time; success ends that', async () => {
    const { clock, queue, works, run, failures } = scene();
    void run();
    queue.add('ns/a');
    await settled();
    for (let attempt = 0; attempt < 9; attempt += 1) {
      await works.at(-1)?.fail(new Error('boom'));
      await clock.advance(60_000);
    }
    // Halves of a second and its doubles, of a minute at last.
    const waits = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000];
    expect(failures).toEqual(waits.map(ms => `ns/a again in ${ms}`));
    expect(works).toHaveLength(10);
    await works.at(-1)?.finish();
    queue.add('ns/a');
    await settled();
    await works.at(-1)?.fail(new Error('boom'));
    expect(failures.at(-1)).toBe('ns/a again in 500');
  });

  test('keeps nobody else from being worked on', async () => {
    const { queue, works, run, keys } = scene();
    void run();
    queue.add('ns/a');
    queue.add('ns/b');
    await settled();
    await works[0]?.fail(new Error('boom'));
    expect(keys()).toEqual(['ns/a', 'ns/b']);
  });

  test('design 6 because of a conflict has its key come again at once, with a rest after each ten in a row', async () => {
    const { queue, clock, works, run, failures } = scene({ isConflict: error => error === 'conflict' });
    void run();
    queue.add('ns/a');
    await settled();
    const lose = async (times: number) => {
      for (let time = 0; time < times; time += 1) await works.at(-1)?.fail('conflict');
    };
    await lose(11);
    expect(works).toHaveLength(11);
    expect(new Set(failures.slice(0, 10))).toEqual(new Set(['ns/a again in 0']));
    expect(failures.at(-1)).toBe('ns/a again in 500');
    await clock.advance(500);
    await lose(11);
    expect(failures.at(-1)).toBe('ns/a again in 1000');
    // Whoever else writes it that often is not waited for longer than some seconds.
    for (let round = 0; round < 5; round += 1) {
      await clock.advance(10_000);
      await lose(11);
    }
    expect(failures.at(-1)).toBe('ns/a again in 5000');
  });

  test('before it returns a promise is no different', async () => {
    const { queue, leading, failures } = scene();
    const throwing = () => {
      throw new Error('boom');
    };
    void queue.run(throwing, { concurrency: 1, signal: leading.signal });
    queue.add('ns/a');
    await settled();
    expect(failures).toEqual(['ns/a again in 500']);
  });
});

describe('a worker that is done when it returns', () => {
  function runDone(act: (key: string, worked: readonly string[]) => void = () => {}) {
    const here = scene();
    const worked: string[] = [];
    const ends: boolean[] = [];
    const running = here.queue.run(
      key => {
        worked.push(key);
        act(key, worked);
        return undefined;
      },
      { concurrency: 1, signal: here.leading.signal, onWorked: (_ms, failed) => ends.push(failed) },
    );
    return { ...here, worked, ends, running };
  }

  test('has the next key begun, and its own again when that was wished meanwhile', async () => {
    const { clock, queue, worked, ends } = runDone((key, before) => {
      if (key === 'ns/a' && before.length === 1) queue.add('ns/a');
      if (key === 'ns/b') queue.addAt('ns/b', clock.now() + 5_000);
    });
    queue.add('ns/a');
    queue.add('ns/b');
    await settled();
    expect(worked).toEqual(['ns/a', 'ns/b', 'ns/a']);
    expect(queue.stats()).toMatchObject({ depth: 1, processing: 0 });
    await clock.advance(5_000);
    expect(worked).toEqual(['ns/a', 'ns/b', 'ns/a', 'ns/b']);
    expect(ends).toEqual([false, false, false, false]);
  });

  test('ends the row of failures of its key', async () => {
    let throws = true;
    const { clock, queue, failures, ends } = runDone(() => {
      if (throws) throw new Error('boom');
    });
    queue.add('ns/a');
    await settled();
    await clock.advance(500);
    throws = false;
    await clock.advance(1_000);
    throws = true;
    queue.add('ns/a');
    await settled();
    expect(failures).toEqual(['ns/a again in 500', 'ns/a again in 1000', 'ns/a again in 500']);
    expect(ends).toEqual([true, true, false, true]);
  });

  test('and ends the run meanwhile is the last', async () => {
    const { queue, leading, worked, running } = runDone(() => leading.abort());
    queue.add('ns/a');
    queue.add('ns/b');
    await running;
    expect(worked).toEqual(['ns/a']);
    expect(queue.stats()).toMatchObject({ depth: 1, processing: 0 });
  });

  test('lets everybody else in the process have a turn now and then', async () => {
    const { clock, queue, worked } = runDone();
    const monotonic = clock.monotonic.bind(clock);
    let readings = 0;
    // A millisecond goes by whenever somebody looks.
    clock.monotonic = () => {
      readings += 1;
      return monotonic() + readings;
    };
    for (let index = 0; index < 1_000; index += 1) queue.add(`ns/${index}`);
    await settled();
    expect(worked.length).toBeLessThan(100);
    for (let turn = 0; turn < 1_000 && worked.length < 1_000; turn += 1) await settled();
    expect(worked).toHaveLength(1_000);
  });
});

describe('a run', () => {
  test('works on as many keys side by side as it may', async () => {
    const { queue, works, run, keys } = scene();
    void run({ concurrency: 2 });
    for (const key of ['ns/a', 'ns/b', 'ns/c']) queue.add(key);
    await settled();
    expect(keys()).toEqual(['ns/a', 'ns/b']);
    expect(queue.stats()).toMatchObject({ depth: 1, due: 1, processing: 2 });
    await works[1]?.finish();
    expect(keys()).toEqual(['ns/a', 'ns/b', 'ns/c']);
  });

  test('ends with its signal: workers hear of it, nothing is begun, what was not done waits for the next', async () => {
    const { clock, queue, works, run, leading, failures, quick } = scene();
    const running = run();
    queue.add('ns/a');
    queue.add('ns/b');
    queue.addAt('ns/c', clock.now() + 1_000);
    await settled();
    leading.abort('lost the lease');
    expect(works[0]?.signal.reason).toBe('lost the lease');
    await works[0]?.fail(new Error('aborted'));
    await running;
    await clock.advance(5_000);
    expect(works).toHaveLength(1);
    expect(failures).toEqual([]);
    expect(clock.sleeping).toBe(0);

    const again = new AbortController();
    void queue.run(async key => void quick.push(key), { concurrency: 1, signal: again.signal });
    await settled();
    expect(quick.toSorted()).toEqual(['ns/a', 'ns/b', 'ns/c']);
  });

  test('with a signal that has fired ends at once', async () => {
    const { queue, quick } = scene();
    queue.add('ns/a');
    await queue.run(async key => void quick.push(key), { concurrency: 1, signal: AbortSignal.abort() });
    expect(quick).toEqual([]);
  });

  test('is the only one', async () => {
    const { run } = scene();
    void run();
    expect(() => run()).toThrow(RangeError);
  });

  test('needs one timer for all keys, and none without any', async () => {
    const { clock, queue, runQuick } = scene();
    runQuick();
    for (let index = 1; index <= 1_000; index += 1) queue.addAt(`ns/${index}`, clock.now() + index * 10);
    await settled();
    expect(clock.sleeping).toBe(1);
    await clock.advance(60_000);
    expect(clock.sleeping).toBe(0);
    expect(queue.stats().depth).toBe(0);
  });
});

describe('drain()', () => {
  test('begins nothing more and waits for the workers', async () => {
    const { clock, queue, works, run, keys } = scene();
    const running = run();
    queue.add('ns/a');
    queue.add('ns/b');
    await settled();
    const drained = queue.drain(10_000);
    await clock.advance(5_000);
    expect(works[0]?.signal.aborted).toBe(false);
    await works[0]?.finish();
    expect(await drained).toBe(true);
    await running;
    expect(keys()).toEqual(['ns/a']);
    expect(clock.sleeping).toBe(0);
  });

  test('gives up those that are not done in time', async () => {
    const { clock, queue, works, run } = scene();
    void run();
    queue.add('ns/a');
    await settled();
    const drained = queue.drain(10_000);
    await settled();
    await clock.advance(10_000);
    expect(await drained).toBe(false);
    expect(works[0]?.signal.aborted).toBe(true);
  });

  test('of a queue at rest is done at once', async () => {
    const { queue, run } = scene();
    expect(await queue.drain(1_000)).toBe(true);
    const running = run();
    expect(await queue.drain(1_000)).toBe(true);
    await running;
  });
});

test('stats() tells how long the oldest key has been due', async () => {
  const { clock, queue, run } = scene();
  void run();
  queue.add('ns/busy');
  queue.addAt('ns/a', clock.now() + 1_000);
  queue.add('other/b', 5);
  await settled();
  await clock.advance(4_000);
  expect(queue.stats()).toEqual({ depth: 2, due: 1, processing: 1, oldestDueMs: 4_000 });
});

test('every key that is added is worked on afterwards, never by two at once', async () => {
  const kind = fc.subarray(['fails', 'quick', 'again'] as const);
  const moves = fc.array(
    fc.record({ key: fc.nat(5), inMs: fc.nat(50), priority: fc.nat(2), advanceMs: fc.nat(30), kind }),
    { maxLength: 60 },
  );
  await fc.assert(
    fc.asyncProperty(moves, async steps => {
      const { clock, queue, leading } = scene();
      const running = new Set<string>();
      const owed = new Set<string>();
      const [failing, quick, again] = [new Set<string>(), new Set<string>(), new Set<string>()];
      const work = async (key: string) => {
        await clock.sleep(7);
        running.delete(key);
        if (failing.delete(key)) {
          owed.add(key);
          throw new Error('boom');
        }
      };
      void queue.run(
        key => {
          expect(running.has(key)).toBe(false);
          owed.delete(key);
          // Wished while it is worked on: it is worked on once more.
          if (again.delete(key)) {
            owed.add(key);
            queue.add(key);
          }
          if (quick.delete(key)) return undefined;
          running.add(key);
          return work(key);
        },
        { concurrency: 2, signal: leading.signal },
      );
      for (const { key: number, inMs, priority, advanceMs, kind } of steps) {
        const key = `ns-${number % 2}/${number}`;
        owed.add(key);
        if (kind.includes('fails')) failing.add(key);
        if (kind.includes('quick')) quick.add(key);
        if (kind.includes('again')) again.add(key);
        queue.addAt(key, clock.now() + inMs, priority);
        await settled();
        await clock.advance(advanceMs);
      }
      await clock.advance(600_000);
      expect(owed).toEqual(new Set());
      expect(queue.stats()).toEqual({ depth: 0, due: 0, processing: 0, oldestDueMs: 0 });
      leading.abort();
    }),
    { numRuns: 50 },
  );
});
