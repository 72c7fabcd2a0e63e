import { describe, expect, test } from '@jest/globals';
import { createLanes, type HostAdmission, type LanesParts } from '../../../src/queue/lanes.ts';
import { LanePaused } from '../../../src/registry/lanes.ts';
import { fakeClock } from '../../fake/clock.ts';

const settled = () => new Promise(resolve => setImmediate(resolve));
const down = new Error('timed out waiting for headers');

/** Lanes whose hosts take a while to answer, or never do: then a request fails after 15 s. */
function scene(parts: Partial<LanesParts> = {}, inFlight = 6) {
  const clock = fakeClock();
  const lanes = createLanes({
    clock,
    limits: () => ({ perSecond: 1_000_000, burst: 1_000_000, inFlight }),
    maxWaitMs: 60_000,
    paused: (host, untilMs, cause) => new LanePaused(host, untilMs, cause),
    breakerJitter: () => 0,
    ...parts,
  });
  const sent: string[] = [];
  const admissionOf = (more: Partial<HostAdmission>): HostAdmission => ({
    host: 'reg.example.com',
    priority: 0,
    signal: new AbortController().signal,
    ...more,
  });
  /** Answers after `answerMs`. */
  const ask = (name: string, more: Partial<HostAdmission> = {}, answerMs = 50) => {
    const admission = admissionOf(more);
    return lanes.run(admission, async () => {
      sent.push(name);
      await clock.sleep(answerMs);
      lanes.heard(admission, undefined);
      return name;
    });
  };
  /** Is never answered. */
  const askInVain = (name: string, more: Partial<HostAdmission> = {}) => {
    const admission = admissionOf(more);
    return lanes.run(admission, async () => {
      sent.push(name);
      await clock.sleep(15_000);
      lanes.heard(admission, down);
      throw down;
    });
  };
  const laneOf = (host = 'reg.example.com') => lanes.stats().find(stats => stats.host === host);
  return { clock, lanes, sent, ask, askInVain, admissionOf, laneOf };
}

describe('tenants of one lane', () => {
  test('R4.3 take turns: ten tags of one are not behind ten thousand of another', async () => {
    const { clock, sent, ask } = scene();
    for (let index = 0; index < 10_000; index += 1) void ask(`big ${index}`, { tenant: 'big' });
    for (let index = 0; index < 10; index += 1) void ask(`small ${index}`, { tenant: 'small' });
    await settled();
    for (let round = 0; round < 6; round += 1) await clock.advance(50);
    expect(sent.filter(name => name.startsWith('small'))).toHaveLength(10);
    expect(sent.length).toBeLessThan(50);
  });

  test('D22 stand behind a larger priority, whoever has it', async () => {
    const { clock, sent, ask } = scene({}, 1);
    void ask('running');
    void ask('scheduled', { tenant: 'a' });
    void ask('start-up', { tenant: 'b', priority: 10 });
    void ask('user', { tenant: 'b', priority: 20 });
    await settled();
    for (let round = 0; round < 4; round += 1) await clock.advance(50);
    expect(sent).toEqual(['running', 'user', 'start-up', 'scheduled']);
  });

  test('what waits is lifted by its signal, at every host and aside, too', async () => {
    const { clock, lanes, sent, ask } = scene({}, 1);
    const { signal } = new AbortController();
    lanes.pause('reg.example.com', clock.now() + 120, { identity: 'alice' });
    for (const name of ['running', 'first']) void ask(name);
    void ask('lifted', { signal });
    void ask('lifted aside', { signal, pullIdentity: 'alice' });
    for (const name of ['second', 'third']) void ask(name);
    await settled();
    lanes.lift(signal, 20);
    await settled();
    for (let round = 0; round < 6; round += 1) await clock.advance(50);
    expect(sent).toEqual(['running', 'lifted', 'first', 'lifted aside', 'second', 'third']);
  });
});

