import { describe, expect, test } from '@jest/globals';
import { Breaker } from '../../../src/queue/breaker.ts';

const down = new Error('down');

function failing(breaker: Breaker, times: number, nowMs = 0): boolean[] {
  return Array.from({ length: times }, () => breaker.failed(down, nowMs, 0));
}

/** One probe after another fails. */
function opened(times: number): { readonly breaker: Breaker; readonly untilMs: number } {
  const breaker = new Breaker();
  failing(breaker, 5);
  let untilMs = breaker.againAtMs(0, 0);
  for (let probe = 1; probe < times; probe += 1) {
    breaker.take();
    breaker.failed(down, untilMs, 0);
    breaker.probed();
    untilMs = breaker.againAtMs(untilMs, 0);
  }
  return { breaker, untilMs };
}

describe('a breaker', () => {
  test('R4.12 opens with the fifth failure in a row, for 30 s', () => {
    const breaker = new Breaker();
    expect(failing(breaker, 5)).toEqual([false, false, false, false, true]);
    expect(breaker.state(0)).toBe('open');
    expect(breaker.lets(29_999)).toBe(false);
    expect(breaker.state(30_000)).toBe('halfOpen');
    expect(breaker.lets(30_000)).toBe(true);
    expect(breaker.cause).toBe(down);
  });

  test('counts failures in a row: an answer between them begins anew', () => {
    const breaker = new Breaker();
    failing(breaker, 4);
    breaker.answered(0);
    expect(failing(breaker, 4)).not.toContain(true);
    expect(breaker.state(0)).toBe('closed');
  });

  test('R4.12 opens when half of at least 20 within a minute failed', () => {
    const breaker = new Breaker();
    for (let pair = 1; pair < 10; pair += 1) {
      breaker.answered(pair * 5_000);
      expect(breaker.failed(down, pair * 5_000, 0)).toBe(false);
    }
    breaker.answered(50_000);
    expect(breaker.failed(down, 50_000, 0)).toBe(true);
  });

  test('forgets what is older than a minute', () => {
    const breaker = new Breaker();
    for (let pair = 0; pair < 100; pair += 1) {
      breaker.answered(pair * 8_000);
      expect(breaker.failed(down, pair * 8_000, 0)).toBe(false);
    }
  });

  test('R4.12 lets one probe through; its failure doubles the time, up to 10 min', () => {
    const times = [1, 2, 3, 4, 5, 6, 7].map(count => opened(count).untilMs / 1_000);
    expect(times).toEqual([30, 90, 210, 450, 930, 1_530, 2_130]);
  });

  test('lets nobody by while the probe is out, and another once it has ended without an outcome', () => {
    const { breaker, untilMs } = opened(1);
    expect(breaker.take()).toBe(true);
    expect(breaker.lets(untilMs)).toBe(false);
    expect(breaker.againAtMs(untilMs, 0)).toBe(untilMs + 10_000);
    breaker.probed();
    expect(breaker.lets(untilMs)).toBe(true);
  });

  test('closes with an answer and then knows nothing of the failures', () => {
    const { breaker, untilMs } = opened(3);
    breaker.take();
    breaker.answered(untilMs);
    breaker.probed();
    expect(breaker.state(untilMs)).toBe('closed');
    expect(breaker.take()).toBe(false);
    expect(failing(breaker, 5, untilMs)).toEqual([false, false, false, false, true]);
    expect(breaker.againAtMs(untilMs, 0)).toBe(untilMs + 30_000);
  });

  test('forgets with that answer the share that failed, too', () => {
    const breaker = new Breaker();
    for (let pair = 0; pair < 10; pair += 1) {
      breaker.answered(0);
      breaker.failed(down, 0, 0);
    }
    expect(breaker.state(0)).toBe('open');
    breaker.take();
    breaker.answered(30_000);
    breaker.probed();
    // Within a minute of all those failures, half of which would open it again.
    expect(failing(breaker, 2, 30_000)).toEqual([false, false]);
  });

  test('opens once for requests that were under way together', () => {
    const breaker = new Breaker();
    expect(failing(breaker, 10).filter(Boolean)).toHaveLength(1);
    expect(breaker.againAtMs(0, 0)).toBe(30_000);
  });

  test('jitters: its time, and when each of those it turns away may come back', () => {
    const breaker = new Breaker();
    for (let time = 0; time < 5; time += 1) breaker.failed(down, 0, 0.5);
    expect(breaker.againAtMs(0, 0)).toBe(31_500);
    expect(breaker.againAtMs(0, 0.5)).toBe(33_000);
  });

  test('is stale when nobody has asked for long enough', () => {
    expect(new Breaker().isStale(0)).toBe(true);
    const breaker = new Breaker();
    failing(breaker, 5);
    expect(breaker.isStale(60_000)).toBe(false);
    expect(breaker.isStale(30_000 + 600_000)).toBe(true);
  });
});
