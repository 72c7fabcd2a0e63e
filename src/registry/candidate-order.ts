import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { AuthStates } from './auth-states.ts';
import type { Credential } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';
import type { RegistryObserver } from './observer.ts';
import type { Proofs } from './proofs.ts';
import { type Question, repositoryKey } from './questions.ts';
import { Recent } from './recent.ts';
import { ANONYMOUS } from './tokens.ts';

export interface CandidateOrderParts {
  readonly states: AuthStates;
  readonly proofs: Proofs;
  readonly observer: RegistryObserver;
  readonly log: Logger;
  readonly clock: Clock;
  readonly anonymousFallback: boolean;
}

const HOUR_MS = 3_600_000;
const MAX_REMEMBERED = 10_000;

/** Who is to ask, and in which order (registry-client 3.4). */
export class CandidateOrder {
  readonly #parts: CandidateOrderParts;
  /** Fingerprint of the candidate that worked last (R3.19). */
  readonly #working: Recent<string>;
  readonly #warned: Recent<true>;

  constructor(parts: CandidateOrderParts) {
    this.#parts = parts;
    this.#working = new Recent(parts.clock, MAX_REMEMBERED);
    this.#warned = new Recent(parts.clock, MAX_REMEMBERED);
  }

  /** Best first; undefined is anonymous. `only` is the one identity that may ask, where there is just one. */
  of(
    question: Question,
    candidates: readonly Credential[],
    only: string | undefined,
  ): readonly (Credential | undefined)[] {
    const all = this.#all(question, candidates);
    return only === undefined ? all : all.filter(each => (each?.fingerprint ?? ANONYMOUS) === only);
  }

  /** Remembers who got an answer, and tells when that was nobody after somebody had been refused (R3.20). */
  worked(
    question: Question,
    candidates: readonly Credential[],
    credential: Credential | undefined,
    othersFailed: boolean,
  ): void {
    if (candidates.length === 0) return;
    const { observer, log, clock } = this.#parts;
    const { host } = question.endpoint;
    this.#working.set(
      workingKey(question, candidates),
      credential?.fingerprint ?? ANONYMOUS,
      clock.now() + 24 * HOUR_MS,
    );
    if (credential !== undefined || !othersFailed) return;
    observer.credentialsRejected(host);
    log.warn({ host }, 'registry rejected the credentials; asked without them');
  }

  #all(question: Question, candidates: readonly Credential[]): readonly (Credential | undefined)[] {
    const { states, anonymousFallback } = this.#parts;
    const { endpoint } = question;
    const state = states.get(endpoint);
    const usable = endpoint.sendsCredentials ? candidates : [];
    if (usable.length === 0) return [undefined];
    if (state?.kind === 'bearer' && !state.trusted) {
      this.#warnOfRealm(endpoint, state.realm);
      // A registry token goes to the registry itself, whatever its realm is.
      return [...usable.filter(({ kind }) => kind === 'registryToken'), undefined];
    }
    const working = this.#working.get(workingKey(question, candidates));
    const known = usable.filter(({ fingerprint }) => fingerprint === working);
    const others = usable.filter(({ fingerprint }) => fingerprint !== working);
    const anonymous = anonymousFallback ? [undefined] : [];
    if (working === ANONYMOUS) return [...anonymous, ...usable];
    return [...known, ...this.#inTurn(question, others), ...anonymous];
  }

  /** Who was turned away last goes last: one check can't try them all, and each is to have its turn (9.5). */
  #inTurn(question: Question, candidates: readonly Credential[]): readonly Credential[] {
    const { proofs } = this.#parts;
    const toldAtMs = (credential: Credential): number => proofs.lastDenial(question, credential)?.untilMs ?? 0;
    return candidates.toSorted((a, b) => toldAtMs(a) - toldAtMs(b));
  }

  #warnOfRealm(endpoint: Endpoint, realm: URL): void {
    const key = `${endpoint.host} ${realm.host}`;
    if (this.#warned.get(key) !== undefined) return;
    this.#warned.set(key, true, this.#parts.clock.now() + HOUR_MS);
    this.#parts.observer.realmNotTrusted(endpoint.host, realm.host);
    this.#parts.log.warn(
      { host: endpoint.host, realmHost: realm.host },
      'registry asks for credentials at a host it does not belong to; none were sent',
    );
  }
}

function workingKey(question: Question, candidates: readonly Credential[]): string {
  return [repositoryKey(question), ...candidates.map(({ fingerprint }) => fingerprint)].join('\n');
}
