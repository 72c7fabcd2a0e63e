import type { TrialOutcome } from './auth-rejections.ts';
import type { AuthState, Unanswerable } from './auth-states.ts';
import { type Call, failure } from './call.ts';
import { CandidateOrder, type CandidateOrderParts } from './candidate-order.ts';
import type { Credential } from './credentials.ts';
import { RegistryError, type RegistryErrorReason } from './errors.ts';
import { readErrorBody } from './oci-errors.ts';
import { NOBODY, type Proof, passwordOf, scopesOf } from './proofs.ts';
import type { Question } from './questions.ts';
import type { Redirects } from './redirects.ts';
import { ANONYMOUS, type HeldToken, type Tokens } from './tokens.ts';
import { type Reply, singleHeader } from './transport.ts';

/** The registry's last word. `refusal` says why it is a no, when who we are was the reason. */
export interface Answer extends Reply {
  readonly refusal?: RegistryErrorReason;
  /** Fingerprint it was given to, or `anonymous`. */
  readonly identity: string;
}

export interface AuthorizationParts extends CandidateOrderParts {
  readonly tokens: Tokens;
  readonly redirects: Redirects;
}

const BASIC: AuthState = { kind: 'basic' };

/** Asks questions as whoever gets an answer (registry-client 2.1, 3.4). */
export class Authorization {
  readonly #parts: AuthorizationParts;
  readonly #order: CandidateOrder;

  constructor(parts: AuthorizationParts) {
    this.#parts = parts;
    this.#order = new CandidateOrder(parts);
  }

  /** The answer, of whatever status. Throws `RegistryError` when there is none from the registry. */
  async ask(question: Question, candidates: readonly Credential[], call: Call): Promise<Answer> {
    const state = this.#parts.states.get(question.endpoint);
    const mayBeOpen = state === undefined || state.kind === 'none';
    const open = mayBeOpen ? await this.#askOpenly(question, state, call) : undefined;
    if (open === undefined || (open.status === 401 && open.refusal === undefined)) {
      return this.#askAsSomebody(question, candidates, open, call);
    }
    if (open.status !== 403) return open;
    return (await this.#askUnchallenged(question, candidates, open, call)) ?? open;
  }

  /**
   * Without authorization, where nothing says that one is needed; undefined where something does meanwhile.
   *
   * @param known what was known of the endpoint
   */
  async #askOpenly(question: Question, known: AuthState | undefined, call: Call): Promise<Answer | undefined> {
    const { states, redirects } = this.#parts;
    const { endpoint } = question;
    const done = known === undefined ? await states.probe(endpoint, call.context.signal) : undefined;
    try {
      const state = known ?? states.get(endpoint);
      if (state !== undefined && state.kind !== 'none') return undefined;
      const reply = await redirects.follow(question, NOBODY, call);
      if (reply.status === 401 && reply.from === 'registry') {
        const learned = await this.#learn(question, reply, call);
        const refusal = learned.kind === 'unanswerable' ? { refusal: learned.reason } : {};
        return { ...reply, ...refusal, identity: ANONYMOUS };
      }
      if (state === undefined && reply.status < 500 && reply.status !== 429) states.set(endpoint, { kind: 'none' });
      const answer = { ...reply, identity: ANONYMOUS };
      return reply.status === 401 ? { ...answer, refusal: 'noCredentials' } : answer;
    } finally {
      done?.();
    }
  }

