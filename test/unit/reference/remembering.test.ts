import { expect, test } from '@jest/globals';
import { remembering } from '../../../src/reference/remembering.ts';

/** Answers with the text, and counts how often it was asked for each. */
function counted(size: number) {
  const asked: string[] = [];
  const answer = remembering(size, text => {
    asked.push(text);
    if (text === '') throw new RangeError('nothing');
    return { text };
  });
  return { asked, answer };
}

test('what was asked lately is answered with the same object', () => {
  const { asked, answer } = counted(2);
  expect(answer('a')).toBe(answer('a'));
  expect(answer('a')).toEqual({ text: 'a' });
  expect(asked).toEqual(['a']);
});

test('what is asked all the time outlasts any number of others', () => {
  const { asked, answer } = counted(3);
  for (let other = 0; other < 100; other += 1) {
    answer('often');
    answer(`once-${other}`);
  }
  expect(asked.filter(text => text === 'often')).toHaveLength(1);
});

test('what is not asked any more is forgotten', () => {
  const { asked, answer } = counted(2);
  for (const text of ['a', 'b', 'c', 'd', 'e', 'a']) answer(text);
  expect(asked.filter(text => text === 'a')).toHaveLength(2);
});

test('what is thrown is thrown again', () => {
  const { asked, answer } = counted(2);
  expect(() => answer('')).toThrow(RangeError);
  expect(() => answer('')).toThrow(RangeError);
  expect(asked).toEqual(['', '']);
});
