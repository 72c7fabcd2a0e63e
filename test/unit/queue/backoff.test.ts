import { describe, expect, test } from '@jest/globals';
import { backoffMs, tagBackoff } from '../../../src/queue/backoff.ts';

describe('backoffMs()', () => {
  const backoff = { baseMs: 30_000, factor: 2, capMs: 900_000 };

  test.each([
    { failures: 1, want: 30_000 },
    { failures: 2, want: 60_000 },
    { failures: 5, want: 480_000 },
    { failures: 6, want: 900_000 },
    { failures: 5_000, want: 900_000 },
  ])('R4.7 grows to at most $want ms after $failures failures', ({ failures, want }) => {
    expect(backoffMs(backoff, failures, 1)).toBe(want);
  });

  test('R4.7 has full jitter', () => {
    expect([0, 0.25, 0.5].map(random => backoffMs(backoff, 2, random))).toEqual([0, 15_000, 30_000]);
  });
});

describe('tagBackoff()', () => {
  test('R4.7 starts at 30 s and ends at the interval of the tag', () => {
    expect(tagBackoff(900_000)).toEqual({ baseMs: 30_000, factor: 2, capMs: 900_000 });
  });

  test('R4.7 starts lower when the interval is shorter', () => {
    expect(tagBackoff(5_000)).toEqual({ baseMs: 5_000, factor: 2, capMs: 5_000 });
  });
});
