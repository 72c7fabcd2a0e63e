import type { Content } from './sample-image.ts';

/** What a registry keeps of a repository. */
export interface Repository {
  readonly name: string;
  /** Digests of what tags point to. */
  readonly tags: ReadonlyMap<string, string>;
  readonly manifests: ReadonlyMap<string, Content>;
  readonly blobs: ReadonlyMap<string, Content>;
}

export interface RegistryAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Not sent to HEAD, but counted. */
  readonly body: Uint8Array;
}

export interface RegistryRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  /** Value of If-None-Match. */
  readonly ifNoneMatch?: string | undefined;
}

/** The codes of the distribution specification that reading needs, and how it words them. */
const MESSAGES = {
  BLOB_UNKNOWN: 'blob unknown to registry',
  MANIFEST_UNKNOWN: 'manifest unknown to registry',
  NAME_UNKNOWN: 'repository name not known to registry',
  PAGINATION_NUMBER_INVALID: 'n: expected a whole number',
  UNSUPPORTED: 'the operation is unsupported: this registry is read-only',
} as const;

/** The read side of the OCI distribution specification 1.1, for one repository that anybody may read. */
export function registryAnswer(repository: Repository, request: RegistryRequest): RegistryAnswer {
  if (request.method !== 'GET' && request.method !== 'HEAD') return refusal(405, 'UNSUPPORTED');
  const [path = '', query = ''] = request.url.split('?', 2);
  if (path === '/v2/' || path === '/v2') return json(200, {});
  const [, name, kind, reference = ''] = /^\/v2\/(.+)\/(manifests|blobs|tags)\/([^/]+)$/.exec(path) ?? [];
  if (name === undefined) return { status: 404, headers: { 'content-type': 'text/plain' }, body: text('not found\n') };
  if (name !== repository.name) return refusal(404, 'NAME_UNKNOWN');
  if (kind === 'tags' && reference === 'list') return tagsAnswer(repository, new URLSearchParams(query));
  const { manifests, blobs, tags } = repository;
  if (kind === 'manifests') {
    const found = manifests.get(tags.get(reference) ?? reference);
    return found === undefined ? refusal(404, 'MANIFEST_UNKNOWN') : contentAnswer(found, request);
  }
  const found = blobs.get(reference);
  return found === undefined ? refusal(404, 'BLOB_UNKNOWN') : contentAnswer(found, request);
}

function contentAnswer({ digest, mediaType, bytes }: Content, { ifNoneMatch }: RegistryRequest): RegistryAnswer {
  const headers = { etag: `"${digest}"`, 'docker-content-digest': digest };
  if (ifNoneMatch === headers.etag) return { status: 304, headers, body: text('') };
  return { status: 200, headers: { 'content-type': mediaType, ...headers }, body: bytes };
}

/** All tags in lexical order, or `n` of them after `last`, with a link to the page behind. */
function tagsAnswer({ name, tags }: Repository, query: URLSearchParams): RegistryAnswer {
  const [n, last] = [query.get('n'), query.get('last')];
  if (n !== null && !/^\d{1,9}$/.test(n)) return refusal(400, 'PAGINATION_NUMBER_INVALID');
  const all = [...tags.keys()].sort();
  const rest = last === null ? all : all.filter(tag => tag > last);
  const page = rest.slice(0, n === null ? rest.length : Number(n));
  const end = page.length < rest.length ? page.at(-1) : undefined;
  const answer = json(200, { name, tags: page });
  if (end === undefined) return answer;
  const next = `</v2/${name}/tags/list?n=${n}&last=${encodeURIComponent(end)}>; rel="next"`;
  return { ...answer, headers: { ...answer.headers, link: next } };
}

function refusal(status: number, code: keyof typeof MESSAGES): RegistryAnswer {
  return json(status, { errors: [{ code, message: MESSAGES[code], detail: null }] });
}

function json(status: number, value: unknown): RegistryAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: text(JSON.stringify(value)) };
}

function text(content: string): Uint8Array {
  return Buffer.from(content);
}
