import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Content } from '../gen/content.ts';
import { bytesOf, type PlainAnswer, refusal, send } from './answers.ts';
import { type FakeServer, type HeardRequest, type ServerOptions, startFakeServer } from './http-server.ts';
import { answerTokenRequest, basicPair, type TokenIssuer, tokenIssuer } from './token-server.ts';

export { dribble, endless, hangUp, raw, redirectTo, refusal, reset, silence, slowHead, truncated } from './answers.ts';
export type { HeardRequest } from './http-server.ts';
export { startFakeTokenServer, type TokenIssuer, tokenIssuer } from './token-server.ts';

export type FakeAuth =
  | { readonly kind: 'none' }
  /** Every request needs one of these users. `open` repositories answer anybody. */
  | {
      readonly kind: 'basic';
      readonly users: Readonly<Record<string, string>>;
      readonly open?: (repository: string) => boolean;
    }
  /** Tokens come from `issuer`; the realm is this server's `/token` unless named. */
  | {
      readonly kind: 'bearer';
      readonly issuer?: TokenIssuer;
      readonly realm?: string;
      /** `fake` when absent. */
      readonly service?: string;
      /** Scope told in challenges; `repository:<repo>:pull` when absent. */
      readonly scope?: (repository: string) => string;
    };

export interface FakeRegistryOptions extends ServerOptions {
  readonly auth?: FakeAuth;
  /** ETag of manifests; strong when absent. */
  readonly etag?: 'strong' | 'weak' | 'none';
  /** Whether manifests carry Docker-Content-Digest; true when absent. */
  readonly digestHeader?: boolean;
  /** Status of every HEAD of a manifest, for registries that cannot do it. */
  readonly headStatus?: number;
  /** Tags per page; all in one when absent. */
  readonly pageSize?: number;
}

/** A registry over real HTTP on loopback. */
export interface FakeRegistry extends FakeServer {
  /** Stores a manifest (anything but bytes and text as JSON) under a tag, or by digest alone. Returns its digest. */
  putManifest(repository: string, tag: string | undefined, body: unknown, mediaType?: string): string;
  /** Stores a blob. Returns its digest. */
  putBlob(repository: string, body: unknown): string;
  /** Stores a manifest with its blobs and the manifests it names. Returns its digest. */
  putContent(repository: string, tag: string | undefined, content: Content): string;
  /** Takes away a tag, or a manifest by digest. */
  remove(repository: string, name: string): void;
  /** The issuer of its tokens. */
  readonly issuer: TokenIssuer;
}

interface Stored {
  readonly bytes: Buffer;
  readonly mediaType: string;
}

interface Shelf {
  readonly manifests: Map<string, Stored>;
  readonly tags: Map<string, string>;
  readonly blobs: Map<string, Buffer>;
}

export async function startFakeRegistry(options: FakeRegistryOptions = {}): Promise<FakeRegistry> {
  const shelves = new Map<string, Shelf>();
  const auth = options.auth ?? { kind: 'none' };
  const issuer = auth.kind === 'bearer' ? (auth.issuer ?? tokenIssuer()) : tokenIssuer();
  const shelf = (repository: string): Shelf => {
    const found = shelves.get(repository) ?? { manifests: new Map(), tags: new Map(), blobs: new Map() };
    shelves.set(repository, found);
    return found;
  };

  const server = await startFakeServer(options, async (request, response: ServerResponse) => {
    if (request.path === '/token') return answerTokenRequest(issuer, request, response);
    const challenge = refused(auth, issuer, request, options.tls !== undefined);
    return send(challenge ?? answer(options, shelves, request), request, response);
  });

  const put = (repository: string, tag: string | undefined, digest: string, stored: Stored): string => {
    shelf(repository).manifests.set(digest, stored);
    if (tag !== undefined) shelf(repository).tags.set(tag, digest);
    return digest;
  };
  const putContent = (repository: string, tag: string | undefined, content: Content): string => {
    for (const child of content.children) putContent(repository, undefined, child);
    for (const [digest, blob] of content.blobs) shelf(repository).blobs.set(digest, Buffer.from(blob));
    return put(repository, tag, content.digest, { bytes: Buffer.from(content.bytes), mediaType: content.mediaType });
  };

  return Object.assign(server, {
    issuer,
    putContent,
    putManifest: (repository: string, tag: string | undefined, body: unknown, mediaType?: string) => {
      const bytes = bytesOf(body);
      return put(repository, tag, sha256(bytes), { bytes, mediaType: mediaType ?? declaredType(bytes) });
    },
    putBlob: (repository: string, body: unknown) => {
      const bytes = bytesOf(body);
      shelf(repository).blobs.set(sha256(bytes), bytes);
      return sha256(bytes);
    },
    remove: (repository: string, name: string) => {
      shelf(repository).tags.delete(name);
      shelf(repository).manifests.delete(name);
    },
  });
}

