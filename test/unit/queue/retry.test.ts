import { describe, expect, test } from '@jest/globals';
import { type RetryRules, retrying } from '../../../src/queue/retry.ts';
import { type FakeClock, fakeClock } from '../../fake/clock.ts';

class Refusal extends Error {
  readonly transient: boolean;
  readonly retryAtMs: number | undefined;

  constructor(transient: boolean, retryAtMs?: number) {
    super('refused');
    this.transient = transient;
    this.retryAtMs = retryAtMs;
  }
}

const rules = (clock: FakeClock, changed: Partial<RetryRules> = {}): RetryRules => ({
  delaysMs: [500, 2_000],
  isTransient: error => (error as Refusal).transient,
  retryAtMs: error => (error as Refusal).retryAtMs,
  maxWaitMs: 10_000,
  clock,
  random: () => 0.5,
  signal: new AbortController().signal,
  ...changed,
});

/** Moves the clock once what was asked has fallen asleep. */
async function advance(clock: FakeClock, ms: number): Promise<void> {
  await new Promise(resolve => setImmediate(resolve));
  await clock.advance(ms);
}

/** An action that fails as told, then succeeds; and when it was tried. */
function failing(clock: FakeClock, ...failures: readonly Refusal[]) {
  const tries: number[] = [];
  const action = async () => {
    const failure = failures[tries.length];
    tries.push(clock.monotonic());
    if (failure !== undefined) throw failure;
    return 'done';
  };
  return { action, tries };
}

describe('retrying()', () => {
  test('R4.6 tries again after up to 0.5 s and 2 s with full jitter', async () => {
    const clock = fakeClock();
    const { action, tries } = failing(clock, new Refusal(true), new Refusal(true));
    const result = retrying(action, rules(clock));
    await advance(clock, 5_000);
    expect(await result).toBe('done');
    expect(tries).toEqual([0, 250, 1_250]);
  });

  test('R4.6 gives up after the second retry', async () => {
    const clock = fakeClock();
    const last = new Refusal(true);
    const { action, tries } = failing(clock, new Refusal(true), new Refusal(true), last);
    const result = expect(retrying(action, rules(clock))).rejects.toBe(last);
    await advance(clock, 5_000);
    await result;
    expect(tries).toHaveLength(3);
  });

  test('does not repeat what asking again cannot heal', async () => {
    const clock = fakeClock();
    const { action, tries } = failing(clock, new Refusal(false));
    await expect(retrying(action, rules(clock))).rejects.toThrow('refused');
    expect(tries).toHaveLength(1);
  });

  test('waits as long as the registry asks, when that is inside the longest wait', async () => {
    const clock = fakeClock();
    const { action, tries } = failing(clock, new Refusal(true, clock.now() + 7_000));
    const result = retrying(action, rules(clock));
    await advance(clock, 7_000);
    expect(await result).toBe('done');
    expect(tries).toEqual([0, 7_000]);
  });

  test('gives up at once when the registry asks for a longer wait', async () => {
    const clock = fakeClock();
    const { action, tries } = failing(clock, new Refusal(true, clock.now() + 10_001));
    await expect(retrying(action, rules(clock))).rejects.toThrow('refused');
    expect(tries).toHaveLength(1);
  });

  test('ends the wait when the signal fires, with its reason', async () => {
    const clock = fakeClock();
    const controller = new AbortController();
    const { action } = failing(clock, new Refusal(true));
    const result = expect(retrying(action, rules(clock, { signal: controller.signal }))).rejects.toBe('enough');
    await advance(clock, 100);
    controller.abort('enough');
    await result;
    expect(clock.sleeping).toBe(0);
  });
});
