import type { Clock } from '../clock.ts';
import { type Call, failure } from './call.ts';
import type { Credential } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';
import { RegistryError } from './errors.ts';
import { readErrorBody } from './oci-errors.ts';
import { judgeRealm } from './realm.ts';
import { type Target, targetOf, urlOf } from './target.ts';
import { InvalidTokenAnswer, MAX_TOKEN_ANSWER_BYTES, readTokenAnswer, type TokenAnswer } from './token-answer.ts';
import { isRedirect, type Reply, singleHeader } from './transport.ts';
import type { Wire } from './wire.ts';

/** What a token is wanted for, and from whom. */
export interface TokenAsk {
  readonly realm: URL;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  readonly endpoint: Endpoint;
  /** Anonymous when absent. Only ever set for a realm that may see it (R2.20). */
  readonly credential?: Credential | undefined;
  /** Given by this realm before, for this credential (R2.28). */
  readonly refreshToken?: string | undefined;
}

type Flow = 'get' | 'post';

const MAX_HOPS = 3;

/** Asks token services (registry-client 2.5). */
export class TokenRequests {
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #fixed: Readonly<Record<string, string>>;
  readonly #clientId: string;
  readonly #clusterDomain: string;

  constructor(
    wire: Wire,
    clock: Clock,
    options: { readonly userAgent: string; readonly clientId: string; readonly clusterDomain: string },
  ) {
    this.#wire = wire;
    this.#clock = clock;
    this.#fixed = { Accept: 'application/json', 'Accept-Encoding': 'identity', 'User-Agent': options.userAgent };
    this.#clientId = options.clientId;
    this.#clusterDomain = options.clusterDomain;
  }

  /** Throws `RegistryError`; `unauthorized` with reason `rejected` when the credential was refused. */
  async fetch(ask: TokenAsk, call: Call): Promise<TokenAnswer> {
    const { credential } = ask;
    if (credential?.kind === 'identityToken') return this.#byIdentityToken(ask, credential, call);
    if (credential?.kind === 'basic') return this.#byPassword(ask, credential, call);
    return this.#get(ask, undefined, call);
  }

