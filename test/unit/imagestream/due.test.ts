import { describe, expect, test } from '@jest/globals';
import type { ImageStream, Source, SpecTag, TagHistory } from '../../../src/api/image-stream.ts';
import { nextSlotMs, type PlanInput, PRIORITY, planImports, type TagMemory } from '../../../src/imagestream/due.ts';
import { slotsAround } from '../../../src/imagestream/slot.ts';
import { LINUX_AMD64 } from '../../../src/imagestream/source.ts';
import { digestOf, failed, imported, succeeded, T0 } from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const from = 'quay.io/acme/app:1';
const intervalMs = 900_000;
const slotMs = slotsAround(T0, intervalMs, 'quay.io', 'acme/app').nextMs;
const options = { platform: LINUX_AMD64, defaultIntervalMs: intervalMs, minIntervalMs: 60_000, startedAtMs: T0 };
const scheduled = { importPolicy: { scheduled: true, importMode: 'Legacy' } } as const;
const REQUESTED = 'imagestream-operator/requested-at';

interface Case {
  readonly spec?: Partial<SpecTag>;
  readonly from?: string;
  readonly history?: TagHistory | undefined;
  readonly memory?: TagMemory;
  readonly inFlight?: Source;
  readonly annotations?: Record<string, string>;
  readonly lastHandledRequest?: string;
  readonly nowMs?: number;
  readonly options?: Partial<PlanInput['options']>;
}

/** A plan for a stream with the one tag `1`, which is imported and well unless told. */
function plan(parts: Case) {
  const history = 'history' in parts ? parts.history : imported('1', parts.from ?? from);
  const stream: ImageStream = imageStream({
    tags: [specTag('1', parts.from ?? from, parts.spec)],
    ...(history && { history: [history] }),
    ...(parts.annotations && { annotations: parts.annotations }),
    ...(parts.lastHandledRequest !== undefined && { status: { lastHandledRequest: parts.lastHandledRequest } }),
  });
  return planImports({
    stream,
    inFlight: new Map(parts.inFlight && [['1', parts.inFlight]]),
    memory: new Map(parts.memory && [['1', parts.memory]]),
    nowMs: parts.nowMs ?? T0,
    options: { ...options, ...parts.options },
  });
}

const bad = (more: Partial<TagHistory> = {}) => imported('1', from, '1', { conditions: [failed()], ...more });

