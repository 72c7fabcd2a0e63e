import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FairLine, type Ticket } from '../../../src/queue/fair-line.ts';

function lineOf(...entries: readonly (readonly [name: string, tenant: string, priority?: number])[]) {
  const line = new FairLine<string>();
  const tickets = new Map<string, Ticket<string>>();
  for (const [name, tenant, priority = 0] of entries) tickets.set(name, line.add(name, { tenant, priority }));
  return { line, tickets };
}

function takeAll(line: FairLine<string>): string[] {
  return Array.from({ length: line.size }, () => line.take() ?? '');
}

describe('FairLine', () => {
  test('R4.3 lets tenants of one priority take turns, each with who came first', () => {
    const { line } = lineOf(['a1', 'a'], ['a2', 'a'], ['a3', 'a'], ['b1', 'b'], ['c1', 'c'], ['b2', 'b']);
    expect(takeAll(line)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  test('puts the larger priority first, whoever asks', () => {
    const { line } = lineOf(['a low', 'a'], ['b high', 'b', 20], ['a middle', 'a', 10], ['a high', 'a', 20]);
    expect(takeAll(line)).toEqual(['b high', 'a high', 'a middle', 'a low']);
  });

  test('starves nobody: every eighth is of a lower priority, each of those in turn', () => {
    const line = new FairLine<string>();
    for (let index = 0; index < 100; index += 1) line.add('high', { tenant: 'a', priority: 20 });
    for (const priority of [10, 0, -5]) {
      for (let index = 0; index < 10; index += 1) line.add(`${priority}`, { tenant: 'b', priority });
    }
    const taken = Array.from({ length: 48 }, () => line.take());
    expect(taken.flatMap((value, index) => (value === 'high' ? [] : [`${index + 1}: ${value}`]))).toEqual([
      '8: 0',
      '16: -5',
      '24: 10',
      '32: 0',
      '40: -5',
      '48: 10',
    ]);
  });

  test('forgets who left, and a tenant that has nobody any more', () => {
    const { line, tickets } = lineOf(['a1', 'a'], ['a2', 'a'], ['b1', 'b']);
    for (const name of ['a1', 'b1']) {
      const ticket = tickets.get(name);
      if (ticket !== undefined) line.delete(ticket);
    }
    expect(line.size).toBe(1);
    expect([...line.fronts()]).toEqual(['a2']);
    expect(line.take()).toBe('a2');
    expect(line.take()).toBeUndefined();
  });

  test('gives out everybody once, and of each tenant and priority in order, whoever comes and goes', () => {
    const moves = fc.array(
      fc.record({ tenant: fc.constantFrom('a', 'b', 'c'), priority: fc.nat(2), move: fc.nat(3), leaves: fc.nat(9) }),
    );
    fc.assert(
      fc.property(moves, steps => {
        const line = new FairLine<number>();
        const waiting = new Map<number, Ticket<number>>();
        const taken: number[] = [];
        const take = () => {
          const value = line.take();
          if (value === undefined) return;
          expect(waiting.delete(value)).toBe(true);
          taken.push(value);
        };
        for (const [index, { tenant, priority, move, leaves }] of steps.entries()) {
          waiting.set(index, line.add(index, { tenant, priority }));
          const ticket = waiting.get(leaves);
          if (ticket !== undefined && move === 0 && waiting.delete(leaves)) line.delete(ticket);
          if (move === 1) take();
          expect(line.size).toBe(waiting.size);
        }
        while (line.size > 0) take();
        expect(waiting.size).toBe(0);
        const lineOfStep = (index: number) => `${steps[index]?.tenant} ${steps[index]?.priority}`;
        for (const [index, value] of taken.entries()) {
          const later = taken.slice(index + 1).filter(other => lineOfStep(other) === lineOfStep(value));
          expect(later.every(other => other > value)).toBe(true);
        }
      }),
    );
  });
});
