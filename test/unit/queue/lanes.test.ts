import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { LaneLimits } from '../../../src/queue/lane.ts';
import { createLanes, type HostAdmission, type HostLanes, type LanesParts } from '../../../src/queue/lanes.ts';
import { LanePaused, type Lanes } from '../../../src/registry/lanes.ts';
import { type FakeClock, fakeClock } from '../../fake/clock.ts';

const MINUTE = 60_000;
const unhurried: LaneLimits = { perSecond: 1_000_000, burst: 1_000_000, inFlight: 100 };

interface Call {
  readonly name: string;
  readonly atMs: number;
  readonly finish: () => Promise<void>;
}

/** Lanes on a fake clock, and requests that last until they are finished. */
function scene(limits: Partial<LaneLimits>, parts: Partial<LanesParts> = {}) {
  const clock = fakeClock();
  const lanes = createLanes({
    clock,
    limits: () => ({ ...unhurried, ...limits }),
    maxWaitMs: 2 * MINUTE,
    paused: (host, untilMs) => new LanePaused(host, untilMs),
    ...parts,
  });
  const started: Call[] = [];
  const send = (name: string, admission: Partial<HostAdmission> = {}) =>
    lanes.run({ host: 'reg.example.com', priority: 0, signal: new AbortController().signal, ...admission }, () => {
      const { promise, resolve } = Promise.withResolvers<string>();
      const finish = async () => {
        resolve(name);
        await settled();
      };
      started.push({ name, atMs: clock.monotonic(), finish });
      return promise;
    });
  const names = () => started.map(({ name }) => name);
  const finish = async (name: string) => {
    await settled();
    await started.find(call => call.name === name)?.finish();
  };
  // What was sent is to fall asleep before the clock moves.
  const advance = async (ms: number) => {
    await settled();
    await clock.advance(ms);
  };
  return { clock, lanes, started, send, names, finish, advance };
}

const settled = () => new Promise(resolve => setImmediate(resolve));
const laneOf = (lanes: HostLanes, host = 'reg.example.com') => lanes.stats().find(stats => stats.host === host);
const inOneSecond = (clock: FakeClock) => clock.now() + 1_000;

test('limitsChanged() lets in who waits as soon as there is room, and ends no pause', async () => {
  let inFlight = 1;
  const { lanes, send, names, clock, advance } = scene({}, { limits: () => ({ ...unhurried, inFlight }) });
  for (const name of ['a', 'b', 'c']) void send(name);
  await settled();
  expect(names()).toEqual(['a']);
  inFlight = 2;
  lanes.limitsChanged();
  await settled();
  expect(names()).toEqual(['a', 'b']);
  lanes.pause('reg.example.com', inOneSecond(clock));
  inFlight = 3;
  lanes.limitsChanged();
  await advance(999);
  expect(names()).toEqual(['a', 'b']);
  await advance(1);
  expect(names()).toEqual(['a', 'b', 'c']);
});

test('HostLanes fits the interface that the registry room calls', () => {
  const { lanes } = scene({});
  const fitting: Lanes = lanes;
  expect(fitting).toBe(lanes);
});