  /**
   * Some products answer 403 to a reader without a password and never a challenge. So whoever has one is asked once
   * with it: it is meant for this registry, which could have it for a challenge. Undefined when that was no use.
   */
  async #askUnchallenged(
    question: Question,
    candidates: readonly Credential[],
    open: Answer,
    call: Call,
  ): Promise<Answer | undefined> {
    const { endpoint } = question;
    // With a time it is a limit (R4.8).
    const turnedAway = open.status === 403 && open.from === 'registry' && open.retryAtMs === undefined;
    if (!turnedAway || !endpoint.sendsCredentials) return undefined;
    const credential = candidates.find(each => passwordOf(each) !== undefined);
    if (credential === undefined || (call.as !== undefined && call.as !== credential.fingerprint)) return undefined;
    const attempt = await this.#tryAs(question, credential, undefined, call, BASIC);
    if (!attempt.got) return undefined;
    // From now on it is asked so at once, unless a challenge told better. What may pass says nothing of passwords.
    const { states } = this.#parts;
    if (!mayPass(attempt.answer) && states.get(endpoint)?.kind === 'none') states.set(endpoint, BASIC);
    return attempt.answer;
  }

  /** Candidates in order until one gets in. Of several refusals the first candidate's is told (design D18). */
  async #askAsSomebody(
    question: Question,
    candidates: readonly Credential[],
    open: Answer | undefined,
    call: Call,
  ): Promise<Answer> {
    const order = this.#order.of(question, candidates, call.as);
    const refused = new Map<Credential | undefined, Attempt>();
    let hidden = question.endpoint.hub ? 1 : 0;
    for (const credential of order) {
      if (refused.size > 0 && !mayTryAnother(question, call)) break;
      const attempt = await this.#tryAs(question, credential, open, call);
      if (attempt.got && !(attempt.answer.status === 404 && hidden-- > 0)) {
        if (refused.size > 0 && attempt.answer.status >= 400 && !mayPass(attempt.answer)) break;
        if (attempt.answer.status < 400) this.#order.worked(question, candidates, credential, refused.size > 0);
        return attempt.answer;
      }
      refused.set(credential, attempt);
    }
    // Those whose turn did not come now are heard as they were last told, or the words would change with the turns.
    for (const credential of [...candidates.filter(each => order.includes(each)), undefined]) {
      const attempt = refused.get(credential) ?? this.#lastTold(question, credential);
      if (attempt === undefined) continue;
      if ('answer' in attempt) return attempt.answer;
      throw attempt.error;
    }
    throw failure(call, { kind: 'unauthorized', reason: 'noCredentials' });
  }

  #lastTold(question: Question, credential: Credential | undefined): Attempt | undefined {
    const denial = credential === undefined ? undefined : this.#parts.proofs.lastDenial(question, credential);
    return denial === undefined ? undefined : { got: false, answer: denial.answer };
  }

  /**
   * One candidate: at most one renewal of what is shown and one second try (registry-client 2.1).
   *
   * @param assumed how the endpoint wants to be asked, where that is only a guess
   */
  async #tryAs(
    question: Question,
    credential: Credential | undefined,
    open: Answer | undefined,
    call: Call,
    assumed?: AuthState,
  ): Promise<Attempt> {
    const { proofs, states, tokens } = this.#parts;
    const told = credential === undefined ? undefined : proofs.denial(question, credential);
    if (told !== undefined) return { got: false, answer: told };
    for (let second = false; ; second = true) {
      const state = (second ? undefined : assumed) ?? states.get(question.endpoint) ?? { kind: 'none' };
      const proof = await proofs.of(question, credential, state, call);
      if (proof instanceof RegistryError) return { got: false, error: proof };
      const { held } = proof;
      const reply = await this.#show(question, proof, second ? undefined : open, call);
      const answer: Answer = { ...reply, identity: proof.shown.identity };
      if (isRefused(reply)) {
        const outlived = this.#hasOutlived(held);
        const learned = await this.#learnFor(question, proof, state, reply, call);
        if (held !== undefined) tokens.drop(held);
        if (learned.kind === 'unanswerable') return { got: false, answer: { ...answer, refusal: learned.reason } };
        const renewable = outlived || planOf(question, learned) !== planOf(question, state);
        if (renewable && !second && mayAskAgain(call)) continue;
        const refused = { ...answer, refusal: credential === undefined ? 'noCredentials' : 'rejected' } as const;
        // What was shown itself is remembered as rejected; this is a token that had just been granted.
        if (held !== undefined && (second || !renewable)) proofs.hear(question, refused);
        return { got: false, answer: refused };
      }
      const denied = reply.status === 403 && reply.from === 'registry';
      if (denied && !second && held?.fresh === false && saysDenied(reply) && mayAskAgain(call)) {
        tokens.drop(held);
        continue;
      }
      proofs.hear(question, answer);
      return denied ? { got: false, answer } : { got: true, answer };
    }
  }

  /** Whether a token was an old one when it was refused: kept from before, or run out while its request waited. */
  #hasOutlived(held: HeldToken | undefined): boolean {
    return held !== undefined && (!held.fresh || this.#parts.tokens.current(held.key) !== held.token);
  }

  /** Sends the question with its proof, and tells the memory of rejections how a secret fared that was not refused. */
  async #show(question: Question, { shown, held, trial }: Proof, open: Answer | undefined, call: Call): Promise<Reply> {
    // What was already asked without authorization need not be asked again.
    if (shown.authorization === undefined && open !== undefined) return open;
    try {
      const reply = await this.#parts.redirects.follow(question, shown, call);
      if (!isRefused(reply)) trial?.settle(reply.status < 400 ? 'accepted' : 'unknown');
      return reply;
    } catch (error) {
      trial?.settle('unknown');
      throw error;
    } finally {
      if (held !== undefined) this.#parts.tokens.release(held);
    }
  }

  /** Learns from the 401 to a proof. A registry that wants another kind of proof has not rejected this one. */
  async #learnFor(
    question: Question,
    { trial }: Proof,
    state: AuthState,
    reply: Reply,
    call: Call,
  ): Promise<AuthState | Unanswerable> {
    let outcome: TrialOutcome = 'unknown';
    try {
      const learned = await this.#learn(question, reply, call);
      if (learned.kind === 'unanswerable' || learned.kind === state.kind) outcome = refusalFrom(reply);
      return learned;
    } finally {
      trial?.settle(outcome);
    }
  }

  /** Learns from a 401; asks `/v2/` when it came without a challenge (R1.12). Throws when policy refuses the realm. */
  async #learn(question: Question, reply: Reply, call: Call): Promise<AuthState | Unanswerable> {
    const { states, redirects } = this.#parts;
    const { endpoint, repository, scope: kind } = question;
    let learned = states.learn(endpoint, reply.headers, { repository, kind, scoped: true }, call);
    if (learned.kind === 'unanswerable' && learned.reason === 'noChallenge') {
      if (!states.startPing(endpoint)) return states.get(endpoint) ?? learned;
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

/** Whether another candidate can be tried and, after a HEAD, what came of it explained (9.5, R1.8). */
function mayTryAnother({ method }: Question, { allowance }: Call): boolean {
  return allowance === undefined || allowance.left >= (method === 'HEAD' ? 3 : 2);
}

/** Whether there is room for a token and the question that wants it. */
function mayAskAgain({ allowance }: Call): boolean {
  return allowance === undefined || allowance.left >= 2;
}

function isRefused({ status, from }: Reply): boolean {
  return status === 401 && from === 'registry';
}

/** Names what a state makes us show: another one is worth another try. */
function planOf(question: Question, state: AuthState): string {
  if (state.kind !== 'bearer') return state.kind;
  return [state.realm.href, state.service ?? '', ...scopesOf(question, state)].join('\n');
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
