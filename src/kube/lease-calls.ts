import type { Clock } from '../clock.ts';
import { isConflict, isNotFound, NoAnswer } from './api-error.ts';
import type { KubeClient } from './client.ts';
import { type Holder, heldLease, holderOf, type Lease, microTime, releasedLease } from './lease.ts';
import { actionText, LEASES, type ObjectPath } from './resource.ts';

export interface LeaseCallsParts {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'replace'>;
  readonly namespace: string;
  readonly name: string;
  readonly us: Holder;
  /** Longest wait for an answer. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

const NEVER = new AbortController().signal;

/** What a candidate and a leader ask of the API server about one lease. Each call throws as the client does. */
export class LeaseCalls {
  readonly #parts: LeaseCallsParts;
  readonly #path: ObjectPath;
  #stamps = 0;

  constructor(parts: LeaseCallsParts) {
    this.#parts = parts;
    this.#path = { resource: LEASES, namespace: parts.namespace, name: parts.name };
  }

  /** Undefined when there is none. */
  read(stop: AbortSignal): Promise<Lease | undefined> {
    return this.#timed('get', stop, signal => this.#get(signal));
  }

  /** Writes that we hold the lease, as it was last seen, as of now. Returns it as stored. */
  hold(lease: Lease | undefined, stop: AbortSignal): Promise<Lease> {
    const { client, namespace, us } = this.#parts;
    const body = heldLease(lease, this.#parts, us, this.#stamp());
    return this.#timed('update', stop, signal =>
      lease === undefined
        ? client.create<Lease>({ resource: LEASES, namespace }, body, signal)
        : client.replace<Lease>(this.#path, body, signal),
    );
  }

  /** Gives the lease back if we hold it; whether we did. `lease` is how we left it, undefined when we don't know. */
  release(lease: Lease | undefined): Promise<boolean> {
    const { client, us } = this.#parts;
    return this.#timed('update', NEVER, async signal => {
      let held = lease ?? (await this.#get(signal));
      while (held !== undefined && holderOf(held) === us.identity) {
        try {
          await client.replace<Lease>(this.#path, releasedLease(held, this.#stamp()), signal);
          return true;
        } catch (error) {
          if (!isConflict(error)) throw error;
          held = await this.#get(signal);
        }
      }
      return false;
    });
  }

  async #get(signal: AbortSignal): Promise<Lease | undefined> {
    try {
      return await this.#parts.client.get<Lease>(this.#path, signal);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #timed<T>(verb: string, stop: AbortSignal, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    stop.throwIfAborted();
    const asked = new AbortController();
    const answered = new AbortController();
    const giveUp = () => asked.abort(stop.reason);
    stop.addEventListener('abort', giveUp, { once: true });
    this.#parts.clock.sleep(this.#parts.timeoutMs, answered.signal).then(
      () => asked.abort(new NoAnswer(actionText(verb, this.#path), 'silent', {})),
      () => {},
    );
    try {
      const answer = await ask(asked.signal);
      // Whoever was told that it is over must not go on because of an answer that came after all.
      stop.throwIfAborted();
      return answer;
    } finally {
      answered.abort();
      stop.removeEventListener('abort', giveUp);
    }
  }

  #stamp(): string {
    this.#stamps += 1;
    return microTime(this.#parts.clock.now(), this.#stamps);
  }
}
