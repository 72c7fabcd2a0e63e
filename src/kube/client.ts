import type { TypedObject } from '../api/meta.ts';
import type { CollectionPath, ObjectPath } from './resource.ts';

/** A page of a list. */
export interface ListPage<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  /** Token of the next page; absent on the last. */
  readonly continue?: string;
}

export interface ListQuery {
  readonly limit?: number;
  readonly continue?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Asks for PartialObjectMetadata: what the objects hold never reaches this process. */
  readonly metadataOnly?: boolean;
}

export interface WatchQuery extends Pick<ListQuery, 'fieldSelector' | 'labelSelector' | 'metadataOnly'> {
  readonly resourceVersion: string;
  readonly timeoutSeconds: number;
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/**
 * The API server, over one pool of connections. Every method throws `ApiError` for an answer that is none of success,
 * the signal's reason when that fires, and `NoAnswer`, which names the action and has its cause, when no answer came. A
 * 429, and a 503 with Retry-After, are waited for and tried again a few times: the server had not begun to work on them.
 */
export interface KubeClient {
  get<T extends TypedObject>(path: ObjectPath, signal: AbortSignal): Promise<T>;
  create<T extends TypedObject>(path: CollectionPath, body: T, signal: AbortSignal): Promise<T>;
  /** JSON merge patch (RFC 7386); with `metadata.resourceVersion` in the body it is refused (409) for another version. */
  patch<T extends TypedObject>(path: ObjectPath, body: object, signal: AbortSignal): Promise<T>;
  /** PUT of the whole object. */
  replace<T extends TypedObject>(path: ObjectPath, body: T, signal: AbortSignal): Promise<T>;
  delete(path: ObjectPath, preconditions: Preconditions, signal: AbortSignal): Promise<void>;
  list<T>(path: CollectionPath, query: ListQuery, signal: AbortSignal): Promise<ListPage<T>>;
  /** Ends when the server ends the stream; throws when it breaks, says nothing for too long, or sends what is no event. */
  watch<T>(path: CollectionPath, query: WatchQuery, signal: AbortSignal): AsyncIterable<WatchEvent<T>>;
  /** Lets connections go. */
  close(): Promise<void>;
}
