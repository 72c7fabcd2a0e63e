import { expect, test } from '@jest/globals';
import { entriesBesideTags } from '../../../src/imagestream/repository-entries.ts';
import { LINUX_AMD64 } from '../../../src/imagestream/source.ts';
import { entry, failedResult, importedResult } from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const from = 'quay.io/acme/app:1';
const imported = entry(importedResult('1', { from }, '1'));
const scheduled = { importPolicy: { scheduled: true }, referencePolicy: { type: 'Local' } } as const;

test.each([
  { name: 'a tag that the spec does not have is added', tags: [specTag('2', from)], want: [imported] },
  {
    name: 'one that asks for the same keeps its policies',
    tags: [specTag('1', from, scheduled)],
    want: [{ ...imported, ...scheduled }],
  },
  { name: 'one that asks for another image goes its own way', tags: [specTag('1', 'ghcr.io/acme/fork:1')], want: [] },
  {
    name: 'so does one that asks in another way',
    tags: [specTag('1', from, { importPolicy: { importMode: 'PreserveOriginal' } })],
    want: [],
  },
  {
    name: 'one that is not imported is made one that is (import-semantics 8.3)',
    tags: [specTag('1', { kind: 'ImageStreamTag', name: 'other:1' })],
    want: [imported],
  },
])('of a repository that the stream asks for $name', ({ tags, want }) => {
  expect(entriesBesideTags(imageStream({ tags }), [imported], LINUX_AMD64)).toEqual(want);
});

test('failures go the same way', () => {
  const failure = entry(failedResult('1', { from }));
  const stream = imageStream({ tags: [specTag('1', 'ghcr.io/acme/fork:1')] });
  expect(entriesBesideTags(stream, [failure], LINUX_AMD64)).toEqual([]);
});
