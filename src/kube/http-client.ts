import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { NoAnswer } from './api-error.ts';
import type { KubeClient, ListPage, ListQuery, Preconditions, WatchEvent, WatchQuery } from './client.ts';
import { readText } from './http-body.ts';
import { type Call, HttpCalls } from './http-calls.ts';
import { ConnectionPool, DEFAULT_TIMEOUTS, type KubeTimeouts } from './http-dispatchers.ts';
import { isObject, parseJson } from './json.ts';
import type { KubeConfig } from './kubeconfig.ts';
import { deafObserver, type KubeObserver } from './observer.ts';
import { actionText, type CollectionPath, type ObjectPath, urlPath } from './resource.ts';
import { watchEvents } from './watch-stream.ts';

/** What writes are recorded as in `managedFields`. */
export const FIELD_MANAGER = 'imagestream-operator';

/** Of one object: etcd stores some 1.5 MiB. */
const MAX_OBJECT_BYTES = 8 * 1024 * 1024;
/** Of a page: what is parsed at once blocks the event loop. Whoever meets it asks for fewer objects. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024;

export interface KubeClientParts {
  readonly config: KubeConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer?: KubeObserver;
  /** In the pool; 16 when absent. 1 makes a client whose requests wait for nobody else's: the lease's. */
  readonly connections?: number;
  /** Name and version of this program. */
  readonly userAgent?: string;
  readonly timeouts?: Partial<KubeTimeouts>;
  /** In [0, 1). */
  readonly random?: () => number;
  /**
   * Whether writes may still be sent; those that may not throw `LeaseLost`. Signals stop whoever works for a leader that
   * is none any more, but timers and answers may come in any order: this is asked at the last moment.
   */
  readonly mayWrite?: () => boolean;
}

/** A client with connections of its own; `close` lets them go. Connects when first asked. */
export function createKubeClient(parts: KubeClientParts): KubeClient {
  const { config, clock, log, observer = deafObserver, random = Math.random } = parts;
  const timeouts = { ...DEFAULT_TIMEOUTS, ...parts.timeouts };
  const pool = new ConnectionPool({
    connections: parts.connections ?? 16,
    timeouts,
    ...(config.proxyUrl === undefined ? {} : { proxyUrl: config.proxyUrl }),
  });
  const calls = new HttpCalls({ config, pool, clock, log, observer, random, mayWrite: parts.mayWrite ?? (() => true) });
  return new HttpKubeClient(calls, pool, parts.userAgent ?? FIELD_MANAGER, timeouts.watchGraceMs);
}

type Verb = Pick<Call, 'verb' | 'method'>;

const GET: Verb = { verb: 'get', method: 'GET' };
const CREATE: Verb = { verb: 'create', method: 'POST' };
const PATCH: Verb = { verb: 'patch', method: 'PATCH' };
const UPDATE: Verb = { verb: 'update', method: 'PUT' };
const DELETE: Verb = { verb: 'delete', method: 'DELETE' };
const LIST: Verb = { verb: 'list', method: 'GET' };
const WATCH: Verb = { verb: 'watch', method: 'GET' };

class HttpKubeClient implements KubeClient {
  readonly #calls: HttpCalls;
  readonly #pool: ConnectionPool;
  readonly #userAgent: string;
  readonly #watchGraceMs: number;

  constructor(calls: HttpCalls, pool: ConnectionPool, userAgent: string, watchGraceMs: number) {
    this.#calls = calls;
    this.#pool = pool;
    this.#userAgent = userAgent;
    this.#watchGraceMs = watchGraceMs;
  }

  get<T>(path: ObjectPath, signal: AbortSignal): Promise<T> {
    return this.#object<T>(this.#call(GET, path), signal);
  }

  create<T>(path: CollectionPath, body: T, signal: AbortSignal): Promise<T> {
    return this.#object<T>(this.#write(CREATE, collection(path), JSON_TYPE, body), signal);
  }

  patch<T>(path: ObjectPath, body: object, signal: AbortSignal): Promise<T> {
    return this.#object<T>(this.#write(PATCH, path, MERGE_PATCH_TYPE, body), signal);
  }

  replace<T>(path: ObjectPath, body: T, signal: AbortSignal): Promise<T> {
    return this.#object<T>(this.#write(UPDATE, path, JSON_TYPE, body), signal);
  }

