import { describe, expect, test } from '@jest/globals';
import { type Refusal, Rejections, type Trial, type TrialOutcome } from '../../../src/registry/auth-rejections.ts';
import { fakeClock } from '../../fake/clock.ts';

const never = new AbortController().signal;
const refusal: Refusal = { kind: 'unauthorized', reason: 'rejected', status: 401 };
const MINUTE = 60_000;

const showing = (site: string, fingerprint: string, errand = 'team/app') => ({
  site,
  host: site,
  fingerprint,
  errand,
});

async function settle(rejections: Rejections, what: ReturnType<typeof showing>, outcome: TrialOutcome) {
  const trial = await rejections.admit(what, never);
  if ('refusal' in trial) return 'spared';
  trial.settle(outcome);
  return 'tried';
}

const reject = (rejections: Rejections, site: string, fingerprint: string, errand?: string) =>
  settle(rejections, showing(site, fingerprint, errand), refusal);

const accept = (rejections: Rejections, site: string, fingerprint: string, errand?: string) =>
  settle(rejections, showing(site, fingerprint, errand), 'accepted');

describe('Rejections (R3.21)', () => {
  test('a rejected credential rests 10 minutes, doubling to 6 hours', async () => {
    const clock = fakeClock();
    const rejections = new Rejections(clock);
    for (const minutes of [10, 20, 40, 80, 160, 320, 360, 360]) {
      expect(await reject(rejections, 'r', 'a')).toBe('tried');
      await clock.advance(minutes * MINUTE - 1);
      expect(await reject(rejections, 'r', 'a')).toBe('spared');
      await clock.advance(1);
    }
  });

  test('it rests at the host that rejected it alone', async () => {
    const rejections = new Rejections(fakeClock());
    await reject(rejections, 'r', 'a');
    expect(await reject(rejections, 'other', 'a')).toBe('tried');
    expect(await reject(rejections, 'r', 'b')).toBe('tried');
  });

  test('the standing refusal is told again', async () => {
    const clock = fakeClock();
    const rejections = new Rejections(clock);
    await reject(rejections, 'r', 'a');
    expect(await rejections.admit(showing('r', 'a'), never)).toMatchObject({
      refusal,
      untilMs: clock.now() + 10 * MINUTE,
    });
  });

  test('a failure that says nothing of the credential lets it try again', async () => {
    const rejections = new Rejections(fakeClock());
    await settle(rejections, showing('r', 'a'), 'unknown');
    expect(await reject(rejections, 'r', 'a')).toBe('tried');
  });

  test('the eleventh in 3 minutes is spared whoever it is; one that is known to be good goes on', async () => {
    const clock = fakeClock();
    const rejections = new Rejections(clock);
    await accept(rejections, 'r', 'good');
    for (let at = 0; at < 10; at += 1) expect(await reject(rejections, 'r', `bad-${at}`)).toBe('tried');

    expect(await reject(rejections, 'r', 'bad-10')).toBe('spared');
    expect(await rejections.admit(showing('r', 'good'), never)).toHaveProperty('settle');
    await clock.advance(3 * MINUTE);
    expect(await reject(rejections, 'r', 'bad-10')).toBe('tried');
  });

  test('unproven ones wait while ten are being tried', async () => {
    const rejections = new Rejections(fakeClock());
    const trials = await Promise.all(
      Array.from({ length: 10 }, (_, at) => rejections.admit(showing('r', `u-${at}`), never)),
    );
    let admitted = false;
    const eleventh = rejections.admit(showing('r', 'u-10'), never).then(trial => {
      admitted = true;
      return trial;
    });
    await new Promise(resolve => setImmediate(resolve));
    expect(admitted).toBe(false);
    const [first] = trials;
    if (first !== undefined && 'settle' in first) first.settle('accepted');
    expect(await eleventh).toHaveProperty('settle');
  });

  test('who gives up while waiting for a trial leaves at once', async () => {
    const rejections = new Rejections(fakeClock());
    for (let at = 0; at < 10; at += 1) await rejections.admit(showing('r', `u-${at}`), never);
    const leaving = new AbortController();
    const waiting = rejections.admit(showing('r', 'u-10'), leaving.signal);
    leaving.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
  });

  test('one that was accepted at the host rests for the errand it was refused alone', async () => {
    const rejections = new Rejections(fakeClock());
    await accept(rejections, 'r', 'a', 'mine');
    expect(await reject(rejections, 'r', 'a', 'theirs')).toBe('tried');

    expect(await reject(rejections, 'r', 'a', 'theirs')).toBe('spared');
    expect(await accept(rejections, 'r', 'a', 'mine')).toBe('tried');
    expect(await accept(rejections, 'r', 'a', 'ours')).toBe('tried');
  });

  test('one that never was rests for the whole host', async () => {
    const rejections = new Rejections(fakeClock());
    await reject(rejections, 'r', 'a', 'theirs');
    expect(await accept(rejections, 'r', 'a', 'mine')).toBe('spared');
  });

  test('one that never was, and is forbidden one errand, rests for that alone', async () => {
    const rejections = new Rejections(fakeClock());
    const forbidden: Refusal = { ...refusal, status: 403 };
    expect(await settle(rejections, showing('r', 'a', 'theirs'), forbidden)).toBe('tried');
    expect(await settle(rejections, showing('r', 'a', 'theirs'), forbidden)).toBe('spared');
    expect(await accept(rejections, 'r', 'a', 'mine')).toBe('tried');
  });

  test('one that is forbidden whatever it asks is shown 10 times in 3 minutes', async () => {
    const rejections = new Rejections(fakeClock());
    const asked = [];
    for (let at = 0; at < 30; at += 1) {
      asked.push(await settle(rejections, showing('r', 'a', `theirs-${at}`), { ...refusal, status: 403 }));
    }
    expect(asked.filter(what => what === 'tried')).toHaveLength(10);
  });

  test('a good one is rejected for at most 10 errands in 3 minutes', async () => {
    const clock = fakeClock();
    const rejections = new Rejections(clock);
    await accept(rejections, 'r', 'a', 'mine');
    const errands = Array.from({ length: 30 }, (_, at) => `theirs-${at}`);
    const all = () => Promise.all(errands.map(errand => reject(rejections, 'r', 'a', errand)));

    expect((await all()).filter(what => what === 'tried')).toHaveLength(10);
    expect(await accept(rejections, 'r', 'a', 'mine')).toBe('tried');
    await clock.advance(3 * MINUTE);
    expect((await all()).filter(what => what === 'tried')).toHaveLength(10);
  });

  test('one that is withdrawn is rejected for at most 10 of what it could do', async () => {
    const rejections = new Rejections(fakeClock());
    const errands = Array.from({ length: 30 }, (_, at) => `mine-${at}`);
    for (const errand of errands) await accept(rejections, 'r', 'a', errand);

    const asked = [];
    for (const errand of errands) asked.push(await reject(rejections, 'r', 'a', errand));
    expect(asked.filter(what => what === 'tried')).toHaveLength(10);
  });

  test('one of which nothing is known is tried once, not for every errand at the same time', async () => {
    const rejections = new Rejections(fakeClock());
    const trials = Array.from({ length: 5 }, (_, at) => rejections.admit(showing('r', 'a', `errand-${at}`), never));
    const [first, ...others] = trials;
    ((await first) as Trial).settle(refusal);

    expect(await Promise.all(others)).toEqual(Array.from({ length: 4 }, () => expect.objectContaining({ refusal })));
  });

  test('rejections that were under way together double nothing', async () => {
    const clock = fakeClock();
    const rejections = new Rejections(clock);
    await accept(rejections, 'r', 'a', 'mine');
    const trials = await Promise.all([1, 2, 3].map(() => rejections.admit(showing('r', 'a', 'theirs'), never)));
    for (const trial of trials) (trial as Trial).settle(refusal);

    await clock.advance(10 * MINUTE);
    expect(await reject(rejections, 'r', 'a', 'theirs')).toBe('tried');
  });

  test('forget() clears the good of an identity, too: it has to prove itself again', async () => {
    const rejections = new Rejections(fakeClock());
    await accept(rejections, 'r', 'a');
    rejections.forget('a');
    await reject(rejections, 'r', 'a');
    expect(await reject(rejections, 'r', 'a', 'team/web')).toBe('spared');
  });

  test('forget() clears an identity', async () => {
    const rejections = new Rejections(fakeClock());
    await reject(rejections, 'r', 'a');
    rejections.forget('a');
    expect(await reject(rejections, 'r', 'a')).toBe('tried');
  });
});
