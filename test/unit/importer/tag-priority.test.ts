import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { byPriority } from '../../../src/importer/tag-priority.ts';

/** import-semantics 11.2: input in any order, output. */
const vectors: readonly (readonly [string, string])[] = [
  [
    'other, latest, v5.5, 5.2.3, 5.5, v5.3.6-bother, 5.3.6-abba, 5.6',
    'latest, 5.6, 5.5, v5.5, v5.3.6-bother, 5.3.6-abba, 5.2.3, other',
  ],
  [
    '1.1-beta1, 1.2-rc1, 1.1-rc1, 1.1-beta2, 1.2-beta1, 1.2-alpha1, 1.2-beta4, latest',
    'latest, 1.2-rc1, 1.2-beta4, 1.2-beta1, 1.2-alpha1, 1.1-rc1, 1.1-beta2, 1.1-beta1',
  ],
  ['7.1, v7.1, 7.1.0', '7.1, v7.1, 7.1.0'],
  ['3, 3.1, abc, other, v1, v2', '3.1, 3, abc, other, v1, v2'],
  ['1.10, 1.9, 1.2, v1.10', '1.10, v1.10, 1.9, 1.2'],
  ['1.10.0, 1.9.0, 1.2.0-rc1, 1.2.0', '1.10.0, 1.9.0, 1.2.0, 1.2.0-rc1'],
  ['1.2-rc.1, 1.2-rc1, 1.2-alpine, 1.2', '1.2, 1.2-rc1, 1.2-alpine, 1.2-rc.1'],
  ['1.2-alpine3.18, 1.2-alpine, 1.2-slim-bullseye', '1.2-alpine, 1.2-alpine3.18, 1.2-slim-bullseye'],
  ['1, 2, 10, a, b', '1, 10, 2, a, b'],
  ['01.2, 1.02, 1.2, 1.2.03', '1.2, 01.2, 1.02, 1.2.03'],
  ['v, v1, v1.0, v1.0.0, vv1.0', 'v1.0, v1.0.0, v, v1, vv1.0'],
  ['LATEST, Latest, latest, latest-1, stable', 'latest, LATEST, Latest, latest-1, stable'],
  ['1.2.3.4, 1.2.3, 20240101, 2024.01, 2024.1', '2024.1, 1.2.3, 1.2.3.4, 2024.01, 20240101'],
  ['1.0-rc1, v1.0, 1.0, v1.0-rc1', '1.0, v1.0, 1.0-rc1, v1.0-rc1'],
  ['1.2_3, 1.2-a_b, 1.2', '1.2, 1.2-a_b, 1.2_3'],
  ['1.2-rc10, 1.2-rc2, 1.2-rc1, 1.2-3, 1.2-alpha', '1.2-rc2, 1.2-rc10, 1.2-rc1, 1.2-alpha, 1.2-3'],
  ['8, 8.1, 8.1.2, v8, latest, nightly, 8-jdk, 8.1-jdk', 'latest, 8.1, 8.1-jdk, 8.1.2, 8, 8-jdk, nightly, v8'],
  [
    '1.2.3-alpine, 1.2.3, 1.2.3-rc1-x, 1.2-rc1-x, v10.0.0, 9.9.9',
    'v10.0.0, 9.9.9, 1.2.3, 1.2.3-rc1-x, 1.2.3-alpine, 1.2-rc1-x',
  ],
];

const list = (text: string) => text.split(', ');

describe('byPriority (import-semantics 6.1, 11.2)', () => {
  test.each(vectors)('11.2 %s', (input, want) => {
    expect(byPriority(list(input))).toEqual(list(want));
    expect(byPriority(list(input).reverse())).toEqual(list(want));
  });

  const rows = [
    { name: 'a numeric identifier is lower than a word', input: '1.0.0-1, 1.0.0-a', want: '1.0.0-a, 1.0.0-1' },
    { name: 'fewer identifiers are lower', input: '1.0.0-a, 1.0.0-a.1', want: '1.0.0-a.1, 1.0.0-a' },
    {
      name: 'numbers longer than any number type compare by value',
      input: '1.0.99999999999999999999998, 1.0.99999999999999999999999, 1.0.100000000000000000000000',
      want: '1.0.100000000000000000000000, 1.0.99999999999999999999999, 1.0.99999999999999999999998',
    },
    {
      name: 'a pre-release number with a leading zero is no version',
      input: '1.0.0-01, 1.0.0',
      want: '1.0.0, 1.0.0-01',
    },
    { name: 'an empty identifier is no version', input: '1.0.0-, a', want: '1.0.0-, a' },
    { name: 'build metadata does not count', input: '1.0.0+b, 1.0.1+a', want: '1.0.1+a, 1.0.0+b' },
    { name: 'bad build metadata is no version', input: '1.0.0+b., 0.0.1', want: '0.0.1, 1.0.0+b.' },
  ];
  test.each(rows)('$name', ({ input, want }) => {
    expect(byPriority(list(input))).toEqual(list(want));
  });

  test('the order does not depend on the order of the input', () => {
    const tag = fc.stringMatching(/^v{0,2}[0-9.a]{1,4}(-[0-9a.]{0,3})?$/);
    const twoOrders = fc
      .uniqueArray(tag, { maxLength: 12 })
      .chain(tags => fc.tuple(fc.constant(tags), fc.shuffledSubarray(tags, { minLength: tags.length })));
    fc.assert(
      fc.property(twoOrders, ([tags, shuffled]) => {
        expect(byPriority(shuffled)).toEqual(byPriority(tags));
      }),
    );
  });

  test('is linear in the length of a tag', () => {
    const long = `1.2-${'9a'.repeat(50_000)}.`;
    expect(byPriority([long, `v${'1'.repeat(100_000)}`])).toHaveLength(2);
  });
});
