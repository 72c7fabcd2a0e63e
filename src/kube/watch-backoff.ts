const FIRST_WAIT_MS = 800;
const MAX_WAIT_MS = 30_000;
/** Longer than this nobody is obeyed: a proxy in maintenance must not stop a reflector for hours. */
const MAX_ASKED_MS = 300_000;

/**
 * Wait before the next try after `failures` (from 1) in a row, in milliseconds: 0.8 s doubled each time up to 30 s,
 * jittered upwards, and no shorter than the server asked for. `random` is in [0, 1).
 */
export function watchWaitMs(failures: number, retryAfterMs: number | undefined, random: number): number {
  const grownMs = FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 10) * (1 + random);
  return Math.max(Math.min(MAX_WAIT_MS, grownMs), Math.min(retryAfterMs ?? 0, MAX_ASKED_MS));
}

/** How long the server is asked to keep a watch: 5 to 10 minutes, so that many do not end together. */
export function watchTimeoutSeconds(random: number): number {
  return 300 + Math.floor(random * 301);
}
