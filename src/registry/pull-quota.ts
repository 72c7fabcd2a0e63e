import type { Clock } from '../clock.ts';
import type { Endpoint } from './endpoint.ts';
import { Recent } from './recent.ts';
import { quotaState, readRateLimit } from './retry-after.ts';
import type { Headers } from './transport.ts';

const WINDOW_MS = 6 * 3_600_000;
const MAX_IDENTITIES = 10_000;

/** What Docker Hub last said of the pulls that each identity has left (R4.4). */
export class PullQuota {
  readonly #clock: Clock;
  readonly #left: Recent<'free' | 'reserve' | 'spent'>;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#left = new Recent(clock, MAX_IDENTITIES);
  }

  hear(endpoint: Endpoint, identity: string, headers: Headers): void {
    const rate = endpoint.hub ? readRateLimit(headers) : undefined;
    if (rate === undefined) return;
    this.#left.set(identity, quotaState(rate), this.#clock.now() + (rate.windowMs ?? WINDOW_MS));
  }

  /** Whether a manifest may be fetched only to verify a change. */
  allowsVerification(endpoint: Endpoint, identity: string): boolean {
    return !endpoint.hub || (this.#left.get(identity) ?? 'free') === 'free';
  }
}
