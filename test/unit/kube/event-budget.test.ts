import { describe, expect, test } from '@jest/globals';
import { EventBudget, OBJECT_PACE } from '../../../src/kube/event-budget.ts';
import { LastUsed } from '../../../src/kube/last-used.ts';

const MINUTE = 60_000;

function taken(budget: EventBudget, nowMs: number): number {
  let count = 0;
  while (budget.take(nowMs)) count += 1;
  return count;
}

describe('EventBudget', () => {
  test('is 25 at once for an object, then one in five minutes', () => {
    const budget = new EventBudget(OBJECT_PACE, 0);
    expect(taken(budget, 0)).toBe(25);
    expect(taken(budget, 5 * MINUTE - 1)).toBe(0);
    expect(taken(budget, 5 * MINUTE)).toBe(1);
    expect(taken(budget, 20 * MINUTE)).toBe(3);
  });

  test('says how long to wait', () => {
    const budget = new EventBudget({ burst: 1, refillMs: 50 }, 1_000);
    expect(budget.waitMs(1_000)).toBe(0);
    budget.take(1_010);
    expect(budget.waitMs(1_020)).toBe(40);
    expect(budget.waitMs(1_060)).toBe(0);
  });

  test('loses no part of a refill to those who look often', () => {
    const budget = new EventBudget({ burst: 1, refillMs: 50 }, 0);
    budget.take(0);
    const waits = [10, 20, 30, 40, 49, 50].map(nowMs => budget.waitMs(nowMs));
    expect(waits).toEqual([40, 30, 20, 10, 1, 0]);
  });

  test('never saves up more than the burst', () => {
    const budget = new EventBudget({ burst: 3, refillMs: 50 }, 0);
    expect(taken(budget, 3_600_000)).toBe(3);
    expect(taken(budget, 3_600_049)).toBe(0);
  });
});

test('LastUsed forgets what was not used for longest', () => {
  const values = new LastUsed<number>(2);
  values.set('a', 1);
  values.set('b', 2);
  expect(values.get('a')).toBe(1);
  values.set('c', 3);
  expect(['a', 'b', 'c'].map(key => values.get(key))).toEqual([1, undefined, 3]);
  values.set('a', 4);
  expect(['a', 'c'].map(key => values.get(key))).toEqual([4, 3]);
});
