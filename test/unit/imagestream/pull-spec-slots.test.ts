import { expect, test } from '@jest/globals';
import { slotsOfPullSpec } from '../../../src/imagestream/pull-spec-slots.ts';
import { slotsAround } from '../../../src/imagestream/slot.ts';

const NOW = Date.parse('2026-01-02T03:04:05Z');
const MINUTE = 60_000;

test.each([
  ['quay.io/acme/app:1', 'quay.io', 'acme/app'],
  ['quay.io/acme/app:2', 'quay.io', 'acme/app'],
  ['app', 'docker.io', 'library/app'],
])('the slots of %s are those of its repository', (from, endpoint, repository) => {
  for (const nowMs of [NOW, NOW + 90_000]) {
    for (const intervalMs of [MINUTE, 15 * MINUTE]) {
      expect(slotsOfPullSpec(from, nowMs, intervalMs)).toEqual(slotsAround(nowMs, intervalMs, endpoint, repository));
    }
  }
});

test('a text that names no repository has none, however often it is looked at', () => {
  for (let times = 0; times < 2; times += 1) expect(slotsOfPullSpec('a b', NOW, MINUTE)).toBeUndefined();
});

test('what was looked at long ago has the same slots again', () => {
  const before = slotsOfPullSpec('quay.io/acme/first:1', NOW, MINUTE);
  for (let index = 0; index < 25_000; index += 1) slotsOfPullSpec(`quay.io/acme/app-${index}:1`, NOW, MINUTE);
  expect(slotsOfPullSpec('quay.io/acme/first:1', NOW, MINUTE)).toEqual(before);
});
