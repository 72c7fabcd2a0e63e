import { describe, expect, test } from '@jest/globals';
import { TagFlights } from '../../../src/controller/flights.ts';
import { dueTag } from './due-tag.ts';

const key = 'demo/app';

describe('TagFlights', () => {
  test('knows what is asked for each tag until it is stored', () => {
    const flights = new TagFlights();
    const flight = flights.start(key, 'u1', dueTag('1', 'quay.io/acme/app:1'), 0);
    flights.start('demo/other', 'u2', dueTag('1'), 0);
    expect([...flights.sources(key)]).toEqual([['1', { from: 'quay.io/acme/app:1' }]]);
    expect(flights.size).toBe(2);
    flights.end(key, flight);
    expect(flights.sources(key).size).toBe(0);
    expect(flights.size).toBe(1);
  });

  test('another request for the same tag aborts the one before, whose end is no news', () => {
    const flights = new TagFlights();
    const before = flights.start(key, 'u1', dueTag('1', 'quay.io/acme/app:1'), 0);
    const after = flights.start(key, 'u1', dueTag('1', 'quay.io/acme/app:2'), 0);
    expect([before.controller.signal.aborted, after.controller.signal.aborted]).toEqual([true, false]);
    expect([flights.isCurrent(key, before), flights.isCurrent(key, after)]).toEqual([false, true]);
    flights.end(key, before);
    expect(flights.size).toBe(1);
    expect(flights.isCurrent(key, after)).toBe(true);
  });

  test('a tag that landed is not open, but is still in flight until it is stored', () => {
    const flights = new TagFlights();
    const [one, two] = [flights.start(key, 'u1', dueTag('1'), 0), flights.start(key, 'u1', dueTag('2'), 0)];
    one.landed = true;
    expect(flights.hasOpen(key)).toBe(true);
    two.landed = true;
    expect(flights.hasOpen(key)).toBe(false);
    expect([...flights.sources(key).keys()]).toEqual(['1', '2']);
  });

  test('aborts what is not wanted any more, and that alone', () => {
    const flights = new TagFlights();
    const [one, two] = [flights.start(key, 'u1', dueTag('1'), 0), flights.start(key, 'u1', dueTag('2'), 0)];
    flights.abort(key, ({ due }) => due.tag === '2');
    expect([one.controller.signal.aborted, two.controller.signal.aborted]).toEqual([true, false]);
    expect([...flights.sources(key).keys()]).toEqual(['2']);
    flights.abort(key);
    expect(two.controller.signal.aborted).toBe(true);
    expect(flights.size).toBe(0);
  });

  test('aborts everything at the end of a term', () => {
    const flights = new TagFlights();
    const all = ['demo/a', 'demo/b'].map(each => flights.start(each, 'u', dueTag('1'), 0));
    flights.abortAll();
    expect(all.map(({ controller }) => controller.signal.aborted)).toEqual([true, true]);
    expect(flights.size).toBe(0);
  });

  test('tags that an import of a user asks for count as in flight until they are let go', () => {
    const flights = new TagFlights();
    const [mine, yours] = ['quay.io/acme/app:1', 'quay.io/acme/app:2'].map(from =>
      flights.reserve(key, new Map([[from.slice(-1), { from }]])),
    );
    expect([...flights.sources(key).keys()].sort()).toEqual(['1', '2']);
    expect({ size: flights.size, open: flights.hasOpen(key) }).toEqual({ size: 0, open: false });
    mine?.();
    mine?.();
    expect([...flights.sources(key).keys()]).toEqual(['2']);
    yours?.();
    expect(flights.sources(key).size).toBe(0);
  });

  test('two imports that ask for the same tag hold it until both are done', () => {
    const flights = new TagFlights();
    const same = () => new Map([['1', { from: 'a' }]]);
    const [first, second] = [flights.reserve(key, same()), flights.reserve(key, same())];
    first();
    expect(flights.sources(key).has('1')).toBe(true);
    second();
    expect(flights.sources(key).has('1')).toBe(false);
  });
});
