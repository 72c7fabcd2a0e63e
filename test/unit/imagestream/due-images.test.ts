import { describe, expect, test } from '@jest/globals';
import type { ImageStream, SpecTag, TagHistory } from '../../../src/api/image-stream.ts';
import { type PlanInput, PRIORITY, planImports } from '../../../src/imagestream/due.ts';
import { slotsAround } from '../../../src/imagestream/slot.ts';
import { LINUX_AMD64 } from '../../../src/imagestream/source.ts';
import { digestOf, failed, imported, T0, tagEvent } from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const from = 'quay.io/acme/app:1';
const intervalMs = 900_000;
const slotMs = slotsAround(T0, intervalMs, 'quay.io', 'acme/app').nextMs;
const options = { platform: LINUX_AMD64, defaultIntervalMs: intervalMs, minIntervalMs: 60_000, startedAtMs: T0 };
const scheduled = { importPolicy: { scheduled: true, importMode: 'Legacy' } } as const;

/** A plan for a stream with the one tag `1`, at an API server that has no Image `digestOf('1')`. */
function plan(history: TagHistory | undefined, spec: Partial<SpecTag> = {}, more: Partial<PlanInput> = {}) {
  const stream: ImageStream = imageStream({
    tags: [specTag('1', from, spec)],
    ...(history && { history: [history] }),
  });
  return planImports({
    stream,
    inFlight: new Map(),
    memory: new Map(),
    nowMs: T0,
    options,
    isImageMissing: image => image === digestOf('1'),
    ...more,
  });
}

describe('a head whose Image is missing (design D11)', () => {
  test('is due as retry, in its turn, to be fetched whatever digest is recorded', () => {
    const [due, ...others] = plan(imported('1', from)).due;
    expect(others).toEqual([]);
    expect(due).toMatchObject({ tag: '1', reason: 'retry', priority: PRIORITY.scheduled, refetch: true });
    expect(due?.request.recorded).toEqual({ from, specGeneration: null });
  });

  test('is not due where Images are not kept', () => {
    const stream = imageStream({ tags: [specTag('1', from)], history: [imported('1', from)] });
    expect(planImports({ stream, inFlight: new Map(), memory: new Map(), nowMs: T0, options }).due).toEqual([]);
  });

  test('is not asked for twice while it is in flight', () => {
    expect(plan(imported('1', from), {}, { inFlight: new Map([['1', { from }]]) }).due).toEqual([]);
  });

  test('of an older event is nobody’s loss', () => {
    const items = [tagEvent('2'), tagEvent('1')];
    expect(plan(imported('1', from, '2', { items })).due).toEqual([]);
  });

  test('is not due for a tag that only records its pull spec', () => {
    const items = [tagEvent('1', { image: '', dockerImageReference: from })];
    expect(plan({ tag: '1', items }, { reference: true }, { isImageMissing: () => true }).due).toEqual([]);
  });

  test('is not due for a head that was a bare reference', () => {
    const items = [tagEvent('1', { image: '', dockerImageReference: from })];
    expect(plan(imported('1', from, '1', { items }), {}, { isImageMissing: () => true }).due).toEqual([]);
  });

  test('does not hurry a tag that fails: it goes its own way, and then fetches', () => {
    const bad = imported('1', from, '1', { conditions: [failed()] });
    const memory = new Map([['1', { retryAtMs: T0 + 5 }]]);
    const waiting = plan(bad, {}, { memory });
    expect(waiting).toMatchObject({ due: [], nextCheckAtMs: T0 + 5 });
    const [due] = plan(bad, {}, { memory, nowMs: T0 + 5 }).due;
    expect(due).toMatchObject({ reason: 'retry', refetch: true });
    expect(due?.request.recorded).not.toHaveProperty('digest');
  });

  test('is fetched, too, when something more important asks for the tag', () => {
    const [due] = plan(imported('1', 'quay.io/acme/app:0')).due;
    expect(due).toMatchObject({ reason: 'specChanged', refetch: true });
  });

  test('does not ask while the stream is held', () => {
    expect(plan(imported('1', from), {}, { memory: new Map([['1', { holdUntilMs: T0 + 1 }]]) }).due).toEqual([]);
  });
});

describe('slotMs', () => {
  const there = { isImageMissing: () => false };

  test('is the slot that a scheduled check is for, however late it is', () => {
    const late = { ...there, nowMs: slotMs + 7_000 };
    expect(plan(imported('1', from), scheduled, late).due).toMatchObject([{ reason: 'scheduled', slotMs }]);
  });

  test('is not told for other reasons', () => {
    const bad = imported('1', from, '1', { conditions: [failed()] });
    const [retry] = plan(bad, scheduled, { ...there, nowMs: slotMs }).due;
    expect(retry?.reason).toBe('retry');
    expect(retry?.slotMs).toBeUndefined();
    expect(plan(undefined, scheduled, there).due[0]?.slotMs).toBeUndefined();
  });
});
