import type { Rejections, Trial } from './auth-rejections.ts';
import type { AuthState } from './auth-states.ts';
import { type Call, failure } from './call.ts';
import type { Credential } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';
import { RegistryError } from './errors.ts';
import type { Question } from './questions.ts';
import type { Shown } from './redirects.ts';
import { fillScopeTemplate, scopesFor } from './scope.ts';
import { basic } from './token-requests.ts';
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
    if (state.kind === 'basic') return this.#byPassword(question.endpoint, credential, call);
    if (credential?.kind === 'registryToken') {
      const { token, fingerprint } = credential;
      return { shown: { authorization: () => `Bearer ${token}`, identity: fingerprint } };
    }
    return this.#byToken(question, credential, state, call);
  }

  async #byPassword(
    endpoint: Endpoint,
    credential: Credential | undefined,
    call: Call,
  ): Promise<Proof | RegistryError> {
    const pair = credential?.kind === 'identityToken' ? credential.basic : credential;
    if (credential === undefined || pair === undefined || !('password' in pair)) {
      return failure(call, { kind: 'unauthorized', reason: 'noCredentials' });
    }
    const { fingerprint } = credential;
    const trial = await this.#rejections.admit(endpoint.origin.host, fingerprint, call.context.signal);
    if ('refusal' in trial) return failure(call, { ...trial.refusal, retryAtMs: trial.untilMs });
    return { shown: { authorization: () => basic(pair), identity: fingerprint }, trial };
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
          ...(shownTo === undefined ? {} : { credential: shownTo }),
        },
        call,
      );
      const authorization = (): string => `Bearer ${tokens.current(held.key) ?? held.token}`;
      return { shown: { authorization, identity: shownTo?.fingerprint ?? ANONYMOUS }, held };
    } catch (error) {
      if (error instanceof RegistryError && error.kind === 'unauthorized') return error;
      throw error;
    }
  }
}

/** The scopes of a token for a question: what the endpoint taught, for this repository (R2.15). */
export function scopesOf(question: Question, state: AuthState & { kind: 'bearer' }): readonly string[] {
  const template = state.templates[question.scope];
  return scopesFor(
    question.repository,
    template === undefined ? undefined : fillScopeTemplate(template, question.repository),
  );
}