describe('a lane', () => {
  test('hands on what the request answers or throws', async () => {
    const { send, finish, lanes } = scene({});
    const answer = send('a');
    await finish('a');
    expect(await answer).toBe('a');
    const boom = new Error('boom');
    const admission = { host: 'h', priority: 0, signal: new AbortController().signal };
    await expect(lanes.run(admission, () => Promise.reject(boom))).rejects.toBe(boom);
    await expect(
      lanes.run(admission, () => {
        throw boom;
      }),
    ).rejects.toBe(boom);
    expect(laneOf(lanes, 'h')).toMatchObject({ inFlight: 0, waiting: 0 });
  });

  test('R4.1 holds as many requests in flight as its host allows', async () => {
    const { send, finish, names, lanes } = scene({ inFlight: 2 });
    for (const name of ['a', 'b', 'c', 'd']) send(name);
    await settled();
    expect(names()).toEqual(['a', 'b']);
    expect(laneOf(lanes)).toMatchObject({ inFlight: 2, waiting: 2 });
    await finish('b');
    expect(names()).toEqual(['a', 'b', 'c']);
  });

  test('lets larger priorities go first, and equal ones in order', async () => {
    const { send, finish, names } = scene({ inFlight: 1 });
    send('running');
    send('low');
    send('high', { priority: 10 });
    send('low too');
    for (const name of ['running', 'high', 'low']) await finish(name);
    expect(names()).toEqual(['running', 'high', 'low', 'low too']);
  });

  test('R4.1 paces starts: a burst, then the rate', async () => {
    const { send, started, advance } = scene({ perSecond: 5, burst: 2 });
    for (const name of ['a', 'b', 'c', 'd']) send(name);
    await advance(1_000);
    expect(started.map(({ atMs }) => atMs)).toEqual([0, 0, 200, 400]);
  });

  test('what waits for the pace holds no place: a later, more urgent request overtakes it', async () => {
    const { send, names, lanes, advance } = scene({ perSecond: 1, burst: 1, inFlight: 2 });
    send('first');
    send('low');
    send('low too');
    await advance(500);
    send('urgent', { priority: 10 });
    expect(laneOf(lanes)).toMatchObject({ inFlight: 1, waiting: 3 });
    await advance(600);
    expect(names()).toEqual(['first', 'urgent']);
  });

  test('R4.2 halves its pace when the host says it is too much', async () => {
    const { send, started, lanes, advance } = scene({ perSecond: 10, burst: 1 });
    lanes.slowDown('reg.example.com');
    for (const name of ['a', 'b', 'c']) send(name);
    await advance(1_000);
    expect(started.map(({ atMs }) => atMs)).toEqual([0, 200, 400]);
    expect(laneOf(lanes)?.perSecond).toBe(5);
  });

  test('lanes of other hosts go on', async () => {
    const { send, names, clock, lanes } = scene({ inFlight: 1 });
    lanes.pause('reg.example.com', inOneSecond(clock));
    send('a');
    send('b', { host: 'other.example.com' });
    await settled();
    expect(names()).toEqual(['b']);
  });
});

describe('a paused lane', () => {
  test('R4.8 starts nothing before its time, whatever the priority', async () => {
    const { send, started, clock, lanes, advance } = scene({});
    lanes.pause('reg.example.com', inOneSecond(clock));
    send('a', { priority: 100 });
    await advance(999);
    expect(started).toEqual([]);
    expect(laneOf(lanes)?.pausedUntilMs).toBe(clock.now() + 1);
    await advance(1);
    expect(started.map(({ atMs }) => atMs)).toEqual([1_000]);
  });

  test('stays paused until the later of two pauses', async () => {
    const { send, started, clock, lanes, advance } = scene({});
    lanes.pause('reg.example.com', clock.now() + 5_000);
    send('a');
    lanes.pause('reg.example.com', inOneSecond(clock));
    await advance(10_000);
    expect(started.map(({ atMs }) => atMs)).toEqual([5_000]);
  });

  test('holds what was waiting for its turn when the pause came', async () => {
    const { send, names, finish, clock, lanes, advance } = scene({ inFlight: 1 });
    send('a');
    send('b');
    await settled();
    lanes.pause('reg.example.com', inOneSecond(clock));
    await finish('a');
    expect(names()).toEqual(['a']);
    await advance(1_000);
    expect(names()).toEqual(['a', 'b']);
  });

  test('waits on the monotonic clock: a jump of the wall clock ends no pause', async () => {
    const { send, names, clock, lanes, advance } = scene({});
    lanes.pause('reg.example.com', inOneSecond(clock));
    clock.jumpTo(clock.now() + 60 * MINUTE);
    send('a');
    await advance(999);
    expect(names()).toEqual([]);
    await advance(1);
    expect(names()).toEqual(['a']);
  });

  test('turns a request away when the pause outlasts the longest wait', async () => {
    const { send, clock, lanes, advance } = scene({});
    const untilMs = clock.now() + 2 * MINUTE + 1;
    lanes.pause('reg.example.com', untilMs);
    await expect(send('a')).rejects.toMatchObject({ name: 'LanePaused', untilMs });
    await advance(1);
    send('b');
    await settled();
    expect(laneOf(lanes)?.waiting).toBe(1);
  });

  test('turns away who was waiting already, but not who is under way', async () => {
    const { send, finish, clock, lanes } = scene({ inFlight: 1 });
    const running = send('running');
    const waiting = send('waiting');
    await settled();
    lanes.pause('reg.example.com', clock.now() + 60 * MINUTE);
    await expect(waiting).rejects.toBeInstanceOf(LanePaused);
    await finish('running');
    expect(await running).toBe('running');
    expect(laneOf(lanes)).toMatchObject({ inFlight: 0, waiting: 0 });
  });
});

