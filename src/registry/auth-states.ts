import type { Clock } from '../clock.ts';
import { type Call, failure } from './call.ts';
import { type Challenge, ChallengeTooLarge, parseChallenges, unusableReason, usableChallenge } from './challenge.ts';
import { type Endpoint, endpointKey } from './endpoint.ts';
import type { RegistryErrorReason } from './errors.ts';
import { judgeRealm } from './realm.ts';
import { Recent } from './recent.ts';
import { scopeTemplate } from './scope.ts';
import type { Headers } from './transport.ts';

/** Kinds of operation that registries want different scopes for (R2.15). */
export type ScopeKind = 'manifest' | 'tags';

/** How an endpoint wants to be asked (registry-client 2.1). */
export type AuthState =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic' }
  | {
      readonly kind: 'bearer';
      readonly realm: URL;
      readonly service: string | undefined;
      /** Whether the realm may see credentials (R2.20). */
      readonly trusted: boolean;
      readonly templates: Readonly<Partial<Record<ScopeKind, string>>>;
    };

/** A challenge that can't be answered. */
export interface Unanswerable {
  readonly kind: 'unanswerable';
  readonly reason: RegistryErrorReason;
}

const TTL_MS = 24 * 3_600_000;
const MAX_ENDPOINTS = 10_000;

/** What is learned of endpoints from their challenges; each for 24 hours, none from another (R2.2, R2.3). */
export class AuthStates {
  readonly #clock: Clock;
  readonly #clusterDomain: string;
  readonly #states: Recent<AuthState>;
  readonly #probes = new Map<string, Promise<void>>();

  constructor(clock: Clock, clusterDomain: string) {
    this.#clock = clock;
    this.#clusterDomain = clusterDomain;
    this.#states = new Recent(clock, MAX_ENDPOINTS);
  }

  get(endpoint: Endpoint): AuthState | undefined {
    return this.#states.get(endpointKey(endpoint));
  }

  set(endpoint: Endpoint, state: AuthState): void {
    this.#states.set(endpointKey(endpoint), state, this.#clock.now() + TTL_MS);
  }

  /**
   * Makes the caller the one that finds out about an unknown endpoint (the answer is to be called when it has), or
   * waits until the one before it has and answers undefined. So a hundred cold checks cost one 401, not a hundred.
   */
  async probe(endpoint: Endpoint, signal: AbortSignal): Promise<(() => void) | undefined> {
    const key = endpointKey(endpoint);
    const before = this.#probes.get(key);
    if (before !== undefined) {
      await untilAborted(before, signal);
      return undefined;
    }
    let done = (): void => {};
    const finished = new Promise<void>(resolve => {
      done = resolve;
    });
    this.#probes.set(key, finished);
    return () => {
      this.#probes.delete(key);
      done();
    };
  }

  /** Learns from the challenges of a 401. `scoped` is false for `/v2/`, whose scope means nothing (R1.12). */
  learn(
    endpoint: Endpoint,
    headers: Headers,
    operation: { readonly repository: string; readonly kind: ScopeKind; readonly scoped: boolean },
    call: Call,
  ): AuthState | Unanswerable {
    const challenges = this.#challenges(headers, call);
    const bearer = usableChallenge(challenges);
    if (bearer?.scheme === 'bearer') {
      const judged = judgeRealm({
        realm: bearer.params.get('realm') ?? '',
        endpoint: endpoint.origin,
        trustedRealmHosts: endpoint.settings.trustedRealmHosts,
        clusterDomain: this.#clusterDomain,
        plainHttp: endpoint.origin.protocol === 'http:',
      });
      if ('url' in judged) {
        const state = this.#bearer(endpoint, bearer, judged.url, judged.credentials, operation);
        this.set(endpoint, state);
        return state;
      }
    }
    const other = usableChallenge(challenges, { realmRefused: true });
    if (other === undefined) {
      return { kind: 'unanswerable', reason: bearer === undefined ? unusableReason(challenges) : 'realmHost' };
    }
    this.set(endpoint, { kind: 'basic' });
    return { kind: 'basic' };
  }

  #challenges(headers: Headers, call: Call): readonly Challenge[] {
    try {
      return parseChallenges(headers['www-authenticate']);
    } catch (error) {
      if (!(error instanceof ChallengeTooLarge)) throw error;
      throw failure(call, { kind: 'invalidResponse', reason: 'challenge', status: 401, cause: error });
    }
  }

  #bearer(
    endpoint: Endpoint,
    challenge: Challenge,
    realm: URL,
    trusted: boolean,
    operation: { readonly repository: string; readonly kind: ScopeKind; readonly scoped: boolean },
  ): AuthState {
    const before = this.get(endpoint);
    const templates = before?.kind === 'bearer' && before.realm.href === realm.href ? before.templates : {};
    const scope = operation.scoped ? challenge.params.get('scope') : undefined;
    return {
      kind: 'bearer',
      realm,
      service: challenge.params.get('service') || undefined,
      trusted,
      templates:
        scope === undefined
          ? templates
          : { ...templates, [operation.kind]: scopeTemplate(operation.repository, scope) },
    };
  }
}

/** Waits for a promise that never rejects, but no longer than the signal allows. */
async function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
