import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SteadyMap } from '../../../src/queue/steady-map.ts';

describe('SteadyMap', () => {
  test('agrees with a Map over any sequence of operations', () => {
    const step = fc.record({ key: fc.nat(6), value: fc.option(fc.record({ n: fc.nat() }), { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), steps => {
        const [steady, map] = [new SteadyMap<number, object>(), new Map<number, object>()];
        for (const { key, value } of steps) {
          for (const each of [steady, map]) {
            if (value === undefined) each.delete(key);
            else each.set(key, value);
          }
          expect(steady.get(key)).toBe(map.get(key));
          expect(steady.size).toBe(map.size);
        }
        const byKey = ([a]: [number, object], [b]: [number, object]) => a - b;
        expect([...steady].toSorted(byKey)).toEqual([...map].toSorted(byKey));
      }),
    );
  });

  test('a thousand keys that come again find their places, in the order of their first coming', () => {
    const map = new SteadyMap<number, object>();
    for (let key = 0; key < 1_000; key += 1) {
      map.set(key, {});
      map.delete(key);
    }
    for (const key of [7, 3, 1_000]) map.set(key, {});
    expect([...map].map(([key]) => key)).toEqual([3, 7, 1_000]);
  });

  test('keys that never come again are forgotten, and none that is there', () => {
    const map = new SteadyMap<number, object>();
    for (const key of [2, 1]) map.set(key, {});
    for (let key = 3; key < 3_000; key += 1) {
      map.set(key, {});
      map.delete(key);
    }
    // Of those that are gone the places were given up: the first comes last now.
    for (const key of [2_999, 3]) map.set(key, {});
    expect([...map].map(([key]) => key)).toEqual([2, 1, 2_999, 3]);
    expect(map.size).toBe(4);
  });
});
