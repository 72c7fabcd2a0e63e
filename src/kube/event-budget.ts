/** Events that one object may have at once, and how soon it may have another. */
const BURST = 25;
const REFILL_MS = 5 * 60_000;
/** Of all objects together: what the API server keeps is for others, too. */
const TOTAL_PER_SECOND = 20;
const TOTAL_BURST = 200;
const MAX_OBJECTS = 10_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

/** How many Events may be written, per object and in all; times are monotonic milliseconds. */
export class EventBudget {
  readonly #objects = new Map<string, Bucket>();
  readonly #total: Bucket;

  constructor(nowMs: number) {
    this.#total = { tokens: TOTAL_BURST, atMs: nowMs };
  }

  /** Takes one when there is one. */
  allows(uid: string, nowMs: number): boolean {
    const bucket = this.#objects.get(uid) ?? { tokens: BURST, atMs: nowMs };
    this.#objects.delete(uid);
    this.#objects.set(uid, bucket);
    if (this.#objects.size > MAX_OBJECTS) this.#forgetOldest();
    refill(bucket, nowMs, 1 / REFILL_MS, BURST);
    refill(this.#total, nowMs, TOTAL_PER_SECOND / 1_000, TOTAL_BURST);
    if (bucket.tokens < 1 || this.#total.tokens < 1) return false;
    bucket.tokens -= 1;
    this.#total.tokens -= 1;
    return true;
  }

  #forgetOldest(): void {
    const [oldest] = this.#objects.keys();
    if (oldest !== undefined) this.#objects.delete(oldest);
  }
}

function refill(bucket: Bucket, nowMs: number, perMs: number, most: number): void {
  bucket.tokens = Math.min(most, bucket.tokens + (nowMs - bucket.atMs) * perMs);
  bucket.atMs = nowMs;
}
