import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DueHeap } from '../../../src/queue/due-heap.ts';

function popAll(heap: DueHeap<string>, nowMs: number): string[] {
  const keys: string[] = [];
  for (let key = heap.popDue(nowMs); key !== undefined; key = heap.popDue(nowMs)) keys.push(key);
  return keys;
}

describe('DueHeap', () => {
  test('gives out due keys, earliest first, and no other', () => {
    const heap = new DueHeap<string>();
    heap.add('late', 30);
    heap.add('soon', 10);
    heap.add('never', 31);
    expect(popAll(heap, 30)).toEqual(['soon', 'late']);
    expect(heap.nextAtMs()).toBe(31);
  });

  test('gives out keys of one time in the order they came', () => {
    const heap = new DueHeap<string>();
    for (const key of ['c', 'a', 'b']) heap.add(key, 5);
    expect(popAll(heap, 5)).toEqual(['c', 'a', 'b']);
  });

  test.each([
    { name: 'sooner', atMs: 1, want: ['moved', 'other'] },
    { name: 'later', atMs: 9, want: ['other', 'moved'] },
  ])('holds a key once: adding it again moves it $name', ({ atMs, want }) => {
    const heap = new DueHeap<string>();
    heap.add('moved', 5);
    heap.add('other', 6);
    heap.add('moved', atMs);
    expect(heap.size).toBe(2);
    expect(heap.atMs('moved')).toBe(atMs);
    expect(popAll(heap, 10)).toEqual(want);
  });

  test('forgets a deleted key and says whether it was there', () => {
    const heap = new DueHeap<string>();
    heap.add('gone', 1);
    expect(heap.delete('gone')).toBe(true);
    expect(heap.delete('gone')).toBe(false);
    expect([heap.size, heap.nextAtMs(), heap.popDue(10)]).toEqual([0, undefined, undefined]);
  });

  test('agrees with a sorted list over any sequence of operations', () => {
    const key = fc.nat(12).map(String);
    const step = fc.oneof(
      fc.record({ kind: fc.constant('add'), key, atMs: fc.nat(40) }),
      fc.record({ kind: fc.constant('delete'), key, atMs: fc.constant(0) }),
      fc.record({ kind: fc.constant('pop'), key, atMs: fc.nat(40) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), steps => {
        const heap = new DueHeap<string>();
        let list: { key: string; atMs: number }[] = [];
        for (const { kind, key: name, atMs } of steps) {
          if (kind === 'add') {
            heap.add(name, atMs);
            list = [...list.filter(entry => entry.key !== name), { key: name, atMs }];
          } else if (kind === 'delete') {
            heap.delete(name);
            list = list.filter(entry => entry.key !== name);
          } else {
            const first = list.toSorted((a, b) => a.atMs - b.atMs).find(entry => entry.atMs <= atMs);
            expect(heap.popDue(atMs)).toBe(first?.key);
            list = list.filter(entry => entry !== first);
          }
          expect(heap.size).toBe(list.length);
          expect(heap.nextAtMs()).toBe(list.length === 0 ? undefined : Math.min(...list.map(entry => entry.atMs)));
        }
      }),
    );
  });
});
