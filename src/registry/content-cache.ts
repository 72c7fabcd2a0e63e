import type { Clock } from '../clock.ts';
import { type Place, placeKey } from './asker.ts';

/** A manifest or config as it came, verified by its digest. */
export interface Content {
  readonly bytes: Uint8Array;
  readonly contentType: string | undefined;
}

interface Kept extends Content {
  readonly untilMs: number;
  readonly size: number;
}

const DAY_MS = 24 * 3_600_000;
const MAX_BYTES = 1024 * 1024;
/** Larger content is rare, and would put out that of many tags. */
const MAX_CONTENT_BYTES = 64 * 1024;
/** What an entry takes beside its content and its key. */
const ENTRY_BYTES = 512;

/**
 * Content by digest, which never changes: several tags of one image, and a tag that moves back, need not fetch it again
 * (R7.3). Kept for the repository and the credentials it was given to, and for a day, so that nobody gets from here what
 * the registry would not give any more. What was used longest ago goes first.
 */
export class ContentCache {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Kept>();
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(place: Place, digest: string): Content | undefined {
    const key = keyOf(place, digest);
    const kept = this.#entries.get(key);
    if (kept === undefined) return undefined;
    this.#drop(key);
    if (kept.untilMs <= this.#clock.now()) return undefined;
    this.#put(key, kept);
    return kept;
  }

  set(place: Place, digest: string, { bytes, contentType }: Content): void {
    if (bytes.length > MAX_CONTENT_BYTES) return;
    const key = keyOf(place, digest);
    this.#drop(key);
    // A copy, since what was read may be a piece of something larger.
    const own = new Uint8Array(bytes);
    const size = own.length + key.length + ENTRY_BYTES;
    this.#put(key, { bytes: own, contentType, size, untilMs: this.#clock.now() + DAY_MS });
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= MAX_BYTES) return;
      this.#drop(oldest);
    }
  }

  /** Forgets what was given to these credentials. */
  forget(fingerprint: string): void {
    for (const key of this.#entries.keys()) if (key.split('\n').includes(fingerprint)) this.#drop(key);
  }

  #put(key: string, kept: Kept): void {
    this.#entries.set(key, kept);
    this.#bytes += kept.size;
  }

  #drop(key: string): void {
    const kept = this.#entries.get(key);
    if (kept === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= kept.size;
  }
}

function keyOf(place: Place, digest: string): string {
  return `${placeKey(place)}\n${digest}`;
}
