import { expect, test } from '@jest/globals';
import type { SpecTag } from '../../../src/api/image-stream.ts';
import { entriesStillAsked } from '../../../src/imagestream/import-rerun.ts';
import { recordImport } from '../../../src/imagestream/record.ts';
import { LINUX_AMD64 } from '../../../src/imagestream/source.ts';
import { entry, failedResult, importedResult, T0 } from '../../gen/history.ts';
import { imageStream, imageStreamImport, specTag } from '../../gen/objects.ts';

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
  const again = entriesStillAsked(imageStream({ tags }), entries, LINUX_AMD64);
  expect(again.map(({ result }) => result)).toEqual(entries.slice(0, kept).map(({ result }) => result));
});

test('D12 what a user changed of a tag’s policies since then stays', () => {
  const importPolicy = { scheduled: true } as const;
  const tags = [specTag('1', from, { importPolicy, referencePolicy: { type: 'Local' } })];
  const stream = imageStream({ tags, generation: 2 });
  const again = entriesStillAsked(stream, entries, LINUX_AMD64);
  expect(again).toEqual([{ ...entries[0], importPolicy, referencePolicy: { type: 'Local' } }]);
  const isi = imageStreamImport({ import: true, images: [from] });
  const recorded = recordImport({ stream, isi, entries: again, rules: 'operator', nowMs: T0, historyLimit: 20 });
  expect(recorded).toMatchObject({ specChanged: false, statusChanged: true });
});

test('D12 failures, too, are recorded only where the spec still asks', () => {
  const failures = [entry(failedResult('1', { from })), entry(failedResult('2', { from }))];
  const stream = imageStream({ tags: [specTag('2', from)] });
  expect(entriesStillAsked(stream, failures, LINUX_AMD64).map(({ result }) => result)).toEqual([failures[1]?.result]);
});
