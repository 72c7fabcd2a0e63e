import { expect, test } from '@jest/globals';
import type { Place } from '../../../src/registry/asker.ts';
import { ContentCache } from '../../../src/registry/content-cache.ts';
import { fakeClock } from '../../fake/clock.ts';

const KIB = 1024;
const place = {
  endpoint: { key: 'https://reg.example.com verified' },
  repository: 'a',
  candidates: [],
} as unknown as Place;
const content = (kib: number) => ({ bytes: Buffer.alloc(kib * KIB, 'x'), contentType: undefined });

test('R7.3 1 MiB is kept, and what was not used longest goes first', () => {
  const cache = new ContentCache(fakeClock());
  for (let at = 0; at < 15; at += 1) cache.set(place, `d${at}`, content(64));
  cache.get(place, 'd0');
  // Its own bytes are not all that an entry takes.
  cache.set(place, 'd15', content(64));

  expect(cache.get(place, 'd0')?.bytes).toHaveLength(64 * KIB);
  expect(cache.get(place, 'd1')).toBeUndefined();
  expect(cache.get(place, 'd2')).toBeDefined();
});

test('R7.3 what is put again takes its place once', () => {
  const cache = new ContentCache(fakeClock());
  cache.set(place, 'other', content(1));
  for (let at = 0; at < 100; at += 1) cache.set(place, 'same', content(64));
  expect(cache.get(place, 'other')).toBeDefined();
});

test('R7.3 content that is larger than that of many tags is not kept', () => {
  const cache = new ContentCache(fakeClock());
  cache.set(place, 'large', { ...content(64), bytes: Buffer.alloc(64 * KIB + 1) });
  expect(cache.get(place, 'large')).toBeUndefined();
});

test('R7.3 what is kept is a copy, not the buffer that was read into', () => {
  const cache = new ContentCache(fakeClock());
  const read = Buffer.from('as it came');
  cache.set(place, 'd', { bytes: read, contentType: 'a/b' });
  read.fill(0);
  expect(cache.get(place, 'd')).toMatchObject({ bytes: new Uint8Array(Buffer.from('as it came')), contentType: 'a/b' });
});
