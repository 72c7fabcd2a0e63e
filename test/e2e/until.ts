import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 50;
/** For a deaf machine: a test that passes needs little of it. */
const PATIENCE_MS = 60_000;

/**
 * Asks `probe` again and again until it answers something other than undefined or false, and resolves to that. A probe
 * that throws is asked again. Rejects, with `what` and the last answer, once there is no patience left.
 */
export async function until<Answer>(
  what: string,
  probe: () => Promise<Answer | undefined | false> | Answer | undefined | false,
  patienceMs = PATIENCE_MS,
): Promise<Answer> {
  const giveUpAt = performance.now() + patienceMs;
  let last: unknown;
  while (performance.now() < giveUpAt) {
    try {
      const answer = await probe();
      if (answer !== undefined && answer !== false) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    await sleep(EVERY_MS);
  }
  throw new Error(`waited ${patienceMs} ms in vain until ${what}; last: ${String(last)}`, { cause: last });
}
