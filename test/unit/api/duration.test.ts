import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatDuration, parseDuration } from '../../../src/api/duration.ts';

test.each([
  ['15m', 900_000],
  ['1h30m', 5_400_000],
  ['90s', 90_000],
  ['500ms', 500],
  ['1.5h', 5_400_000],
  ['2h0m0s', 7_200_000],
])('parseDuration() reads %s', (text, want) => {
  expect(parseDuration(text)).toBe(want);
});

test.each([
  '',
  '15',
  'm',
  '-5s',
  '0s',
  '15 m',
  '15M',
  '.5h',
  '0.1ms',
  '1d',
  '5s ',
  'Infinitys',
  '1e3s',
  '9'.repeat(400),
])('parseDuration() refuses "%s"', text => {
  expect(parseDuration(text)).toBeUndefined();
});

test('parseDuration() reads what formatDuration() writes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 ** 10 }), ms => expect(parseDuration(formatDuration(ms))).toBe(ms)),
  );
});
