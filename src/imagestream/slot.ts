import { createHash } from 'node:crypto';

/*
 * Time slots (design D22). The slots of a repository are the epoch milliseconds `offset + n × interval`, where `offset`
 * is the first 48 bits of sha256("<endpoint>/<repository>") mod interval. They depend on nothing else, so a restart
 * neither delays nor doubles them, repositories are spread over the interval, and the tags of one are due together.
 */

/** The first slot after `nowMs`. */
export function slotAfter(nowMs: number, intervalMs: number, endpoint: string, repository: string): number {
  return previousSlot(nowMs, intervalMs, endpoint, repository) + intervalMs;
}

/** The last slot at or before `nowMs`. */
export function previousSlot(nowMs: number, intervalMs: number, endpoint: string, repository: string): number {
  const offset = slotHash(endpoint, repository) % intervalMs;
  return Math.floor((nowMs - offset) / intervalMs) * intervalMs + offset;
}

function slotHash(endpoint: string, repository: string): number {
  // 48 bits are exact in a number.
  return createHash('sha256').update(`${endpoint}/${repository}`).digest().readUIntBE(0, 6);
}
