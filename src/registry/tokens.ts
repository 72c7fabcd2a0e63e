import type { Clock } from '../clock.ts';
import { type Rejections, siteOf } from './auth-rejections.ts';
import { type Call, failure, isOutOfRequests, refusalOf, sharedFailure } from './call.ts';
import { isTransient, RegistryError } from './errors.ts';
import { Flights } from './flights.ts';
import { Recent } from './recent.ts';
import type { TokenAnswer } from './token-answer.ts';
import type { TokenAsk, TokenRequests } from './token-requests.ts';

/** A token in the hand of one request. */
export interface HeldToken {
  /** Names it in the cache. */
  readonly key: string;
  readonly token: string;
  /** Whether it was fetched for this request, not found in the cache. */
  readonly fresh: boolean;
  readonly ask: TokenAsk;
}

export const ANONYMOUS = 'anonymous';

const MAX_TOKENS = 10_000;
/** How long a failure that may pass is answered without asking again (R2.32). */
const FAILURE_MS = 5_000;

/** Tokens in memory, by realm, service, scopes and identity (registry-client 2.6). */
export class Tokens {
  readonly #requests: TokenRequests;
  readonly #rejections: Rejections;
  readonly #clock: Clock;
  readonly #cache: Recent<TokenAnswer>;
  readonly #refresh: Recent<string>;
  readonly #failures: Recent<RegistryError>;
  readonly #flights = new Flights<TokenAnswer>();
  /** Tokens in the hands of requests that have not gone out yet, by key. */
  readonly #waiting = new Map<string, Set<HeldToken>>();

  constructor(requests: TokenRequests, rejections: Rejections, clock: Clock) {
    this.#requests = requests;
    this.#rejections = rejections;
    this.#clock = clock;
    this.#cache = new Recent(clock, MAX_TOKENS);
    this.#refresh = new Recent(clock, MAX_TOKENS);
    this.#failures = new Recent(clock, MAX_TOKENS);
  }

  /** A usable token, to be released: from the cache, or asked for once however many want it. Throws `RegistryError`. */
  async get(ask: TokenAsk, call: Call): Promise<HeldToken> {
    const held = { ...(await this.#find(ask, tokenKey(ask), call)), ask };
    const waiting = this.#waiting.get(held.key) ?? new Set();
    this.#waiting.set(held.key, waiting.add(held));
    return held;
  }

  /** Says that the request of a token has gone out, or never will. */
  release(held: HeldToken): void {
    const waiting = this.#waiting.get(held.key);
    waiting?.delete(held);
    if (waiting?.size === 0) this.#waiting.delete(held.key);
  }

  /**
   * The token to show in a request that goes out now: the newest. Where that is about to end, and others wait to show it,
   * a new one is asked for meanwhile, so that it is there when it is their turn (R2.33).
   */
  show(held: HeldToken, call: Call): string {
    this.release(held);
    const current = this.current(held.key);
    if (current === undefined && this.#waiting.has(held.key)) this.#renew(held, call);
    return current ?? held.token;
  }

  async #find(ask: TokenAsk, key: string, call: Call): Promise<Omit<HeldToken, 'ask'>> {
    const cached = this.#cache.get(key);
    if (cached !== undefined) return { key, token: cached.token, fresh: false };
    const failed = this.#failures.get(key);
    if (failed !== undefined) throw sharedFailure(call, failed);
    // What is left of the call that asks; whoever joins spends nothing of its own.
    const budget = { spentMs: call.budget.spentMs, answered: false };
    try {
      const answer = await this.#flights.join(key, call.context.signal, signal =>
        this.#fetch(ask, key, { ...call, context: { ...call.context, signal }, budget }),
      );
      return { key, token: answer.token, fresh: true };
    } catch (error) {
      const { signal } = call.context;
      if (signal.aborted) throw failure(call, { kind: 'aborted', from: 'tokenService', cause: signal.reason });
      throw sharedFailure(call, error);
    } finally {
      call.budget.spentMs = Math.max(call.budget.spentMs, budget.spentMs);
    }
  }

  /** The newest usable token under a key: another request may have renewed it meanwhile. */
  current(key: string): string | undefined {
    return this.#cache.get(key)?.token;
  }

  /** Drops a token that was refused, unless it was renewed meanwhile. */
  drop({ key, token }: HeldToken): void {
    if (this.#cache.get(key)?.token === token) this.#cache.delete(key);
  }

  /** A token for one request alone, never kept (R5.4). */
  async once(ask: TokenAsk, call: Call): Promise<string> {
    return (await this.#requests.fetch(ask, call)).token;
  }

  forget(fingerprint: string): void {
    const belongs = (key: string): boolean => key.startsWith(`${fingerprint}\n`);
    for (const kept of [this.#cache, this.#refresh, this.#failures]) kept.deleteWhere(belongs);
  }

  /** For those who wait, not for the call that happened to notice: neither its time nor its end counts. */
  #renew({ ask, key }: HeldToken, { context, blame }: Call): void {
    const { signal } = new AbortController();
    const call: Call = { context: { ...context, signal }, blame, budget: { spentMs: 0, answered: false } };
    // Who needs it asks again, and hears why there is none.
    this.#find(ask, key, call).catch(() => {});
  }

  async #fetch(ask: TokenAsk, key: string, call: Call): Promise<TokenAnswer> {
    try {
      const refreshToken = this.#refresh.get(refreshKey(ask));
      const answer = await this.#tried({ ...ask, refreshToken }, call);
      this.#cache.set(key, answer, answer.usableUntilMs);
      if (answer.refreshToken !== undefined && ask.credential !== undefined) {
        this.#refresh.set(refreshKey(ask), answer.refreshToken, Number.POSITIVE_INFINITY);
      }
      return answer;
    } catch (error) {
      if (error instanceof RegistryError && isTransient(error) && !isOutOfRequests(error)) {
        this.#failures.set(key, error, this.#clock.now() + FAILURE_MS);
      }
      throw error;
    }
  }

  /** Sends a credential only where it has not been rejected lately, and remembers what came of it (R3.21). */
  async #tried(ask: TokenAsk, call: Call): Promise<TokenAnswer> {
    if (ask.credential === undefined) return this.#requests.fetch(ask, call);
    const { fingerprint } = ask.credential;
    const site = siteOf(ask.realm, ask.endpoint);
    const errand = [ask.endpoint.key, ...ask.scopes].join(' ');
    const trial = await this.#rejections.admit(
      { site, host: ask.realm.host, fingerprint, errand },
      call.context.signal,
    );
    if ('refusal' in trial) throw failure(call, { ...trial.refusal, retryAtMs: trial.untilMs });
    try {
      const answer = await this.#requests.fetch(ask, call);
      trial.settle('accepted');
      return answer;
    } catch (error) {
      const rejected = error instanceof RegistryError && error.kind === 'unauthorized';
      if (rejected) this.#refresh.delete(refreshKey(ask));
      trial.settle(rejected ? refusalOf(error) : 'unknown');
      throw error;
    }
  }
}

function fingerprintOf({ credential }: TokenAsk): string {
  return credential?.fingerprint ?? ANONYMOUS;
}

/** The endpoint is part of it: a token goes back only to the registry it was obtained for (R2.1). */
function tokenKey(ask: TokenAsk): string {
  const scopes = [...ask.scopes].sort().join(' ');
  return [fingerprintOf(ask), ask.realm.href, ask.service ?? '', scopes, ask.endpoint.key].join('\n');
}

function refreshKey(ask: TokenAsk): string {
  return [fingerprintOf(ask), ask.realm.href, ask.service ?? '', ask.endpoint.key].join('\n');
}
