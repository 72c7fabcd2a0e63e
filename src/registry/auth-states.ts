import type { Clock } from '../clock.ts';
import { type Call, failure } from './call.ts';
import { type Challenge, ChallengeTooLarge, parseChallenges, unusableReason, usableChallenge } from './challenge.ts';
import type { Endpoint } from './endpoint.ts';
import type { RegistryErrorReason } from './errors.ts';
import { unlessAborted } from './flights.ts';
import { bareHost } from './host-names.ts';
import { judgeRealm } from './realm.ts';
import { Recent } from './recent.ts';
import { scopeTemplate } from './scope.ts';
import type { RegistrySettings } from './settings.ts';
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
/** How long what `/v2/` said is enough. */
const PING_MS = 60_000;
const MAX_ENDPOINTS = 10_000;

/** What is learned of endpoints from their challenges; each for 24 hours, none from another (R2.2, R2.3). */
export class AuthStates {
  readonly #clock: Clock;
  readonly #settings: Pick<RegistrySettings, 'clusterDomain' | 'host'>;
  readonly #states: Recent<AuthState>;
  readonly #pinged: Recent<true>;
  readonly #probes = new Map<string, Promise<void>>();

  constructor(clock: Clock, settings: Pick<RegistrySettings, 'clusterDomain' | 'host'>) {
    this.#clock = clock;
    this.#settings = settings;
    this.#states = new Recent(clock, MAX_ENDPOINTS);
    this.#pinged = new Recent(clock, MAX_ENDPOINTS);
  }

  get(endpoint: Endpoint): AuthState | undefined {
    return this.#states.get(endpoint.key);
  }

  set(endpoint: Endpoint, state: AuthState): void {
    this.#states.set(endpoint.key, state, this.#clock.now() + TTL_MS);
  }

  /**
   * Makes the caller the one that finds out about an unknown endpoint (the answer is to be called when it has), or
   * waits until the one before it has and answers undefined. So a hundred cold checks cost one 401, not a hundred.
   */
  async probe(endpoint: Endpoint, signal: AbortSignal): Promise<(() => void) | undefined> {
    const key = endpoint.key;
    const before = this.#probes.get(key);
    if (before !== undefined) {
      signal.throwIfAborted();
      await unlessAborted(before, signal);
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

  /** Whether `/v2/` is to be asked for a challenge now: once for all that want it at a time (R1.12). */
  startPing(endpoint: Endpoint): boolean {
    const key = endpoint.key;
    if (this.#pinged.get(key) !== undefined) return false;
    this.#pinged.set(key, true, this.#clock.now() + PING_MS);
    return true;
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
        clusterDomain: this.#settings.clusterDomain,
        plainHttp: endpoint.origin.protocol === 'http:',
      });
      if ('url' in judged) {
        const state = this.#bearer(endpoint, bearer, judged.url, this.#trusts(judged, endpoint), operation);
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

  /** Over plain http a password goes to the registry's own host, or where the settings of the realm's let it (D25). */
  #trusts({ url, credentials }: { readonly url: URL; readonly credentials: boolean }, { origin }: Endpoint): boolean {
    if (!credentials || url.protocol === 'https:' || bareHost(url) === bareHost(origin)) return credentials;
    return this.#settings.host(url.host).allowCredentialsOverHttp;
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
