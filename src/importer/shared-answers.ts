import type { Clock } from '../clock.ts';
import { SteadyMap } from '../queue/steady-map.ts';

/** One who wants an answer that others may want, too. */
export interface Wanting {
  readonly signal: AbortSignal;
  readonly priority: number;
  /** How old an answer may be, in milliseconds; absent or 0 when only one that is on its way will do. */
  readonly shareForMs?: number;
  /** No answer to a question that was put before this time (monotonic) will do. */
  readonly freshSinceMs?: number;
}

/**
 * Puts the question for whoever wants it first, and for all who join: `signal` fires when nobody wants the answer any more,
 * `priority` grows with those who do. What goes wrong is a rejection.
 */
export type Put<T, First extends Wanting> = (asked: First) => Promise<T>;

export interface SharedAnswersParts<T> {
  readonly clock: Clock;
  /** Memory that an answer takes while it is kept, in bytes. */
  readonly bytesOf: (answer: T) => number;
  readonly maxBytes: number;
  /** Whatever waits under this signal is to go before lower priorities. */
  readonly lift: (signal: AbortSignal, priority: number) => void;
}

interface Flight<T> {
  readonly controller: AbortController;
  /** What the question was put with. A copy of it, which a client may make, grows no more. */
  readonly asked: { readonly signal: AbortSignal; priority: number };
  readonly startedMs: number;
  readonly waiting: Set<Waiting<T>>;
  /** For how long somebody of those who wait shares it. */
  shareForMs: number;
}

interface Waiting<T> {
  readonly signal: AbortSignal;
  readonly leave: () => void;
  readonly resolve: (answer: T) => void;
  readonly reject: (error: unknown) => void;
}

interface Kept<T> {
  readonly result: { readonly answer: T } | { readonly error: unknown };
  readonly startedMs: number;
  readonly endedMs: number;
  readonly untilMs: number;
  readonly bytes: number;
}

/** A failure is kept only as long as those who asked together come, so that a retry asks again. */
const FAILURE_MS = 5_000;
/** What an entry takes beside its answer. */
const ENTRY_BYTES = 512;
/** Each goes through all that is kept; what is out of date is not used, and its memory has a bound. */
const SWEEP_MS = 10_000;

/**
 * Answers to equal questions: put once, however many wait, and kept for a moment for those who come late (R7.2). It is
 * aborted when the last who waits has gone: one caller's abort is not another's. Who joins with a larger priority lifts
 * what is on its way.
 */
export class SharedAnswers<T> {
  readonly #parts: SharedAnswersParts<T>;
  readonly #flights = new SteadyMap<string, Flight<T>>();
  /** Oldest first. */
  readonly #kept = new Map<string, Kept<T>>();
  #bytes = 0;
  #sweptMs = 0;

  constructor(parts: SharedAnswersParts<T>) {
    this.#parts = parts;
  }

  /** Rejects with what the question failed with, or with the signal's reason when that fires first. */
  get<First extends Wanting>(key: string, wanting: First, put: Put<T, First>): Promise<T> {
    if (wanting.signal.aborted) return Promise.reject(wanting.signal.reason);
    const known = this.#known(key, wanting)?.result;
    if (known !== undefined) return 'error' in known ? Promise.reject(known.error) : Promise.resolve(known.answer);
    const open = this.#flights.get(key);
    const joins = open !== undefined && open.startedMs >= (wanting.freshSinceMs ?? Number.NEGATIVE_INFINITY);
    const flight = joins ? open : this.#start(key, wanting, put);
    return this.#wait(key, flight, wanting);
  }

  /** Forgets every kept answer whose key says so. */
  forget(matches: (key: string) => boolean): void {
    for (const key of this.#kept.keys()) if (matches(key)) this.#drop(key);
  }

  #known(key: string, { shareForMs = 0, freshSinceMs = Number.NEGATIVE_INFINITY }: Wanting): Kept<T> | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined || kept.startedMs < freshSinceMs) return undefined;
    const nowMs = this.#parts.clock.monotonic();
    return nowMs < kept.untilMs && nowMs - kept.endedMs < shareForMs ? kept : undefined;
  }

  #start<First extends Wanting>(key: string, first: First, put: Put<T, First>): Flight<T> {
    const controller = new AbortController();
    const asked = { ...first, signal: controller.signal };
    const startedMs = this.#parts.clock.monotonic();
    const flight: Flight<T> = { controller, asked, startedMs, waiting: new Set(), shareForMs: 0 };
    this.#flights.set(key, flight);
    // Later requests of the same question go out with what it has been lifted to.
    put(asked).then(
      answer => this.#landed(key, flight, { answer }, this.#parts.bytesOf(answer)),
      (error: unknown) => this.#landed(key, flight, { error }, 0),
    );
    return flight;
  }

  #wait(key: string, flight: Flight<T>, { signal, priority, shareForMs = 0 }: Wanting): Promise<T> {
    flight.shareForMs = Math.max(flight.shareForMs, shareForMs);
    const { asked } = flight;
    if (priority > asked.priority) {
      asked.priority = priority;
      this.#parts.lift(asked.signal, priority);
    }
    return new Promise<T>((resolve, reject) => {
      const leave = (): void => {
        flight.waiting.delete(waiting);
        reject(signal.reason);
        this.#left(key, flight, signal.reason);
      };
      const waiting: Waiting<T> = { signal, leave, resolve, reject };
      flight.waiting.add(waiting);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  #left(key: string, flight: Flight<T>, reason: unknown): void {
    if (flight.waiting.size > 0) return;
    // Nobody may join what is being given up.
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
    flight.controller.abort(reason);
  }

  #landed(key: string, flight: Flight<T>, result: Kept<T>['result'], bytes: number): void {
    const { clock } = this.#parts;
    const isCurrent = this.#flights.get(key) === flight;
    if (isCurrent) this.#flights.delete(key);
    for (const { signal, leave, resolve, reject } of flight.waiting) {
      signal.removeEventListener('abort', leave);
      if ('error' in result) reject(result.error);
      else resolve(result.answer);
    }
    const keepMs = 'error' in result ? Math.min(flight.shareForMs, FAILURE_MS) : flight.shareForMs;
    if (!isCurrent || keepMs <= 0 || flight.asked.signal.aborted) return;
    const endedMs = clock.monotonic();
    const { startedMs } = flight;
    this.#keep(key, { result, startedMs, endedMs, untilMs: endedMs + keepMs, bytes: bytes + key.length + ENTRY_BYTES });
  }

  #keep(key: string, kept: Kept<T>): void {
    this.#drop(key);
    this.#kept.set(key, kept);
    this.#bytes += kept.bytes;
    const { maxBytes } = this.#parts;
    const isFull = this.#bytes > maxBytes;
    if (!isFull && kept.endedMs - this.#sweptMs < SWEEP_MS) return;
    this.#sweptMs = kept.endedMs;
    // More than has to go, so that a full store is not swept at every answer.
    const roomBytes = isFull ? maxBytes * 0.75 : maxBytes;
    for (const [old, { untilMs }] of this.#kept) {
      if (untilMs <= kept.endedMs || this.#bytes > roomBytes) this.#drop(old);
    }
  }

  #drop(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#kept.delete(key);
    this.#bytes -= kept.bytes;
  }
}