  async delete(path: ObjectPath, preconditions: Preconditions, signal: AbortSignal): Promise<void> {
    const options = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions };
    const call = { ...this.#call(DELETE, path, {}, { 'Content-Type': JSON_TYPE }), body: JSON.stringify(options) };
    // What is answered, the object or a Status, tells nothing new.
    await this.#calls.run(call, signal, ({ body }) => readText(body, MAX_OBJECT_BYTES));
  }

  list<T>(path: CollectionPath, query: ListQuery, signal: AbortSignal): Promise<ListPage<T>> {
    const { limit, continue: token } = query;
    const call = this.#call(
      LIST,
      collection(path),
      {
        ...selectors(query),
        ...(limit === undefined ? {} : { limit: String(limit) }),
        ...(token && { continue: token }),
      },
      { Accept: accept(query.metadataOnly, 'PartialObjectMetadataList') },
    );
    return this.#calls.run(call, signal, async ({ body }) => listPage<T>(call, await readText(body, MAX_PAGE_BYTES)));
  }

  async *watch<T>(path: CollectionPath, query: WatchQuery, signal: AbortSignal): AsyncGenerator<WatchEvent<T>> {
    const call = this.#call(
      WATCH,
      collection(path),
      {
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: query.resourceVersion,
        timeoutSeconds: String(query.timeoutSeconds),
        ...selectors(query),
      },
      { Accept: accept(query.metadataOnly, 'PartialObjectMetadata') },
    );
    const body = await this.#calls.run(call, signal, async response => response.body);
    yield* watchEvents<T>(call.action, body, query.timeoutSeconds * 1_000 + this.#watchGraceMs, signal);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  #call(verb: Verb, path: AnyPath, query: Readonly<Record<string, string>> = {}, headers = {}): Call {
    const text = new URLSearchParams(query).toString();
    return {
      ...verb,
      resource: path.resource.plural,
      action: actionText(verb.verb, path),
      path: `${urlPath(path)}${text === '' ? '' : `?${text}`}`,
      headers: { Accept: JSON_TYPE, 'User-Agent': this.#userAgent, ...headers },
    };
  }

  #write(verb: Verb, path: AnyPath, contentType: string, body: unknown): Call {
    const call = this.#call(verb, path, { fieldManager: FIELD_MANAGER }, { 'Content-Type': contentType });
    return { ...call, body: JSON.stringify(body) };
  }

  #object<T>(call: Call, signal: AbortSignal): Promise<T> {
    return this.#calls.run(call, signal, async ({ body }) => {
      const said = parsed(call, await readText(body, MAX_OBJECT_BYTES));
      if (!isObject(said['metadata'])) throw unreadable(call, 'it is no object');
      return said as T;
    });
  }
}

type AnyPath = CollectionPath & Partial<Pick<ObjectPath, 'name' | 'subresource'>>;

/** The path of an object is one of a collection, too, as far as types go. */
function collection({ resource, namespace }: CollectionPath): CollectionPath {
  return { resource, ...(namespace === undefined ? {} : { namespace }) };
}

const JSON_TYPE = 'application/json';
const MERGE_PATCH_TYPE = 'application/merge-patch+json';

/** Without a second choice: a server that can't leave the contents out must refuse, not send them. */
function accept(metadataOnly: boolean | undefined, as: string): string {
  return metadataOnly === true ? `${JSON_TYPE};as=${as};g=meta.k8s.io;v=v1` : JSON_TYPE;
}

function selectors(query: Pick<ListQuery, 'fieldSelector' | 'labelSelector'>): Record<string, string> {
  const { fieldSelector, labelSelector } = query;
  return { ...(fieldSelector && { fieldSelector }), ...(labelSelector && { labelSelector }) };
}

function listPage<T>(call: Call, text: string): ListPage<T> {
  const said = parsed(call, text);
  const { items, metadata } = said;
  // Go writes an empty list as null.
  const list = items ?? [];
  if (!Array.isArray(list) || !isObject(metadata)) throw unreadable(call, 'it is no list');
  const { resourceVersion, continue: token } = metadata;
  if (typeof resourceVersion !== 'string') throw unreadable(call, 'the list has no resourceVersion');
  return { items: list, resourceVersion, ...(typeof token === 'string' && token !== '' ? { continue: token } : {}) };
}

function parsed(call: Call, text: string): Readonly<Record<string, unknown>> {
  const said = parseJson(text);
  if (!isObject(said)) throw unreadable(call, 'it is no JSON object');
  return said;
}

function unreadable(call: Call, detail: string): NoAnswer {
  return new NoAnswer(call.action, 'unreadable', { detail });
}
