import { describe, expect, test } from '@jest/globals';
import { type Refusal, Rejections } from '../../../src/registry/auth-rejections.ts';
import { fakeClock } from '../../fake/clock.ts';

const never = new AbortController().signal;
const refusal: Refusal = { kind: 'unauthorized', reason: 'rejected', status: 401 };
const MINUTE = 60_000;

async function reject(rejections: Rejections, host: string, fingerprint: string): Promise<'tried' | 'spared'> {
  const trial = await rejections.admit(host, fingerprint, never);
  if ('refusal' in trial) return 'spared';
  trial.settle(refusal);
  return 'tried';
}

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
    expect(await rejections.admit('r', 'a', never)).toMatchObject({ refusal, untilMs: clock.now() + 10 * MINUTE });
  });

  test('a failure that says nothing of the credential lets it try again', async () => {
    const rejections = new Rejections(fakeClock());
    const trial = await rejections.admit('r', 'a', never);
    if ('settle' in trial) trial.settle('unknown');
    expect(await reject(rejections, 'r', 'a')).toBe('tried');
  });

  test('the eleventh in 3 minutes is spared whoever it is; one that is known to be good goes on', async () => {
    const clock = fakeClock();
    const rejections = new Rejections(clock);
    const good = await rejections.admit('r', 'good', never);
    if ('settle' in good) good.settle('accepted');
    for (let at = 0; at < 10; at += 1) expect(await reject(rejections, 'r', `bad-${at}`)).toBe('tried');

    expect(await reject(rejections, 'r', 'bad-10')).toBe('spared');
    expect(await rejections.admit('r', 'good', never)).toHaveProperty('settle');
    await clock.advance(3 * MINUTE);
    expect(await reject(rejections, 'r', 'bad-10')).toBe('tried');
  });

  test('unproven ones wait while ten are being tried', async () => {
    const rejections = new Rejections(fakeClock());
    const trials = await Promise.all(Array.from({ length: 10 }, (_, at) => rejections.admit('r', `u-${at}`, never)));
    let admitted = false;
    const eleventh = rejections.admit('r', 'u-10', never).then(trial => {
      admitted = true;
      return trial;
    });
    await new Promise(resolve => setImmediate(resolve));
    expect(admitted).toBe(false);
    const [first] = trials;
    if (first !== undefined && 'settle' in first) first.settle('accepted');
    expect(await eleventh).toHaveProperty('settle');
  });

  test('forget() clears an identity', async () => {
    const rejections = new Rejections(fakeClock());
    await reject(rejections, 'r', 'a');
    rejections.forget('a');
    expect(await reject(rejections, 'r', 'a')).toBe('tried');
  });
});