describe('planImports() reasons (design D5)', () => {
  const rows: readonly (Case & { readonly name: string; readonly want: string | undefined })[] = [
    { name: 'nothing when all is as asked', want: undefined },
    { name: 'neverImported without a status entry', history: undefined, want: 'neverImported' },
    {
      name: 'specChanged when from differs',
      from: 'quay.io/acme/app:2',
      history: imported('1', from),
      want: 'specChanged',
    },
    {
      name: 'specChanged when the mode differs',
      spec: { importPolicy: { importMode: 'PreserveOriginal' } },
      want: 'specChanged',
    },
    { name: 'specChanged when insecure differs', spec: { importPolicy: { insecure: true } }, want: 'specChanged' },
    { name: 'specChanged when the generation differs', spec: { generation: 0 }, want: 'specChanged' },
    {
      name: 'specChanged when the preferred platform differs',
      spec: { annotations: { 'importer.image.openshift.io/prefer-arch': 'arm64' } },
      want: 'specChanged',
    },
    {
      name: 'specChanged when nothing is known of the request',
      history: { tag: '1', items: [], conditions: [succeeded()] },
      want: 'specChanged',
    },
    {
      name: 'nothing when another Accept version is recorded',
      history: imported('1', from, '1', { source: { from, acceptVersion: 2, digest: digestOf('1') } }),
      want: undefined,
    },
    { name: 'nothing when only scheduled differs, before the slot', spec: scheduled, want: undefined },
    { name: 'requested when the annotation is new', annotations: { [REQUESTED]: 'now' }, want: 'requested' },
    {
      name: 'nothing when the status echoes the request',
      annotations: { [REQUESTED]: 'now' },
      lastHandledRequest: 'now',
      want: undefined,
    },
    {
      name: 'nothing when the tag has answered the request',
      annotations: { [REQUESTED]: 'now' },
      memory: { answeredRequest: 'now' },
      want: undefined,
    },
    {
      name: 'requested when it has answered an older request',
      annotations: { [REQUESTED]: 'now' },
      memory: { answeredRequest: 'then' },
      want: 'requested',
    },
    { name: 'secretsChanged when memory says so', memory: { secretsChanged: true }, want: 'secretsChanged' },
    {
      name: 'nothing for a failure as asked, before its time',
      history: bad(),
      memory: { retryAtMs: T0 + 1 },
      want: undefined,
    },
    { name: 'retry at its time', history: bad(), memory: { retryAtMs: T0 }, want: 'retry' },
    {
      name: 'no retry at the slot when a later time is known',
      history: bad(),
      memory: { retryAtMs: slotMs + 1 },
      nowMs: slotMs,
      want: undefined,
    },
    {
      name: 'D23 retry at the slot when no time is known, scheduled or not',
      history: bad(),
      nowMs: slotMs,
      want: 'retry',
    },
    {
      name: 'nothing for a failure without a known time before the slot',
      history: bad(),
      nowMs: slotMs - 1,
      want: undefined,
    },
    {
      name: 'D22 retry at the slot when the clock was set back and the time that is known is far off',
      history: bad(),
      memory: { lastCheckedMs: T0 + 100 * intervalMs, retryAtMs: T0 + 101 * intervalMs },
      want: 'retry',
    },
    {
      name: 'nothing before the time that is known though the clock was moved by a moment',
      history: bad(),
      memory: { lastCheckedMs: slotMs + 50, retryAtMs: slotMs + 51 },
      nowMs: slotMs,
      want: undefined,
    },
    { name: 'scheduled from the slot on', spec: scheduled, nowMs: slotMs, want: 'scheduled' },
    { name: 'nothing before the slot', spec: scheduled, nowMs: slotMs - 1, want: undefined },
    {
      name: 'nothing at the slot when checked since',
      spec: scheduled,
      memory: { lastCheckedMs: slotMs },
      nowMs: slotMs + 1,
      want: undefined,
    },
    { name: 'nothing at the slot when not scheduled', nowMs: slotMs, want: undefined },
    {
      name: 'one reason although several slots have passed',
      spec: scheduled,
      nowMs: slotMs + 10 * intervalMs,
      want: 'scheduled',
    },
    {
      name: 'D22 nothing for a slot before this process took over',
      spec: scheduled,
      nowMs: slotMs,
      options: { startedAtMs: slotMs },
      want: undefined,
    },
    {
      name: 'D22 scheduled for a slot missed since the one before',
      spec: scheduled,
      nowMs: slotMs,
      options: { startedAtMs: slotMs, sinceMs: slotMs - 1 },
      want: 'scheduled',
    },
    {
      name: 'D22 scheduled when the clock was set back by more than an interval',
      spec: scheduled,
      memory: { lastCheckedMs: T0 + 100 * intervalMs },
      want: 'scheduled',
    },
    {
      name: 'D7 nothing while held, whatever the spec says',
      history: undefined,
      memory: { holdUntilMs: T0 + 1 },
      want: undefined,
    },
    {
      name: 'D7 due again when the hold is over',
      history: undefined,
      memory: { holdUntilMs: T0 },
      want: 'neverImported',
    },
    {
      name: 'nothing while the same request is in flight',
      history: undefined,
      inFlight: { from, specGeneration: null },
      want: undefined,
    },
    {
      name: 'due although another request is in flight',
      history: undefined,
      inFlight: { from: 'quay.io/acme/app:0' },
      want: 'neverImported',
    },
    {
      name: 'requested waits for what is in flight',
      annotations: { [REQUESTED]: 'now' },
      inFlight: { from, specGeneration: null },
      want: undefined,
    },
    {
      name: 'never for a tag that only records its pull spec',
      spec: { reference: true },
      history: undefined,
      want: undefined,
    },
    {
      name: 'neverImported for a text that is no pull spec, so that it is told',
      from: '///',
      history: undefined,
      want: 'neverImported',
    },
    {
      name: 'no retry of a text that is no pull spec',
      from: '///',
      history: imported('1', '///', '1', { conditions: [failed()] }),
      nowMs: slotMs + intervalMs,
      want: undefined,
    },
  ];

  test.each(rows)('$name', ({ name: _name, want, ...parts }) => {
    expect(plan(parts).due.map(due => due.reason)).toEqual(want === undefined ? [] : [want]);
  });

  test('a tag of another kind is never due, and is told as unsupported', () => {
    const stream = imageStream({ tags: [specTag('1', { kind: 'ImageStreamTag', name: '2' }), specTag('2')] });
    const { due, unsupported } = planImports({ stream, inFlight: new Map(), memory: new Map(), nowMs: T0, options });
    expect(due).toEqual([]);
    expect(unsupported).toEqual(['1']);
  });

  test('changing one tag of a thousand asks for one', () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `t${index}`);
    const stream = imageStream({
      tags: names.map(name => specTag(name, name === 't7' ? 'quay.io/acme/app:7' : from)),
      history: names.map(name => imported(name, from)),
    });
    const { due } = planImports({ stream, inFlight: new Map(), memory: new Map(), nowMs: T0, options });
    expect(due.map(({ tag, reason }) => `${tag} ${reason}`)).toEqual(['t7 specChanged']);
  });
});

