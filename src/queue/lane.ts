import type { Clock } from '../clock.ts';
import { AbortWatch } from './abort-watch.ts';
import { Alarm } from './alarm.ts';
import type { BreakerState } from './breaker.ts';
import { Breakers } from './breakers.ts';
import { DueHeap } from './due-heap.ts';
import { FairLine, type Ticket } from './fair-line.ts';
import { Pauses } from './pauses.ts';
import type { Places } from './places.ts';
import { type Pace, TokenBucket } from './token-bucket.ts';

/** Limits of one host: its pace and how many requests may be under way (R4.1). */
export interface LaneLimits extends Pace {
  readonly inFlight: number;
}

export interface LaneAdmission {
  readonly priority: number;
  readonly signal: AbortSignal;
  readonly pullIdentity?: string | undefined;
  /** On whose behalf: tenants of equal priority take turns (R4.3). */
  readonly tenant?: string | undefined;
  /** Over plain http: that is another port, and may be up while the other is down. */
  readonly plain?: boolean;
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
  /** Whether the host counts as down (R4.12). */
  readonly breaker: BreakerState;
}

export interface LaneParts {
  readonly host: string;
  readonly limits: LaneLimits;
  readonly clock: Clock;
  readonly places: Places;
  /** Longest rest of a pause that a request waits for. */
  readonly maxWaitMs: number;
  /** The error for a request that does not wait. `untilMs` is in epoch milliseconds, `cause` why the host is down. */
  readonly paused: (host: string, untilMs: number, cause?: Error) => Error;
  /** In [0, 1), for jitter. Absent: no breaker, every request is sent however the host fares. */
  readonly breakerJitter?: () => number;
}

/** A request that has not started. */
interface Waiting {
  readonly admission: LaneAdmission;
  /** May have been lifted since. */
  priority: number;
  /** Held while in line. */
  ticket?: Ticket<Waiting>;
  /** Called when its place is taken: it is under way from then on. */
  readonly start: () => void;
  readonly refuse: (reason: unknown) => void;
}

/**
 * The way to one host. Requests stand in line by priority and tenant; one starts when concurrency, pace, pauses and the places
 * left over all lanes let it. What waits holds no place, so whatever comes later with a higher priority goes first.
 */
export class Lane {
  readonly #parts: LaneParts;
  readonly #bucket: TokenBucket;
  #limits: LaneLimits;
  readonly #pauses = new Pauses();
  readonly #breakers: Breakers | undefined;
  /** Everybody who waits, in line or aside. */
  readonly #waiting = new Set<Waiting>();
  readonly #line = new FairLine<Waiting>();
  /** Out of the line until the pull pause of their identity ends, so that they hold up nobody. */
  readonly #aside = new DueHeap<Waiting>();
  readonly #aborts = new AbortWatch<Waiting>((waiting, reason) => this.#refuse(waiting, reason));
  /** Of the monotonic clock, as all times here, so that a jump of the wall clock moves no pause. */
  #usedAtMs: number;
  #inFlight = 0;
  readonly #alarm: Alarm;

  constructor(parts: LaneParts) {
    this.#parts = parts;
    this.#limits = parts.limits;
    this.#usedAtMs = parts.clock.monotonic();
    this.#bucket = new TokenBucket(parts.limits, this.#usedAtMs);
    this.#breakers = parts.breakerJitter && new Breakers(parts.breakerJitter);
    this.#alarm = new Alarm(parts.clock, () => this.update());
  }

