import { describe, expect, test } from '@jest/globals';
import type { SpecTag, TagHistory } from '../../../src/api/image-stream.ts';
import { isLate, standingsOf } from '../../../src/imagestream/standing.ts';
import { failed, imported, T0 } from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const from = 'quay.io/acme/app:1';
const intervalMs = 900_000;
const intervals = { defaultIntervalMs: intervalMs, minIntervalMs: 60_000 };
const scheduled = { importPolicy: { scheduled: true, importMode: 'Legacy' } } as const;

interface Case {
  readonly name: string;
  readonly from?: string;
  readonly spec?: Partial<SpecTag>;
  readonly history?: TagHistory | undefined;
  readonly annotations?: Record<string, string>;
}

/** How the one tag of a stream stands, which is scheduled, was imported and is well unless told. */
function standing(parts: Omit<Case, 'name'>) {
  const pullSpec = parts.from ?? from;
  const history = 'history' in parts ? parts.history : imported('1', pullSpec);
  const stream = imageStream({
    tags: [specTag('1', pullSpec, { ...scheduled, ...parts.spec })],
    ...(history && { history: [history] }),
    ...(parts.annotations && { annotations: parts.annotations }),
  });
  return standingsOf(stream, intervals)[0];
}

describe('standingsOf()', () => {
  test.each([
    { name: 'imported after a success', want: 'imported' },
    { name: 'failing when it has images from before', history: broken(), want: 'failing' },
    { name: 'neverWorked when it has none', history: broken({ items: [] }), want: 'neverWorked' },
    { name: 'neverWorked when the status has no list at all', history: broken({ items: null }), want: 'neverWorked' },
    { name: 'waiting without a status', history: undefined, want: 'waiting' },
    { name: 'waiting when only what was asked is on record', history: { tag: '1', source: { from } }, want: 'waiting' },
    { name: 'imported in a status of OpenShift, which writes no success', history: plain(), want: 'imported' },
  ])('says $name', ({ want, ...parts }) => {
    expect(standing(parts)?.standing).toBe(want);
  });

  test.each([
    ['a reference that is only recorded', { spec: { reference: true } }],
    ['a tag that follows another', { spec: { from: { kind: 'ImageStreamTag', name: 'base:1' } } }],
  ])('leaves out %s', (_what, parts) => {
    expect(standing(parts)).toBeUndefined();
  });

  test.each([
    { name: 'what is scheduled', want: true },
    { name: 'not what is not', spec: { importPolicy: {} }, want: false },
    { name: 'not what a digest names: it never moves', from: `quay.io/acme/app@sha256:${'1'.repeat(64)}`, want: false },
  ])('counts as scheduled $name', ({ want, ...parts }) => {
    expect(standing(parts)?.scheduled).toBe(want);
  });
});

describe('isLate()', () => {
  const two = 2 * intervalMs;
  /** Times are those after T0. */
  const cases: readonly (Case & { readonly checkedMs?: number; readonly afterMs: number; readonly want: boolean })[] = [
    { name: 'after more than two of its intervals', afterMs: two + 1, want: true },
    { name: 'after two', afterMs: two, want: false },
    { name: 'from its last check on', checkedMs: 5, afterMs: two + 5, want: false },
    { name: 'by an interval of its stream', annotations: interval('1h'), afterMs: two + 1, want: false },
    { name: 'by an interval of its own', spec: { annotations: interval('1m') }, afterMs: 120_001, want: true },
    { name: 'for one that fails and is not even tried', history: broken(), afterMs: two + 1, want: true },
    { name: 'for one that is not scheduled', spec: { importPolicy: {} }, afterMs: two + 1, want: false },
    { name: 'before its first import', history: undefined, afterMs: two + 1, want: false },
    { name: 'when nothing can be asked', from: 'Not/A Name', history: broken(), afterMs: two + 1, want: false },
    {
      name: 'for a registry without a repository',
      from: 'quay.io',
      history: broken(),
      afterMs: two + 1,
      want: false,
    },
    { name: 'once the clock was set back', checkedMs: two, afterMs: 0, want: false },
  ];

  test.each(cases)('is $want $name', ({ checkedMs = 0, afterMs, want, ...parts }) => {
    const { lateAfterMs } = standing(parts) ?? {};
    expect(isLate({ lateAfterMs }, T0 + checkedMs, T0 + afterMs)).toBe(want);
  });
});

function broken(more: Partial<TagHistory> = {}): TagHistory {
  return imported('1', from, '1', { conditions: [failed()], ...more });
}

function plain(): TagHistory {
  const { tag, items = [] } = imported('1', from);
  return { tag, items };
}

function interval(text: string): Record<string, string> {
  return { 'imagestream-operator/interval': text };
}
