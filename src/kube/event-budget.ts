/** How many Events may be written: `burst` at once, then one for each `refillMs`. */
export interface EventPace {
  readonly burst: number;
  readonly refillMs: number;
}

/** Of one object, as client-go has it: news of each second must not fill etcd. */
export const OBJECT_PACE: EventPace = { burst: 25, refillMs: 5 * 60_000 };
/** Of all objects together: what the API server keeps is for others, too. */
export const TOTAL_PACE: EventPace = { burst: 200, refillMs: 50 };

/** An allowance that grows with time. Times are milliseconds of one clock that never goes back. */
export class EventBudget {
  readonly #pace: EventPace;
  #left: number;
  #atMs: number;

  constructor(pace: EventPace, nowMs: number) {
    this.#pace = pace;
    this.#left = pace.burst;
    this.#atMs = nowMs;
  }

  /** Milliseconds until one more may be written; 0 when one may now. */
  waitMs(nowMs: number): number {
    this.#refill(nowMs);
    return this.#left >= 1 ? 0 : this.#atMs + this.#pace.refillMs - nowMs;
  }

  /** Takes one if there is one. */
  take(nowMs: number): boolean {
    if (this.waitMs(nowMs) > 0) return false;
    this.#left -= 1;
    return true;
  }

  #refill(nowMs: number): void {
    const gained = Math.floor((nowMs - this.#atMs) / this.#pace.refillMs);
    this.#left = Math.min(this.#pace.burst, this.#left + gained);
    // What is full saves nothing up.
    this.#atMs = this.#left === this.#pace.burst ? nowMs : this.#atMs + gained * this.#pace.refillMs;
  }
}
