import { expect, test } from '@jest/globals';
import type { TagHistory } from '../../../src/api/image-stream.ts';
import { keepsResult } from '../../../src/imagestream/kept.ts';
import { LINUX_AMD64 } from '../../../src/imagestream/source.ts';
import { imported, importedResult } from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const from = 'quay.io/acme/app:1';
const result = importedResult('1', { from, specGeneration: null }, '1');
const { source: _source, ...withoutSource } = imported('1', from);
const rows: readonly {
  readonly name: string;
  readonly tags?: readonly object[];
  readonly history: TagHistory[];
  readonly want: boolean;
}[] = [
  { name: 'says so', history: [imported('1', from)], want: true },
  { name: 'has no status', history: [], want: false },
  { name: 'has lost what was asked', history: [withoutSource], want: false },
  { name: 'says what was asked before', history: [imported('1', 'quay.io/acme/app:0')], want: false },
  { name: 'asks for something else by now', tags: [specTag('1', 'quay.io/acme/app:2')], history: [], want: true },
  { name: 'has no such tag any more', tags: [], history: [], want: true },
  { name: 'only records the pull spec now', tags: [specTag('1', from, { reference: true })], history: [], want: true },
];

test.each(rows)('a stream that $name', ({ tags = [specTag('1', from)], history, want }) => {
  expect(keepsResult(imageStream({ tags, history } as Parameters<typeof imageStream>[0]), result, LINUX_AMD64)).toBe(
    want,
  );
});
