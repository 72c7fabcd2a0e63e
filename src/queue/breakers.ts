import { Breaker, type BreakerState } from './breaker.ts';

/** What says which breaker a request belongs to. */
interface Request {
  readonly plain?: boolean;
}

const WORST_FIRST: readonly BreakerState[] = ['open', 'halfOpen', 'closed'];

/** The breakers of one host: https and plain http are two ports, of which one may be down while the other is up. */
export class Breakers {
  readonly #jitter: () => number;
  readonly #secure = new Breaker();
  readonly #plain = new Breaker();
  readonly #probes = new Set<Request>();

  /** `jitter` is in [0, 1). */
  constructor(jitter: () => number) {
    this.#jitter = jitter;
  }

  lets(request: Request, nowMs: number): boolean {
    return this.#of(request).lets(nowMs);
  }

  /** The request goes out; `ended` is to be called with the same object. */
  take(request: Request): void {
    if (this.#of(request).take()) this.#probes.add(request);
  }

  ended(request: Request): void {
    if (this.#probes.delete(request)) this.#of(request).probed();
  }

  /** What is known of how a request fared; `failure` is undefined when the host answered. */
  heard(request: Request, failure: Error | undefined, nowMs: number): 'opened' | undefined {
    const breaker = this.#of(request);
    if (failure !== undefined) return breaker.failed(failure, nowMs, this.#jitter()) ? 'opened' : undefined;
    breaker.answered(nowMs);
    return undefined;
  }

  /** What whoever is turned away now is told. */
  refusal(request: Request, nowMs: number): { readonly againAtMs: number; readonly cause?: Error } {
    const breaker = this.#of(request);
    const { cause } = breaker;
    return { againAtMs: breaker.againAtMs(nowMs, this.#jitter()), ...(cause && { cause }) };
  }

  state(nowMs: number): BreakerState {
    const states = [this.#secure.state(nowMs), this.#plain.state(nowMs)];
    return WORST_FIRST.find(state => states.includes(state)) ?? 'closed';
  }

  isStale(nowMs: number): boolean {
    return this.#secure.isStale(nowMs) && this.#plain.isStale(nowMs);
  }

  #of({ plain = false }: Request): Breaker {
    return plain ? this.#plain : this.#secure;
  }
}
