import type { TypedObject } from '../api/meta.ts';

/** Names an object for good: a collection (`imagestreams.image.openshift.io`), a namespace ("" for none), a name. */
export interface ObjectName {
  readonly collection: string;
  readonly namespace: string;
  readonly name: string;
}

/** One state of an object. */
export interface StoredObject extends ObjectName {
  /** Its `metadata.resourceVersion`, as a number. */
  readonly version: number;
  /** The object as JSON text, `metadata.resourceVersion` included. */
  readonly text: string;
}

export interface ObjectChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly version: number;
  /** Of a deletion: the last state, with the version of the deletion. */
  readonly now: StoredObject;
  /** Absent for ADDED. */
  readonly before?: StoredObject;
}

/** One write of a transaction. `expected` is the version the write was computed from; 0 means that nothing is there. */
export type ObjectWrite =
  | (ObjectName & { readonly expected: number; readonly object: TypedObject })
  | (ObjectName & { readonly expected: number; readonly deleted: true });

export interface ObjectList {
  readonly items: readonly StoredObject[];
  /** Of the latest write of anything when this was read: what a watch goes on from. */
  readonly version: number;
  /** How many follow after the last item; 0 at the end. */
  readonly remaining: number;
}

/** Thrown by `commit` when an object has another version than the write was computed from. */
export class VersionMoved extends Error {
  override readonly name = 'VersionMoved';
}

/**
 * What keeps objects: one counter of versions over all collections, transactions, and the recent changes. All that the
 * embedded API server knows of how objects are kept; another storage (say, a cluster's API) may take its place.
 */
export interface Storage {
  get(name: ObjectName): Promise<StoredObject | undefined>;
  /**
   * By namespace and name; all namespaces when absent; `after` is exclusive. Pages are read one by one as things are
   * then: a client that watches from the version of its first page sees whatever changed between them.
   */
  list(
    collection: string,
    page?: {
      readonly namespace?: string;
      readonly after?: Omit<ObjectName, 'collection'>;
      readonly limit?: number;
    },
  ): Promise<ObjectList>;
  /** Of the latest write of anything. */
  version(): Promise<number>;
  /** Those whose `metadata.ownerReferences` name this uid, of all collections. */
  ownedBy(uid: string): Promise<readonly StoredObject[]>;
  /**
   * All of the writes, or none; durable before it resolves. Each gets a version of its own, in order; objects are
   * stored with it in `metadata.resourceVersion`. Throws `VersionMoved`.
   */
  commit(writes: readonly ObjectWrite[]): Promise<readonly StoredObject[]>;
  /** Changes of a collection after a version, in order; undefined when some of them are forgotten. */
  changesSince(collection: string, version: number): Promise<readonly ObjectChange[] | undefined>;
  /**
   * Tells each change of a collection from now on, in order, after it is durable. Returns what ends that. `told` must
   * not throw: what a writer hears of its write does not depend on who follows it.
   */
  follow(collection: string, told: (change: ObjectChange) => void): () => void;
  close(): Promise<void>;
}
