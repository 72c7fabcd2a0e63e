import { expect, test } from '@jest/globals';
import { type TagPast, weighResult } from '../../../src/imagestream/not-found.ts';
import type { TagResult } from '../../../src/imagestream/result.ts';

const source = { from: 'quay.io/acme/app:latest', importMode: 'Legacy', insecure: false } as TagResult['source'];
const NOW = 1_000_000;

function failed(reason: string): TagResult {
  const status = { metadata: {}, status: 'Failure', code: 404, reason, message: 'no' } as const;
  return { outcome: 'failed', tag: 'latest', source, failure: { status, transient: false } };
}

const missing = failed('NotFound');
const unchanged: TagResult = { outcome: 'unchanged', tag: 'latest', source };
const past: TagPast = { existed: true, reason: 'scheduled' };

const doubt = (firstSeenMs: number) => ({ firstSeenMs, askAgainAtMs: firstSeenMs + 60_000 });

test.each([
  { name: 'doubts the first NotFound', result: missing, past: {}, want: doubt(NOW) },
  {
    name: 'doubts the next that comes sooner',
    result: missing,
    past: { firstSeenMs: NOW - 59_999 },
    want: doubt(NOW - 59_999),
  },
  { name: 'lets the next a minute later count', result: missing, past: { firstSeenMs: NOW - 60_000 }, want: 'counts' },
  {
    name: 'starts anew when the clock was set back',
    result: missing,
    past: { firstSeenMs: NOW + 1 },
    want: doubt(NOW),
  },
  { name: 'lets it count for a tag that never existed', result: missing, past: { existed: false }, want: 'counts' },
  { name: 'lets it count when a user asked', result: missing, past: { reason: 'requested' }, want: 'counts' },
  { name: 'lets it count for a tag that failed already', result: missing, past: { reason: 'retry' }, want: 'counts' },
  { name: 'lets any other failure count', result: failed('Unauthorized'), past: {}, want: 'counts' },
  { name: 'lets a success count', result: unchanged, past: { firstSeenMs: NOW - 1 }, want: 'counts' },
] as const)('R8.3 weighResult() $name', ({ result, past: changes, want }) => {
  expect(weighResult(result, { ...past, ...changes }, NOW)).toEqual(want);
});
