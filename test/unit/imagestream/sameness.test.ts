import { expect, test } from '@jest/globals';
import { saysTheSame } from '../../../src/imagestream/sameness.ts';

test.each([
  [{ a: 1, b: 'x' }, { b: 'x', a: 1 }, true],
  [{ a: 1 }, { a: 2 }, false],
  [{ a: null, b: '', c: false, d: [], e: { f: '' } }, {}, true],
  [undefined, { tags: [] }, true],
  [{ generation: 0 }, { generation: null }, false],
  [{ generation: 0 }, {}, false],
  [[1, 2], [2, 1], false],
  [[1], [1, 2], false],
  [{ a: [''] }, { a: [] }, false],
  [{ a: 'x' }, { a: ['x'] }, false],
  [{ local: true }, {}, false],
])('saysTheSame(%j, %j) is %p', (a, b, want) => {
  expect(saysTheSame(a, b)).toBe(want);
  expect(saysTheSame(b, a)).toBe(want);
});
