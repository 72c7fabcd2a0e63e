import type { Clock } from '../clock.ts';
import type { Place } from './asker.ts';
import { type Call, failure } from './call.ts';
import type { Endpoint } from './endpoint.ts';
import type { RegistryObserver } from './observer.ts';
import { Recent } from './recent.ts';
import { quotaState, readRateLimit } from './retry-after.ts';
import { ANONYMOUS } from './tokens.ts';
import type { Headers } from './transport.ts';

/** Quota comes back bit by bit, so after this without a word a fetch may find out how much there is. */
const BELIEVED_MS = 15 * 60_000;
const MAX_IDENTITIES = 10_000;

interface Left {
  /** `reserve`: what is left is for users, background work waits. */
  readonly state: 'free' | 'reserve' | 'spent';
  readonly untilMs: number;
}

/** What Docker Hub last said of the pulls that each identity has left (R4.4). HEADs are no pulls: they go on. */
export class PullQuota {
  readonly #clock: Clock;
  readonly #observer: Pick<RegistryObserver, 'pullQuota'>;
  readonly #left: Recent<Left>;

  constructor(clock: Clock, observer: Pick<RegistryObserver, 'pullQuota'>) {
    this.#clock = clock;
    this.#observer = observer;
    this.#left = new Recent(clock, MAX_IDENTITIES);
  }

  /** Reads the headers of any answer; what says nothing changes nothing. */
  hear({ hub, host }: Endpoint, identity: string, headers: Headers): void {
    const rate = hub ? readRateLimit(headers) : undefined;
    if (rate === undefined) return;
    const untilMs = this.#clock.now() + Math.min(rate.windowMs ?? BELIEVED_MS, BELIEVED_MS);
    this.#left.set(identity, { state: quotaState(rate), untilMs }, untilMs);
    const { remaining, limit } = rate;
    this.#observer.pullQuota({
      host,
      identity: identity === ANONYMOUS ? 'anonymous' : 'credential',
      remaining,
      ...(limit === undefined ? {} : { limit }),
    });
  }

  /** Whether a manifest may be fetched only to verify a change. The reserve is for what a user waits for. */
  allowsVerification({ hub }: Endpoint, identity: string, priority: number): boolean {
    if (!hub) return true;
    const state = this.#left.get(identity)?.state ?? 'free';
    return state === 'free' || (state === 'reserve' && priority > 0);
  }

  /**
   * Throws the `RegistryError` of a fetch that background work is not to send: it would take from the reserve, or be
   * refused. Whoever is offered first counts as who asks.
   */
  holdBack({ endpoint, candidates }: Place, call: Call): void {
    if (!endpoint.hub || call.context.priority > 0) return;
    const left = this.#left.get(candidates[0]?.fingerprint ?? ANONYMOUS);
    if (left === undefined || left.state === 'free') return;
    throw failure(call, {
      kind: 'rateLimited',
      retryAtMs: left.untilMs,
      detail: 'the pulls that are left are reserved',
    });
  }
}
