import { beforeEach, describe, expect, test } from '@jest/globals';
import type { EventObject } from '../../../src/kube/event-object.ts';
import { createEventRecorder, type EventRecorder, type NewEvent } from '../../../src/kube/event-recorder.ts';
import type { Logger } from '../../../src/log.ts';
import { type FakeClock, fakeClock } from '../../fake/clock.ts';
import { FakeObjects, fakeKubeClient, type Weather } from '../../fake/kube-client.ts';
import { settle } from './leader-story.ts';

const regarding = {
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  namespace: 'demo',
  name: 'app',
  uid: 'u1',
};
const news: NewEvent = { regarding, type: 'Warning', reason: 'TagImportFailed', action: 'Import', note: 'Tag v1: no' };
const about = (index: number): NewEvent => ({
  ...news,
  regarding: { ...regarding, uid: `u${index}`, name: `s${index}` },
});

let clock: FakeClock;
let objects: FakeObjects;
let recorder: EventRecorder;
let weather: (ask: string) => Weather;
let outcomes: string[];
let warnings: string[];
/** As stored, in the order of their last write. */
let writes: EventObject[];

beforeEach(() => {
  clock = fakeClock();
  objects = new FakeObjects();
  weather = () => ({});
  outcomes = [];
  warnings = [];
  writes = [];
  objects.onWrite = object => writes.push(object as EventObject);
  const log: Logger = {
    debug: () => {},
    info: () => {},
    warn: (fields, message) => warnings.push(`${message}: ${fields['error']}`),
    error: () => {},
  };
  recorder = createEventRecorder({
    client: fakeKubeClient(objects, clock, ask => weather(ask)),
    instance: 'pod-1',
    clock,
    log,
    told: outcome => outcomes.push(outcome),
  });
});

/** What is ready happens first, then time passes. */
async function elapse(ms: number): Promise<void> {
  await settle();
  await clock.advance(ms);
  await settle();
}

const told = (outcome: string) => outcomes.filter(each => each === outcome).length;

describe('a series', () => {
  test('that grows before it is written is written once', async () => {
    for (let times = 0; times < 7; times += 1) recorder.event(news);
    await settle();
    expect(writes.map(({ series }) => series?.count)).toEqual([7]);
  });

  test('is written once a minute at most, and costs its object no more than that', async () => {
    for (let seconds = 0; seconds < 300; seconds += 1) {
      recorder.event(news);
      await elapse(1_000);
    }
    expect(writes.map(({ series }) => series?.count)).toEqual([undefined, 61, 121, 181, 241]);
    expect(new Set(writes.map(({ metadata }) => metadata.name)).size).toBe(1);
  });

  test('ends after ten minutes of silence', async () => {
    recorder.event(news);
    await elapse(600_000);
    recorder.event(news);
    await settle();
    expect(writes.map(({ series }) => series)).toEqual([undefined, undefined]);
    expect(writes[0]?.metadata.name).not.toBe(writes[1]?.metadata.name);
  });

  test('goes on in a new Event when the one of then has expired, and loses no count', async () => {
    recorder.event(news);
    await elapse(61_000);
    objects.remove({
      resource: { group: 'events.k8s.io', version: 'v1', plural: 'events' },
      namespace: 'demo',
      name: writes[0]?.metadata.name ?? '',
    });
    recorder.event(news);
    await settle();
    expect(writes.at(-1)?.series?.count).toBe(2);
    expect(outcomes).toEqual(['sent', 'sent']);
  });

  test('whose first Event could not be written is told by the next one', async () => {
    weather = () => ({ lost: 'request', failsMs: 1 });
    recorder.event(news);
    await elapse(1_000);
    expect(outcomes).toEqual(['failed']);
    weather = () => ({});
    recorder.event(news);
    await settle();
    expect(writes.map(({ series }) => series?.count)).toEqual([2]);
  });

  test('another object of the same name has its own', async () => {
    recorder.event(news);
    recorder.event({ ...news, regarding: { ...regarding, uid: 'u2' } });
    await settle();
    expect(writes).toHaveLength(2);
  });
});

describe('many', () => {
  test('of thousands of objects at once are written in their order, at a pace', async () => {
    for (let index = 0; index < 1_000; index += 1) recorder.event(about(index));
    await elapse(1);
    expect(writes.length).toBe(200);
    await elapse(1_000);
    expect(writes.length).toBe(220);
    await elapse(60_000);
    expect(writes.map(event => event.regarding.name)).toEqual(Array.from({ length: 1_000 }, (_, index) => `s${index}`));
    expect(clock.sleeping).toBe(0);
  });

  test('that wait while the API server says nothing push out the oldest', async () => {
    weather = () => ({ lost: 'request' });
    for (let index = 0; index < 3_000; index += 1) recorder.event(about(index));
    expect(told('dropped')).toBe(1_000);
    expect(warnings).toEqual(['An Event could not be written: more wait than there is room for']);
    weather = () => ({});
    await elapse(200_000);
    expect(writes[0]?.regarding.name).toBe('s1000');
    expect(writes.at(-1)?.regarding.name).toBe('s2999');
  });
});

describe('trouble', () => {
  test('of each kind is logged once', async () => {
    const kinds: Weather[] = [{ refused: 403 }, { refused: 500 }, { lost: 'request', failsMs: 1 }];
    for (let index = 0; index < 12; index += 1) {
      const kind = kinds[index % 3] ?? {};
      weather = () => kind;
      recorder.event(about(index));
      await elapse(100);
    }
    expect(told('failed')).toBe(12);
    expect(warnings).toHaveLength(3);
  });

  test('with one object does not keep the next from being told', async () => {
    weather = () => ({ refused: writes.length === 0 ? 403 : 500 });
    recorder.event(about(1));
    await settle();
    weather = () => ({});
    recorder.event(about(2));
    await settle();
    expect(outcomes).toEqual(['failed', 'sent']);
  });
});

describe('flush()', () => {
  test('writes what waits without a pause, and takes in nothing more', async () => {
    for (let index = 0; index < 500; index += 1) recorder.event(about(index));
    await elapse(1);
    await recorder.flush(1_000);
    expect(told('sent')).toBe(500);
    recorder.event(about(501));
    await settle();
    expect(outcomes.at(-1)).toBe('dropped');
    expect([writes.length, clock.sleeping]).toEqual([500, 0]);
  });

  test('ends in time, and drops what is left', async () => {
    weather = () => ({ lost: 'request' });
    for (let index = 0; index < 3; index += 1) recorder.event(about(index));
    await settle();
    const flushed = recorder.flush(1_000);
    await elapse(1_000);
    await flushed;
    expect(outcomes).toEqual(['failed', 'dropped', 'dropped']);
    expect(warnings).toEqual([]);
  });

  test('ends at once when nothing waits', async () => {
    await recorder.flush(1_000);
    expect(clock.sleeping).toBe(0);
  });
});
