/** Tries of one request, the first included. */
export const MAX_TRIES = 5;
const FIRST_WAIT_MS = 250;
const MAX_WAIT_MS = 10_000;

/** An answer that is no success, as far as trying again depends on it. */
export interface Refusal {
  readonly code: number;
  readonly retryAfterMs: number | undefined;
}

/**
 * How long to wait before a refused request is sent again, in milliseconds; `undefined` when it is not (5 tries, at
 * most 10 s between two). The server refuses with these codes before it works on a request, so that a write may be
 * repeated, too: a starting kube-apiserver answers 429 for its first seconds. `random` is in [0, 1).
 */
export function retryWaitMs(refusal: Refusal, tries: number, random: number): number | undefined {
  const { code, retryAfterMs } = refusal;
  const passing = code === 429 || (code === 503 && retryAfterMs !== undefined);
  if (!passing || tries >= MAX_TRIES) return undefined;
  const waitMs = Math.max(retryAfterMs ?? 0, FIRST_WAIT_MS * 2 ** (tries - 1));
  // Upwards: whoever was refused at the same moment must not come back at the same moment, nor any of them early.
  return Math.min(MAX_WAIT_MS, waitMs * (1 + random / 4));
}
