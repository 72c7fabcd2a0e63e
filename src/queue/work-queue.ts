import type { Clock } from '../clock.ts';
import { Alarm } from './alarm.ts';
import { type Backoff, backoffMs } from './backoff.ts';
import { type DueKey, WaitingKeys } from './waiting-keys.ts';

export interface WorkQueueParts {
  readonly clock: Clock;
  /** In [0, 1): spreads what failed. */
  readonly random: () => number;
  /** Keys of one group take turns with those of others; by default what stands before the first `/`, the namespace. */
  readonly groupOf?: (key: string) => string;
  /** Whether an error only says that somebody else was faster: the key is worked on again at once. */
  readonly isConflict?: (error: unknown) => boolean;
  /** Told of everything that a worker throws, and in how many milliseconds the key comes again. */
  readonly onFailure?: (key: string, error: unknown, againInMs: number) => void;
}

/** Undefined when the work is done already: nearly all of it ends at once, and promises would be most of its cost. */
export type KeyWorker = (key: string, signal: AbortSignal) => Promise<void> | undefined;

export interface RunOptions {
  /** Keys that are worked on side by side. */
  readonly concurrency: number;
  /** Ends the run: nothing is begun any more, and the workers' signals fire. */
  readonly signal: AbortSignal;
  /** Told of each key that was worked on, how long that took and whether the worker threw. */
  readonly onWorked?: (ms: number, failed: boolean) => void;
}

/** What a queue is doing, for whoever exports it. */
export interface WorkQueueStats {
  /** Keys that wait, due or not. */
  readonly depth: number;
  /** Of them those that wait for a worker alone. */
  readonly due: number;
  readonly processing: number;
  /** Milliseconds since the key that has been due longest became due; 0 when none is. */
  readonly oldestDueMs: number;
}

interface Run extends Omit<RunOptions, 'signal'> {
  readonly worker: KeyWorker;
  readonly abandon: AbortController;
  readonly ended: Promise<void>;
  readonly end: () => void;
  /** Nothing is begun any more. */
  closing: boolean;
}

/** After a worker threw. What came back while the API server was away is written within the cap once it is there again. */
const BACKOFF: Backoff = { baseMs: 1_000, factor: 2, capMs: 60_000 };
/** After each so many conflicts in a row a key rests: somebody writes its object all the time. */
const MAX_CONFLICTS = 10;
/** Not for long: each try may be the one that is lucky. */
const CONFLICT_BACKOFF: Backoff = { baseMs: 1_000, factor: 2, capMs: 10_000 };
/** How long keys are begun before everybody else in the process gets a turn. */
const SLICE_MS = 10;

/**
 * Keys that wait for work. A key waits once, at the earliest time and with the largest priority that was asked for; it
 * is worked on by one worker at a time, and once more when it was added meanwhile. Of the keys that are due the larger
 * priority goes first, in it the groups by turns, in a group what became due first.
 *
 * Times come in as epoch milliseconds and are waited for on the monotonic clock: a jump of the wall clock moves nothing
 * that waits already (design D22). One timer serves all keys.
 */
export class WorkQueue {
  readonly #parts: WorkQueueParts;
  readonly #alarm: Alarm;
  readonly #keys: WaitingKeys;
  /** Failures in a row, of keys that failed last. */
  readonly #failures = new Map<string, number>();
  #run: Run | undefined;
  #isNudged = false;
  #sliceEndMs: number | undefined;

  constructor(parts: WorkQueueParts) {
    this.#parts = parts;
    this.#keys = new WaitingKeys(parts.groupOf ?? namespaceOf);
    this.#alarm = new Alarm(parts.clock, () => this.#goOn());
  }

  /** The key is due now. Larger priorities go first. */
  add(key: string, priority = 0): void {
    const nowMs = this.#parts.clock.monotonic();
    this.#wish(key, nowMs, priority, nowMs);
  }

  /** The key is due at `atMs` (epoch milliseconds), or earlier when it waits for that already. */
  addAt(key: string, atMs: number, priority = 0): void {
    const { clock } = this.#parts;
    const nowMs = clock.monotonic();
    this.#wish(key, nowMs + Math.max(0, atMs - clock.now()), priority, nowMs);
  }

  /**
   * Works on keys until the signal fires or `drain` is called; resolves when the workers have ended. Whatever was not
   * finished waits for the next run. Throws when a run is under way.
   */
  run(worker: KeyWorker, { signal, ...options }: RunOptions): Promise<void> {
    if (this.#run !== undefined) throw new RangeError('the queue is being worked on already');
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const abandon = new AbortController();
    const stop = () => {
      run.closing = true;
      abandon.abort(signal.reason);
      this.#endIfDone(run);
    };
    const end = () => {
      signal.removeEventListener('abort', stop);
      resolve();
    };
    const run: Run = { ...options, worker, abandon, ended, end, closing: false };
    this.#run = run;
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    else this.#soon();
    return ended;
  }

  /**
   * Begins no more keys and lets the workers finish. Those that have not after `graceMs` see their signals fire and are
   * not waited for; then the answer is false.
   */
  async drain(graceMs: number): Promise<boolean> {
    const run = this.#run;
    if (run === undefined) return true;
    run.closing = true;
    this.#endIfDone(run);
    const finished = new AbortController();
    const late = this.#parts.clock.sleep(graceMs, finished.signal).then(
      () => false,
      () => true,
    );
    const inTime = await Promise.race([run.ended.then(() => true), late]);
    finished.abort();
    if (!inTime) run.abandon.abort(new Error('the time to finish is over'));
    return inTime;
  }

