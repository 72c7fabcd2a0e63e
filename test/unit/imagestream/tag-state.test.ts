import { expect, test } from '@jest/globals';
import { historyFinder } from '../../../src/imagestream/tag-state.ts';
import { imported } from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const tagsOf = (names: readonly string[]) => names.map(name => specTag(name, 'mysql'));
const stream = imageStream({
  tags: tagsOf(['new', 'a', 'b']),
  history: ['b', 'a', 'gone'].map(tag => imported(tag, 'mysql')),
});

test.each([
  { name: 'where it is expected', tag: 'a', place: 1, want: 'a' },
  { name: 'where it is not', tag: 'b', place: 2, want: 'b' },
  { name: 'beyond the last', tag: 'b', place: 9, want: 'b' },
  { name: 'nowhere, because there is none', tag: 'new', place: 0, want: undefined },
])('historyFinder() finds a history $name', ({ tag, place, want }) => {
  expect(historyFinder(stream)(tag, place)?.tag).toBe(want);
});

test('historyFinder() finds nothing in a stream without a status', () => {
  expect(historyFinder({ metadata: {}, spec: { tags: tagsOf(['a']) } })('a', 0)).toBeUndefined();
});
