import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Pace, TokenBucket } from '../../../src/queue/token-bucket.ts';

const MINUTE = 60_000;

/** Starts whatever may start until `untilMs`, and says when each did. */
function starts(bucket: TokenBucket, fromMs: number, untilMs: number): number[] {
  const times: number[] = [];
  for (let nowMs = fromMs; nowMs <= untilMs; ) {
    const waitMs = bucket.waitMs(nowMs);
    if (waitMs > 0) {
      nowMs += waitMs;
    } else {
      bucket.take(nowMs);
      times.push(Math.round(nowMs));
    }
  }
  return times;
}

describe('TokenBucket', () => {
  test('R4.1 lets a burst go at once and the rest at the rate', () => {
    const bucket = new TokenBucket({ perSecond: 5, burst: 3 }, 0);
    expect(starts(bucket, 0, 1_000)).toEqual([0, 0, 0, 200, 400, 600, 800, 1_000]);
  });

  test('never saves up more than the burst', () => {
    const bucket = new TokenBucket({ perSecond: 5, burst: 3 }, 0);
    expect(starts(bucket, 3_600_000, 3_600_100)).toHaveLength(3);
  });

  test('R4.2 a refusal halves the rate', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 1 }, 0);
    bucket.take(0);
    bucket.slowDown(0);
    expect(bucket.perSecond(0)).toBe(5);
    expect(bucket.waitMs(0)).toBe(200);
  });

  test('R4.2 refusals of requests that were under way together count once', () => {
    const bucket = new TokenBucket({ perSecond: 8, burst: 1 }, 0);
    for (const atMs of [0, 10, 999]) bucket.slowDown(atMs);
    expect(bucket.perSecond(999)).toBe(4);
    bucket.slowDown(1_000);
    expect(bucket.perSecond(1_000)).toBe(2);
  });

  test('another pace counts from then on, and saves up no more than its burst', () => {
    const bucket = new TokenBucket({ perSecond: 5, burst: 3 }, 0);
    bucket.setPace({ perSecond: 10, burst: 2 }, 0);
    expect(starts(bucket, 0, 300)).toEqual([0, 0, 100, 200, 300]);
  });

  test('R4.2 another pace forgives no refusal', () => {
    const bucket = new TokenBucket({ perSecond: 8, burst: 1 }, 0);
    bucket.slowDown(0);
    bucket.setPace({ perSecond: 10, burst: 1 }, 0);
    expect(bucket.perSecond(0)).toBe(4);
    expect(bucket.perSecond(MINUTE)).toBe(5);
    bucket.setPace({ perSecond: 2, burst: 1 }, MINUTE);
    expect(bucket.perSecond(MINUTE)).toBe(2);
  });

  test('R4.2 the rate falls to 0.1 a second and no lower', () => {
    const bucket = new TokenBucket({ perSecond: 1, burst: 1 }, 0);
    for (let second = 0; second < 20; second += 1) bucket.slowDown(second * 1_000);
    expect(bucket.perSecond(20_000)).toBe(0.1);
  });

  test('R4.2 a default below 0.1 a second is never raised', () => {
    const bucket = new TokenBucket({ perSecond: 0.05, burst: 1 }, 0);
    bucket.slowDown(0);
    expect(bucket.perSecond(0)).toBe(0.05);
  });

  test.each([
    { minutes: 0.9, want: 5 },
    { minutes: 1, want: 6 },
    { minutes: 3.5, want: 8 },
    { minutes: 5, want: 10 },
    { minutes: 60, want: 10 },
  ])('R4.2 $minutes quiet minutes after a refusal the rate is $want of 10', ({ minutes, want }) => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 1 }, 0);
    bucket.slowDown(0);
    expect(bucket.perSecond(minutes * MINUTE)).toBe(want);
  });

  test('R4.2 another refusal starts the quiet minutes again', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 1 }, 0);
    bucket.slowDown(0);
    bucket.slowDown(2 * MINUTE);
    expect(bucket.perSecond(2 * MINUTE)).toBe(3.5);
    expect(bucket.perSecond(3 * MINUTE)).toBe(4.5);
  });

  test('refills at the rate of each minute of a recovery', () => {
    const bucket = new TokenBucket({ perSecond: 1, burst: 1_000 }, 0);
    for (let taken = 0; taken < 1_000; taken += 1) bucket.take(0);
    bucket.slowDown(0);
    // 60 s at 0.5 and 60 s at 0.6
    expect(countReady(bucket, 2 * MINUTE)).toBe(66);
  });

  test('never lets more through than burst + rate × time', () => {
    const pace = fc.record({
      perSecond: fc.double({ min: 0.1, max: 50, noNaN: true }),
      burst: fc.integer({ min: 1, max: 50 }),
    });
    const steps = fc.array(fc.record({ afterMs: fc.nat(5_000), refused: fc.boolean() }), { maxLength: 30 });
    fc.assert(
      fc.property(pace, steps, (limits: Pace, moves) => {
        const bucket = new TokenBucket(limits, 0);
        let nowMs = 0;
        let started = 0;
        for (const { afterMs, refused } of moves) {
          nowMs += afterMs;
          if (refused) bucket.slowDown(nowMs);
          started += countReady(bucket, nowMs);
        }
        expect(started).toBeLessThanOrEqual(limits.burst + (limits.perSecond * nowMs) / 1_000 + 1e-6);
      }),
    );
  });
});

function countReady(bucket: TokenBucket, nowMs: number): number {
  let ready = 0;
  while (bucket.waitMs(nowMs) === 0) {
    bucket.take(nowMs);
    ready += 1;
  }
  return ready;
}
