import { getEventListeners } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { SharedAnswers, type Wanting } from '../../../src/importer/shared-answers.ts';
import { fakeClock } from '../../fake/clock.ts';

const settled = () => new Promise(resolve => setImmediate(resolve));

interface Question {
  readonly signal: AbortSignal;
  readonly terms: { readonly priority: number };
  readonly answer: (text: string) => Promise<void>;
  readonly fail: (error: unknown) => Promise<void>;
}

function scene(maxBytes = 100_000) {
  const clock = fakeClock();
  const lifted: number[] = [];
  const put: Question[] = [];
  const answers = new SharedAnswers<string>({
    clock,
    bytesOf: text => text.length,
    maxBytes,
    lift: (_signal, priority) => void lifted.push(priority),
  });
  const get = (key: string, wanting: Partial<Wanting> = {}) =>
    answers.get(
      key,
      {
        signal: new AbortController().signal,
        priority: 0,
        shareForMs: 30_000,
        freshSinceMs: Number.NEGATIVE_INFINITY,
        ...wanting,
      },
      terms => {
        const { promise, resolve, reject } = Promise.withResolvers<string>();
        const end = async (how: () => void) => {
          how();
          await settled();
        };
        const { signal } = terms;
        put.push({ signal, terms, answer: text => end(() => resolve(text)), fail: error => end(() => reject(error)) });
        return promise;
      },
    );
  return { clock, answers, get, put, lifted };
}

