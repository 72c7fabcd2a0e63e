/** A delay that grows: `baseMs` at first, `factor` times more with every failure, never above `capMs`. */
export interface Backoff {
  readonly baseMs: number;
  readonly factor: number;
  readonly capMs: number;
}

/**
 * Milliseconds to wait after failure number `failures` (1 is the first): anywhere between 0 and the grown delay
 * ("full jitter"), so that what failed together does not come back together. `random` is in [0, 1).
 */
export function backoffMs(backoff: Backoff, failures: number, random: number): number {
  const grown = backoff.baseMs * backoff.factor ** Math.max(0, failures - 1);
  return random * Math.min(backoff.capMs, grown);
}

const FIRST_RETRY_MS = 30_000;

/** The backoff of a tag that is checked every `intervalMs` (R4.7): a retry is never later than its next check. */
export function tagBackoff(intervalMs: number): Backoff {
  return { baseMs: Math.min(FIRST_RETRY_MS, intervalMs), factor: 2, capMs: intervalMs };
}