  async #byIdentityToken(
    ask: TokenAsk,
    credential: Credential & { kind: 'identityToken' },
    call: Call,
  ): Promise<TokenAnswer> {
    try {
      return await this.#refresh(ask, credential.token, call);
    } catch (error) {
      if (credential.basic === undefined || !isUnsupported(error, [400, 401, 404, 405])) throw error;
      return this.#get(ask, credential.basic, call);
    }
  }

  async #byPassword(ask: TokenAsk, credential: Pair, call: Call): Promise<TokenAnswer> {
    if (ask.refreshToken !== undefined) {
      try {
        return await this.#refresh(ask, ask.refreshToken, call);
      } catch (error) {
        if (!isUnsupported(error, [400, 401, 403, 404, 405])) throw error;
      }
    }
    try {
      return await this.#get(ask, credential, call);
    } catch (error) {
      if (!isUnsupported(error, [404, 405])) throw error;
      return this.#post(ask, call, {
        grant_type: 'password',
        username: credential.username,
        password: credential.password,
        access_type: 'online',
      });
    }
  }

  #refresh(ask: TokenAsk, refreshToken: string, call: Call): Promise<TokenAnswer> {
    return this.#post(ask, call, { grant_type: 'refresh_token', refresh_token: refreshToken });
  }

  async #get(ask: TokenAsk, pair: Pair | undefined, call: Call): Promise<TokenAnswer> {
    const query = new URLSearchParams(ask.realm.search);
    if (ask.service !== undefined) query.append('service', ask.service);
    for (const scope of ask.scopes) query.append('scope', scope);
    if (pair !== undefined) query.append('account', pair.username);
    const headers = { ...this.#fixed, ...(pair === undefined ? {} : { Authorization: basic(pair) }) };

    const startedMs = this.#clock.now();
    let target: Target = { ...targetOf(ask.realm), path: `${ask.realm.pathname}?${query}` };
    for (let hops = 0; ; hops += 1) {
      const reply = await this.#send(ask.endpoint, { method: 'GET', target, headers }, call);
      const next = isRedirect(reply.status) && hops < MAX_HOPS ? this.#redirect(ask, target, reply, call) : undefined;
      // A realm that was judged may send what it was given somewhere that was not (R2.21).
      if (next === undefined || (pair !== undefined && next.origin !== target.origin)) {
        return this.#read(reply, 'get', startedMs, pair !== undefined, call);
      }
      target = targetOf(next);
    }
  }

  #post(ask: TokenAsk, call: Call, grant: Readonly<Record<string, string>>): Promise<TokenAnswer> {
    const form = new URLSearchParams(grant);
    if (ask.service !== undefined) form.set('service', ask.service);
    form.set('scope', ask.scopes.join(' '));
    form.set('client_id', this.#clientId);
    const headers = { ...this.#fixed, 'Content-Type': 'application/x-www-form-urlencoded' };
    const startedMs = this.#clock.now();
    return this.#send(
      ask.endpoint,
      { method: 'POST', target: targetOf(ask.realm), headers, body: form.toString() },
      call,
    ).then(reply => this.#read(reply, 'post', startedMs, true, call));
  }

  #send(endpoint: Endpoint, request: Request, call: Call): Promise<Reply> {
    const cap = { what: 'token', bytes: MAX_TOKEN_ANSWER_BYTES } as const;
    return this.#wire.send(endpoint, { ...request, cap, from: 'tokenService', quick: true }, call);
  }

  /** Where a token service sends us: judged like the realm itself, at every hop (R2.17, R2.21). */
  #redirect(ask: TokenAsk, current: Target, reply: Reply, call: Call): URL | undefined {
    const location = singleHeader(reply.headers, 'location');
    if (location === undefined) return undefined;
    const judged = judgeRealm({
      realm: URL.parse(location, urlOf(current).href)?.href ?? '',
      endpoint: ask.endpoint.origin,
      trustedRealmHosts: ask.endpoint.settings.trustedRealmHosts,
      clusterDomain: this.#clusterDomain,
      plainHttp: ask.endpoint.origin.protocol === 'http:',
    });
    if ('url' in judged) return judged.url;
    throw failure(call, { kind: 'blockedAddress', reason: 'realmHost', from: 'tokenService' });
  }

  #read(reply: Reply, flow: Flow, startedMs: number, showedSomething: boolean, call: Call): TokenAnswer {
    if (reply.status !== 200) throw refusedToken(reply, showedSomething, call);
    try {
      return readTokenAnswer(reply.bytes, flow, startedMs, this.#clock.now());
    } catch (error) {
      if (!(error instanceof InvalidTokenAnswer)) throw error;
      const { message: detail } = error;
      throw failure(call, { kind: 'invalidResponse', reason: 'token', from: 'tokenService', detail, cause: error });
    }
  }
}

interface Request {
  readonly method: 'GET' | 'POST';
  readonly target: Target;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Pair {
  readonly username: string;
  readonly password: string;
}

/** Value of an Authorization header. */
export function basic({ username, password }: Pair): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** The error for a token service's no (R2.29). A 404 of its own says nothing of the tag. */
function refusedToken(reply: Reply, showedSomething: boolean, call: Call): RegistryError {
  const { status } = reply;
  const errors = readErrorBody(reply.bytes, singleHeader(reply.headers, 'content-type'), status);
  const common = {
    from: 'tokenService',
    status,
    ...(errors === undefined ? {} : { errors }),
    ...(reply.retryAtMs === undefined ? {} : { retryAtMs: reply.retryAtMs }),
  } as const;
  if (status === 401 || status === 403) {
    return failure(call, { kind: 'unauthorized', ...(showedSomething ? { reason: 'rejected' } : {}), ...common });
  }
  if (status === 429) return failure(call, { kind: 'rateLimited', ...common });
  if (status >= 500 || status === 408 || isRedirect(status)) {
    return failure(call, { kind: 'unavailable', reason: 'httpStatus', ...common });
  }
  return failure(call, { kind: 'invalidResponse', reason: 'token', ...common });
}

function isUnsupported(error: unknown, statuses: readonly number[]): boolean {
  return error instanceof RegistryError && error.from === 'tokenService' && statuses.includes(error.status ?? 0);
}
