import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { ApiError, isConflict, isNotFound, NoAnswer } from './api-error.ts';
import type { KubeClient } from './client.ts';
import { type Term, TermSwitches } from './leader-term.ts';
import { type Holder, holderOf, type Lease, renewedAtMs, type Sighting, sighting, UNKNOWN } from './lease.ts';
import { LeaseCalls } from './lease-calls.ts';

export interface LeaderElectionParts {
  /** With a connection of its own: a pool that is full must not delay a renewal (design D17). */
  readonly client: Pick<KubeClient, 'get' | 'create' | 'replace'>;
  readonly namespace: string;
  readonly name: string;
  /** Of this process, and of no other, not even of its successor. */
  readonly identity: string;
  readonly timing?: LeaseTiming;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
}

/** Milliseconds. A leader steps down `renewDeadlineMs` after it sent its last good renewal; others wait for longer. */
export interface LeaseTiming {
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  /** From one good renewal to the next, and the longest wait for the answer of one. */
  readonly renewPeriodMs: number;
  /** From one look of those who wait to their next, and from a renewal that failed to the next try. */
  readonly retryPeriodMs: number;
}

/**
 * Those of Kubernetes' own controllers, but that a leader renews half as often as they do: renewals are most of what an
 * operator spends that has nothing to do. It has several tries all the same, at these seconds after its last good one:
 *
 * ```text
 * tries that fail at once | 4, 6, 8
 * tries that hang         | 4 to 8, 8 to 10
 * ```
 *
 * How long others wait for a leader that died depends on how often they look, not on how often it renewed.
 */
export const LEASE_TIMING: LeaseTiming = {
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  renewPeriodMs: 4_000,
  retryPeriodMs: 2_000,
};

/** `stopped`: as asked, or because the work came to its end; the lease is given back. */
export type ElectionEnd = 'stopped' | 'lost';

/** One leader among several processes, by a Lease (kubernetes-client 1.6). */
export interface LeaderElection {
  /**
   * Waits to be elected, then lets `lead` work. The lease is renewed until `lead` has returned, after `stop`, too, so that
   * what is under way can be written; then it is given back. Throws what `lead` throws. May be run again when it has ended.
   */
  run(stop: AbortSignal, lead: (term: Term) => Promise<void>): Promise<ElectionEnd>;
  /** Whether this process leads, by the clock: also true to the moment when timers are late. */
  readonly isLeader: boolean;
}

export function createLeaderElection(parts: LeaderElectionParts): LeaderElection {
  return new LeaseElection(parts);
}

class LeaseElection implements LeaderElection {
  readonly #parts: LeaderElectionParts;
  readonly #timing: LeaseTiming;
  readonly #us: Holder;
  readonly #calls: LeaseCalls;
  /** As last stored by us. */
  #lease: Lease | undefined;
  #seen: Sighting | undefined;
  #holder = '';
  /** A claim was sent, and what became of it is unknown. */
  #claiming = false;
  #previousRenewMs: number | undefined;
  /** Monotonic: until then nobody else can lead. */
  #safeUntilMs = Number.NEGATIVE_INFINITY;
  #leads = false;
  #complaint = '';

  constructor(parts: LeaderElectionParts) {
    const { client, namespace, name, identity, timing = LEASE_TIMING, clock } = parts;
    if (timing.renewDeadlineMs >= timing.leaseDurationMs) {
      throw new RangeError('The renew deadline must be shorter than the lease duration');
    }
    this.#parts = parts;
    this.#timing = timing;
    this.#us = { identity, durationMs: timing.leaseDurationMs };
    this.#calls = new LeaseCalls({ client, namespace, name, us: this.#us, timeoutMs: timing.renewPeriodMs, clock });
  }

  get isLeader(): boolean {
    return this.#leads && this.#isSafe();
  }

