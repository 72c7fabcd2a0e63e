import { expect, test } from '@jest/globals';
import { systemClock } from '../../src/clock.ts';

test('timer() rings once its time has come, and one further away than Node can wait for does not ring at once', async () => {
  const rung: string[] = [];
  const cancel = systemClock.timer(2 ** 40, () => rung.push('in years'));
  await new Promise<void>(resolve => void systemClock.timer(-1, resolve));
  await systemClock.sleep(5);
  expect(rung).toEqual([]);
  cancel();
});

test('timer() never rings once it is cancelled', async () => {
  const rung: string[] = [];
  systemClock.timer(1, () => rung.push('cancelled'))();
  await new Promise<void>(resolve => void systemClock.timer(5, resolve));
  expect(rung).toEqual([]);
});

test('sleep() ends with its signal, whose reason it tells', async () => {
  const waking = new AbortController();
  const asleep = systemClock.sleep(3_600_000, waking.signal);
  waking.abort('enough');
  await expect(asleep).rejects.toBe('enough');
  await expect(systemClock.sleep(3_600_000, waking.signal)).rejects.toBe('enough');
});
