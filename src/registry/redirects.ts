import { type Call, failure } from './call.ts';
import { ChallengeTooLarge, parseChallenges, usableChallenge } from './challenge.ts';
import type { RegistryErrorInit } from './errors.ts';
import { type Question, targetOfQuestion } from './questions.ts';
import { judgeRealm } from './realm.ts';
import { judgeRedirect, type RedirectRefusal } from './redirect.ts';
import { scopesFor } from './scope.ts';
import { type Target, targetOf, urlOf } from './target.ts';
import type { Tokens } from './tokens.ts';
import { isRedirect, type Reply } from './transport.ts';
import type { Wire } from './wire.ts';

/** Who asks: what is shown, and to whom a pull is counted. */
export interface Shown {
  /** Value of the Authorization header, read when the request goes out. */
  readonly authorization?: () => string;
  /** Fingerprint, or `anonymous`. */
  readonly identity: string;
}

/** Sends a question and goes where the registry redirects it, as far as is safe (registry-client 5.1). */
export class Redirects {
  readonly #wire: Wire;
  readonly #tokens: Tokens;
  readonly #clusterDomain: string;

  constructor(wire: Wire, tokens: Tokens, clusterDomain: string) {
    this.#wire = wire;
    this.#tokens = tokens;
    this.#clusterDomain = clusterDomain;
  }

  /** The final answer, of whatever status. Throws `RegistryError`. */
  async follow(question: Question, shown: Shown, call: Call): Promise<Reply> {
    const target = targetOfQuestion(question);
    const reply = await this.#home(question, target, shown, call);
    return isRedirect(reply.status) ? this.#followOn(question, urlOf(target), reply, shown, call) : reply;
  }

  async #followOn(question: Question, first: URL, redirect: Reply, shown: Shown, call: Call): Promise<Reply> {
    const seen = new Set<string>();
    let url = first;
    let reply = redirect;
    let left = false;
    for (let hops = 0; isRedirect(reply.status); hops += 1) {
      seen.add(url.href);
      const judged = judgeRedirect({
        location: reply.headers['location'],
        current: url,
        first,
        hops,
        seen,
        trustedRedirectHosts: question.endpoint.settings.trustedRedirectHosts,
      });
      if ('refused' in judged) throw failure(call, refusedRedirect(judged.refused, reply.status));
      // Sticky: a way back to the first origin restores nothing (R5.3).
      left ||= judged.crossOrigin;
      url = judged.url;
      reply = left ? await this.#abroad(question, url, call) : await this.#home(question, targetOf(url), shown, call);
    }
    return reply;
  }

  #home(question: Question, target: Target, shown: Shown, call: Call): Promise<Reply> {
    const { authorization, identity } = shown;
    return this.#wire.send(
      question.endpoint,
      {
        method: question.method,
        target,
        headers: question.headers,
        cap: question.cap,
        from: 'registry',
        quick: false,
        pullIdentity: question.pull ? identity : undefined,
        authorization,
      },
      call,
    );
  }

  /** At another origin nothing is shown but what it hands out itself to anybody, for this request only (R5.4). */
  async #abroad(question: Question, url: URL, call: Call): Promise<Reply> {
    const { 'If-None-Match': _condition, ...headers } = question.headers;
    const hop = {
      method: question.method,
      target: targetOf(url),
      headers,
      cap: question.cap,
      from: 'redirectTarget',
      quick: false,
    } as const;
    const reply = await this.#wire.send(question.endpoint, hop, call);
    if (reply.status !== 401) return reply;
    const token = await this.#tokenAbroad(question, url, reply, call);
    if (token === undefined) return reply;
    return this.#wire.send(question.endpoint, { ...hop, authorization: () => `Bearer ${token}` }, call);
  }

  async #tokenAbroad(question: Question, url: URL, reply: Reply, call: Call): Promise<string | undefined> {
    const challenge = bearerOf(reply);
    if (challenge === undefined) return undefined;
    const judged = judgeRealm({
      realm: challenge.get('realm') ?? '',
      endpoint: url,
      trustedRealmHosts: question.endpoint.settings.trustedRealmHosts,
      clusterDomain: this.#clusterDomain,
      plainHttp: url.protocol === 'http:',
    });
    if ('refused' in judged) return undefined;
    // The path over there may name the repository otherwise; its own scope tells.
    const repository = /^\/v2\/(.+)\/(?:manifests|blobs|tags)\/[^/]+$/.exec(url.pathname)?.[1] ?? question.repository;
    const scopes = scopesFor(repository, challenge.get('scope'));
    const service = challenge.get('service') || undefined;
    return this.#tokens.once({ realm: judged.url, service, scopes, endpoint: question.endpoint }, call);
  }
}

function bearerOf(reply: Reply): ReadonlyMap<string, string> | undefined {
  try {
    const challenge = usableChallenge(parseChallenges(reply.headers['www-authenticate']));
    return challenge?.scheme === 'bearer' ? challenge.params : undefined;
  } catch (error) {
    if (error instanceof ChallengeTooLarge) return undefined;
    throw error;
  }
}

function refusedRedirect(
  refusal: RedirectRefusal,
  status: number,
): Pick<RegistryErrorInit, 'kind' | 'reason' | 'status'> {
  switch (refusal) {
    case 'loop':
    case 'tooMany':
      return { kind: 'unavailable', reason: 'redirectLoop', status };
    case 'noLocation':
    case 'notAUrl':
      return { kind: 'invalidResponse', reason: 'status', status };
    default:
      return { kind: 'blockedAddress', reason: 'redirectHost', status };
  }
}
