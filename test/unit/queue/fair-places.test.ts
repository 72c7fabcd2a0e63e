import { getEventListeners } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { FairPlaces, type Seeker } from '../../../src/queue/fair-places.ts';

const settled = () => new Promise(resolve => setImmediate(resolve));

function scene(limit: number, perTenant?: number) {
  const places = new FairPlaces(limit, perTenant === undefined ? {} : { perTenant });
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

  test('leaves places to others, however much of one tenant waits and never ends', async () => {
    const { hold, started, finish } = scene(3, 2);
    for (const name of ['a1', 'a2', 'a3', 'a4']) void hold(name, { tenant: 'a' });
    void hold('b1', { tenant: 'b' });
    await settled();
    expect(started).toEqual(['a1', 'a2', 'b1']);
    void hold('b2', { tenant: 'b' });
    await finish('b1');
    expect(started).toEqual(['a1', 'a2', 'b1', 'b2']);
    // Its own come in their order, one for each that ends.
    await finish('a2');
    expect(started).toEqual(['a1', 'a2', 'b1', 'b2', 'a3']);
    await finish('b2');
    expect(started).toHaveLength(5);
    await finish('a1');
    expect(started).toEqual(['a1', 'a2', 'b1', 'b2', 'a3', 'a4']);
  });

  test('gives up who stands aside or in line, and their tenant can have others instead', async () => {
    const { hold, started, finish } = scene(1, 1);
    const [inLine, aside] = [new AbortController(), new AbortController()];
    void hold('other', { tenant: 'b' });
    const refused = [
      hold('in line', { tenant: 'a', signal: inLine.signal }),
      hold('aside', { tenant: 'a', signal: aside.signal }),
    ].map(waiting => expect(waiting).rejects.toBe('enough'));
    void hold('last', { tenant: 'a' });
    aside.abort('enough');
    inLine.abort('enough');
    await Promise.all(refused);
    await finish('other');
    expect(started).toEqual(['other', 'last']);
    await finish('last');
    void hold('again', { tenant: 'a' });
    await settled();
    expect(started).toEqual(['other', 'last', 'again']);
  });

  test('says when nobody has a place any more, nor waits for one', async () => {
    let emptied = 0;
    const places = new FairPlaces(1, {
      emptied: () => {
        emptied += 1;
      },
    });
    const { signal } = new AbortController();
    const first = Promise.withResolvers<void>();
    const holding = places.hold({ signal }, () => first.promise);
    const waiting = places.hold({ signal, tenant: 'b' }, async () => {});
    first.resolve();
    await holding;
    expect(emptied).toBe(0);
    await waiting;
    expect(emptied).toBe(1);
    await expect(places.hold({ signal: AbortSignal.abort('enough') }, async () => {})).rejects.toBe('enough');
    expect(emptied).toBe(2);
  });

  test('frees the place of what throws', async () => {
    const places = new FairPlaces(1);
    const signal = new AbortController().signal;
    await expect(places.hold({ signal }, () => Promise.reject('boom'))).rejects.toBe('boom');
    expect(await places.hold({ signal }, async () => 'free')).toBe('free');
    await expect(places.hold({ signal: AbortSignal.abort('enough') }, async () => 'never')).rejects.toBe('enough');
  });

  test('turns away at once whose signal has fired, though all places are taken', async () => {
    const { hold, started, finish } = scene(1);
    void hold('running');
    await expect(hold('late', { signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
    await finish('running');
    expect(started).toEqual(['running']);
  });

  test('begins nothing for a signal that fires between its turn and its start, and frees the place', async () => {
    const places = new FairPlaces(2);
    const controller = new AbortController();
    const { signal } = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    const running = [places.hold({ signal }, () => promise), places.hold({ signal }, () => promise)];
    const giving = places.hold({ signal }, async () => controller.abort('enough'));
    const given = expect(places.hold({ signal: controller.signal }, async () => 'never')).rejects.toBe('enough');
    resolve();
    await Promise.all([...running, giving, given]);
    const free = [places.hold({ signal }, async () => 'free'), places.hold({ signal }, async () => 'free, too')];
    expect(await Promise.all(free)).toEqual(['free', 'free, too']);
  });

  test('gives one for each that ends, however many wait', async () => {
    const { hold, started, finish } = scene(1);
    for (const name of ['running', 'a', 'b', 'c']) void hold(name);
    await finish('running');
    expect(started).toEqual(['running', 'a']);
    await finish('a');
    expect(started).toEqual(['running', 'a', 'b']);
  });

  test('counts those of a tenant that stand in line as places it has', async () => {
    const { hold, started, finish } = scene(3, 2);
    for (const tenant of ['c', 'd', 'e']) void hold(tenant, { tenant });
    for (const name of ['a1', 'a2', 'a3', 'a4']) void hold(name, { tenant: 'a' });
    for (const tenant of ['c', 'd', 'e']) await finish(tenant);
    expect(started).toEqual(['c', 'd', 'e', 'a1', 'a2']);
  });

  test('leaves no listener at the signal of who has started', async () => {
    const { hold, finish } = scene(1);
    const { signal } = new AbortController();
    void hold('running');
    void hold('waiting', { signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await finish('running');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
