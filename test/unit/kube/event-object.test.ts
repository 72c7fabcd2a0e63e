import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  cutNote,
  eventKey,
  eventName,
  eventNamespace,
  eventObject,
  eventSeries,
  type NewEvent,
} from '../../../src/kube/event-object.ts';

const regarding = {
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  namespace: 'demo',
  name: 'app',
  uid: 'u1',
};
const event: NewEvent = { regarding, type: 'Normal', reason: 'TagMoved', action: 'Import', note: 'Tag v1 moved' };
const T0 = Date.parse('2026-01-02T03:04:05.678Z');

describe('eventObject()', () => {
  test('has what an API server asks for', () => {
    expect(eventObject(event, 'app.1', 'pod-1', { count: 1, firstAtMs: T0, lastAtMs: T0 })).toEqual({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { namespace: 'demo', name: 'app.1' },
      eventTime: '2026-01-02T03:04:05.678000Z',
      reportingController: 'imagestream-operator',
      reportingInstance: 'pod-1',
      action: 'Import',
      reason: 'TagMoved',
      type: 'Normal',
      note: 'Tag v1 moved',
      regarding,
    });
  });

  test('counts what happened again before it was written', () => {
    expect(eventObject(event, 'app.1', 'pod-1', { count: 3, firstAtMs: T0, lastAtMs: T0 + 1_000 })).toMatchObject({
      eventTime: '2026-01-02T03:04:05.678000Z',
      series: { count: 3, lastObservedTime: '2026-01-02T03:04:06.678000Z' },
    });
  });

  test('cuts an instance at 128 characters: a longer one is refused', () => {
    const told = { count: 1, firstAtMs: T0, lastAtMs: T0 };
    expect(eventObject(event, 'app.1', 'p'.repeat(200), told).reportingInstance).toHaveLength(128);
  });
});

test('eventSeries() has a time of six digits', () => {
  expect(eventSeries({ count: 2, firstAtMs: 0, lastAtMs: T0 })).toEqual({
    count: 2,
    lastObservedTime: '2026-01-02T03:04:05.678000Z',
  });
});

test('eventNamespace() is "default" for cluster-scoped objects: any other is refused', () => {
  expect(eventNamespace(regarding)).toBe('demo');
  expect(eventNamespace({ apiVersion: 'v1', kind: 'Image', name: 'sha256-1', uid: 'u' })).toBe('default');
});

describe('eventKey()', () => {
  const cases: { name: string; other: Partial<NewEvent>; same: boolean }[] = [
    { name: 'the same', other: {}, same: true },
    { name: 'another version', other: { regarding: { ...regarding, resourceVersion: '7' } }, same: true },
    { name: 'another object of the name', other: { regarding: { ...regarding, uid: 'u2' } }, same: false },
    { name: 'another note', other: { note: 'Tag v2 moved' }, same: false },
    { name: 'another reason', other: { reason: 'TagHealed' }, same: false },
    { name: 'another type', other: { type: 'Warning' }, same: false },
  ];
  test.each(cases)('$name', ({ other, same }) => {
    expect(eventKey({ ...event, ...other }) === eventKey(event)).toBe(same);
  });
});

describe('eventName()', () => {
  const id = '0123456789abcdef';
  const isName = (name: string) =>
    name.length <= 253 && name.split('.').every(label => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label));

  test('begins with the name of the object', () => {
    expect(eventName(regarding, id)).toBe(`app.${id}`);
  });

  test.each(['a'.repeat(253), `${'a'.repeat(235)}-b`, `${'a'.repeat(234)}.-b`, `${'a'.repeat(235)}.b`])(
    'is a name for every name: %#',
    name => expect(isName(eventName({ ...regarding, name }, id))).toBe(true),
  );
});

describe('cutNote()', () => {
  test.each([
    ['a short one', 'Tag v1 moved', 'Tag v1 moved'],
    ['1,024 bytes', 'é'.repeat(512), 'é'.repeat(512)],
    ['one byte more', `${'é'.repeat(512)}a`, `${'é'.repeat(510)}…`],
    ['characters of four bytes', '😀'.repeat(300), `${'😀'.repeat(255)}…`],
  ])('%s', (_name, note, want) => expect(cutNote(note)).toBe(want));

  test('fits, and is the beginning of the note', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 1_500, size: 'max' }), note => {
        const cut = cutNote(note);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(1_024);
        expect(cut.isWellFormed()).toBe(note.isWellFormed());
        expect(cut === note || note.startsWith(cut.slice(0, -1))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
