const FIRST_MS = 10 * 60_000;

/** The longest that a refused credential is left alone. */
export const LONGEST_REST_MS = 6 * 3_600_000;

/** How long a refused credential is left alone (R3.21): 10 minutes, then twice as long each time, up to 6 hours. */
export function nextRestMs(beforeMs: number | undefined): number {
  return beforeMs === undefined ? FIRST_MS : Math.min(beforeMs * 2, LONGEST_REST_MS);
}
