/** How fast requests may start: `perSecond` on average, `burst` at once after a rest. */
export interface Pace {
  readonly perSecond: number;
  readonly burst: number;
}

const MINUTE_MS = 60_000;
/** However often a host refuses, it is asked this often (R4.2). */
const SLOWEST_PER_SECOND = 0.1;
/** Share of the default that each minute without a refusal gives back (R4.2). */
const RECOVERY_PER_MINUTE = 0.1;
/** Requests that were under way together are refused together: refusals this close count as one. */
const SAME_REFUSAL_MS = 1_000;
/** Forgives the rounding of many small refills, which would cost a wake-up a millisecond later. */
const ROUNDING = 1e-9;

/**
 * The pace of one host (registry-client 4.2): starts full, halves when the host says it is too much, recovers by the
 * minute. Times are milliseconds of one clock that never goes back.
 */
export class TokenBucket {
  #pace: Pace;
  #tokens: number;
  #filledAtMs: number;
  /** The reduced rate and since when it holds; undefined at the default. */
  #slowed: { readonly perSecond: number; readonly atMs: number } | undefined;

  constructor(pace: Pace, nowMs: number) {
    this.#pace = pace;
    this.#tokens = pace.burst;
    this.#filledAtMs = nowMs;
  }

  /** The rate in force, in requests per second. */
  perSecond(nowMs: number): number {
    return this.#slowed === undefined
      ? this.#pace.perSecond
      : this.#recovered(minutesBetween(this.#slowed.atMs, nowMs));
  }

  /** Milliseconds until a request may start; 0 when one may start now. */
  waitMs(nowMs: number): number {
    this.#refill(nowMs);
    const missing = 1 - this.#tokens;
    return missing <= ROUNDING ? 0 : (missing / this.perSecond(nowMs)) * 1_000;
  }

  /** Takes the token of a request that starts. To be called when `waitMs` is 0. */
  take(nowMs: number): void {
    this.#refill(nowMs);
    this.#tokens = Math.max(0, this.#tokens - 1);
  }

  /** R4.2: halves the rate, once for refusals that come together. */
  slowDown(nowMs: number): void {
    if (this.#slowed !== undefined && nowMs - this.#slowed.atMs < SAME_REFUSAL_MS) return;
    this.#refill(nowMs);
    const slowest = Math.min(SLOWEST_PER_SECOND, this.#pace.perSecond);
    this.#slowed = { perSecond: Math.max(slowest, this.perSecond(nowMs) / 2), atMs: nowMs };
  }

  /** Another default from now on. A host that said it was too much stays slowed down. */
  setPace(pace: Pace, nowMs: number): void {
    this.#refill(nowMs);
    this.#pace = pace;
    this.#tokens = Math.min(this.#tokens, pace.burst);
  }

  #recovered(minutes: number): number {
    const { perSecond } = this.#pace;
    if (this.#slowed === undefined) return perSecond;
    return Math.min(perSecond, this.#slowed.perSecond + minutes * RECOVERY_PER_MINUTE * perSecond);
  }

  #refill(nowMs: number): void {
    // Minute by minute, since each minute of a recovery has its own rate.
    while (this.#slowed !== undefined && this.#filledAtMs < nowMs) {
      const minutes = minutesBetween(this.#slowed.atMs, this.#filledAtMs);
      const rate = this.#recovered(minutes);
      if (rate >= this.#pace.perSecond) {
        this.#slowed = undefined;
        break;
      }
      const untilMs = Math.min(nowMs, this.#slowed.atMs + (minutes + 1) * MINUTE_MS);
      this.#fill(rate, untilMs);
    }
    if (this.#filledAtMs < nowMs) this.#fill(this.#pace.perSecond, nowMs);
  }

  #fill(perSecond: number, untilMs: number): void {
    const gained = ((untilMs - this.#filledAtMs) / 1_000) * perSecond;
    this.#tokens = Math.min(this.#pace.burst, this.#tokens + gained);
    this.#filledAtMs = untilMs;
  }
}

function minutesBetween(fromMs: number, toMs: number): number {
  return Math.max(0, Math.floor((toMs - fromMs) / MINUTE_MS));
}
