import { describe, expect, test } from '@jest/globals';
import { Flights } from '../../../src/registry/flights.ts';

const never = new AbortController().signal;

/** Work that ends when the test says so. */
function work() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const signals: AbortSignal[] = [];
  const start = (signal: AbortSignal) => {
    signals.push(signal);
    return promise;
  };
  return { start, signals, resolve, reject };
}

describe('Flights (R2.32)', () => {
  test('identical work runs once, and all hear its result', async () => {
    const flights = new Flights<string>();
    const { start, signals, resolve } = work();
    const waiting = Promise.all([flights.join('a', never, start), flights.join('a', never, start)]);

    resolve('done');
    expect(await waiting).toEqual(['done', 'done']);
    expect(signals).toHaveLength(1);
    // The reason of an abort is an error with a stack, which is not to be made for each.
    expect(signals[0]?.aborted).toBe(false);
  });

  test('all hear its failure, and the next starts anew', async () => {
    const flights = new Flights<string>();
    const { start, signals, reject } = work();
    const waiting = Promise.allSettled([flights.join('a', never, start), flights.join('a', never, start)]);
    reject(new Error('no'));

    expect((await waiting).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(flights.join('a', never, async () => 'again')).resolves.toBe('again');
    expect(signals).toHaveLength(1);
  });

  test('who leaves does not take the others along', async () => {
    const flights = new Flights<string>();
    const { start, signals, resolve } = work();
    const leaving = new AbortController();
    const left = flights.join('a', leaving.signal, start);
    const stayed = flights.join('a', never, start);

    leaving.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect(signals[0]?.aborted).toBe(false);
    resolve('done');
    expect(await stayed).toBe('done');
  });

  test('when the last has left the work is aborted and nobody joins it', async () => {
    const flights = new Flights<string>();
    const { start, signals } = work();
    const leaving = new AbortController();
    const left = flights.join('a', leaving.signal, start);
    leaving.abort();

    await expect(left).rejects.toMatchObject({ name: 'AbortError' });
    expect(signals[0]?.aborted).toBe(true);
    await expect(flights.join('a', never, async () => 'new')).resolves.toBe('new');
  });

  test('other keys are other work', async () => {
    const flights = new Flights<string>();
    expect(
      await Promise.all([flights.join('a', never, async () => 'a'), flights.join('b', never, async () => 'b')]),
    ).toEqual(['a', 'b']);
  });
});
