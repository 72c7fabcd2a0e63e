import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { AuthState, AuthStates, Unanswerable } from './auth-states.ts';
import { type Call, failure } from './call.ts';
import type { Credential } from './credentials.ts';
import { type Endpoint, endpointKey } from './endpoint.ts';
import { RegistryError, type RegistryErrorReason } from './errors.ts';
import type { RegistryObserver } from './observer.ts';
import { readErrorBody } from './oci-errors.ts';
import { NOBODY, type Proof, type Proofs, scopesOf } from './proofs.ts';
import type { Question } from './questions.ts';
import { Recent } from './recent.ts';
import type { Redirects } from './redirects.ts';
import { ANONYMOUS, type HeldToken, type Tokens } from './tokens.ts';
import { type Reply, singleHeader } from './transport.ts';

/** The registry's last word. `refusal` says why it is a no, when who we are was the reason. */
export interface Answer extends Reply {
  readonly refusal?: RegistryErrorReason;
  /** Fingerprint it was given to, or `anonymous`. */
  readonly identity: string;
}

export interface AuthorizationParts {
  readonly states: AuthStates;
  readonly tokens: Tokens;
  readonly proofs: Proofs;
  readonly redirects: Redirects;
  readonly observer: RegistryObserver;
  readonly log: Logger;
  readonly clock: Clock;
  readonly anonymousFallback: boolean;
}

const HOUR_MS = 3_600_000;
const MAX_REMEMBERED = 10_000;

/** Asks questions as whoever gets an answer (registry-client 2.1, 3.4). */
export class Authorization {
  readonly #parts: AuthorizationParts;
  /** Fingerprint of the candidate that worked last (R3.19). */
  readonly #working: Recent<string>;
  readonly #warned: Recent<true>;

  constructor(parts: AuthorizationParts) {
    this.#parts = parts;
    this.#working = new Recent(parts.clock, MAX_REMEMBERED);
    this.#warned = new Recent(parts.clock, MAX_REMEMBERED);
  }

  /** The answer, of whatever status. Throws `RegistryError` when there is none from the registry. */
  async ask(question: Question, candidates: readonly Credential[], call: Call): Promise<Answer> {
    const open = await this.#askOpenly(question, call);
    if (open !== undefined && (open.status !== 401 || open.refusal !== undefined)) return open;
    return this.#askAsSomebody(question, candidates, open, call);
  }

