import { expect, test } from '@jest/globals';
import { readJsonPath } from '../../../../src/standalone/http/json-path.ts';

const object = {
  metadata: { name: 'app', annotations: { 'a.b/c': 'd' } },
  status: {
    tags: [
      { tag: 'one', conditions: [{ status: 'True', reason: 'Fine' }], count: 3 },
      { tag: 'two', conditions: [{ status: 'False', reason: 'NotFound' }] },
      { tag: 'three' },
    ],
  },
};

test.each([
  { path: '.metadata.name', want: ['app'] },
  { path: '.metadata.nothing.below', want: [] },
  { path: '.metadata.name.below', want: [] },
  { path: ".metadata.annotations['a.b/c']", want: ['d'] },
  { path: '.metadata.annotations.a\\.b/c', want: ['d'] },
  { path: '.metadata.toString', want: [] },
  { path: '.status.tags[0].tag', want: ['one'] },
  { path: '.status.tags[-1].tag', want: ['three'] },
  { path: '.status.tags[7].tag', want: [] },
  { path: '.status.tags[*].tag', want: ['one', 'two', 'three'] },
  { path: '.status.tags[*].conditions[?(@.status=="False")].reason', want: ['NotFound'] },
  { path: '.status.tags[?(@.conditions[0].status=="False")].tag', want: ['two'] },
  { path: '.status.tags[?(@.conditions[0].status!="False")].tag', want: ['one'] },
  { path: ".status.tags[?(@.tag=='three')].tag", want: ['three'] },
  { path: '.status.tags[?(@.count==3)].tag', want: ['one'] },
  { path: '.status.tags[?( @.count )].tag', want: ['one'] },
])('$path leads to $want', ({ path, want }) => {
  expect(readJsonPath(path)(object)).toEqual(want);
});

test.each(['name', '.a[', '.a[?(@.b>1)]', '..a', '.a[1:2]', '{.a}'])('readJsonPath() refuses %s', path => {
  expect(() => readJsonPath(path)).toThrow('Cannot read JSONPath');
});