describe('the breaker of a lane', () => {
  /** Five requests that nobody answers. */
  async function fiveTimeouts(here: ReturnType<typeof scene>, more: Partial<HostAdmission> = {}) {
    const asked = Array.from({ length: 5 }, (_each, index) => here.askInVain(`vain ${index}`, more).catch(() => {}));
    await settled();
    await here.clock.advance(15_000);
    await Promise.all(asked);
  }

  test('A20 R4.13 after 5 timeouts in a row costs no request, and says when to ask again and why', async () => {
    const here = scene();
    await fiveTimeouts(here);
    expect(here.laneOf()).toMatchObject({ breaker: 'open', inFlight: 0 });
    const refused = here.ask('sixth');
    await expect(refused).rejects.toMatchObject({
      name: 'LanePaused',
      untilMs: here.clock.now() + 30_000,
      cause: down,
    });
    expect(here.sent).toHaveLength(5);
  });

  test('turns away at once who was waiting when it opened', async () => {
    const here = scene({}, 5);
    // As each of the first five fails one more starts, until the fifth opens the breaker.
    const asked = Array.from({ length: 12 }, (_each, index) => here.askInVain(`${index}`).catch(error => error.name));
    await settled();
    await here.clock.advance(15_000);
    expect(await Promise.all(asked.slice(9))).toEqual(['LanePaused', 'LanePaused', 'LanePaused']);
    expect(here.sent).toHaveLength(9);
    expect(here.laneOf()).toMatchObject({ waiting: 0, inFlight: 4 });
  });

  test('R4.13 turns away at once who was waiting for the pace, or aside for a quota', async () => {
    const here = scene({ limits: () => ({ perSecond: 0.1, burst: 5, inFlight: 20 }) });
    here.lanes.pause('reg.example.com', here.clock.now() + 50_000, { identity: 'anonymous' });
    const vain = Array.from({ length: 5 }, (_each, index) => here.askInVain(`vain ${index}`).catch(() => {}));
    await settled();
    const waiting = [here.ask('paced'), here.ask('aside', { pullIdentity: 'anonymous' })];
    const told = Promise.all(waiting.map(each => expect(each).rejects.toMatchObject({ cause: down })));
    for (let time = 0; time < 5; time += 1) here.lanes.heard(here.admissionOf({}), down);
    // The clock stands still: neither pace nor pause has come to its end.
    await told;
    await here.clock.advance(15_000);
    await Promise.all(vain);
    expect(here.sent).toHaveLength(5);
  });

  test('A20 R4.12 lets one probe through, and everybody once that is answered', async () => {
    const here = scene();
    await fiveTimeouts(here);
    await here.clock.advance(30_000);
    const probe = here.ask('probe');
    await expect(here.ask('too early')).rejects.toMatchObject({ untilMs: here.clock.now() + 10_000 });
    await here.clock.advance(50);
    expect(await probe).toBe('probe');
    expect(here.laneOf()?.breaker).toBe('closed');
    const next = here.ask('next');
    await here.clock.advance(50);
    expect(await next).toBe('next');
  });

  test('lets another probe through when the first was given up', async () => {
    const here = scene();
    await fiveTimeouts(here);
    await here.clock.advance(30_000);
    await expect(here.lanes.run(here.admissionOf({}), () => Promise.reject('given up'))).rejects.toBe('given up');
    const probe = here.ask('probe');
    await here.clock.advance(50);
    expect(await probe).toBe('probe');
  });

  test('probes once when several waited for a place as its time came', async () => {
    const here = scene({ maxInFlight: 4 });
    for (let time = 0; time < 5; time += 1) here.lanes.heard(here.admissionOf({}), down);
    await here.clock.advance(30_000);
    for (const host of ['a', 'b', 'c', 'd']) void here.ask('elsewhere', { host });
    const [first, second] = [here.ask('first'), here.ask('second')];
    const refused = expect(second).rejects.toMatchObject({ name: 'LanePaused' });
    await here.clock.advance(50);
    await refused;
    await here.clock.advance(50);
    expect(await first).toBe('first');
  });

  test('knows plain http from https: one may be down while the other is up', async () => {
    const here = scene();
    await fiveTimeouts(here);
    const plain = here.ask('plain', { plain: true });
    await here.clock.advance(50);
    expect(await plain).toBe('plain');
    expect(here.laneOf()?.breaker).toBe('open');
  });

  test('is none where nobody asked for it', async () => {
    const clock = fakeClock();
    const lanes = createLanes({
      clock,
      limits: () => ({ perSecond: 1e6, burst: 1e6, inFlight: 6 }),
      maxWaitMs: 60_000,
      paused: (host, untilMs) => new LanePaused(host, untilMs),
    });
    const admission = { host: 'h', priority: 0, signal: new AbortController().signal };
    for (let time = 0; time < 50; time += 1) lanes.heard(admission, down);
    expect(await lanes.run(admission, async () => 'sent')).toBe('sent');
  });

  test('keeps its lane while what it knows counts, though nobody asks', async () => {
    const here = scene();
    await fiveTimeouts(here);
    // Longer than a lane without work is kept; the breaker was open for half a minute of it.
    await here.clock.advance(6 * 60_000);
    void here.ask('other', { host: 'other.example.com' });
    const probe = here.askInVain('probe').catch(() => {});
    await here.clock.advance(15_000);
    await probe;
    const refused = here.ask('later');
    await expect(refused).rejects.toMatchObject({ untilMs: here.clock.now() + 60_000 });
  });

  test('goes with its lane once nobody asks any more', async () => {
    const here = scene();
    await fiveTimeouts(here);
    await here.clock.advance(11 * 60_000);
    void here.ask('other', { host: 'other.example.com' });
    expect(here.laneOf()).toBeUndefined();
  });
});

