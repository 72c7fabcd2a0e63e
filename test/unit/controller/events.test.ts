import { expect, test } from '@jest/globals';
import { newsOf } from '../../../src/controller/events.ts';
import type { TagChange } from '../../../src/imagestream/tag-change.ts';

const change = (more: Partial<TagChange> & Pick<TagChange, 'change'>): TagChange => ({
  time: '2026-01-01T00:00:00.000Z',
  tag: 'demo/app:1',
  reason: 'scheduled',
  image: 'sha256:1',
  ...more,
});
const rows = [
  { of: change({ change: 'imported' }), want: ['Normal', 'TagImported', 'Tag 1 is sha256:1 (scheduled)'] },
  {
    of: change({ change: 'moved', previousImage: 'sha256:0' }),
    want: ['Normal', 'TagMoved', 'Tag 1 moved from sha256:0 to sha256:1 (scheduled)'],
  },
  {
    of: change({ change: 'healed', reason: 'retry' }),
    want: ['Normal', 'TagHealed', 'Tag 1 is imported again: sha256:1 (retry)'],
  },
  {
    of: change({ change: 'failed', failure: 'NotFound: not there', reason: 'specChanged' }),
    want: ['Warning', 'TagImportFailed', 'Tag 1: NotFound: not there (specChanged)'],
  },
] as const;

test.each(rows)('newsOf() $of.change says it in one sentence, with the reason', ({ of, want }) => {
  const { type, reason, note, action } = newsOf('1', of);
  expect([type, reason, note]).toEqual(want);
  expect(action).toBe('Import');
});
