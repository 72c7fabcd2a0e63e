import { type Rejections, siteOf, type Trial } from './auth-rejections.ts';
import type { AuthState } from './auth-states.ts';
import type { Answer } from './authorization.ts';
import { type Call, failure } from './call.ts';
import type { Credential } from './credentials.ts';
import type { Denial } from './denials.ts';
import { RegistryError } from './errors.ts';
import type { Question } from './questions.ts';
import type { Shown } from './redirects.ts';
import { scopesFor, scopesOfTemplate } from './scope.ts';
import { basic, type Pair } from './token-requests.ts';
import { ANONYMOUS, type HeldToken, type Tokens } from './tokens.ts';

/** What is shown for one candidate, and what must hear how it fared. */
export interface Proof {
  readonly shown: Shown;
  readonly held?: HeldToken;
  readonly trial?: Trial;
}

/** Shows nothing. */
export const NOBODY: Shown = { identity: ANONYMOUS };

/** Makes of a credential what an endpoint wants to be shown (registry-client 2.1, 2.5). */
export class Proofs {
  readonly #tokens: Tokens;
  readonly #rejections: Rejections;

  constructor(tokens: Tokens, rejections: Rejections) {
    this.#tokens = tokens;
    this.#rejections = rejections;
  }

  /** What to show for a candidate, or the error that says why it is of no use here. */
  async of(
    question: Question,
    credential: Credential | undefined,
    state: AuthState,
    call: Call,
  ): Promise<Proof | RegistryError> {
    if (state.kind === 'none' || (state.kind === 'basic' && credential === undefined)) return { shown: NOBODY };
    if (state.kind === 'basic') return this.#byPassword(question, credential, call);
    if (credential?.kind === 'registryToken') {
      const { token, fingerprint } = credential;
      return this.#itself(question, fingerprint, () => `Bearer ${token}`, call);
    }
    return this.#byToken(question, credential, state, call);
  }

  /** What a candidate would be told now, when it was turned away so lately that it need not be asked. */
  denial(question: Question, { fingerprint }: Credential): Answer | undefined {
    return this.#rejections.denials.standing(question, fingerprint);
  }

  /** What a candidate was last told, when it was turned away. */
  lastDenial(question: Question, { fingerprint }: Credential): Denial | undefined {
    return this.#rejections.denials.last(question, fingerprint);
  }

  /** Remembers an answer to somebody: the no to a candidate, or that it was let in. */
  hear(question: Question, answer: Answer): void {
    const { denials } = this.#rejections;
    const { identity, status, from, retryAtMs } = answer;
    if (identity === ANONYMOUS) return;
    if (status < 400) denials.allow(question, identity);
    // With a time it is a limit, whatever its status (R4.8).
    else if (from === 'registry' && (status === 401 || status === 403) && retryAtMs === undefined)
      denials.deny(question, answer);
  }

  async #byPassword(
    question: Question,
    credential: Credential | undefined,
    call: Call,
  ): Promise<Proof | RegistryError> {
    const pair = credential === undefined ? undefined : passwordOf(credential);
    if (credential === undefined || pair === undefined) {
      return failure(call, { kind: 'unauthorized', reason: 'noCredentials' });
    }
    return this.#itself(question, credential.fingerprint, () => basic(pair), call);
  }

  /** A secret that the registry itself is shown. */
  async #itself(
    { endpoint, repository, scope }: Question,
    fingerprint: string,
    authorization: () => string,
    call: Call,
  ): Promise<Proof | RegistryError> {
    const { host } = endpoint.origin;
    const showing = { site: siteOf(endpoint.origin, endpoint), host, fingerprint, errand: `${repository} ${scope}` };
    const trial = await this.#rejections.admit(showing, call.context.signal);
    if ('refusal' in trial) return failure(call, { ...trial.refusal, retryAtMs: trial.untilMs });
    return { shown: { authorization, identity: fingerprint }, trial };
  }

  async #byToken(
    question: Question,
    credential: Credential | undefined,
    state: AuthState & { kind: 'bearer' },
    call: Call,
  ): Promise<Proof | RegistryError> {
    const tokens = this.#tokens;
    const shownTo = state.trusted ? credential : undefined;
    try {
      const held = await tokens.get(
        {
          realm: state.realm,
          service: state.service,
          scopes: scopesOf(question, state),
          endpoint: question.endpoint,
          credential: shownTo,
        },
        call,
      );
      const authorization = (): string => `Bearer ${tokens.show(held, call)}`;
      return { shown: { authorization, identity: shownTo?.fingerprint ?? ANONYMOUS }, held };
    } catch (error) {
      if (error instanceof RegistryError && error.kind === 'unauthorized') return error;
      throw error;
    }
  }
}

/** User name and password of a candidate that has them. */
export function passwordOf(credential: Credential): Pair | undefined {
  switch (credential.kind) {
    case 'basic':
      return credential;
    case 'identityToken':
      return credential.basic;
    case 'registryToken':
      return undefined;
  }
}

/** The scopes of a token for a question: what the endpoint taught, for this repository (R2.15). */
export function scopesOf(question: Question, state: AuthState & { kind: 'bearer' }): readonly string[] {
  const template = state.templates[question.scope];
  const { repository } = question;
  return template === undefined ? scopesFor(repository, undefined) : scopesOfTemplate(template, repository);
}
