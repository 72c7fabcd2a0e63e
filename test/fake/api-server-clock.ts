import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../src/clock.ts';

/** A clock for flows over real connections: whoever sleeps wakes at once, and the time has passed. */
export interface HastyClock extends Clock {
  /** What was slept so far, in milliseconds, in order. */
  readonly slept: readonly number[];
  /** Lets time pass. */
  advance(ms: number): void;
}

export function hastyClock(startMs = Date.parse('2026-01-02T03:04:05Z')): HastyClock {
  const slept: number[] = [];
  let passedMs = 0;
  return {
    slept,
    now: () => startMs + passedMs,
    monotonic: () => passedMs,
    advance: ms => {
      passedMs += ms;
    },
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      passedMs += ms;
      await setImmediate();
      signal?.throwIfAborted();
    },
    timer: () => {
      throw new Error('nothing here sets a timer');
    },
  };
}