  /** Without authorization, where nothing says that one is needed; undefined where something does. */
  async #askOpenly(question: Question, call: Call): Promise<Answer | undefined> {
    const { states, redirects } = this.#parts;
    const { endpoint } = question;
    const done = states.get(endpoint) === undefined ? await states.probe(endpoint, call.context.signal) : undefined;
    try {
      if ((states.get(endpoint)?.kind ?? 'none') !== 'none') return undefined;
      const reply = await redirects.follow(question, NOBODY, call);
      if (reply.status === 401 && reply.from === 'registry') {
        const learned = await this.#learn(question, reply, call);
        const refusal = learned.kind === 'unanswerable' ? { refusal: learned.reason } : {};
        return { ...reply, ...refusal, identity: ANONYMOUS };
      }
      if (reply.status < 500 && reply.status !== 429) states.set(endpoint, { kind: 'none' });
      const refusal = reply.status === 401 ? { refusal: 'noCredentials' as const } : {};
      return { ...reply, ...refusal, identity: ANONYMOUS };
    } finally {
      done?.();
    }
  }

  /** Candidates in order until one gets in. Of several refusals the first is told (design D18). */
  async #askAsSomebody(
    question: Question,
    candidates: readonly Credential[],
    open: Answer | undefined,
    call: Call,
  ): Promise<Answer> {
    const order = this.#order(question, candidates);
    let first: Attempt | undefined;
    let hidden = question.endpoint.hub ? 1 : 0;
    for (const credential of order) {
      const attempt = await this.#tryAs(question, credential, open, call);
      if (attempt.got && !(attempt.answer.status === 404 && hidden-- > 0)) {
        if (first === undefined || attempt.answer.status < 400 || mayPass(attempt.answer)) {
          if (attempt.answer.status < 400) this.#remember(question, candidates, credential, first !== undefined);
          return attempt.answer;
        }
        break;
      }
      first ??= attempt;
    }
    if (first === undefined) throw failure(call, { kind: 'unauthorized', reason: 'noCredentials' });
    if (first.got || 'answer' in first) return first.answer;
    throw first.error;
  }

  /** Who asks, best first; undefined is anonymous. */
  #order(question: Question, candidates: readonly Credential[]): readonly (Credential | undefined)[] {
    const { endpoint } = question;
    const state = this.#parts.states.get(endpoint);
    let usable = endpoint.sendsCredentials ? candidates : [];
    if (state?.kind === 'bearer' && !state.trusted && usable.length > 0) {
      this.#warnOfRealm(endpoint, state.realm);
      // A registry token goes to the registry itself, whatever its realm is.
      usable = usable.filter(({ kind }) => kind === 'registryToken');
      return [...usable, undefined];
    }
    const working = this.#working.get(workingKey(question, candidates));
    const known = usable.filter(({ fingerprint }) => fingerprint === working);
    const others = usable.filter(({ fingerprint }) => fingerprint !== working);
    const anonymous = usable.length === 0 || this.#parts.anonymousFallback ? [undefined] : [];
    return working === ANONYMOUS ? [...anonymous, ...usable] : [...known, ...others, ...anonymous];
  }

  /** One candidate: at most one renewal of what is shown and one second try (registry-client 2.1). */
  async #tryAs(
    question: Question,
    credential: Credential | undefined,
    open: Answer | undefined,
    call: Call,
  ): Promise<Attempt> {
    for (let second = false; ; second = true) {
      const state = this.#parts.states.get(question.endpoint) ?? { kind: 'none' };
      const proof = await this.#parts.proofs.of(question, credential, state, call);
      if (proof instanceof RegistryError) return { got: false, error: proof };
      const reply = await this.#show(question, proof, second ? undefined : open, call);
      const answer: Answer = { ...reply, identity: proof.shown.identity };
      const fromRegistry = reply.from === 'registry';
      if (reply.status === 401 && fromRegistry) {
        const outlived = this.#hasOutlived(proof.held);
        const learned = await this.#learn(question, reply, call);
        if (proof.held !== undefined) this.#parts.tokens.drop(proof.held);
        if (learned.kind === 'unanswerable') return { got: false, answer: { ...answer, refusal: learned.reason } };
        const renewable = outlived || planOf(question, learned) !== planOf(question, state);
        if (renewable && !second) continue;
        return { got: false, answer: { ...answer, refusal: credential === undefined ? 'noCredentials' : 'rejected' } };
      }
      if (reply.status === 403 && fromRegistry) {
        if (!second && proof.held?.fresh === false && saysDenied(reply)) {
          this.#parts.tokens.drop(proof.held);
          continue;
        }
        return { got: false, answer };
      }
      return { got: true, answer };
    }
  }

  /** Whether a token was an old one when it was refused: kept from before, or run out while its request waited. */
  #hasOutlived(held: HeldToken | undefined): boolean {
    return held !== undefined && (!held.fresh || this.#parts.tokens.current(held.key) !== held.token);
  }

  /** Sends the question with its proof, and tells the memory of rejections how a password fared. */
  async #show(question: Question, proof: Proof, open: Answer | undefined, call: Call): Promise<Reply> {
    // What was already asked without authorization need not be asked again.
    if (proof.shown.authorization === undefined && open !== undefined) return open;
    try {
      const reply = await this.#parts.redirects.follow(question, proof.shown, call);
      const refused = reply.status === 401 && reply.from === 'registry';
      proof.trial?.settle(refused ? refusalFrom(reply) : reply.status < 400 ? 'accepted' : 'unknown');
      return reply;
    } catch (error) {
      proof.trial?.settle('unknown');
      throw error;
    }
  }

  /** Learns from a 401; asks `/v2/` when it came without a challenge (R1.12). Throws when policy refuses the realm. */
  async #learn(question: Question, reply: Reply, call: Call): Promise<AuthState | Unanswerable> {
    const { states, redirects } = this.#parts;
    const { endpoint, repository, scope: kind } = question;
    let learned = states.learn(endpoint, reply.headers, { repository, kind, scoped: true }, call);
    if (learned.kind === 'unanswerable' && learned.reason === 'noChallenge') {
      const { query: _query, ...rest } = question;
      const ping = await redirects.follow({ ...rest, method: 'GET', path: '/v2/', pull: false }, NOBODY, call);
      if (ping.status === 401 && ping.from === 'registry') {
        learned = states.learn(endpoint, ping.headers, { repository, kind, scoped: false }, call);
      }
    }
    if (learned.kind === 'unanswerable' && learned.reason === 'realmHost') {
      throw failure(call, { kind: 'blockedAddress', reason: 'realmHost' });
    }
    return learned;
  }

  #remember(
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

/** How one candidate fared: it got an answer, or was turned away by the registry or on the way to it. */
type Attempt =
  | { readonly got: true; readonly answer: Answer }
  | { readonly got: false; readonly answer: Answer }
  | { readonly got: false; readonly error: RegistryError };

/** A no that has nothing to do with who asks: it must not be hidden behind what an earlier candidate was told. */
function mayPass({ status }: Reply): boolean {
  return status === 429 || status === 408 || status >= 500;
}

/** Names what a state makes us show: another one is worth another try. */
function planOf(question: Question, state: AuthState): string {
  if (state.kind !== 'bearer') return state.kind;
  return [state.realm.href, state.service ?? '', ...scopesOf(question, state)].join('\n');
}

function workingKey({ endpoint, repository }: Question, candidates: readonly Credential[]): string {
  return [endpointKey(endpoint), repository, ...candidates.map(({ fingerprint }) => fingerprint)].join('\n');
}

function errorsOf(reply: Reply) {
  return readErrorBody(reply.bytes, singleHeader(reply.headers, 'content-type'), reply.status);
}

function saysDenied(reply: Reply): boolean {
  return errorsOf(reply)?.some(({ code }) => code === 'DENIED' || code === 'UNAUTHORIZED') ?? false;
}

function refusalFrom(reply: Reply) {
  const errors = errorsOf(reply);
  return {
    kind: 'unauthorized',
    reason: 'rejected',
    from: 'registry',
    status: reply.status,
    ...(errors === undefined ? {} : { errors }),
  } as const;
}
