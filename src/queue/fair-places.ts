import { AbortWatch } from './abort-watch.ts';
import { FairLine, type Standing, type Ticket } from './fair-line.ts';

export interface Seeker extends Partial<Standing> {
  readonly signal: AbortSignal;
}

interface Waiting {
  readonly signal: AbortSignal;
  readonly start: () => void;
  readonly refuse: (reason: unknown) => void;
  ticket?: Ticket<Waiting>;
}

/** So many places, given to who waits in the order of a `FairLine`. */
export class FairPlaces {
  readonly #limit: number;
  #taken = 0;
  readonly #line = new FairLine<Waiting>();
  readonly #aborts = new AbortWatch<Waiting>((waiting, reason) => this.#refuse(waiting, reason));

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `action` in a place of its own. Rejects with the signal's reason when that fires before one is free. */
  async hold<T>(seeker: Seeker, action: () => Promise<T>): Promise<T> {
    seeker.signal.throwIfAborted();
    if (this.#taken < this.#limit && this.#line.size === 0) this.#taken += 1;
    else await this.#turn(seeker);
    try {
      seeker.signal.throwIfAborted();
      return await action();
    } finally {
      this.#taken -= 1;
      this.#goOn();
    }
  }

  /** Resolves when the place is taken. */
  #turn({ priority = 0, tenant = '', signal }: Seeker): Promise<void> {
    return new Promise((resolve, refuse) => {
      const start = () => {
        this.#aborts.delete(signal, waiting);
        resolve();
      };
      const waiting: Waiting = { signal, start, refuse };
      waiting.ticket = this.#line.add(waiting, { priority, tenant });
      this.#aborts.add(signal, waiting);
    });
  }

  #goOn(): void {
    while (this.#taken < this.#limit && this.#line.size > 0) {
      this.#taken += 1;
      this.#line.take()?.start();
    }
  }

  #refuse(waiting: Waiting, reason: unknown): void {
    this.#aborts.delete(waiting.signal, waiting);
    if (waiting.ticket !== undefined) this.#line.delete(waiting.ticket);
    waiting.refuse(reason);
  }
}
