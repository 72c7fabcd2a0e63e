import { describe, expect, test } from '@jest/globals';
import type { Remembered } from '../../../src/controller/memory.ts';
import { rememberedAfter } from '../../../src/controller/retry-times.ts';
import type { DueTag } from '../../../src/imagestream/due.ts';
import type { ImportFailure, TagResult } from '../../../src/imagestream/result.ts';
import { failedResult, importedResult, T0, unchangedResult } from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';
import { dueTag } from './due-tag.ts';

const from = 'quay.io/acme/app:1';
const defaults = { defaultIntervalMs: 900_000, minIntervalMs: 60_000 };
const stream = imageStream({ tags: [specTag('1', from)] });
const lasting = failedResult('1', { from });
const transient = (more: Partial<ImportFailure> = {}): TagResult => ({
  ...lasting,
  failure: { ...lasting.failure, transient: true, ...more },
});

/** Random is the very end of what it may be, so that delays are their upper bounds. */
function remembered(result: TagResult, before?: Remembered, more: { due?: DueTag; stream?: typeof stream } = {}) {
  const cameBack = { due: more.due ?? dueTag('1', from), result, atMs: T0 };
  return rememberedAfter(cameBack, before, more.stream ?? stream, defaults, 1);
}

describe('rememberedAfter() (design D23)', () => {
  test('a success forgets failures, and changes of secrets that it has seen', () => {
    const before = { failures: 4, retryAtMs: T0 + 1, secretsChanged: true, answeredRequest: 'then' };
    const want = { lastCheckedMs: T0, answeredRequest: 'then' };
    expect(remembered(importedResult('1', { from }, '1'), before)).toEqual(want);
    expect(remembered(unchangedResult('1', { from }, '1'), before)).toEqual(want);
  });

  test('a transient failure is tried again after a delay that doubles and that the interval caps', () => {
    const delays = [0, 1, 2, 3, 4, 5, 50].map(failures => {
      const { retryAtMs = 0 } = remembered(transient(), { failures });
      return (retryAtMs - T0) / 1_000;
    });
    expect(delays).toEqual([30, 60, 120, 240, 480, 900, 900]);
  });

  test('the interval is the tag’s own, also as a cap', () => {
    const annotations = { 'imagestream-operator/interval': '2m' };
    const quick = imageStream({ tags: [specTag('1', from, { annotations })] });
    expect(remembered(transient(), { failures: 9 }, { stream: quick }).retryAtMs).toBe(T0 + 120_000);
  });

  test('the registry’s own wish counts when it is later, and only then', () => {
    expect(remembered(transient({ retryAtMs: T0 + 45_000 })).retryAtMs).toBe(T0 + 45_000);
    expect(remembered(transient({ retryAtMs: T0 + 5_000 })).retryAtMs).toBe(T0 + 30_000);
  });

  test('a lasting failure has no time: it waits for the slot of the tag', () => {
    expect(remembered(lasting, { failures: 2, retryAtMs: T0 - 1 })).toEqual({ lastCheckedMs: T0, failures: 3 });
  });

  test('secrets that changed on its way make a failure due again, whatever its kind', () => {
    const before = { secretsChanged: true };
    expect(remembered(lasting, before).secretsChanged).toBe(true);
    expect(remembered(transient(), before).secretsChanged).toBe(true);
  });

  test('the request that it answers is remembered, failed or not', () => {
    const asked = { due: dueTag('1', from, { requestedAt: 'now' }) };
    const before = { answeredRequest: 'then' };
    expect(remembered(lasting, before, asked).answeredRequest).toBe('now');
    expect(remembered(unchangedResult('1', { from }, '1'), before, asked).answeredRequest).toBe('now');
  });

  test('a stream that is gone meanwhile counts with the default interval', () => {
    const cameBack = { due: dueTag('1', from), result: transient(), atMs: T0 };
    expect(rememberedAfter(cameBack, { failures: 50 }, undefined, defaults, 1).retryAtMs).toBe(T0 + 900_000);
  });
});
