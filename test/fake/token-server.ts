import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { send } from './answers.ts';
import { type FakeServer, type HeardRequest, type ServerOptions, startFakeServer } from './http-server.ts';

/** Who may read what. `user` is undefined for anonymous callers. */
export type Access = (user: string | undefined, repository: string) => boolean;

export interface TokenRules {
  /** Passwords by user name. */
  readonly users?: Readonly<Record<string, string>>;
  /** Users by identity (refresh) token. */
  readonly identityTokens?: Readonly<Record<string, string>>;
  /** Everybody may read everything when absent. */
  readonly access?: Access;
  /** Seconds; 300 when absent, left out of the answer when `null`. */
  readonly expiresIn?: number | string | null;
}

/** Gives tokens, and knows afterwards what each is good for. */
export interface TokenIssuer {
  /** The body of an answer, or undefined for credentials that are wrong. */
  issue(user: string | undefined, scopes: readonly string[]): Readonly<Record<string, unknown>>;
  /** `undefined`: no such token. */
  allows(token: string, repository: string): boolean | undefined;
  /** Every token given so far stops working. */
  revokeAll(): void;
  readonly rules: TokenRules;
}

export function tokenIssuer(rules: TokenRules = {}): TokenIssuer {
  const granted = new Map<string, ReadonlySet<string>>();
  return {
    rules,
    issue: (user, scopes) => {
      const token = `token-${randomUUID()}`;
      const repositories = scopes
        .filter(scope => scope.startsWith('repository:'))
        .map(scope => scope.slice('repository:'.length, scope.lastIndexOf(':')))
        .filter(repository => rules.access?.(user, repository) ?? true);
      granted.set(token, new Set(repositories));
      return { token, ...(rules.expiresIn === null ? {} : { expires_in: rules.expiresIn ?? 300 }) };
    },
    allows: (token, repository) => granted.get(token)?.has(repository),
    revokeAll: () => granted.clear(),
  };
}

/** Answers one token request: GET with or without Basic, POST with a refresh token or a password. */
export async function answerTokenRequest(
  issuer: TokenIssuer,
  request: HeardRequest,
  response: ServerResponse,
): Promise<void> {
  const form = new URLSearchParams(request.method === 'POST' ? request.body : request.query);
  const scopes = form.getAll('scope').flatMap(scope => scope.split(' '));
  const who = request.method === 'POST' ? fromForm(issuer.rules, form) : fromBasic(issuer.rules, request);
  if (who === 'wrong') {
    const errors = [{ code: 'UNAUTHORIZED', message: 'incorrect username or password' }];
    return send({ status: 401, body: { errors } }, request, response);
  }
  return send({ body: issuer.issue(who.user, scopes) }, request, response);
}

/** A token service on a server of its own; it answers on every path. */
export function startFakeTokenServer(issuer: TokenIssuer, options: ServerOptions = {}): Promise<FakeServer> {
  return startFakeServer(options, (request, response) => answerTokenRequest(issuer, request, response));
}

type Who = { readonly user: string | undefined } | 'wrong';

function fromForm(rules: TokenRules, form: URLSearchParams): Who {
  const user =
    form.get('grant_type') === 'refresh_token'
      ? rules.identityTokens?.[form.get('refresh_token') ?? '']
      : checked(rules, form.get('username') ?? '', form.get('password') ?? '');
  return user === undefined ? 'wrong' : { user };
}

function fromBasic(rules: TokenRules, request: HeardRequest): Who {
  const header = request.headers.authorization;
  if (header === undefined) return { user: undefined };
  const pair = basicPair(header);
  const user = pair && checked(rules, pair.username, pair.password);
  return user === undefined ? 'wrong' : { user };
}

function checked(rules: TokenRules, username: string, password: string): string | undefined {
  return rules.users?.[username] === password ? username : undefined;
}

/** User name and password of a Basic header. */
export function basicPair(header: string): { username: string; password: string } | undefined {
  const encoded = /^Basic (.*)$/i.exec(header)?.[1];
  if (encoded === undefined) return undefined;
  const [username = '', ...rest] = Buffer.from(encoded, 'base64').toString().split(':');
  return { username, password: rest.join(':') };
}
