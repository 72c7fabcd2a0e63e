import { expect, test } from '@jest/globals';
import { LinkedList } from '../../../src/queue/linked-list.ts';

test('a link that was taken out leads nowhere, wherever it was', () => {
  const list = new LinkedList<string>();
  const links = ['a', 'b', 'c', 'd'].map(value => list.push(value));
  const [first, , , last] = links;
  expect(list.shift()).toBe('a');
  if (last !== undefined) list.remove(last);
  expect([...list]).toEqual(['b', 'c']);
  expect([first?.after, last?.before]).toEqual([undefined, undefined]);
});

test('rotate() puts the first at the end, and a link that was taken out may come back there', () => {
  const list = new LinkedList<string>();
  list.rotate();
  const link = list.push('a');
  list.rotate();
  list.push('b');
  list.push('c');
  list.rotate();
  expect([...list]).toEqual(['b', 'c', 'a']);
  list.remove(link);
  list.append(link);
  list.rotate();
  expect([...list]).toEqual(['c', 'a', 'b']);
  expect(list.first).toBe('c');
});
