import { expect, test } from '@jest/globals';
import { Backlog } from '../../../src/telemetry/backlog.ts';

/** An observer that writes down what it hears. */
function witness() {
  const heard: unknown[][] = [];
  const observer = {
    came: (what: { readonly name: string }) => void heard.push(['came', what]),
    went: (name: string, ms: number) => void heard.push(['went', name, ms]),
  };
  return { heard, observer };
}

test('later() lets the observer hear everything, in order, once settle() is called', () => {
  const { heard, observer } = witness();
  const backlog = new Backlog();
  const later = backlog.later(observer);
  later.came({ name: 'a' });
  later.went('a', 5);
  later.came({ name: 'b' });
  expect(heard).toEqual([]);
  backlog.settle();
  backlog.settle();
  expect(heard).toEqual([
    ['came', { name: 'a' }],
    ['went', 'a', 5],
    ['came', { name: 'b' }],
  ]);
});

test('later() keeps the order among observers', () => {
  const { heard, observer } = witness();
  const backlog = new Backlog();
  const [one, other] = [backlog.later(observer), backlog.later({ ...observer })];
  one.went('a', 1);
  other.went('b', 2);
  one.went('c', 3);
  backlog.settle();
  expect(heard.map(([, name]) => name)).toEqual(['a', 'b', 'c']);
});

test('later() lets no more wait than is counted in a blink, though nobody ever reads', () => {
  const { heard, observer } = witness();
  const later = new Backlog().later(observer);
  for (let count = 0; count < 10_100; count += 1) later.went('a', count);
  expect(heard).toHaveLength(10_000);
});
