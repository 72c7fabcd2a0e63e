import { describe, expect, test } from '@jest/globals';
import { Slots } from '../../../src/registry/slots.ts';

const never = new AbortController().signal;
const turn = () => new Promise(resolve => setImmediate(resolve));

describe('Slots (R6.13)', () => {
  test('no more run than there are places, in the order of arrival', async () => {
    const slots = new Slots(2);
    const ends: Array<() => void> = [];
    const started: number[] = [];
    const all = [0, 1, 2, 3].map(at =>
      slots.hold(never, () => {
        started.push(at);
        return new Promise<void>(resolve => ends.push(resolve));
      }),
    );
    await turn();
    expect(started).toEqual([0, 1]);
    ends[0]?.();
    await turn();
    expect(started).toEqual([0, 1, 2]);
    ends[1]?.();
    await turn();
    for (const end of ends) end();
    await Promise.all(all);
    expect(started).toEqual([0, 1, 2, 3]);
  });

  test('a failure gives its place back', async () => {
    const slots = new Slots(1);
    await expect(slots.hold(never, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await slots.hold(never, async () => 'yes')).toBe('yes');
  });

  test('who gives up waiting takes no place', async () => {
    const slots = new Slots(1);
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = slots.hold(never, () => promise);
    const leaving = new AbortController();
    const second = slots.hold(leaving.signal, async () => 'second');
    await turn();
    leaving.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    resolve();
    await first;
    expect(await slots.hold(never, async () => 'third')).toBe('third');
  });
});