describe('a pull pause', () => {
  const pull = { identity: 'alice' };

  test('A11 R4.9 holds manifest GETs of that identity; HEADs go on', async () => {
    const { send, names, clock, lanes } = scene({ inFlight: 1 });
    lanes.pause('reg.example.com', inOneSecond(clock), pull);
    send('get', { pullIdentity: 'alice', priority: 10 });
    send('head');
    await settled();
    expect(names()).toEqual(['head']);
  });

  test('A19 R4.9 does not hold another identity', async () => {
    const { send, names, clock, lanes, advance } = scene({});
    lanes.pause('reg.example.com', inOneSecond(clock), pull);
    send('alice', { pullIdentity: 'alice' });
    send('bob', { pullIdentity: 'bob' });
    await advance(999);
    expect(names()).toEqual(['bob']);
    await advance(1);
    expect(names()).toEqual(['bob', 'alice']);
  });

  test('holds what was waiting for its turn, without keeping its place or its token', async () => {
    const { send, names, finish, clock, lanes, advance } = scene({ inFlight: 1, perSecond: 10, burst: 2 });
    send('running');
    send('alice', { pullIdentity: 'alice' });
    send('bob', { pullIdentity: 'bob' });
    await settled();
    lanes.pause('reg.example.com', inOneSecond(clock), pull);
    await finish('running');
    expect(names()).toEqual(['running', 'bob']);
    await finish('bob');
    await advance(1_000);
    expect(names()).toEqual(['running', 'bob', 'alice']);
  });

  test('that is prolonged while a request waits for its end holds it until the new end', async () => {
    const { send, started, clock, lanes, advance } = scene({});
    lanes.pause('reg.example.com', inOneSecond(clock), pull);
    send('alice', { pullIdentity: 'alice' });
    await advance(500);
    lanes.pause('reg.example.com', clock.now() + 2_000, pull);
    await advance(5_000);
    expect(started.map(({ atMs }) => atMs)).toEqual([2_500]);
  });

  test('turns away at once when it outlasts the longest wait', async () => {
    const { send, clock, lanes } = scene({ inFlight: 1 });
    lanes.pause('reg.example.com', inOneSecond(clock), pull);
    const asleep = send('asleep', { pullIdentity: 'alice' });
    send('running');
    const queued = send('queued', { pullIdentity: 'alice' });
    await settled();
    const untilMs = clock.now() + 30 * MINUTE;
    lanes.pause('reg.example.com', untilMs, pull);
    await expect(asleep).rejects.toMatchObject({ name: 'LanePaused', untilMs });
    await expect(queued).rejects.toMatchObject({ name: 'LanePaused', untilMs });
    await expect(send('new', { pullIdentity: 'alice' })).rejects.toMatchObject({ name: 'LanePaused', untilMs });
    expect(clock.sleeping).toBe(0);
  });
});

