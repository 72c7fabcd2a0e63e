import { afterEach, expect, test } from '@jest/globals';
import type { TypedObject } from '../../../src/api/meta.ts';
import { systemClock } from '../../../src/clock.ts';
import { createEventRecorder, type NewEvent } from '../../../src/kube/event-recorder.ts';
import { createKubeClient } from '../../../src/kube/http-client.ts';
import { EVENTS } from '../../../src/kube/resource.ts';
import { silentLogger } from '../../../src/log.ts';
import { startFakeApiServer } from '../../fake/api-server.ts';
import { fakeClock } from '../../fake/clock.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type StoredEvent = TypedObject & {
  readonly note: string;
  readonly eventTime: string;
  readonly regarding: { readonly name: string };
  readonly series?: { readonly count: number };
};

const news: NewEvent = {
  regarding: { apiVersion: 'image.openshift.io/v1', kind: 'ImageStream', namespace: 'demo', name: 'app', uid: 'u1' },
  type: 'Normal',
  reason: 'TagImported',
  action: 'Import',
  note: 'Tag v1 is sha256:1',
};

async function setUp() {
  const server = await startFakeApiServer();
  const client = createKubeClient({ config: server.config, clock: systemClock, log: silentLogger });
  closers.push(
    () => server.close(),
    () => client.close(),
  );
  const clock = fakeClock();
  const outcomes: string[] = [];
  const told = (outcome: string) => outcomes.push(outcome);
  const recorder = createEventRecorder({ client, instance: 'pod-1', clock, log: silentLogger, told });
  const settled = async (count: number) => {
    while (outcomes.length < count) await new Promise(resolve => setTimeout(resolve, 2));
    return server.objects<StoredEvent>(EVENTS);
  };
  return { server, recorder, clock, outcomes, settled };
}

test('an Event is written beside its object, with a time of six digits', async () => {
  const { recorder, settled } = await setUp();
  recorder.event(news);
  const [event] = await settled(1);
  expect(event).toMatchObject({
    metadata: { namespace: 'demo' },
    regarding: { kind: 'ImageStream', name: 'app' },
    reportingController: 'imagestream-operator',
    reportingInstance: 'pod-1',
    note: 'Tag v1 is sha256:1',
  });
  expect(event?.eventTime).toMatch(/\.\d{6}Z$/);
});

test('equal ones become a series, which is written again a minute later at the soonest', async () => {
  const { recorder, settled, clock, server } = await setUp();
  for (let count = 0; count < 5; count += 1) recorder.event(news);
  await settled(1);
  await clock.advance(60_000);
  recorder.event(news);
  const events = await settled(2);
  expect(events).toHaveLength(1);
  expect(events[0]?.series?.count).toBe(6);
  expect(server.count({ resource: EVENTS })).toBe(2);
});

test('an object that never stops talking is cut off, and others are heard', async () => {
  const { recorder, settled, outcomes } = await setUp();
  for (let count = 0; count < 40; count += 1) recorder.event({ ...news, note: `news ${count}` });
  recorder.event({ ...news, regarding: { ...news.regarding, uid: 'u2', name: 'other' } });
  const events = await settled(41);
  expect(outcomes.filter(outcome => outcome === 'dropped')).toHaveLength(15);
  expect(events.filter(({ regarding }) => regarding.name === 'app')).toHaveLength(25);
  expect(events.filter(({ regarding }) => regarding.name === 'other')).toHaveLength(1);
});

test('a long note is cut where a character ends', async () => {
  const { recorder, settled } = await setUp();
  recorder.event({ ...news, note: 'é'.repeat(2_000) });
  const [event] = await settled(1);
  expect(Buffer.byteLength(event?.note ?? '')).toBeLessThanOrEqual(1_024);
  expect(event?.note).toMatch(/^é+…$/);
});

test('what cannot be written is dropped, and the next is tried', async () => {
  const { server, recorder, settled, outcomes } = await setUp();
  server.fail({ resource: EVENTS }, { kind: 'status', code: 403, reason: 'Forbidden' });
  recorder.event(news);
  recorder.event({ ...news, note: 'another' });
  expect(await settled(2)).toHaveLength(1);
  expect(outcomes).toEqual(['failed', 'sent']);
});

test('flush waits for what is on its way, and no longer than it may', async () => {
  const { server, recorder, clock, outcomes } = await setUp();
  recorder.event(news);
  await recorder.flush(10_000);
  expect(outcomes).toEqual(['sent']);
  server.fail({ resource: EVENTS }, { kind: 'silence' });
  const { recorder: stuck } = { recorder };
  stuck.event({ ...news, note: 'never answered' });
  const flushed = stuck.flush(1_000);
  await clock.advance(1_000);
  await flushed;
});
