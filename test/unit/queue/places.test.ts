import { describe, expect, test } from '@jest/globals';
import { type PlaceSeeker, Places } from '../../../src/queue/places.ts';

function seeker(): PlaceSeeker & { readonly woken: () => number } {
  let woken = 0;
  const update = () => {
    woken += 1;
  };
  return { update, woken: () => woken };
}

function answers(places: Places, host: PlaceSeeker): void {
  places.take(host);
  places.release(host, true);
}

describe('a lane that is dropped', () => {
  test('and was the last of a host that answers leaves all places to the silent ones', () => {
    const places = new Places(8, { lane: 8, doubtful: 8 });
    const [good, silent] = [seeker(), seeker()];
    answers(places, good);
    for (let taken = 0; taken < 6; taken += 1) places.take(silent);
    expect(places.isFullFor(silent)).toBe(true);
    places.leave(good);
    expect(places.isFullFor(silent)).toBe(false);
  });

  test('has to earn its trust anew', () => {
    const places = new Places(8, { doubtful: 1 });
    const host = seeker();
    answers(places, host);
    places.leave(host);
    places.take(host);
    expect(places.isSated(host)).toBe(true);
  });

  test.each([
    { name: 'whose host has not answered', trusted: false },
    { name: 'whose host answers', trusted: true },
  ])('and $name is not woken for a place', ({ trusted }) => {
    const places = new Places(1);
    const [holder, gone] = [seeker(), seeker()];
    if (trusted) answers(places, gone);
    places.take(holder);
    places.ask(gone);
    places.leave(gone);
    places.release(holder, undefined);
    expect(gone.woken()).toBe(0);
  });
});

test('who asks is woken when a place is free, once', () => {
  const places = new Places(1);
  const [holder, waiting] = [seeker(), seeker()];
  places.take(holder);
  places.ask(waiting);
  expect(waiting.woken()).toBe(0);
  places.release(holder, undefined);
  places.take(holder);
  places.release(holder, undefined);
  expect(waiting.woken()).toBe(1);
});
