import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { previousSlot, slotAfter } from '../../../src/imagestream/slot.ts';

const interval = fc.integer({ min: 1, max: 7 * 24 * 3_600_000 });
const now = fc.integer({ min: 0, max: Date.UTC(2100, 0) });
const word = fc.string({ minLength: 1, maxLength: 20 });

test('D22 slots come every interval, and the two functions agree', () => {
  fc.assert(
    fc.property(now, interval, word, word, (nowMs, intervalMs, endpoint, repository) => {
      const previous = previousSlot(nowMs, intervalMs, endpoint, repository);
      const next = slotAfter(nowMs, intervalMs, endpoint, repository);
      expect(previous).toBeLessThanOrEqual(nowMs);
      expect(next).toBeGreaterThan(nowMs);
      expect(next - previous).toBe(intervalMs);
      expect(previousSlot(next, intervalMs, endpoint, repository)).toBe(next);
    }),
  );
});

test('D22 slots are the same in every process and on every day', () => {
  expect(slotAfter(0, 900_000, 'quay.io', 'acme/app')).toBe(KNOWN_SLOT_MS);
  const muchLater = slotAfter(Date.UTC(2026, 0), 900_000, 'quay.io', 'acme/app');
  expect((muchLater - KNOWN_SLOT_MS) % 900_000).toBe(0);
});

test('D22 repositories are spread over the interval', () => {
  const quarters = [0, 0, 0, 0];
  for (let index = 0; index < 1_000; index += 1) {
    const quarter = Math.floor(slotAfter(0, 900_000, 'quay.io', `acme/app-${index}`) / 225_001);
    quarters[quarter] = (quarters[quarter] ?? 0) + 1;
  }
  for (const count of quarters) expect(count).toBeGreaterThan(200);
});

/** sha256("quay.io/acme/app"), its first 48 bits, mod 15 minutes. */
const KNOWN_SLOT_MS = 794_454;
