import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { beatFrom, slotsAround } from '../../../src/imagestream/slot.ts';

const interval = fc.integer({ min: 1, max: 7 * 24 * 3_600_000 });
const now = fc.integer({ min: 0, max: Date.UTC(2100, 0) });
const word = fc.string({ minLength: 1, maxLength: 20 });

test('D22 slots come every interval, one on each side of now', () => {
  fc.assert(
    fc.property(now, interval, word, word, (nowMs, intervalMs, endpoint, repository) => {
      const { previousMs, nextMs } = slotsAround(nowMs, intervalMs, endpoint, repository);
      expect(previousMs).toBeLessThanOrEqual(nowMs);
      expect(nextMs).toBeGreaterThan(nowMs);
      expect(nextMs - previousMs).toBe(intervalMs);
      expect(slotsAround(nextMs, intervalMs, endpoint, repository).previousMs).toBe(nextMs);
    }),
  );
});

test('D22 R4.5 R7.5 slots are the same in every process and on every day', () => {
  expect(slotsAround(0, 900_000, 'quay.io', 'acme/app').nextMs).toBe(KNOWN_SLOT_MS);
  const muchLater = slotsAround(Date.UTC(2026, 0), 900_000, 'quay.io', 'acme/app').nextMs;
  expect((muchLater - KNOWN_SLOT_MS) % 900_000).toBe(0);
});

test('D22 repositories are spread over the interval', () => {
  const quarters = [0, 0, 0, 0];
  for (let index = 0; index < 1_000; index += 1) {
    const quarter = Math.floor(slotsAround(0, 900_000, 'quay.io', `acme/app-${index}`).nextMs / 225_001);
    quarters[quarter] = (quarters[quarter] ?? 0) + 1;
  }
  for (const count of quarters) expect(count).toBeGreaterThan(200);
});

test.each([
  { name: 'on a beat', atMs: 1_600, beatMs: 1_600 },
  { name: 'just after one', atMs: 1_601, beatMs: 2_000 },
  { name: 'just before one', atMs: 1_999, beatMs: 2_000 },
])('what falls due $name is looked at with others at the next beat', ({ atMs, beatMs }) => {
  expect(beatFrom(atMs)).toBe(beatMs);
});

/** sha256("quay.io/acme/app"), its first 48 bits, mod 15 minutes. */
const KNOWN_SLOT_MS = 794_454;