  /** Runs `send` when it is its turn; see `Lanes.run`. */
  async run<T>(admission: LaneAdmission, send: () => Promise<T>): Promise<T> {
    admission.signal.throwIfAborted();
    const nowMs = this.#touch();
    if (this.#breakers?.lets(admission, nowMs) === false) throw this.#down(admission, nowMs);
    if (this.#waiting.size === 0 && this.#lets(admission, nowMs)) this.#take(admission, nowMs);
    else await this.#turn(admission, nowMs);
    // The place is held from here on; the caller's signal is for `send` alone.
    let answered: boolean | undefined = false;
    try {
      const answer = await send();
      answered = true;
      return answer;
    } finally {
      if (!answered && admission.signal.aborted) answered = undefined;
      this.#inFlight -= 1;
      this.#breakers?.ended(admission);
      this.#parts.places.release(this, answered);
      this.#goOn(this.#touch());
    }
  }

  /** See `Lanes.heard`. When that shows the host to be down nobody goes on waiting for it (R4.13). */
  heard(admission: LaneAdmission, failure: Error | undefined): void {
    const nowMs = this.#touch();
    if (this.#breakers?.heard(admission, failure, nowMs) !== 'opened') return;
    for (const waiting of this.#waiting) {
      if (!this.#breakers.lets(waiting.admission, nowMs)) this.#refuse(waiting, this.#down(waiting.admission, nowMs));
    }
  }

  /** What waits under this signal is to go before lower priorities from now on. */
  lift(signal: AbortSignal, priority: number): void {
    for (const waiting of this.#aborts.of(signal)) {
      if (waiting.priority >= priority) continue;
      waiting.priority = priority;
      if (waiting.ticket === undefined) continue;
      this.#line.delete(waiting.ticket);
      this.#lineUp(waiting);
    }
  }

  /** Nothing starts before `untilMs` (epoch), or no manifest GET of that identity. The later of two pauses counts. */
  pause(untilMs: number, pullIdentity: string | undefined): void {
    const nowMs = this.#touch();
    const endMs = nowMs + untilMs - this.#parts.clock.now();
    this.#pauses.forgetPast(nowMs);
    this.#pauses.extend(endMs, pullIdentity);
    for (const waiting of this.#waiting) {
      if (pullIdentity === undefined || waiting.admission.pullIdentity === pullIdentity) {
        this.#refuseLongPause(waiting, endMs, nowMs);
      }
    }
    this.#goOn(nowMs);
  }

  /** R4.2 */
  slowDown(): void {
    const nowMs = this.#touch();
    this.#bucket.slowDown(nowMs);
    this.#goOn(nowMs);
  }

  /** Other limits from now on. What the host has said of itself still counts. */
  setLimits(limits: LaneLimits): void {
    const nowMs = this.#parts.clock.monotonic();
    this.#limits = limits;
    this.#bucket.setPace(limits, nowMs);
    this.#goOn(nowMs);
  }

  /** Looks again who may start: a place may be free. */
  update(): void {
    this.#goOn(this.#parts.clock.monotonic());
  }

  /** Whether the lane remembers nothing that a new one would not know. */
  isIdle(nowMs: number, forMs: number): boolean {
    const busy = this.#waiting.size > 0 || this.#inFlight > 0;
    if (busy || nowMs - this.#usedAtMs < forMs || this.#pauses.lastsAt(nowMs)) return false;
    if (this.#breakers?.isStale(nowMs) === false) return false;
    return this.#bucket.perSecond(nowMs) >= this.#limits.perSecond;
  }

  stats(): LaneStats {
    const nowMs = this.#parts.clock.monotonic();
    const { untilMs } = this.#pauses;
    return {
      host: this.#parts.host,
      inFlight: this.#inFlight,
      waiting: this.#waiting.size,
      ...(untilMs > nowMs && { pausedUntilMs: this.#epoch(untilMs) }),
      perSecond: this.#bucket.perSecond(nowMs),
      breaker: this.#breakers?.state(nowMs) ?? 'closed',
    };
  }

  /** Whether a request may start without waiting, provided that nobody else waits. */
  #lets({ pullIdentity }: LaneAdmission, nowMs: number): boolean {
    const { places } = this.#parts;
    if (this.#inFlight >= this.#limits.inFlight || places.isSated(this) || places.isFullFor(this)) return false;
    return this.#gateWaitMs(nowMs) <= 0 && this.#pauses.pullUntilMs(pullIdentity) <= nowMs;
  }

  #take(admission: LaneAdmission, nowMs: number): void {
    this.#bucket.take(nowMs);
    this.#breakers?.take(admission);
    this.#parts.places.take(this);
    this.#inFlight += 1;
  }

  /** Resolves when the place is taken. Rejects with what `Lanes.run` promises when it never will be. */
  #turn(admission: LaneAdmission, nowMs: number): Promise<void> {
    return new Promise((start, refuse) => {
      const waiting: Waiting = { admission, priority: admission.priority, start, refuse };
      this.#waiting.add(waiting);
      this.#aborts.add(admission.signal, waiting);
      const endMs = Math.max(this.#pauses.untilMs, this.#pauses.pullUntilMs(admission.pullIdentity));
      if (this.#refuseLongPause(waiting, endMs, nowMs)) return;
      this.#lineUp(waiting);
      this.#goOn(nowMs);
    });
  }

  /** Lets in whoever may start now, and sees to being woken for the next. */
  #goOn(nowMs: number): void {
    if (this.#waiting.size === 0) return;
    for (let back = this.#aside.popDue(nowMs); back !== undefined; back = this.#aside.popDue(nowMs)) this.#lineUp(back);
    const { places } = this.#parts;
    let gateAtMs = Number.POSITIVE_INFINITY;
    while (this.#line.size > 0 && this.#inFlight < this.#limits.inFlight) {
      if (places.isFullFor(this)) {
        places.ask(this);
        break;
      }
      if (places.isSated(this)) break;
      const waitMs = this.#gateWaitMs(nowMs);
      if (waitMs > 0) {
        gateAtMs = nowMs + waitMs;
        break;
      }
      this.#letFirstIn(nowMs);
    }
    this.#alarm.set(Math.min(gateAtMs, this.#aside.nextAtMs() ?? Number.POSITIVE_INFINITY));
  }

  #lineUp(waiting: Waiting): void {
    const { priority, admission } = waiting;
    waiting.ticket = this.#line.add(waiting, { priority, tenant: admission.tenant ?? '' });
  }

  /** Starts the first in line, unless his identity has been paused meanwhile or the host is being probed. */
  #letFirstIn(nowMs: number): void {
    const first = this.#line.take();
    if (first === undefined) return;
    delete first.ticket;
    const { admission } = first;
    if (this.#breakers?.lets(admission, nowMs) === false) {
      this.#refuse(first, this.#down(admission, nowMs));
      return;
    }
    const pullUntilMs = this.#pauses.pullUntilMs(admission.pullIdentity);
    if (pullUntilMs > nowMs) {
      this.#aside.add(first, pullUntilMs);
      return;
    }
    this.#forget(first);
    this.#take(admission, nowMs);
    first.start();
  }

  #refuseLongPause(waiting: Waiting, endMs: number, nowMs: number): boolean {
    const { maxWaitMs, paused, host } = this.#parts;
    if (endMs - nowMs <= maxWaitMs) return false;
    this.#refuse(waiting, paused(host, this.#epoch(endMs)));
    return true;
  }

  #refuse(waiting: Waiting, reason: unknown): void {
    this.#forget(waiting);
    if (waiting.ticket !== undefined) this.#line.delete(waiting.ticket);
    delete waiting.ticket;
    this.#aside.delete(waiting);
    waiting.refuse(reason);
  }

  #forget(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    this.#aborts.delete(waiting.admission.signal, waiting);
    // A wake-up for nobody would keep the process alive.
    if (this.#waiting.size === 0) this.#alarm.set(Number.POSITIVE_INFINITY);
  }

  /** Milliseconds until pause and pace let the next request start. */
  #gateWaitMs(nowMs: number): number {
    return Math.max(this.#pauses.untilMs - nowMs, this.#bucket.waitMs(nowMs));
  }

  #down(admission: LaneAdmission, nowMs: number): Error {
    const { paused, host } = this.#parts;
    const { againAtMs = nowMs, cause } = this.#breakers?.refusal(admission, nowMs) ?? {};
    return paused(host, this.#epoch(againAtMs), cause);
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
