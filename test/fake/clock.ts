import type { Clock } from '../../src/clock.ts';

/** A clock that stands still until it is moved. */
export interface FakeClock extends Clock {
  /** Moves both readings on and wakes, in order, the sleepers whose time has come, and rings their timers. */
  advance(ms: number): Promise<void>;
  /** Makes the wall clock jump; the monotonic one and the sleepers don't notice. */
  jumpTo(nowMs: number): void;
  /** How many are asleep, and how many timers are set. */
  readonly sleeping: number;
}

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

export function fakeClock(startMs = Date.parse('2026-01-02T03:04:05Z')): FakeClock {
  let wall = startMs;
  let mono = 0;
  const sleepers = new Set<Sleeper>();
  // Of those with the same time the first to fall asleep. No sort: a thousand may be asleep, and wake one by one.
  const next = (untilMs: number) => {
    let first: Sleeper | undefined;
    for (const sleeper of sleepers) {
      if (sleeper.atMs <= untilMs && (first === undefined || sleeper.atMs < first.atMs)) first = sleeper;
    }
    return first;
  };
  const moveTo = (monoMs: number) => {
    wall += monoMs - mono;
    mono = monoMs;
  };
  const timer = (ms: number, ring: () => void) => {
    const sleeper: Sleeper = {
      atMs: mono + Math.max(0, ms),
      wake: () => {
        sleepers.delete(sleeper);
        ring();
      },
    };
    sleepers.add(sleeper);
    return () => void sleepers.delete(sleeper);
  };
  return {
    now: () => wall,
    monotonic: () => mono,
    get sleeping() {
      return sleepers.size;
    },
    jumpTo: nowMs => {
      wall = nowMs;
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const stop = () => {
          cancel();
          reject(signal?.reason);
        };
        const cancel = timer(ms, () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        });
        signal?.addEventListener('abort', stop, { once: true });
      }),
    timer,
    advance: async ms => {
      const untilMs = mono + ms;
      for (let sleeper = next(untilMs); sleeper !== undefined; sleeper = next(untilMs)) {
        moveTo(Math.max(mono, sleeper.atMs));
        sleeper.wake();
        // What the sleeper does next may fall asleep again before the end of this move.
        await new Promise(resolve => setImmediate(resolve));
      }
      moveTo(untilMs);
      await new Promise(resolve => setImmediate(resolve));
    },
  };
}