describe('a signal', () => {
  test('takes a waiting request out with its reason and leaves no timer behind', async () => {
    const { send, names, clock, lanes, advance } = scene({ perSecond: 1, burst: 1 });
    send('first');
    const controller = new AbortController();
    const waiting = send('waiting', { signal: controller.signal });
    await settled();
    expect(clock.sleeping).toBe(1);
    const refused = expect(waiting).rejects.toBe('enough');
    controller.abort('enough');
    await refused;
    expect(clock.sleeping).toBe(0);
    expect(laneOf(lanes)).toMatchObject({ inFlight: 1, waiting: 0 });
    await advance(5_000);
    expect(names()).toEqual(['first']);
  });

  test('takes out all that wait under it, in line or aside, and nobody else', async () => {
    const { send, finish, names, clock, lanes, advance } = scene({ inFlight: 1 });
    lanes.pause('reg.example.com', inOneSecond(clock), { identity: 'alice' });
    const controller = new AbortController();
    const { signal } = controller;
    const aside = send('aside', { signal, pullIdentity: 'alice' });
    const running = send('running', { signal });
    const waiting = [aside, send('a', { signal }), send('b', { signal })];
    send('other');
    await settled();
    const refused = Promise.all(waiting.map(each => expect(each).rejects.toBe('enough')));
    controller.abort('enough');
    await refused;
    expect(laneOf(lanes)).toMatchObject({ inFlight: 1, waiting: 1 });
    await finish('running');
    expect(await running).toBe('running');
    expect(names()).toEqual(['running', 'other']);
    expect(clock.sleeping).toBe(0);
    await finish('other');
    await advance(5_000);
    send('after');
    expect(names()).toEqual(['running', 'other', 'after']);
    expect(laneOf(lanes)).toMatchObject({ inFlight: 1, waiting: 0 });
  });

  test('that has fired already lets nothing start', async () => {
    const { send, names } = scene({});
    await expect(send('a', { signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
    expect(names()).toEqual([]);
  });

  test('that fires while the request runs frees its place only when the request ends', async () => {
    const { send, names, finish } = scene({ inFlight: 1 });
    const controller = new AbortController();
    const running = send('running', { signal: controller.signal });
    send('next');
    await settled();
    controller.abort('enough');
    await settled();
    expect(names()).toEqual(['running']);
    await finish('running');
    expect(await running).toBe('running');
    expect(names()).toEqual(['running', 'next']);
  });

  test('ends a wait for a pull pause', async () => {
    const { send, clock, lanes } = scene({});
    lanes.pause('reg.example.com', inOneSecond(clock), { identity: 'alice' });
    const controller = new AbortController();
    const waiting = send('a', { signal: controller.signal, pullIdentity: 'alice' });
    await settled();
    const refused = expect(waiting).rejects.toBe('enough');
    controller.abort('enough');
    await refused;
    expect(clock.sleeping).toBe(0);
  });
});

describe('the cap over all lanes', () => {
  test('R4.1 is 64 requests in flight', async () => {
    const { send, started } = scene({});
    for (let index = 0; index < 100; index += 1) send(`${index}`, { host: `host-${index}` });
    await settled();
    expect(started).toHaveLength(64);
    for (const call of [...started]) await call.finish();
    expect(started).toHaveLength(100);
  });

  test('lets lanes take turns, so that a long queue does not starve a short one', async () => {
    const { send, names, finish } = scene({}, { maxInFlight: 1 });
    for (const name of ['a1', 'a2', 'a3']) send(name, { host: 'a' });
    for (const name of ['b1', 'b2']) send(name, { host: 'b' });
    for (const name of ['a1', 'a2', 'b1', 'a3']) await finish(name);
    expect(names()).toEqual(['a1', 'a2', 'b1', 'a3', 'b2']);
  });

  test('is never passed, in whatever order requests come and end, and everything gets its turn', async () => {
    const steps = fc.array(
      fc.record({ host: fc.nat(2), priority: fc.nat(2), ends: fc.nat(2), settles: fc.boolean() }),
      {
        maxLength: 40,
      },
    );
    await fc.assert(
      fc.asyncProperty(steps, async moves => {
        const { lanes, clock } = scene({ inFlight: 2 }, { maxInFlight: 3 });
        const running: (() => void)[] = [];
        let most = 0;
        const signal = new AbortController().signal;
        const answers = moves.map(async ({ host, priority, ends, settles }, index) => {
          const answer = lanes.run({ host: `h${host}`, priority, signal }, () => {
            const { promise, resolve } = Promise.withResolvers<number>();
            running.push(() => resolve(index));
            most = Math.max(most, running.length);
            return promise;
          });
          if (settles) await settled();
          for (const end of running.splice(0, ends)) end();
          return answer;
        });
        while (lanes.stats().some(({ inFlight, waiting }) => inFlight + waiting > 0)) {
          await settled();
          for (const end of running.splice(0, 1)) end();
        }
        await Promise.all(answers);
        expect(most).toBeLessThanOrEqual(3);
        expect(clock.sleeping).toBe(0);
      }),
    );
  });
});

describe('an empty lane', () => {
  test('is dropped after minutes, when another one is used', async () => {
    const { send, finish, lanes, advance } = scene({});
    send('a', { host: 'a' });
    await finish('a');
    await advance(5 * MINUTE);
    send('b', { host: 'b' });
    expect(lanes.stats().map(({ host }) => host)).toEqual(['b']);
  });

  test.each([
    { name: 'a pause', make: (lanes: HostLanes, clock: FakeClock) => lanes.pause('a', clock.now() + 60 * MINUTE) },
    {
      name: 'a pull pause',
      make: (lanes: HostLanes, clock: FakeClock) => lanes.pause('a', clock.now() + 60 * MINUTE, { identity: 'alice' }),
    },
    { name: 'a reduced pace', make: (lanes: HostLanes) => lanes.slowDown('a') },
  ])('is kept while it remembers $name', async ({ make }) => {
    const { send, clock, lanes, advance } = scene({ perSecond: 10 });
    make(lanes, clock);
    await advance(2_000);
    make(lanes, clock);
    await advance(6 * MINUTE);
    send('b', { host: 'b' });
    expect(lanes.stats().map(({ host }) => host)).toEqual(['a', 'b']);
  });

  test('leaves no timer behind', async () => {
    const { send, finish, clock, advance } = scene({ perSecond: 1, burst: 1 });
    send('a');
    send('b');
    await advance(1_000);
    await finish('a');
    await finish('b');
    expect(clock.sleeping).toBe(0);
  });
});
