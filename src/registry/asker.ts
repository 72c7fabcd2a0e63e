import { answerError } from './answer-errors.ts';
import type { Answer, Authorization } from './authorization.ts';
import { asking, type Call } from './call.ts';
import type { Credential } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';
import type { PullQuota } from './pull-quota.ts';
import { type Question, repositoryKey } from './questions.ts';
import type { Warnings } from './warnings.ts';

/** One repository at one endpoint, and who may ask there. */
export interface Place {
  readonly endpoint: Endpoint;
  /** Path below the endpoint. */
  readonly repository: string;
  readonly candidates: readonly Credential[];
  /** The registry that is meant, where one endpoint stands in for several. */
  readonly proxyFor?: string | undefined;
}

/** Names a place and who may ask there in everything that is remembered of it (R7.1). */
export function placeKey(place: Place): string {
  return [repositoryKey(place), ...place.candidates.map(({ fingerprint }) => fingerprint)].join('\n');
}

export type Ask = Pick<Question, 'method' | 'scope' | 'cap' | 'pull'> & {
  /** Below `/v2/<repository>/`: `manifests/latest`. Made of checked parts only (R0.6). */
  readonly below: string;
  readonly query?: string;
  readonly headers: Readonly<Record<string, string>>;
};

/** Puts questions to places, so that every error says what was asked. */
export class Asker {
  readonly #authorization: Authorization;
  readonly #quota: PullQuota;
  readonly #warnings: Warnings;
  readonly #userAgent: string;

  constructor(authorization: Authorization, quota: PullQuota, warnings: Warnings, userAgent: string) {
    this.#authorization = authorization;
    this.#quota = quota;
    this.#warnings = warnings;
    this.#userAgent = userAgent;
  }

  /** An answer of any status, and the call that errors about it belong to. Throws `RegistryError`. */
  async ask(place: Place, ask: Ask, call: Call): Promise<{ readonly answer: Answer; readonly call: Call }> {
    const { endpoint, repository, candidates, proxyFor } = place;
    const path = `/v2/${repository}/${ask.below}`;
    const blame = {
      host: endpoint.host,
      repository,
      request: { method: ask.method, url: endpoint.root.origin + path },
    };
    const own = asking(call, blame);
    const question: Question = {
      endpoint,
      repository,
      method: ask.method,
      path,
      query: ask.query,
      proxyFor,
      headers: { 'Accept-Encoding': 'identity', 'User-Agent': this.#userAgent, ...ask.headers },
      scope: ask.scope,
      cap: ask.cap,
      pull: ask.pull,
    };
    const answer = await this.#authorization.ask(question, candidates, own);
    this.#quota.hear(endpoint, answer.identity, answer.headers);
    this.#warnings.hear(endpoint.host, answer.headers['warning']);
    return { answer, call: own };
  }

  /** A good answer. Throws `RegistryError` for any other. */
  async get(place: Place, ask: Ask, call: Call): Promise<{ readonly answer: Answer; readonly call: Call }> {
    const asked = await this.ask(place, ask, call);
    if (asked.answer.status !== 200) throw answerError(asked.answer, asked.call);
    return asked;
  }
}
