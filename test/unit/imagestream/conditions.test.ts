import { describe, expect, test } from '@jest/globals';
import { afterFailure, afterSuccess, withoutImport } from '../../../src/imagestream/conditions.ts';
import { failed, succeeded, T0, T0_TEXT } from '../../gen/history.ts';

const later = { nowMs: T0 + 60_000, generation: 5 };
const LATER_TEXT = '2026-01-01T00:01:00Z';
const notFound = { reason: 'NotFound', message: 'not found' };

describe('rules openshift (import-semantics 8.5)', () => {
  test('identical failure again (same reason + message): nothing changes', () => {
    const before = [failed()];
    expect(afterFailure('openshift', before, notFound, later)).toBe(before);
  });

  test('same reason, other message: condition replaced with new generation and time', () => {
    const after = afterFailure('openshift', [failed()], { ...notFound, message: 'gone' }, later);
    expect(after).toEqual([failed({ message: 'gone', generation: 5, lastTransitionTime: LATER_TEXT })]);
  });

  test('same message, other reason: condition replaced', () => {
    const after = afterFailure('openshift', [failed()], { ...notFound, reason: 'Invalid' }, later);
    expect(after).toEqual([failed({ reason: 'Invalid', generation: 5, lastTransitionTime: LATER_TEXT })]);
  });

  test('the list becomes exactly the condition', () => {
    const after = afterFailure('openshift', [failed(), failed({ type: 'Other' })], { message: 'gone' }, later);
    expect(after).toEqual([
      {
        type: 'ImportSuccess',
        status: 'False',
        message: 'gone',
        generation: 5,
        lastTransitionTime: LATER_TEXT,
      },
    ]);
  });

  test('failed status without message: `unknown error prevented import`', () => {
    const [condition] = afterFailure('openshift', [], {}, later);
    expect(condition?.message).toBe('unknown error prevented import');
  });

  test('success is the absence of conditions', () => {
    expect(afterSuccess('openshift', [failed()], later)).toEqual([]);
    expect(afterSuccess('openshift', [failed({ type: 'Other' })], later)).toEqual([]);
  });
});

describe('rules operator (design D6)', () => {
  test('success over nothing writes True', () => {
    expect(afterSuccess('operator', [], later)).toEqual([succeeded({ lastTransitionTime: LATER_TEXT, generation: 5 })]);
  });

  test('success over False writes True, with a new time of transition', () => {
    const after = afterSuccess('operator', [failed()], later);
    expect(after).toEqual([succeeded({ lastTransitionTime: LATER_TEXT, generation: 5 })]);
  });

  test('success over True changes nothing', () => {
    const before = [succeeded()];
    expect(afterSuccess('operator', before, later)).toBe(before);
  });

  test('the same failure again changes nothing', () => {
    const before = [failed()];
    expect(afterFailure('operator', before, notFound, later)).toBe(before);
  });

  test('another failure leaves the time of transition', () => {
    const after = afterFailure('operator', [failed()], { ...notFound, message: 'gone' }, later);
    expect(after).toEqual([failed({ message: 'gone', generation: 5, lastTransitionTime: T0_TEXT })]);
  });

  test('failure over True moves the time of transition', () => {
    const after = afterFailure('operator', [succeeded()], notFound, later);
    expect(after).toEqual([failed({ generation: 5, lastTransitionTime: LATER_TEXT })]);
  });

  test('conditions of other types stay', () => {
    const other = failed({ type: 'Other' });
    expect(afterSuccess('operator', [other, failed()], later)).toEqual([
      other,
      succeeded({ lastTransitionTime: LATER_TEXT, generation: 5 }),
    ]);
    expect(withoutImport([other, failed()])).toEqual([other]);
  });
});