describe('schedulable tags (controllers 9.2)', () => {
  const digest = `quay.io/acme/abc@${digestOf('1')}`;
  const lateMs = T0 + 2 * intervalMs;
  const rows: readonly (Case & { readonly name: string; readonly want: readonly string[] })[] = [
    { name: 'no tag scheduled: no', nowMs: lateMs, want: [] },
    {
      name: '`abc@sha256:…` scheduled, status only condition: tried again until it first succeeds',
      from: digest,
      spec: scheduled,
      history: { tag: '1', conditions: [failed()], source: { from: digest, specGeneration: null } },
      nowMs: lateMs,
      want: ['retry'],
    },
    {
      name: 'digest tag scheduled, second not in status: yes',
      from: digest,
      spec: scheduled,
      history: undefined,
      nowMs: lateMs,
      want: ['neverImported'],
    },
    { name: 'R7.10 digest tag scheduled, imported: no', from: digest, spec: scheduled, nowMs: lateMs, want: [] },
    {
      name: '`mysql:latest` scheduled, imported: yes',
      from: 'mysql:latest',
      spec: scheduled,
      nowMs: lateMs,
      want: ['scheduled'],
    },
  ];

  test.each(rows)('$name', ({ name: _name, want, ...parts }) => {
    expect(plan(parts).due.map(due => due.reason)).toEqual(want);
  });
});

describe('planImports() priorities (design D22)', () => {
  const startUp = { startedAtMs: slotMs, sinceMs: slotMs - 1 };
  const rows: readonly (Case & { readonly name: string; readonly want: number })[] = [
    { name: 'a new tag is a user edit', history: undefined, want: PRIORITY.userEdit },
    { name: 'another pull spec is a user edit', history: imported('1', 'quay.io/acme/app:0'), want: PRIORITY.userEdit },
    { name: 'a request is a user edit', annotations: { [REQUESTED]: 'now' }, want: PRIORITY.userEdit },
    {
      name: 'D5 another platform of the option is start-up work',
      options: { platform: { os: 'linux', architecture: 'arm64' } },
      want: PRIORITY.startUp,
    },
    {
      name: 'a slot that was missed is start-up work',
      spec: scheduled,
      nowMs: slotMs,
      options: startUp,
      want: PRIORITY.startUp,
    },
    {
      name: 'the retry of a slot that was missed is start-up work',
      history: bad(),
      nowMs: slotMs,
      options: startUp,
      want: PRIORITY.startUp,
    },
    { name: 'a slot is scheduled work', spec: scheduled, nowMs: slotMs, want: PRIORITY.scheduled },
    { name: 'a retry is scheduled work', history: bad(), memory: { retryAtMs: T0 }, want: PRIORITY.scheduled },
  ];

  test.each(rows)('$name', ({ name: _name, want, ...parts }) => {
    expect(plan(parts).due.map(due => due.priority)).toEqual([want]);
  });

  test('user edits go before start-up work, start-up work before scheduled work', () => {
    expect(PRIORITY.userEdit).toBeGreaterThan(PRIORITY.startUp);
    expect(PRIORITY.startUp).toBeGreaterThan(PRIORITY.scheduled);
  });
});