describe('a question', () => {
  test('R7.2 is put once, however many wait for the answer', async () => {
    const { get, put } = scene();
    const all = Array.from({ length: 1_000 }, () => get('a'));
    await settled();
    expect(put).toHaveLength(1);
    await put[0]?.answer('yes');
    expect(new Set(await Promise.all(all))).toEqual(new Set(['yes']));
  });

  test('is put for each key', async () => {
    const { get, put } = scene();
    void get('a');
    void get('b');
    await settled();
    expect(put).toHaveLength(2);
  });

  test('fails for all who wait', async () => {
    const { get, put } = scene();
    const all = [get('a'), get('a')];
    await settled();
    const refused = Promise.all(all.map(each => expect(each).rejects.toBe('no')));
    await put[0]?.fail('no');
    await refused;
  });

  test('of one who gives up is still answered for the others', async () => {
    const { get, put } = scene();
    const controller = new AbortController();
    const given = expect(get('a', { signal: controller.signal })).rejects.toBe('enough');
    const other = get('a');
    await settled();
    controller.abort('enough');
    await given;
    expect(put[0]?.signal.aborted).toBe(false);
    await put[0]?.answer('yes');
    expect(await other).toBe('yes');
  });

  test('is given up with the last who wants to know, and put anew for who comes then', async () => {
    const { get, put } = scene();
    const controller = new AbortController();
    const { signal } = controller;
    const given = [get('a', { signal }), get('a', { signal })].map(each => expect(each).rejects.toBe('enough'));
    await settled();
    controller.abort('enough');
    await Promise.all(given);
    expect(put[0]?.signal.aborted).toBe(true);
    void get('a');
    await settled();
    expect(put).toHaveLength(2);
    await put[0]?.fail('aborted');
    const joined = get('a');
    await put[1]?.answer('yes');
    expect(await joined).toBe('yes');
    expect(put).toHaveLength(2);
  });

  test('of nobody is not put at all', async () => {
    const { get, put } = scene();
    await expect(get('a', { signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
    expect(put).toEqual([]);
  });

  test('D22 is lifted by who joins with a larger priority', async () => {
    const { get, put, lifted } = scene();
    void get('a');
    void get('a', { priority: 20 });
    void get('a', { priority: 10 });
    await settled();
    expect(lifted).toEqual([20]);
    expect(put[0]?.terms.priority).toBe(20);
  });

  test('R7.2 is put anew for who will not have an answer from before', async () => {
    const { clock, get, put } = scene();
    const before = get('a');
    await settled();
    await clock.advance(1_000);
    const fresh = get('a', { freshSinceMs: clock.monotonic() });
    const joins = get('a', { freshSinceMs: clock.monotonic() });
    await settled();
    expect(put).toHaveLength(2);
    await put[1]?.answer('new');
    await put[0]?.answer('old');
    expect([await before, await fresh, await joins]).toEqual(['old', 'new', 'new']);
    expect(await get('a')).toBe('new');
  });
});

describe('an answer', () => {
  test.each([
    { name: 'within the time that it is shared', afterMs: 29_999, shareForMs: 30_000, puts: 1 },
    { name: 'no longer after it', afterMs: 30_000, shareForMs: 30_000, puts: 2 },
    { name: 'not to who wants a younger one', afterMs: 10_001, shareForMs: 10_000, puts: 2 },
    { name: 'not to who wants none that is here already', afterMs: 0, shareForMs: 0, puts: 2 },
  ])('D22 is given to late joiners: $name', async ({ afterMs, shareForMs, puts }) => {
    const { clock, get, put } = scene();
    void get('a');
    await settled();
    await put[0]?.answer('yes');
    await clock.advance(afterMs);
    void get('a', { shareForMs });
    await settled();
    expect(put).toHaveLength(puts);
  });

  test('is kept as long as any who waited for it shares', async () => {
    const { clock, get, put } = scene();
    void get('a', { shareForMs: 0 });
    void get('a', { shareForMs: 20_000 });
    await settled();
    await put[0]?.answer('yes');
    await clock.advance(19_000);
    expect(await get('a')).toBe('yes');
  });

  test('is not kept when nobody shares', async () => {
    const { get, put } = scene();
    void get('a', { shareForMs: 0 });
    await settled();
    await put[0]?.answer('yes');
    void get('a');
    await settled();
    expect(put).toHaveLength(2);
  });

  test('that is a failure is kept for seconds alone, so that a retry asks', async () => {
    const { clock, get, put } = scene();
    const failed = expect(get('a')).rejects.toBe('no');
    await settled();
    await put[0]?.fail('no');
    await failed;
    await clock.advance(4_999);
    await expect(get('a')).rejects.toBe('no');
    await clock.advance(1);
    void get('a');
    await settled();
    expect(put).toHaveLength(2);
  });

  test('is forgotten by its key', async () => {
    const { answers, get, put } = scene();
    void get('a alice');
    await settled();
    await put[0]?.answer('yes');
    answers.forget(key => key.includes('alice'));
    void get('a alice');
    await settled();
    expect(put).toHaveLength(2);
  });

  test('makes room for newer ones: the oldest go', async () => {
    const { get, put } = scene(10_000);
    for (let index = 0; index < 20; index += 1) {
      void get(`${index}`);
      await settled();
      await put[index]?.answer('x'.repeat(500));
    }
    expect(await get('19')).toHaveLength(500);
    void get('0');
    await settled();
    expect(put).toHaveLength(21);
  });

  test('that takes the place of an old one takes its memory, too', async () => {
    const { clock, get, put } = scene(10_000);
    for (let index = 0; index < 30; index += 1) {
      void get('a');
      await settled();
      await put[index]?.answer('x'.repeat(500));
      await clock.advance(30_000);
    }
    void get('b');
    await settled();
    await put[30]?.answer('x'.repeat(500));
    void get('b');
    await settled();
    expect(put).toHaveLength(31);
  });

  test('takes memory for its key, however little it says', async () => {
    const { get, put } = scene(10_000);
    for (let index = 0; index < 20; index += 1) {
      void get(`${index}`.padStart(1_000));
      await settled();
      await put[index]?.answer('');
    }
    void get('0'.padStart(1_000));
    await settled();
    expect(put).toHaveLength(21);
  });

  test('leaves nothing behind at the signals of who waited, and aborts nothing', async () => {
    const { get, put } = scene();
    const { signal } = new AbortController();
    const answer = get('a', { signal });
    await settled();
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await put[0]?.answer('yes');
    expect(await answer).toBe('yes');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(put[0]?.signal.aborted).toBe(false);
  });
});
