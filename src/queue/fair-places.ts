import { AbortWatch } from './abort-watch.ts';
import { FairLine, type Standing, type Ticket } from './fair-line.ts';
import { type Link, LinkedList } from './linked-list.ts';

export interface Seeker extends Partial<Standing> {
  readonly signal: AbortSignal;
}

export interface FairPlacesOptions {
  /** Places that one tenant may have. */
  readonly perTenant?: number;
  /** Called when nobody has a place any more, nor waits for one. */
  readonly emptied?: () => void;
}

interface Waiting {
  readonly signal: AbortSignal;
  readonly standing: Standing;
  readonly start: () => void;
  readonly refuse: (reason: unknown) => void;
  /** In the line; or aside, while its tenant has as many as it may. */
  ticket?: Ticket<Waiting>;
  aside?: Link<Waiting>;
}

/** What one tenant has. */
interface Share {
  /** Places, and those in line for one. */
  held: number;
  readonly aside: LinkedList<Waiting>;
}

/**
 * So many places, given to who waits in the order of a `FairLine`. With `perTenant` one tenant has no more of them, in
 * the order in which it asked: turns alone give nothing to others while all places are with one whose work never ends.
 */
export class FairPlaces {
  readonly #limit: number;
  readonly #perTenant: number;
  readonly #emptied: () => void;
  #taken = 0;
  readonly #shares = new Map<string, Share>();
  readonly #line = new FairLine<Waiting>();
  readonly #aborts = new AbortWatch<Waiting>((waiting, reason) => this.#refuse(waiting, reason));

  constructor(limit: number, { perTenant = Number.POSITIVE_INFINITY, emptied = () => {} }: FairPlacesOptions = {}) {
    this.#limit = limit;
    this.#perTenant = perTenant;
    this.#emptied = emptied;
  }

  /** Runs `action` in a place of its own. Rejects with the signal's reason when that fires before one is free. */
  async hold<T>({ priority = 0, tenant = '', signal }: Seeker, action: () => Promise<T>): Promise<T> {
    if (signal.aborted) {
      this.#tellIfEmpty();
      throw signal.reason;
    }
    const share = this.#share(tenant);
    const mayHave = share.held < this.#perTenant;
    if (mayHave && this.#taken < this.#limit && this.#line.size === 0) {
      share.held += 1;
      this.#taken += 1;
    } else {
      await this.#turn({ priority, tenant }, signal, share);
    }
    try {
      signal.throwIfAborted();
      return await action();
    } finally {
      this.#taken -= 1;
      this.#letGo(tenant, share);
      this.#goOn();
      this.#tellIfEmpty();
    }
  }

  #tellIfEmpty(): void {
    if (this.#shares.size === 0) this.#emptied();
  }

  /** Resolves when the place is taken. */
  #turn(standing: Standing, signal: AbortSignal, share: Share): Promise<void> {
    return new Promise((resolve, refuse) => {
      const start = () => {
        this.#aborts.delete(signal, waiting);
        delete waiting.ticket;
        resolve();
      };
      const waiting: Waiting = { signal, standing, start, refuse };
      if (share.held < this.#perTenant) this.#lineUp(waiting, share);
      else waiting.aside = share.aside.push(waiting);
      this.#aborts.add(signal, waiting);
    });
  }

  #lineUp(waiting: Waiting, share: Share): void {
    share.held += 1;
    waiting.ticket = this.#line.add(waiting, waiting.standing);
  }

  /** One of a tenant's is free again: for the next of its own that stands aside, to line up with. */
  #letGo(tenant: string, share: Share): void {
    share.held -= 1;
    const next = share.aside.shift();
    if (next !== undefined) {
      delete next.aside;
      this.#lineUp(next, share);
    }
    if (share.held === 0) this.#shares.delete(tenant);
  }

  #goOn(): void {
    while (this.#taken < this.#limit && this.#line.size > 0) {
      this.#taken += 1;
      this.#line.take()?.start();
    }
  }

  #refuse(waiting: Waiting, reason: unknown): void {
    const { ticket, aside, standing, signal } = waiting;
    this.#aborts.delete(signal, waiting);
    const share = this.#share(standing.tenant);
    if (aside !== undefined) share.aside.remove(aside);
    if (ticket !== undefined) {
      this.#line.delete(ticket);
      this.#letGo(standing.tenant, share);
    }
    waiting.refuse(reason);
  }

  #share(tenant: string): Share {
    const known = this.#shares.get(tenant);
    if (known !== undefined) return known;
    const share: Share = { held: 0, aside: new LinkedList() };
    this.#shares.set(tenant, share);
    return share;
  }
}
