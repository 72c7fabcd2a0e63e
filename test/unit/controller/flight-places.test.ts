import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FlightPlaces } from '../../../src/controller/flight-places.ts';

const EDIT = 20;

/** So many places, six of them for one host, and what was called. */
function setUp(limit = 100, ofHost = 6, landed?: number) {
  const called: string[] = [];
  const places = new FlightPlaces((key, priority) => called.push(`${key} ${priority}`), {
    limit,
    ofHost,
    ofDoubtful: 8,
    ...(landed !== undefined && { landed }),
  });
  /** As a reconcile does: takes one place at the host or waits for it. */
  const look = (host: string, key: string, priority = 0) => {
    places.leave(key);
    const taken = places.take(host, key);
    if (!taken) places.wait(host, key, priority);
    places.looked(key);
    return taken;
  };
  /** A host that has answered, with all its places taken. */
  const fill = (host: string) => {
    places.take(host, 'first');
    places.take(host, 'second');
    places.release(host, true);
    let taken = 1;
    while (places.take(host, 'filler')) taken += 1;
    return taken;
  };
  return { places, called, look, fill };
}

describe('FlightPlaces', () => {
  test('gives a host that answers its share, and one that has not answered yet few', () => {
    const { places, fill } = setUp(1_000, 20);
    expect(fill('quay.io')).toBe(20);
    let taken = 0;
    while (places.take('silent.example.com', 'a/a')) taken += 1;
    expect(taken).toBe(8);
  });

  test('calls who waits when there is a place, and keeps it for it', () => {
    const { places, called, look, fill } = setUp();
    fill('quay.io');
    expect(look('quay.io', 'a/one')).toBe(false);
    expect({ called, waiting: places.waiting }).toEqual({ called: [], waiting: 1 });
    places.release('quay.io', true);
    expect(called).toEqual(['a/one 0']);
    // Nobody else may have it meanwhile.
    expect(look('quay.io', 'b/other')).toBe(false);
    expect(look('quay.io', 'a/one')).toBe(true);
    expect(places.isWaiting('a/one')).toBe(false);
    expect(called).toHaveLength(1);
  });

  test('calls the larger priority first, in it the namespaces by turns', () => {
    const { places, called, look, fill } = setUp();
    fill('quay.io');
    for (const key of ['a/1', 'a/2', 'a/3', 'b/1']) look('quay.io', key);
    look('quay.io', 'a/edited', EDIT);
    for (let ended = 0; ended < 5; ended += 1) places.release('quay.io', true);
    expect(called).toEqual(['a/edited 20', 'a/1 0', 'b/1 0', 'a/2 0', 'a/3 0']);
  });

  test('a key that waits already is lifted, and is called once', () => {
    const { places, called, look, fill } = setUp();
    fill('quay.io');
    look('quay.io', 'a/1');
    places.wait('quay.io', 'a/2', 0);
    places.wait('quay.io', 'a/2', EDIT);
    places.wait('quay.io', 'a/2', 0);
    places.release('quay.io', true);
    places.release('quay.io', true);
    expect(called).toEqual(['a/2 20', 'a/1 0']);
  });

  test('what was kept for a key that does not want it any more goes to the next', () => {
    const { places, called, look, fill } = setUp();
    fill('quay.io');
    look('quay.io', 'a/1');
    look('quay.io', 'a/2');
    places.release('quay.io', true);
    places.leave('a/1');
    places.looked('a/1');
    expect(called).toEqual(['a/1 0', 'a/2 0']);
  });

  test('a key that is gone is not called', () => {
    const { places, called, look, fill } = setUp();
    fill('quay.io');
    look('quay.io', 'a/1');
    look('quay.io', 'a/2');
    places.leave('a/1');
    places.release('quay.io', true);
    expect({ called, waiting: places.waiting }).toEqual({ called: ['a/2 0'], waiting: 1 });
  });

  test('silent hosts, however many, leave places to those that answer', () => {
    const { places, look, fill } = setUp(100, 20);
    expect(fill('quay.io')).toBe(20);
    for (let host = 0; host < 50; host += 1) {
      for (let tag = 0; tag < 10; tag += 1) look(`${host}.example.com`, `a/${host}-${tag}`);
    }
    places.release('quay.io', true);
    expect(places.take('quay.io', 'b/1')).toBe(true);
    expect(fill('ghcr.io')).toBeGreaterThan(0);
  });

  test('while very much waits to be stored nothing is begun, at any host', () => {
    const { places, called, look, fill } = setUp(100, 6, 2);
    fill('quay.io');
    for (let times = 0; times < 2; times += 1) places.land('quay.io', true);
    expect([look('quay.io', 'a/1'), look('ghcr.io', 'b/1')]).toEqual([false, false]);
    expect(called).toEqual([]);
    places.stored();
    expect(called).toEqual(['a/1 0', 'b/1 0']);
  });

  test('whatever comes and goes, everybody who waits is called in the end, and nothing is left over', () => {
    const step = fc.record({
      host: fc.integer({ min: 0, max: 3 }),
      key: fc.integer({ min: 0, max: 9 }),
      what: fc.constantFrom('look', 'look', 'look', 'release', 'release', 'leave'),
      answered: fc.constantFrom(true, false, undefined),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), steps => {
        const due = new Set<string>();
        const open: string[] = [];
        const called: string[] = [];
        const places = new FlightPlaces(key => called.push(key), { limit: 6, ofHost: 3, ofDoubtful: 2 });
        const look = (host: string, key: string) => {
          places.leave(key);
          if (places.take(host, key)) {
            open.push(host);
            due.delete(`${host} ${key}`);
          } else {
            due.add(`${host} ${key}`);
            places.wait(host, key, 0);
          }
          for (const waiting of due) {
            const [at = '', who = ''] = waiting.split(' ');
            if (who === key && at !== host) places.wait(at, who, 0);
          }
          places.looked(key);
        };
        const answerCalls = () => {
          for (let key = called.shift(); key !== undefined; key = called.shift()) {
            const waiting = [...due].filter(each => each.endsWith(` ${key}`));
            if (waiting.length === 0) places.looked(key);
            for (const each of waiting) look(each.split(' ')[0] ?? '', key);
          }
        };
        for (const { host, key, what, answered } of steps) {
          if (what === 'look') look(`h${host}`, `n${key % 3}/k${key}`);
          if (what === 'leave') {
            places.leave(`n${key % 3}/k${key}`);
            places.looked(`n${key % 3}/k${key}`);
            for (const each of [...due]) if (each.endsWith(`/k${key}`)) due.delete(each);
          }
          const ended = what === 'release' ? open.splice(0, 1)[0] : undefined;
          if (ended !== undefined) places.release(ended, answered);
          answerCalls();
          expect(open.length).toBeLessThanOrEqual(6);
        }
        for (let ended = open.shift(); ended !== undefined; ended = open.shift()) {
          places.release(ended, true);
          answerCalls();
        }
        expect([...due]).toEqual([]);
        expect(places.waiting).toBe(0);
      }),
    );
  });
});
