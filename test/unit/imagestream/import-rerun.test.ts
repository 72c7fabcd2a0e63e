import { expect, test } from '@jest/globals';
import type { SpecTag } from '../../../src/api/image-stream.ts';
import { entriesStillAsked } from '../../../src/imagestream/import-rerun.ts';
import { LINUX_AMD64 } from '../../../src/imagestream/source.ts';
import { entry, failedResult, importedResult } from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const from = 'quay.io/acme/app:1';
const entries = [entry(importedResult('1', { from }, '1'))];
const rows: readonly { readonly name: string; readonly tags: readonly SpecTag[]; readonly kept: number }[] = [
  { name: 'a tag that the spec asks for in the same way', tags: [specTag('1', from)], kept: 1 },
  {
    name: 'one with another generation: the write itself raised it',
    tags: [specTag('1', from, { generation: 7 })],
    kept: 1,
  },
  { name: 'not one that a user removed', tags: [], kept: 0 },
  { name: 'not one that asks for another image', tags: [specTag('1', 'quay.io/acme/app:2')], kept: 0 },
  {
    name: 'not one that asks with another mode',
    tags: [specTag('1', from, { importPolicy: { importMode: 'PreserveOriginal' } })],
    kept: 0,
  },
  {
    name: 'not one that asks insecurely now',
    tags: [specTag('1', from, { importPolicy: { insecure: true } })],
    kept: 0,
  },
  { name: 'not one that only records its pull spec now', tags: [specTag('1', from, { reference: true })], kept: 0 },
  {
    name: 'not one that follows another tag now',
    tags: [specTag('1', { kind: 'ImageStreamTag', name: from })],
    kept: 0,
  },
];

test.each(rows)('D12 a run after a crash records $name', ({ tags, kept }) => {
  expect(entriesStillAsked(imageStream({ tags }), entries, LINUX_AMD64)).toEqual(entries.slice(0, kept));
});

test('D12 failures, too, are recorded only where the spec still asks', () => {
  const failures = [entry(failedResult('1', { from })), entry(failedResult('2', { from }))];
  const stream = imageStream({ tags: [specTag('2', from)] });
  expect(entriesStillAsked(stream, failures, LINUX_AMD64)).toEqual([failures[1]]);
});
