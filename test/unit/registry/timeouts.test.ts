import { expect, test } from '@jest/globals';
import { DEFAULT_TIMEOUTS } from '../../../src/registry/timeouts.ts';

test('R5.10 R6.8 what nobody set is as the contract has it', () => {
  const [second, minute] = [1_000, 60_000];
  expect(DEFAULT_TIMEOUTS).toEqual({
    connectMs: 10 * second,
    headersMs: 15 * second,
    bodyIdleMs: 15 * second,
    headAttemptMs: 30 * second,
    getAttemptMs: minute,
    operationMs: 2 * minute,
    minRateAfterMs: 5 * second,
    minBytesPerSecond: 1024,
  });
});
