const CONSECUTIVE_FAILURES = 5;
const WINDOW_MS = 60_000;
const BUCKET_MS = 10_000;
/** Fewer requests than this say nothing about the share of those that fail. */
const ENOUGH_IN_WINDOW = 20;
const FIRST_OPEN_MS = 30_000;
const LONGEST_OPEN_MS = 10 * 60_000;
/** While the probe is on its way nobody knows more: whoever is turned away then may ask again after this. */
const PROBE_MS = 10_000;
/** Spreads whoever is turned away over so much of the time that the breaker is open. */
const SPREAD = 0.1;

/** Half-open: one request at a time may find out whether the host is back. */
export type BreakerState = 'closed' | 'open' | 'halfOpen';

interface Bucket {
  readonly startMs: number;
  answered: number;
  failed: number;
}

/**
 * Opens after 5 failures in a row, or when half of at least 20 requests within a minute failed: 30 s, then twice as
 * long each time up to 10 min. Then one request probes the host: an answer closes the breaker, a failure opens it
 * again (R4.11, R4.12). Times are milliseconds of one clock that never goes back.
 */
export class Breaker {
  #inARow = 0;
  #buckets: Bucket[] = [];
  #openMs = 0;
  /** Until when nothing may be sent; undefined while the breaker is closed. */
  #untilMs: number | undefined;
  #probing = false;
  /** The last failure: what whoever is turned away is told. */
  #cause: Error | undefined;

  get cause(): Error | undefined {
    return this.#cause;
  }

  state(nowMs: number): BreakerState {
    if (this.#untilMs === undefined) return 'closed';
    return nowMs < this.#untilMs ? 'open' : 'halfOpen';
  }

  /** Whether what it knows is too old to count. */
  isStale(nowMs: number): boolean {
    const { startMs = Number.NEGATIVE_INFINITY } = this.#buckets.at(-1) ?? {};
    // Of a host that nobody asks any more nothing is kept, down or not.
    const openUntilMs = this.#untilMs === undefined ? Number.NEGATIVE_INFINITY : this.#untilMs + LONGEST_OPEN_MS;
    return startMs + WINDOW_MS <= nowMs && openUntilMs <= nowMs;
  }

  /** Whether a request may go out now. When the breaker is open it is the probe, of which `take` is to be told. */
  lets(nowMs: number): boolean {
    return this.#untilMs === undefined || (nowMs >= this.#untilMs && !this.#probing);
  }

  /** A request goes out. True when it is the probe: `probed` is to be called when it has ended, however. */
  take(): boolean {
    this.#probing = this.#untilMs !== undefined;
    return this.#probing;
  }

  probed(): void {
    this.#probing = false;
  }

  /** When whoever is turned away now may ask again. `random` is in [0, 1). */
  againAtMs(nowMs: number, random: number): number {
    const untilMs = Math.max(this.#untilMs ?? nowMs, this.#probing ? nowMs + PROBE_MS : nowMs);
    return untilMs + random * SPREAD * Math.max(this.#openMs, PROBE_MS);
  }

  /** The host answered, whatever it said. */
  answered(nowMs: number): void {
    this.#bucket(nowMs).answered += 1;
    this.#inARow = 0;
    if (this.#untilMs === undefined) return;
    // What failed while the host was down says nothing about it now.
    this.#buckets = [];
    this.#untilMs = undefined;
    this.#openMs = 0;
    this.#cause = undefined;
  }

  /** The host failed. True when that opens the breaker, for `openMs` and up to a tenth more. `random` is in [0, 1). */
  failed(cause: Error, nowMs: number, random: number): boolean {
    this.#bucket(nowMs).failed += 1;
    this.#inARow += 1;
    this.#cause = cause;
    // Requests that were under way together when it opened tell nothing new.
    if (this.#untilMs !== undefined && nowMs < this.#untilMs) return false;
    if (this.#untilMs === undefined && this.#inARow < CONSECUTIVE_FAILURES && !this.#halfFail()) return false;
    this.#openMs = this.#openMs === 0 ? FIRST_OPEN_MS : Math.min(LONGEST_OPEN_MS, this.#openMs * 2);
    this.#untilMs = nowMs + this.#openMs * (1 + random * SPREAD);
    return true;
  }

  #halfFail(): boolean {
    let [answered, failed] = [0, 0];
    for (const bucket of this.#buckets) {
      answered += bucket.answered;
      failed += bucket.failed;
    }
    return answered + failed >= ENOUGH_IN_WINDOW && failed >= answered;
  }

  #bucket(nowMs: number): Bucket {
    const last = this.#buckets.at(-1);
    if (last !== undefined && nowMs < last.startMs + BUCKET_MS) return last;
    const bucket = { startMs: nowMs, answered: 0, failed: 0 };
    this.#buckets = [...this.#buckets.filter(({ startMs }) => startMs + WINDOW_MS > nowMs), bucket];
    return bucket;
  }
}