describe('planImports() nextCheckAtMs', () => {
  const rows: readonly (Case & { readonly name: string; readonly want: number | undefined })[] = [
    { name: 'never for a tag that is not scheduled', want: undefined },
    { name: 'the slot of a scheduled tag', spec: scheduled, want: slotMs },
    {
      name: 'the next slot once this one is done',
      spec: scheduled,
      memory: { lastCheckedMs: slotMs },
      nowMs: slotMs,
      want: slotMs + intervalMs,
    },
    { name: 'the retry of a failed tag', history: bad(), memory: { retryAtMs: T0 + 5 }, want: T0 + 5 },
    { name: 'the slot of a failed tag without a time', history: bad(), want: slotMs },
    { name: 'the end of a hold', history: undefined, memory: { holdUntilMs: T0 + 9 }, want: T0 + 9 },
    { name: 'not for a tag that is due now and is not scheduled', history: undefined, want: undefined },
    {
      name: 'the slot after that of a scheduled tag that is due now',
      spec: scheduled,
      nowMs: slotMs,
      want: slotMs + intervalMs,
    },
    {
      name: 'not for a tag in flight that is not scheduled',
      inFlight: { from, specGeneration: null },
      want: undefined,
    },
    {
      name: 'the slot of a scheduled tag in flight',
      spec: scheduled,
      inFlight: { from, specGeneration: null },
      want: slotMs,
    },
    {
      name: 'the slot of the tag’s own interval',
      spec: { ...scheduled, annotations: { 'imagestream-operator/interval': '1m' } },
      want: slotsAround(T0, 60_000, 'quay.io', 'acme/app').nextMs,
    },
  ];

  test.each(rows)('$name', ({ name: _name, want, ...parts }) => {
    expect(plan(parts).nextCheckAtMs).toBe(want);
  });

  test('is the earliest of all tags', () => {
    const stream = imageStream({
      tags: [specTag('1', from, scheduled), specTag('2', from)],
      history: [imported('1', from), imported('2', from, '1', { conditions: [failed()] })],
    });
    const memory = new Map([['2', { retryAtMs: T0 + 5 }]]);
    expect(planImports({ stream, inFlight: new Map(), memory, nowMs: T0, options }).nextCheckAtMs).toBe(T0 + 5);
  });
});

describe('planImports() requests', () => {
  test('names what is recorded, and the request that is answered', () => {
    const [due] = plan({ annotations: { [REQUESTED]: 'now' } }).due;
    expect(due?.requestedAt).toBe('now');
    expect(due?.request.recorded).toEqual(imported('1', from).source);
  });

  test('names the last check that came back', () => {
    const asked = { annotations: { [REQUESTED]: 'now' } };
    expect(plan(asked).due[0]?.checkedAtMs).toBeUndefined();
    expect(plan({ ...asked, memory: { lastCheckedMs: T0 - 1_000 } }).due[0]?.checkedAtMs).toBe(T0 - 1_000);
  });

  test('a request is answered when all tags have answered it, and echoed once', () => {
    const asked = { annotations: { [REQUESTED]: 'now' } };
    expect(plan(asked).answeredRequest).toBeUndefined();
    expect(plan({ ...asked, memory: { answeredRequest: 'now' } }).answeredRequest).toBe('now');
    const echoed = { ...asked, memory: { answeredRequest: 'now' }, lastHandledRequest: 'now' };
    expect(plan(echoed).answeredRequest).toBeUndefined();
  });
});

describe('nextSlotMs()', () => {
  const cases = [
    { name: 'is the slot of a scheduled tag', tags: [specTag('1', from, scheduled)], want: slotMs },
    { name: 'is undefined when no tag is scheduled', tags: [specTag('1', from)], want: undefined },
    { name: 'is undefined for a stream without tags', tags: [], want: undefined },
    {
      name: 'knows no slot of what a digest names',
      tags: [specTag('1', `quay.io/acme/app@${digestOf('1')}`, scheduled)],
      want: undefined,
    },
    {
      name: 'knows no slot of what nobody can ask for',
      tags: [specTag('1', 'not/Valid:', scheduled)],
      want: undefined,
    },
    {
      name: 'is the earliest of several',
      tags: ['15m', '1m', '1h'].map((interval, at) =>
        specTag(`${at}`, from, { ...scheduled, annotations: { 'imagestream-operator/interval': interval } }),
      ),
      want: slotsAround(T0, 60_000, 'quay.io', 'acme/app').nextMs,
    },
  ];

  test.each(cases)('$name', ({ tags, want }) => {
    expect(nextSlotMs(imageStream({ tags }), T0, options)).toBe(want);
  });
});
