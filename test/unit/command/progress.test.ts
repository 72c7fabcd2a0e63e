import { describe, expect, test } from '@jest/globals';
import { createProgress } from '../../../src/command/progress.ts';

function drawn(isTTY: boolean, steps: readonly (readonly [number, number])[]): string[] {
  const texts: string[] = [];
  const progress = createProgress({ isTTY, write: text => texts.push(text) });
  for (const [done, total] of steps) progress.show(done, total);
  progress.end();
  return texts;
}

describe('createProgress()', () => {
  test('draws a bar on a terminal and removes it in the end', () => {
    expect(
      drawn(true, [
        [0, 6],
        [3, 6],
        [6, 6],
      ]),
    ).toEqual([
      `\r[${' '.repeat(30)}] 0/6 images`,
      `\r[${'='.repeat(15)}${' '.repeat(15)}] 3/6 images`,
      `\r[${'='.repeat(30)}] 6/6 images`,
      '\r\u001b[K',
    ]);
  });

  test('is silent where standard error is no terminal', () => {
    expect(drawn(false, [[1, 50]])).toEqual([]);
  });

  test('is silent for a few images, and so has nothing to remove', () => {
    expect(drawn(true, [[1, 4]])).toEqual([]);
  });
});
