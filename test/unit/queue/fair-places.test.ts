import { describe, expect, test } from '@jest/globals';
import { FairPlaces, type Seeker } from '../../../src/queue/fair-places.ts';

const settled = () => new Promise(resolve => setImmediate(resolve));

function scene(limit: number) {
  const places = new FairPlaces(limit);
  const started: string[] = [];
  const ends = new Map<string, (value: string) => void>();
  const hold = (name: string, seeker: Partial<Seeker> = {}) =>
    places.hold({ signal: new AbortController().signal, ...seeker }, () => {
      const { promise, resolve } = Promise.withResolvers<string>();
      started.push(name);
      ends.set(name, resolve);
      return promise;
    });
  const finish = async (name: string) => {
    ends.get(name)?.(name);
    await settled();
  };
  return { hold, started, finish };
}

describe('FairPlaces', () => {
  test('gives as many as there are, and the next to whose turn it is', async () => {
    const { hold, started, finish } = scene(2);
    const answers = [hold('running'), hold('running too')];
    for (const name of ['a1', 'a2', 'a3']) answers.push(hold(name, { tenant: 'a' }));
    answers.push(hold('b1', { tenant: 'b' }), hold('urgent', { tenant: 'a', priority: 20 }));
    await settled();
    expect(started).toEqual(['running', 'running too']);
    for (const name of ['running', 'running too', 'urgent', 'a1', 'b1', 'a2', 'a3']) await finish(name);
    expect(started).toEqual(['running', 'running too', 'urgent', 'a1', 'b1', 'a2', 'a3']);
    expect(await Promise.all(answers)).toHaveLength(7);
  });

  test('gives up who waits when its signal fires, and nobody else', async () => {
    const { hold, started, finish } = scene(1);
    const controller = new AbortController();
    void hold('running');
    const waiting = hold('waiting', { signal: controller.signal });
    void hold('next');
    const refused = expect(waiting).rejects.toBe('enough');
    controller.abort('enough');
    await refused;
    await finish('running');
    expect(started).toEqual(['running', 'next']);
  });

  test('frees the place of what throws', async () => {
    const places = new FairPlaces(1);
    const signal = new AbortController().signal;
    await expect(places.hold({ signal }, () => Promise.reject('boom'))).rejects.toBe('boom');
    expect(await places.hold({ signal }, async () => 'free')).toBe('free');
    await expect(places.hold({ signal: AbortSignal.abort('enough') }, async () => 'never')).rejects.toBe('enough');
  });
});
