import { createHash } from 'node:crypto';

/*
 * Time slots (design D22). The slots of a repository are the epoch milliseconds `offset + n × interval`, where `offset`
 * is the first 48 bits of sha256("<endpoint>/<repository>") mod interval. They depend on nothing else, so a restart
 * neither delays nor doubles them, repositories are spread over the interval, and the tags of one are due together.
 */

/** The slots on both sides of a moment, in epoch milliseconds. */
export interface Slots {
  /** The last one at or before it. */
  readonly previousMs: number;
  /** The first one after it. */
  readonly nextMs: number;
}

export function slotsAround(nowMs: number, intervalMs: number, endpoint: string, repository: string): Slots {
  return slotsOfHash(nowMs, intervalMs, slotHash(endpoint, repository));
}

/** The slots of a repository of which `slotHash` is known. */
export function slotsOfHash(nowMs: number, intervalMs: number, hash: number): Slots {
  const offset = hash % intervalMs;
  const previousMs = Math.floor((nowMs - offset) / intervalMs) * intervalMs + offset;
  return { previousMs, nextMs: previousMs + intervalMs };
}

/** What the slots of a repository are made from. */
export function slotHash(endpoint: string, repository: string): number {
  // 48 bits are exact in a number.
  return createHash('sha256').update(`${endpoint}/${repository}`).digest().readUIntBE(0, 6);
}

/** 0.4 seconds: what users notice of it is nothing, and a check in a crowd costs half of one that comes alone (decision 0008). */
const BEAT_MS = 400;

/** The first beat at or after a moment, in epoch milliseconds: what falls due within one beat is looked at in one go. */
export function beatFrom(atMs: number): number {
  return Math.ceil(atMs / BEAT_MS) * BEAT_MS;
}