  stats(): WorkQueueStats {
    const nowMs = this.#parts.clock.monotonic();
    const { size: depth, due, taken: processing } = this.#keys;
    const oldestDueMs = Math.max(0, nowMs - this.#keys.oldestMs());
    return { depth, due, processing, oldestDueMs };
  }

  #wish(key: string, atMs: number, priority: number, nowMs: number): void {
    // Whoever works on it looks for the next key anyway.
    if (this.#keys.put(key, atMs, priority, nowMs)) this.#soon();
  }

  /** Not at once: whoever adds a key is not to find itself inside the work on it. */
  #soon(): void {
    if (this.#isNudged) return;
    this.#isNudged = true;
    queueMicrotask(() => {
      this.#isNudged = false;
      this.#goOn();
    });
  }

  /** Begins what is due while there are workers, and sees to being woken for the rest. */
  #goOn(): void {
    const run = this.#run;
    if (run === undefined || run.closing) {
      this.#alarm.set(Number.POSITIVE_INFINITY);
      return;
    }
    const { clock } = this.#parts;
    while (this.#keys.taken < run.concurrency && !run.closing) {
      const nowMs = clock.monotonic();
      this.#keys.moveDue(nowMs);
      if (this.#keys.due === 0 || !this.#mayGoOn(nowMs)) break;
      const next = this.#keys.take();
      if (next === undefined) break;
      this.#begin(next, run, nowMs);
    }
    if (this.#endIfDone(run)) return;
    // While all workers are busy nobody is to be woken: whoever ends first looks again.
    if (this.#keys.taken < run.concurrency) this.#alarm.set(this.#keys.nextAtMs());
  }

  /** Workers that end at once would otherwise keep everything else in the process from its turn. */
  #mayGoOn(nowMs: number): boolean {
    if (this.#sliceEndMs === undefined) {
      this.#sliceEndMs = nowMs + SLICE_MS;
      setImmediate(() => {
        this.#sliceEndMs = undefined;
        this.#goOn();
      });
    }
    return nowMs < this.#sliceEndMs;
  }

  #begin({ key, priority }: DueKey, run: Run, nowMs: number): void {
    let working: Promise<void> | undefined;
    try {
      working = run.worker(key, run.abandon.signal);
    } catch (error) {
      working = Promise.reject(error);
    }
    if (working === undefined) this.#succeeded(key, run, nowMs);
    else void this.#follow(working, key, priority, run, nowMs);
  }

  async #follow(working: Promise<void>, key: string, priority: number, run: Run, startedMs: number): Promise<void> {
    try {
      await working;
      this.#succeeded(key, run, startedMs);
    } catch (error) {
      const nowMs = this.#parts.clock.monotonic();
      run.onWorked?.(nowMs - startedMs, true);
      this.#keys.put(key, nowMs + this.#delayMs(key, error, run), priority, nowMs);
      this.#keys.giveBack(key, nowMs);
    }
    if (!this.#endIfDone(run)) this.#goOn();
  }

  #succeeded(key: string, { onWorked }: Run, startedMs: number): void {
    const nowMs = this.#parts.clock.monotonic();
    onWorked?.(nowMs - startedMs, false);
    this.#failures.delete(key);
    this.#keys.giveBack(key, nowMs);
  }

  /** Milliseconds until a key comes again whose worker threw. */
  #delayMs(key: string, error: unknown, { abandon }: Run): number {
    // It did not fail: it was not let finish.
    if (abandon.signal.aborted) return 0;
    const { random, isConflict = () => false, onFailure } = this.#parts;
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const delayMs = isConflict(error) ? conflictMs(failures, random()) : backoffMs(BACKOFF, failures, random());
    onFailure?.(key, error, delayMs);
    return delayMs;
  }

  #endIfDone(run: Run): boolean {
    if (!run.closing || this.#keys.taken > 0) return false;
    if (this.#run === run) this.#run = undefined;
    this.#alarm.set(Number.POSITIVE_INFINITY);
    run.end();
    return true;
  }
}

function conflictMs(failures: number, random: number): number {
  const rounds = failures / (MAX_CONFLICTS + 1);
  return Number.isInteger(rounds) ? backoffMs(CONFLICT_BACKOFF, rounds, random) : 0;
}

function namespaceOf(key: string): string {
  const slash = key.indexOf('/');
  return slash === -1 ? '' : key.slice(0, slash);
}
