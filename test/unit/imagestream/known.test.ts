import { expect, test } from '@jest/globals';
import type { TagHistory } from '../../../src/api/image-stream.ts';
import { isKnown } from '../../../src/imagestream/known.ts';
import type { TagResult } from '../../../src/imagestream/result.ts';
import { failed, failedResult, imported, importedResult, unchangedResult } from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const from = 'quay.io/acme/app:1';
const asked = { from, specGeneration: null };
const well = imported('1', from);
const broken = imported('1', from, '1', { conditions: [failed()] });
const unchanged = unchangedResult('1', asked, '1');
const notFound = failedResult('1', asked);

test.each<{ name: string; history: readonly TagHistory[]; result: TagResult; want: boolean }>([
  { name: 'the image it has, and that all is well', history: [well], result: unchanged, want: true },
  { name: 'the image it has, of a tag that had failed', history: [broken], result: unchanged, want: false },
  {
    name: 'the image it has, in a list of another digest',
    history: [well],
    result: unchangedResult('1', asked, '2'),
    want: false,
  },
  { name: 'an image', history: [well], result: importedResult('1', asked, '1'), want: false },
  { name: 'the failure it tells of', history: [broken], result: notFound, want: true },
  { name: 'a failure in other words', history: [broken], result: failedResult('1', asked, 'gone'), want: false },
  {
    name: 'the failure of another request',
    history: [broken],
    result: failedResult('1', { ...asked, from: `${from}2` }),
    want: false,
  },
  { name: 'a failure of a tag that is well', history: [well], result: notFound, want: false },
  { name: 'anything of a tag it says nothing of', history: [], result: unchanged, want: false },
  {
    name: 'anything of a tag without a condition',
    history: [{ ...well, conditions: [] }],
    result: unchanged,
    want: false,
  },
])('a stream knows $name: $want', ({ history, result, want }) => {
  expect(isKnown(imageStream({ tags: [specTag('1', from)], history: [...history] }), result)).toBe(want);
});