describe('places of hosts that accept and never answer', () => {
  const HEALTHY = Array.from({ length: 9 }, (_each, index) => `healthy-${index}`);

  test('R4.1 a host that has not answered yet has 8 at most, whatever its own limit', async () => {
    const { askInVain, laneOf } = scene({}, 1_000);
    for (let index = 0; index < 100; index += 1) askInVain(`${index}`).catch(() => {});
    await settled();
    expect(laneOf()?.inFlight).toBe(8);
  });

  test('R4.1 one that answers has half of all at most', async () => {
    const { clock, ask, laneOf } = scene({}, 1_000);
    for (let index = 0; index < 200; index += 1) void ask(`${index}`);
    await settled();
    await clock.advance(50);
    expect(laneOf()?.inFlight).toBe(32);
  });

  test('R4.1 hundreds of them leave a quarter of all to hosts that answer', async () => {
    const { clock, lanes, ask, askInVain } = scene({ breakerJitter: () => 0 });
    const first = ask('proof', { host: 'healthy-0' });
    await clock.advance(50);
    await first;
    for (let index = 0; index < 2_000; index += 1)
      askInVain(`${index}`, { host: `silent-${index % 200}` }).catch(() => {});
    await settled();
    const held = lanes.stats().reduce((sum, { inFlight }) => sum + inFlight, 0);
    expect(held).toBe(48);
  });

  test('with a tenth of all tags at a silent host every other tag is checked in time', async () => {
    const { clock, ask, askInVain } = scene();
    const tookMs: number[] = [];
    const check = async (host: string, index: number) => {
      const startMs = clock.monotonic();
      await ask(`${host} ${index}`, { host, tenant: `ns-${index % 10}` });
      tookMs.push(clock.monotonic() - startMs);
    };
    let inVain = 0;
    // Minutes in which each tag is asked for once a minute; a tenth of them at the silent host.
    for (let minute = 0; minute < 4; minute += 1) {
      for (let second = 0; second < 60; second += 1) {
        for (const [at, host] of HEALTHY.entries()) void check(host, second * 10 + at);
        askInVain(`silent ${second}`, { host: 'silent' }).catch(() => {
          inVain += 1;
        });
        await clock.advance(1_000);
      }
    }
    await clock.advance(60_000);
    expect(tookMs).toHaveLength(4 * 60 * 9);
    expect(inVain).toBe(4 * 60);
    expect(Math.max(...tookMs)).toBeLessThanOrEqual(100);
  });

  test('nor do fifty silent hosts slow down the others', async () => {
    const { clock, ask, askInVain } = scene();
    const tookMs: number[] = [];
    const proof = ask('proof', { host: 'healthy-0' });
    await clock.advance(50);
    await proof;
    for (let second = 0; second < 60; second += 1) {
      for (let index = 0; index < 50; index += 1) askInVain(`${index}`, { host: `silent-${index}` }).catch(() => {});
      const startMs = clock.monotonic();
      void ask(`${second}`, { host: 'healthy-0' }).then(() => tookMs.push(clock.monotonic() - startMs));
      await clock.advance(1_000);
    }
    expect(tookMs).toHaveLength(60);
    expect(Math.max(...tookMs)).toBeLessThanOrEqual(100);
  });

  test('a host that falls silent is trusted again once it answers', async () => {
    const { clock, ask, askInVain, laneOf } = scene({}, 1_000);
    const proof = ask('proof');
    await clock.advance(50);
    await proof;
    const vain = askInVain('vain').catch(() => {});
    await clock.advance(15_000);
    await vain;
    for (let index = 0; index < 100; index += 1) void ask(`${index}`, {}, 1_000);
    await settled();
    expect(laneOf()?.inFlight).toBe(8);
    await clock.advance(1_000);
    expect(laneOf()?.inFlight).toBe(32);
  });

  test('what its caller gave up says nothing about the host', async () => {
    const { clock, lanes, ask, laneOf } = scene({}, 1_000);
    const proof = ask('proof');
    await clock.advance(50);
    await proof;
    const controller = new AbortController();
    const given = lanes.run({ host: 'reg.example.com', priority: 0, signal: controller.signal }, async () => {
      controller.abort('enough');
      throw 'enough';
    });
    await expect(given).rejects.toBe('enough');
    for (let index = 0; index < 100; index += 1) void ask(`${index}`);
    await settled();
    expect(laneOf()?.inFlight).toBe(32);
  });
});