export function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function declaredType(bytes: Buffer): string {
  try {
    const { mediaType } = JSON.parse(bytes.toString());
    return typeof mediaType === 'string' ? mediaType : 'application/vnd.oci.image.manifest.v1+json';
  } catch {
    return 'application/octet-stream';
  }
}

/** The 401 for a request that shows nothing, or not enough; undefined lets it pass. */
function refused(auth: FakeAuth, issuer: TokenIssuer, request: HeardRequest, secure: boolean): PlainAnswer | undefined {
  const repository = /^\/v2\/(.+)\/(manifests|blobs|tags)\//.exec(request.path)?.[1] ?? '';
  const shown = request.headers.authorization ?? '';
  if (auth.kind === 'none') return undefined;
  if (auth.kind === 'basic') {
    const pair = basicPair(shown);
    if (pair !== undefined && auth.users[pair.username] === pair.password) return undefined;
    if (shown === '' && auth.open?.(repository) === true) return undefined;
    return challenged('Basic realm="fake"');
  }
  const token = /^Bearer (.*)$/i.exec(shown)?.[1];
  if (token !== undefined && issuer.allows(token, repository) === true) return undefined;
  const realm = auth.realm ?? `${secure ? 'https' : 'http'}://${request.headers.host}/token`;
  const scope = auth.scope?.(repository) ?? `repository:${repository}:pull`;
  return challenged(`Bearer realm="${realm}",service="${auth.service ?? 'fake'}",scope="${scope}"`);
}

function challenged(challenge: string): PlainAnswer {
  return { ...refusal(401, 'UNAUTHORIZED', 'authentication required'), headers: { 'WWW-Authenticate': challenge } };
}

function answer(options: FakeRegistryOptions, shelves: ReadonlyMap<string, Shelf>, request: HeardRequest): PlainAnswer {
  if (request.path === '/v2/') return { body: {} };
  const [, repository = '', kind, name = ''] =
    /^\/v2\/(.+?)\/(manifests|blobs|tags)\/([^/]+)$/.exec(request.path) ?? [];
  const shelf = shelves.get(repository);
  if (kind === undefined) return { status: 404, body: 'page not found' };
  if (shelf === undefined) return refusal(404, 'NAME_UNKNOWN', 'repository name not known to registry');
  if (kind === 'manifests') return manifestAnswer(options, shelf, request, name);
  if (kind === 'tags') return tagsAnswer(options, repository, shelf, request);
  const blob = shelf.blobs.get(name);
  if (blob === undefined) return refusal(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
  return { headers: { 'Content-Type': 'application/octet-stream', 'Docker-Content-Digest': name }, body: blob };
}

function manifestAnswer(options: FakeRegistryOptions, shelf: Shelf, request: HeardRequest, name: string): PlainAnswer {
  if (request.method === 'HEAD' && options.headStatus !== undefined) return { status: options.headStatus };
  const digest = shelf.tags.get(name) ?? name;
  const stored = shelf.manifests.get(digest);
  if (stored === undefined) return refusal(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
  const etag = options.etag === 'none' ? undefined : `${options.etag === 'weak' ? 'W/' : ''}"${digest}"`;
  if (etag !== undefined && request.headers['if-none-match'] === etag) return { status: 304, headers: { ETag: etag } };
  return {
    headers: {
      'Content-Type': stored.mediaType,
      ...(options.digestHeader === false ? {} : { 'Docker-Content-Digest': digest }),
      ...(etag === undefined ? {} : { ETag: etag }),
    },
    body: stored.bytes,
  };
}

function tagsAnswer(
  options: FakeRegistryOptions,
  repository: string,
  shelf: Shelf,
  request: HeardRequest,
): PlainAnswer {
  const last = new URLSearchParams(request.query).get('last');
  const all = [...shelf.tags.keys()].sort();
  const rest = last === null ? all : all.filter(tag => tag > last);
  const page = rest.slice(0, options.pageSize ?? rest.length);
  const next = page.length < rest.length ? page.at(-1) : undefined;
  const link = `</v2/${repository}/tags/list?last=${next}&n=${options.pageSize}>; rel="next"`;
  return { body: { name: repository, tags: page }, headers: next === undefined ? {} : { Link: link } };
}
