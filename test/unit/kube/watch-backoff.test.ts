import { expect, test } from '@jest/globals';
import { MAX_TRIES, retryWaitMs } from '../../../src/kube/http-retry.ts';
import { watchTimeoutSeconds, watchWaitMs } from '../../../src/kube/watch-backoff.ts';

test.each([
  { failures: 1, asked: undefined, random: 0, want: 800 },
  { failures: 1, asked: undefined, random: 0.5, want: 1_200 },
  { failures: 3, asked: undefined, random: 0, want: 3_200 },
  { failures: 6, asked: undefined, random: 0.9, want: 30_000 },
  { failures: 1_000, asked: undefined, random: 0, want: 30_000 },
  { failures: 1, asked: 5_000, random: 0.9, want: 5_000 },
  { failures: 6, asked: 5_000, random: 0, want: 25_600 },
  { failures: 1, asked: 3_600_000, random: 0, want: 300_000 },
])('watchWaitMs($failures, $asked, $random) is $want', ({ failures, asked, random, want }) => {
  expect(watchWaitMs(failures, asked, random)).toBe(want);
});

test('watchTimeoutSeconds() is between five and ten minutes', () => {
  expect([watchTimeoutSeconds(0), watchTimeoutSeconds(0.999_999)]).toEqual([300, 600]);
});

test('retryWaitMs() is jittered upwards, and never over 10 s', () => {
  expect(retryWaitMs({ code: 429, retryAfterMs: 2_000 }, 1, 0.8)).toBe(2_400);
  expect(retryWaitMs({ code: 429, retryAfterMs: 9_900 }, 1, 0.8)).toBe(10_000);
  expect(retryWaitMs({ code: 429, retryAfterMs: undefined }, MAX_TRIES, 0)).toBeUndefined();
});
