import { describe, expect, test } from '@jest/globals';
import { Holds } from '../../../src/controller/holds.ts';
import { T0 } from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const key = 'demo/app';
const defaults = { defaultIntervalMs: 900_000, minIntervalMs: 60_000 };
const stream = imageStream({ tags: [specTag('1', 'quay.io/acme/app:1')] });

describe('Holds (design D7)', () => {
  test('a stream that is not storable rests for its interval', () => {
    const holds = new Holds();
    expect(holds.until(key, stream, T0)).toBeUndefined();
    holds.hold(key, stream, 'too large', T0, defaults);
    expect(holds.until(key, stream, T0)).toBe(T0 + 900_000);
    expect(holds.until(key, stream, T0 + 899_999)).toBe(T0 + 900_000);
    expect(holds.until(key, stream, T0 + 900_000)).toBeUndefined();
  });

  test('the shortest interval of its tags counts', () => {
    const holds = new Holds();
    const annotations = { 'imagestream-operator/interval': '2m' };
    const mixed = imageStream({ tags: [specTag('1', 'a:1'), specTag('2', 'a:2', { annotations })] });
    holds.hold(key, mixed, 'too large', T0, defaults);
    expect(holds.until(key, mixed, T0)).toBe(T0 + 120_000);
  });

  test('a stream without tags rests for the default', () => {
    const holds = new Holds();
    holds.hold(key, imageStream(), 'too large', T0, defaults);
    expect(holds.until(key, imageStream(), T0)).toBe(T0 + 900_000);
  });

  test('a reason is news once, another reason and another stream of the name again', () => {
    const holds = new Holds();
    const other = imageStream({ metadata: { uid: 'another' } });
    const isNews = (why: string, of = stream) => holds.hold(key, of, why, T0, defaults);
    expect([isNews('too large'), isNews('too large'), isNews('forbidden'), isNews('forbidden', other)]).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  test('an edit of the spec ends it, and so does a new stream of the name', () => {
    const holds = new Holds();
    holds.hold(key, stream, 'too large', T0, defaults);
    expect(holds.until(key, imageStream({ generation: 2 }), T0)).toBeUndefined();
    expect(holds.until(key, imageStream({ metadata: { uid: 'another' } }), T0)).toBeUndefined();
  });

  test('a write that is taken ends it, and the next refusal is news', () => {
    const holds = new Holds();
    holds.hold(key, stream, 'too large', T0, defaults);
    holds.release(key);
    expect(holds.until(key, stream, T0)).toBeUndefined();
    expect(holds.hold(key, stream, 'too large', T0, defaults)).toBe(true);
  });
});
