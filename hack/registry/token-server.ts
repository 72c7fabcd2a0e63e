import { createPrivateKey, type KeyObject, randomUUID, sign, X509Certificate } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { KeyPair } from './certificates.ts';

export interface TokenServerOptions {
  /** Signs the tokens; the registry trusts its certificate. */
  readonly signer: KeyPair;
  readonly users: ReadonlyMap<string, string>;
  /** Repositories whose path starts so may be pulled by anybody. */
  readonly publicPrefix: string;
  /** How long a token is valid; default 300. */
  readonly ttlSeconds?: number;
  /** Serves https with it. */
  readonly tls?: KeyPair;
}

/** One token request, as it came. */
export interface TokenRequest {
  readonly method: string;
  readonly grant: 'anonymous' | 'basic' | 'password' | 'refresh_token';
  readonly scopes: readonly string[];
  readonly status: number;
}

/** What a registry's configuration must say of the server. */
export interface TokenAuthority {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  readonly certFile: string;
}

export interface TokenServer extends TokenAuthority {
  /** Everything asked so far. */
  readonly requests: readonly TokenRequest[];
  /** A refresh token of that user, as `docker login` would store it under `identitytoken`. */
  identityToken(user: string): string;
  /** A token with every right on a repository. */
  fullToken(repository: string): string;
  stop(): Promise<void>;
}

const SERVICE = 'registry-on-loopback';
const ISSUER = 'token-server-on-loopback';

/** Starts a token service as registries send their clients to: GET with or without Basic, POST with two grants. */
export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const { signer, ttlSeconds = 300, tls } = options;
  const issue = createIssuer(signer, ttlSeconds);
  const requests: TokenRequest[] = [];
  const identities = new Map<string, string>();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = await readRequest(request);
    const caller = callerOf(asked, options.users, identities);
    const status = caller === undefined ? 401 : 200;
    requests.push({ method: request.method ?? '', grant: asked.grant, scopes: asked.scopes, status });
    if (caller === undefined) {
      reply(response, status, { errors: [{ code: 'UNAUTHORIZED', message: 'incorrect username or password' }] });
      return;
    }
    const { user } = caller;
    const access = asked.scopes.flatMap(scope => granted(scope, user !== undefined, options.publicPrefix));
    const token = issue(user ?? '', access);
    const wantsRefresh = user !== undefined && asked.offline;
    reply(response, 200, {
      ...(request.method === 'POST' ? { access_token: token, scope: asked.scopes.join(' ') } : { token }),
      expires_in: ttlSeconds,
      issued_at: new Date().toISOString(),
      ...(wantsRefresh ? { refresh_token: identityToken(user) } : {}),
    });
  };
  const identityToken = (user: string): string => {
    const token = randomUUID();
    identities.set(token, user);
    return token;
  };

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch(() => response.destroy());
  };
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    realm: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/token`,
    service: SERVICE,
    issuer: ISSUER,
    certFile: signer.certFile,
    requests,
    identityToken,
    fullToken: repository =>
      issue('admin', [{ type: 'repository', name: repository, actions: ['pull', 'push', 'delete'] }]),
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>(resolve => server.close(() => resolve()));
    },
  };
}

interface Asked {
  readonly grant: TokenRequest['grant'];
  readonly scopes: readonly string[];
  readonly user: string;
  /** Password or refresh token. */
  readonly secret: string;
  readonly offline: boolean;
}

async function readRequest(request: IncomingMessage): Promise<Asked> {
  if (request.method === 'GET') return readGet(request);
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const form = new URLSearchParams(Buffer.concat(chunks).toString());
  const grant = form.get('grant_type') === 'password' ? 'password' : 'refresh_token';
  return {
    grant,
    scopes: (form.get('scope') ?? '').split(' ').filter(Boolean),
    user: form.get('username') ?? '',
    secret: form.get(grant === 'password' ? 'password' : 'refresh_token') ?? '',
    offline: form.get('access_type') === 'offline',
  };
}

function readGet(request: IncomingMessage): Asked {
  const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
  const basic = /^Basic (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const [user = '', ...rest] = Buffer.from(basic ?? '', 'base64')
    .toString()
    .split(':');
  return {
    grant: basic === undefined ? 'anonymous' : 'basic',
    scopes: query
      .getAll('scope')
      .flatMap(scope => scope.split(' '))
      .filter(Boolean),
    user,
    secret: rest.join(':'),
    offline: query.get('offline_token') === 'true',
  };
}

/** Who asks: a user, or nobody in particular. `undefined` when the secret is wrong. */
function callerOf(
  asked: Asked,
  users: ReadonlyMap<string, string>,
  identities: ReadonlyMap<string, string>,
): { readonly user: string | undefined } | undefined {
  if (asked.grant === 'anonymous') return { user: undefined };
  const user = asked.grant === 'refresh_token' ? identities.get(asked.secret) : asked.user;
  if (user === undefined) return undefined;
  return asked.grant === 'refresh_token' || users.get(user) === asked.secret ? { user } : undefined;
}

interface Access {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

/** What of one asked scope is given: all of it to a user, pulling from public repositories to anybody. */
function granted(scope: string, known: boolean, publicPrefix: string): Access[] {
  const [, type = '', name = '', asked = ''] = /^([^:]*):(.*):([^:]*)$/.exec(scope) ?? [];
  const allowed = (action: string): boolean => known || (action === 'pull' && name.startsWith(publicPrefix));
  const actions = asked.split(',').filter(allowed);
  return type === 'repository' && actions.length > 0 ? [{ type, name, actions }] : [];
}

function createIssuer(signer: KeyPair, ttlSeconds: number): (user: string, access: readonly Access[]) => string {
  const key = createPrivateKey(signer.key);
  const header = { typ: 'JWT', alg: 'ES256', x5c: [new X509Certificate(signer.cert).raw.toString('base64')] };
  return (user, access) => {
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now, nbf: now - 10, exp: now + ttlSeconds };
    return jwt(key, header, { iss: ISSUER, sub: user, aud: SERVICE, jti: randomUUID(), ...times, access });
  };
}

function jwt(key: KeyObject, header: unknown, claims: unknown): string {
  const text = [header, claims].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
