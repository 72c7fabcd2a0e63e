/** The time in office of a leader, as whoever works meanwhile sees it. */
export interface Term {
  /** When the leader before last renewed, in epoch milliseconds; undefined when there was none. Never in the future. */
  readonly previousRenewMs: number | undefined;
  /** Fires when the work is to end: a stop was asked for (what is under way may be finished), or the lease is lost. */
  readonly ending: AbortSignal;
  /** Fires before another may lead: from now on nothing may be written. */
  readonly lost: AbortSignal;
}

/** The reason of `Term.lost`, and of writes that came too late. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** Holds the switches of a term. */
export class TermSwitches implements Term {
  readonly previousRenewMs: number | undefined;
  readonly #ending = new AbortController();
  readonly #lost = new AbortController();
  readonly #over = new AbortController();
  readonly #stop: AbortSignal;
  readonly #stopAsked = () => this.#ending.abort(this.#stop.reason);

  constructor(previousRenewMs: number | undefined, stop: AbortSignal) {
    this.previousRenewMs = previousRenewMs;
    this.#stop = stop;
    if (stop.aborted) this.#stopAsked();
    else stop.addEventListener('abort', this.#stopAsked, { once: true });
  }

  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Fires when there is nothing left to renew: the lease is lost, or the work has ended. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  lose(why: string): void {
    const reason = new LeaseLost(why);
    this.#lost.abort(reason);
    this.#ending.abort(reason);
    this.end();
  }

  end(): void {
    this.#stop.removeEventListener('abort', this.#stopAsked);
    this.#over.abort();
  }
}
