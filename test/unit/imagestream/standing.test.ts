import { describe, expect, test } from '@jest/globals';
import type { SpecTag, TagHistory } from '../../../src/api/image-stream.ts';
import type { TagMemory } from '../../../src/imagestream/due.ts';
import { standingsOf } from '../../../src/imagestream/standing.ts';
import { failed, imported, T0 } from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const from = 'quay.io/acme/app:1';
const intervalMs = 900_000;
const options = { defaultIntervalMs: intervalMs, minIntervalMs: 60_000, startedAtMs: T0 };
const scheduled = { importPolicy: { scheduled: true, importMode: 'Legacy' } } as const;

interface Case {
  readonly name: string;
  readonly from?: string;
  readonly spec?: Partial<SpecTag>;
  readonly history?: TagHistory | undefined;
  readonly memory?: TagMemory;
  readonly annotations?: Record<string, string>;
  /** After T0. */
  readonly afterMs?: number;
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
  const memory = new Map(parts.memory && [['1', parts.memory]]);
  return standingsOf({ stream, memory, nowMs: T0 + (parts.afterMs ?? 0), options })[0];
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

describe('a tag is late', () => {
  const two = 2 * intervalMs;
  const cases: readonly (Case & { readonly want: boolean })[] = [
    { name: 'after more than two of its intervals', afterMs: two + 1, want: true },
    { name: 'not after two', afterMs: two, want: false },
    { name: 'from its last check on', memory: { lastCheckedMs: T0 + 5 }, afterMs: two + 5, want: false },
    { name: 'by an interval of its stream', annotations: interval('1h'), afterMs: two + 1, want: false },
    { name: 'by an interval of its own', spec: { annotations: interval('1m') }, afterMs: 120_001, want: true },
    { name: 'when it fails and is not even tried', history: broken(), afterMs: two + 1, want: true },
    { name: 'not when it is not scheduled', spec: { importPolicy: {} }, afterMs: two + 1, want: false },
    { name: 'not before its first import', history: undefined, afterMs: two + 1, want: false },
    { name: 'not when nothing can be asked', from: 'Not/A Name', history: broken(), afterMs: two + 1, want: false },
    {
      name: 'not for a registry without a repository',
      from: 'quay.io',
      history: broken(),
      afterMs: two + 1,
      want: false,
    },
    { name: 'not once the clock was set back', memory: { lastCheckedMs: T0 + two }, afterMs: 0, want: false },
  ];

  test.each(cases)('$name', ({ want, ...parts }) => {
    expect(standing(parts)?.late).toBe(want);
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
