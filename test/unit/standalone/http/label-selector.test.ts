import { expect, test } from '@jest/globals';
import { readLabelSelector } from '../../../../src/standalone/http/label-selector.ts';

const labels = { app: 'web', tier: 'front', 'example.com/team': 'blue', empty: '', size: '7' };

test.each([
  { text: '', want: true },
  { text: 'app=web', want: true },
  { text: 'app==web', want: true },
  { text: 'app=db', want: false },
  { text: 'nothing=', want: false },
  { text: 'empty=', want: true },
  { text: 'app!=db', want: true },
  { text: 'app!=web', want: false },
  { text: 'nothing!=web', want: true },
  { text: 'app', want: true },
  { text: 'nothing', want: false },
  { text: '!app', want: false },
  { text: '! nothing', want: true },
  { text: 'toString', want: false },
  { text: '!toString', want: true },
  { text: 'app in (web,db)', want: true },
  { text: 'app in ( db )', want: false },
  { text: 'nothing in (web)', want: false },
  { text: 'empty in (a,)', want: true },
  { text: 'app notin (web,db)', want: false },
  { text: 'app notin (db)', want: true },
  { text: 'nothing notin (db)', want: true },
  { text: 'example.com/team=blue', want: true },
  { text: 'app=web,tier=front', want: true },
  { text: 'app=web,tier=back', want: false },
  { text: 'app = web , tier in (front), !nothing', want: true },
  { text: 'size>6,size<8', want: true },
  { text: 'size>7', want: false },
  { text: 'in=web', want: false },
])('"$text" is $want of these labels', ({ text, want }) => {
  expect(readLabelSelector(text)(labels)).toBe(want);
});

test.each([
  { text: 'a b', says: "found 'b', expected: in, notin, =, ==, !=, gt, lt" },
  { text: 'a in (b', says: "found '', expected: ',' or ')'" },
  { text: 'a in b', says: "found 'b', expected: '('" },
  { text: 'a=b,', says: "found '', expected: identifier" },
  { text: ',a', says: "found ',', expected: identifier" },
  { text: '=a', says: "found '=', expected: identifier" },
  { text: 'a=b=c', says: "found '=', expected: ',' or end" },
  { text: '-a=b', says: "found '-a', expected: identifier" },
  { text: 'a=b/c', says: "found 'b/c', expected: identifier" },
  { text: 'size>many', says: "for '>' operators, the value must be an integer" },
])('"$text" is refused', ({ text, says }) => {
  expect(() => readLabelSelector(text)).toThrow(`unable to parse requirement: ${says}`);
});
