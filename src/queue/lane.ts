import PQueue from 'p-queue';
import type { Clock } from '../clock.ts';
import type { Places } from './places.ts';
import { type Pace, TokenBucket } from './token-bucket.ts';

/** Limits of one host: its pace and how many requests may be under way (R4.1). */
export interface LaneLimits extends Pace {
  readonly inFlight: number;
}

export interface LaneAdmission {
  readonly priority: number;
  readonly signal: AbortSignal;
  readonly pullIdentity?: string;
}

/** What a lane is doing, for whoever exports it. */
export interface LaneStats {
  readonly host: string;
  readonly inFlight: number;
  readonly waiting: number;
  /** Epoch milliseconds. */
  readonly pausedUntilMs?: number;
  /** The pace in force. */
  readonly perSecond: number;
}

export interface LaneParts {
  readonly host: string;
  readonly limits: LaneLimits;
  readonly clock: Clock;
  readonly places: Places;
  /** Longest rest of a pause that a request waits for. */
  readonly maxWaitMs: number;
  /** The error for a request that does not wait. `untilMs` is in epoch milliseconds. */
  readonly paused: (host: string, untilMs: number) => Error;
}

/** A request that has not started. Aborting it takes it out of the queue. */
interface Waiting {
  readonly controller: AbortController;
  readonly priority: number;
  readonly pullIdentity: string | undefined;
  readonly detach: () => void;
}

/**
 * The way to one host. p-queue orders by priority and bounds concurrency; the lane opens and shuts it by pace, pauses
 * and the places left over all lanes. So what waits for those holds no place of the queue, and whatever comes later
 * with a higher priority goes first.
 */
export class Lane {
  readonly #parts: LaneParts;
  readonly #queue: PQueue;
  readonly #bucket: TokenBucket;
  readonly #waiting = new Set<Waiting>();
  /** Times below are of the monotonic clock, so that a jump of the wall clock moves no pause. */
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  readonly #pullPausedUntilMs = new Map<string, number>();
  #usedAtMs: number;
  #inFlight = 0;
  #wake: { readonly atMs: number; readonly controller: AbortController } | undefined;

  constructor(parts: LaneParts) {
    this.#parts = parts;
    this.#queue = new PQueue({ concurrency: parts.limits.inFlight });
    this.#usedAtMs = parts.clock.monotonic();
    this.#bucket = new TokenBucket(parts.limits, this.#usedAtMs);
  }