  async run(stop: AbortSignal, lead: (term: Term) => Promise<void>): Promise<ElectionEnd> {
    if (!(await this.#isElected(stop))) {
      if (this.#claiming) await this.#release();
      return 'stopped';
    }
    const previousMs = this.#previousRenewMs;
    const nowMs = this.#parts.clock.now();
    const term = new TermSwitches(previousMs === undefined ? undefined : Math.min(previousMs, nowMs), stop);
    this.#leads = true;
    const renewing = Promise.all([this.#keep(term), this.#guard(term)]);
    try {
      await lead(term);
    } finally {
      term.end();
      await renewing;
      this.#leads = false;
      if (!term.lost.aborted) await this.#release();
    }
    return term.lost.aborted ? 'lost' : 'stopped';
  }

  /** Resolves to true once we hold the lease, to false when asked to stop. */
  async #isElected(stop: AbortSignal): Promise<boolean> {
    const { identity, log } = this.#parts;
    while (!stop.aborted) {
      const waitMs = await this.#claim(stop);
      if (waitMs === undefined) {
        log.info({ identity }, 'Elected as the leader');
        return true;
      }
      await this.#sleep(waitMs, stop);
    }
    return false;
  }

  /** Takes the lease when it is free. How long to wait before looking again; undefined when we hold it now. */
  async #claim(stop: AbortSignal): Promise<number | undefined> {
    const { clock, random } = this.#parts;
    // Between half a period and a whole one: a renewal that is seen late makes a dead leader be waited for longer.
    const retryMs = (this.#timing.retryPeriodMs * (1 + random())) / 2;
    try {
      const lease = await this.#calls.read(stop);
      const restMs = this.#see(lease) - clock.monotonic();
      if (restMs > 0) {
        this.#complaint = '';
        return Math.min(retryMs, Math.ceil(restMs));
      }
      this.#claiming = true;
      // What is free now is free for this one try: behind a failure others may have made, and lost, the lease.
      this.#seen = lease === undefined ? UNKNOWN : this.#seen;
      await this.#hold(lease, stop);
      // An answer that took too long is worth nothing; then the lease, ours now, is renewed first.
      if (!this.#isSafe()) return 0;
      this.#claiming = false;
      return undefined;
    } catch (error) {
      // After a conflict another was faster, or somebody else has changed the lease: no fault of anybody's.
      if (!stop.aborted && !isConflict(error)) this.#complain(error);
      return retryMs;
    }
  }

  /** Takes note of a lease as it was read just now. Monotonic time from which it may be taken. */
  #see(lease: Lease | undefined): number {
    const { identity, clock, log } = this.#parts;
    const holder = holderOf(lease);
    if (holder !== identity) this.#claiming = false;
    // Our own claim, whose answer was lost, says nothing about the leader before us.
    if (lease !== undefined && !this.#claiming) this.#previousRenewMs = renewedAtMs(lease) ?? this.#previousRenewMs;
    this.#seen = sighting(this.#seen, lease, this.#us, clock.monotonic());
    if (holder !== this.#holder && holder !== '' && holder !== identity) log.info({ holder }, 'Another leads');
    this.#holder = holder;
    return this.#seen.freeAtMs;
  }

  /** Renews until the term is over. Never throws. */
  async #keep(term: TermSwitches): Promise<void> {
    const { clock } = this.#parts;
    const { renewDeadlineMs, renewPeriodMs, retryPeriodMs } = this.#timing;
    // From the beginning of the last try, be it the claim: after one that hung, time is short.
    let triedMs = this.#safeUntilMs - renewDeadlineMs;
    let renewed = true;
    for (;;) {
      const nextMs = triedMs + (renewed ? renewPeriodMs : retryPeriodMs);
      await this.#sleep(nextMs - clock.monotonic(), term.over);
      if (term.over.aborted) return;
      triedMs = clock.monotonic();
      renewed = await this.#renewed(term);
    }
  }

  /** Whether the lease is renewed now. */
  async #renewed(term: TermSwitches): Promise<boolean> {
    try {
      await this.#hold(this.#lease, term.over).catch((error: unknown) => {
        if (!isConflict(error) && !isNotFound(error)) throw error;
        return this.#holdAgain(term);
      });
      return true;
    } catch (error) {
      if (!term.over.aborted) this.#complain(error);
      return false;
    }
  }

  /** The lease is not as we left it: a renewal whose answer was lost, somebody's label or deletion, or another leader. */
  async #holdAgain(term: TermSwitches): Promise<void> {
    const lease = await this.#calls.read(term.over);
    const holder = holderOf(lease);
    if (holder !== '' && holder !== this.#parts.identity) return this.#lose(term, `"${holder}" holds the lease`);
    await this.#hold(lease, term.over);
  }

  /** Ends the term in time, whatever the renewals are doing. */
  async #guard(term: TermSwitches): Promise<void> {
    while (!term.over.aborted) {
      if (!this.#isSafe()) return this.#lose(term, 'the lease was not renewed in time');
      await this.#sleep(Math.ceil(this.#safeUntilMs - this.#parts.clock.monotonic()), term.over);
    }
  }

  #lose(term: TermSwitches, why: string): void {
    this.#safeUntilMs = Number.NEGATIVE_INFINITY;
    this.#parts.log.error({ why }, 'No longer the leader');
    term.lose(why);
  }

  async #release(): Promise<void> {
    const { identity, log } = this.#parts;
    try {
      // When it is unknown what became of a claim, it must be looked up.
      const released = await this.#calls.release(this.#claiming ? undefined : this.#lease);
      if (released) log.info({ identity }, 'The lease is given back');
    } catch (error) {
      log.warn({ error: textOf(error) }, 'The lease could not be given back: the next leader has to wait');
    }
    this.#claiming = false;
    this.#safeUntilMs = Number.NEGATIVE_INFINITY;
  }

  async #hold(lease: Lease | undefined, stop: AbortSignal): Promise<void> {
    // As of when it was sent: whoever sees it stored sees it later, and waits from then.
    const sentMs = this.#parts.clock.monotonic();
    this.#lease = await this.#calls.hold(lease, stop);
    this.#complaint = '';
    this.#safeUntilMs = sentMs + this.#timing.renewDeadlineMs;
  }

  #isSafe(): boolean {
    return this.#parts.clock.monotonic() < this.#safeUntilMs;
  }

  /** Ends early, and quietly, when the signal fires. */
  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    await this.#parts.clock.sleep(ms, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  /** Once for each trouble, not with each try. */
  #complain(error: unknown): void {
    const text = textOf(error);
    if (text === this.#complaint) return;
    this.#complaint = text;
    this.#parts.log.warn({ error: text }, 'The lease cannot be taken or renewed; trying again');
  }
}

function textOf(error: unknown): string {
  if (error instanceof ApiError || error instanceof NoAnswer) return error.message;
  return Error.isError(error) ? error.name : 'unknown';
}