  /** Runs `send` when it is its turn; see `Lanes.run`. */
  async run<T>(admission: LaneAdmission, send: () => Promise<T>): Promise<T> {
    admission.signal.throwIfAborted();
    const waiting = this.#enter(admission);
    try {
      this.#refuseLongPause(waiting, this.#pausedUntilMs);
      for (;;) {
        await this.#sitOutPullPause(waiting);
        // Before, so that a shut lane lets nobody in who would only lose his turn; after, so that it wakes for him.
        this.update();
        const sent = this.#queue.add(() => this.#start(waiting, send), {
          priority: waiting.priority,
          signal: waiting.controller.signal,
        });
        this.update();
        const answer = await sent;
        if (answer !== undefined) return answer.value;
      }
    } finally {
      this.#leave(waiting);
    }
  }

  /** Nothing starts before `untilMs` (epoch), or no manifest GET of that identity. The later of two pauses counts. */
  pause(untilMs: number, pullIdentity: string | undefined): void {
    const nowMs = this.#touch();
    const endMs = nowMs + untilMs - this.#parts.clock.now();
    if (pullIdentity === undefined) {
      this.#pausedUntilMs = Math.max(this.#pausedUntilMs, endMs);
    } else {
      this.#forgetPastPullPauses(nowMs);
      this.#pullPausedUntilMs.set(pullIdentity, Math.max(this.#pullPauseEndMs(pullIdentity), endMs));
    }
    for (const waiting of this.#waiting) {
      if (pullIdentity === undefined || waiting.pullIdentity === pullIdentity) this.#refuseLongPause(waiting, endMs);
    }
    this.update();
  }

  /** R4.2 */
  slowDown(): void {
    this.#bucket.slowDown(this.#touch());
    this.update();
  }

  /** Opens or shuts the queue as pace, pauses and places have it now. */
  update(): void {
    const { places, clock } = this.#parts;
    const nowMs = clock.monotonic();
    if (places.full) {
      this.#shut(undefined);
      if (this.#queue.size > 0) places.ask(this);
      return;
    }
    const waitMs = this.#gateWaitMs(nowMs);
    if (waitMs > 0) {
      this.#shut(this.#queue.size > 0 ? nowMs + waitMs : undefined);
      return;
    }
    this.#cancelWake();
    this.#queue.start();
  }

  /** Whether the lane remembers nothing that a new one would not know. */
  isIdle(nowMs: number, forMs: number): boolean {
    const busy = this.#waiting.size > 0 || this.#inFlight > 0;
    if (busy || nowMs - this.#usedAtMs < forMs || nowMs < this.#pausedUntilMs) return false;
    this.#forgetPastPullPauses(nowMs);
    return this.#pullPausedUntilMs.size === 0 && this.#bucket.perSecond(nowMs) >= this.#parts.limits.perSecond;
  }

  stats(): LaneStats {
    const nowMs = this.#parts.clock.monotonic();
    return {
      host: this.#parts.host,
      inFlight: this.#inFlight,
      waiting: this.#waiting.size,
      ...(this.#pausedUntilMs > nowMs && { pausedUntilMs: this.#epoch(this.#pausedUntilMs) }),
      perSecond: this.#bucket.perSecond(nowMs),
    };
  }

  /** Synchronous up to the call of `send`. Undefined gives the place back: the gate shut since the queue was opened. */
  async #start<T>(waiting: Waiting, send: () => Promise<T>): Promise<{ readonly value: T } | undefined> {
    const nowMs = this.#touch();
    const shut = this.#parts.places.full || this.#gateWaitMs(nowMs) > 0;
    if (shut || this.#pullPauseEndMs(waiting.pullIdentity) > nowMs) {
      this.update();
      return undefined;
    }
    // From here on the caller's signal is for `send` alone: the place is held until it settles.
    this.#leave(waiting);
    this.#bucket.take(nowMs);
    this.#parts.places.take();
    this.#inFlight += 1;
    this.update();
    try {
      return { value: await send() };
    } finally {
      this.#inFlight -= 1;
      this.#touch();
      this.#parts.places.release();
      this.update();
    }
  }

  #enter(admission: LaneAdmission): Waiting {
    this.#touch();
    const controller = new AbortController();
    const stop = () => controller.abort(admission.signal.reason);
    admission.signal.addEventListener('abort', stop, { once: true });
    const waiting: Waiting = {
      controller,
      priority: admission.priority,
      pullIdentity: admission.pullIdentity,
      detach: () => admission.signal.removeEventListener('abort', stop),
    };
    this.#waiting.add(waiting);
    return waiting;
  }

  #leave(waiting: Waiting): void {
    waiting.detach();
    this.#waiting.delete(waiting);
    // A wake-up for nobody would keep the process alive.
    if (this.#queue.size === 0) this.#cancelWake();
  }

  async #sitOutPullPause(waiting: Waiting): Promise<void> {
    const { clock } = this.#parts;
    for (;;) {
      waiting.controller.signal.throwIfAborted();
      const endMs = this.#pullPauseEndMs(waiting.pullIdentity);
      this.#refuseLongPause(waiting, endMs);
      const restMs = endMs - clock.monotonic();
      if (restMs <= 0) return;
      await clock.sleep(Math.ceil(restMs), waiting.controller.signal);
    }
  }

  #refuseLongPause(waiting: Waiting, endMs: number): void {
    const { clock, maxWaitMs, paused, host } = this.#parts;
    if (endMs - clock.monotonic() > maxWaitMs) waiting.controller.abort(paused(host, this.#epoch(endMs)));
  }

  /** Milliseconds until pause and pace let the next request start. */
  #gateWaitMs(nowMs: number): number {
    return Math.max(this.#pausedUntilMs - nowMs, this.#bucket.waitMs(nowMs));
  }

  #pullPauseEndMs(identity: string | undefined): number {
    const endMs = identity === undefined ? undefined : this.#pullPausedUntilMs.get(identity);
    return endMs ?? Number.NEGATIVE_INFINITY;
  }

  #forgetPastPullPauses(nowMs: number): void {
    for (const [identity, endMs] of this.#pullPausedUntilMs) {
      if (endMs <= nowMs) this.#pullPausedUntilMs.delete(identity);
    }
  }

  #shut(wakeAtMs: number | undefined): void {
    this.#queue.pause();
    if (wakeAtMs === undefined) {
      this.#cancelWake();
      return;
    }
    // One that comes too early only looks again.
    if (this.#wake !== undefined && this.#wake.atMs <= wakeAtMs) return;
    this.#cancelWake();
    const wake = { atMs: wakeAtMs, controller: new AbortController() };
    this.#wake = wake;
    const restMs = Math.ceil(wakeAtMs - this.#parts.clock.monotonic());
    this.#parts.clock.sleep(restMs, wake.controller.signal).then(
      () => {
        // Cancelled between its end and now: another one may be set.
        if (this.#wake === wake) this.#wake = undefined;
        this.update();
      },
      () => {},
    );
  }

  #cancelWake(): void {
    this.#wake?.controller.abort();
    this.#wake = undefined;
  }

  #touch(): number {
    this.#usedAtMs = this.#parts.clock.monotonic();
    return this.#usedAtMs;
  }

  #epoch(monotonicMs: number): number {
    const { clock } = this.#parts;
    return Math.round(monotonicMs - clock.monotonic() + clock.now());
  }
}
