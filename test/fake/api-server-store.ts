import type { TypedObject } from '../../src/api/meta.ts';
import { objectKey } from '../../src/kube/resource.ts';
import { apiVersion, type FakeKind } from './api-server-kinds.ts';

/** One state of an object. It is kept as text: 100,000 objects are listed by joining texts. */
export interface Stored {
  readonly key: string;
  readonly namespace: string | undefined;
  readonly name: string;
  /** Its resourceVersion. */
  readonly version: number;
  readonly text: string;
}

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly version: number;
  /** Of a deletion: the last state, with the version of the deletion. */
  readonly now: Stored;
  readonly before: Stored | undefined;
}

/** All objects of one kind, and what happened to them lately. */
export class Shelf {
  readonly kind: FakeKind;
  readonly objects = new Map<string, Stored>();
  /** In order of version. */
  readonly history: Change[] = [];
  /** Of versions before this one, changes are forgotten. */
  forgottenUpTo = 0;
  #sorted: readonly Stored[] | undefined;

  constructor(kind: FakeKind) {
    this.kind = kind;
  }

  /** In the order of a list: by namespace and name. */
  sorted(): readonly Stored[] {
    this.#sorted ??= [...this.objects.values()].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    return this.#sorted;
  }

  apply(change: Change, historyLimit: number): void {
    if (change.type === 'DELETED') this.objects.delete(change.now.key);
    else this.objects.set(change.now.key, change.now);
    this.#sorted = undefined;
    this.history.push(change);
    if (this.history.length > 2 * historyLimit) {
      const forgotten = this.history.splice(0, this.history.length - historyLimit);
      this.forgottenUpTo = forgotten.at(-1)?.version ?? this.forgottenUpTo;
    }
  }

  /** Changes after a version, or undefined when some of them are forgotten. */
  since(version: number): readonly Change[] | undefined {
    if (version < this.forgottenUpTo) return undefined;
    let low = 0;
    let high = this.history.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.history[middle]?.version ?? 0) > version) high = middle;
      else low = middle + 1;
    }
    return this.history.slice(low);
  }
}

/** What etcd is to an API server: every write has a version of its own, over all kinds. */
export class Store {
  readonly #shelves = new Map<string, Shelf>();
  readonly #historyLimit: number;
  readonly #told: (shelf: Shelf, change: Change) => void;
  /** Of the latest write. */
  version = 1;

  constructor(kinds: readonly FakeKind[], historyLimit: number, told: (shelf: Shelf, change: Change) => void) {
    for (const kind of kinds) this.#shelves.set(`${kind.resource.group}/${kind.resource.plural}`, new Shelf(kind));
    this.#historyLimit = historyLimit;
    this.#told = told;
  }

  shelf(resource: { readonly group: string; readonly plural: string }): Shelf | undefined {
    return this.#shelves.get(`${resource.group}/${resource.plural}`);
  }

  shelves(): readonly Shelf[] {
    return [...this.#shelves.values()];
  }

  /** Stores a state of an object with the next version. */
  write(shelf: Shelf, object: TypedObject): Stored {
    this.version += 1;
    const { kind } = shelf;
    const metadata = { ...object.metadata, resourceVersion: String(this.version) };
    const now = this.#stored({ ...object, apiVersion: apiVersion(kind.resource), kind: kind.kind, metadata });
    const before = shelf.objects.get(now.key);
    this.#apply(shelf, { type: before === undefined ? 'ADDED' : 'MODIFIED', version: this.version, now, before });
    return now;
  }

  remove(shelf: Shelf, before: Stored): void {
    this.version += 1;
    const object = parse(before);
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.version) } };
    this.#apply(shelf, { type: 'DELETED', version: this.version, now: this.#stored(last), before });
  }

  /** Forgets all changes up to now, as a compaction does, and as a restart does to the watch cache. */
  compact(): void {
    this.version += 1;
    for (const shelf of this.#shelves.values()) {
      shelf.history.length = 0;
      shelf.forgottenUpTo = this.version;
    }
  }

  #apply(shelf: Shelf, change: Change): void {
    shelf.apply(change, this.#historyLimit);
    this.#told(shelf, change);
  }

  #stored(object: TypedObject): Stored {
    const { namespace, name = '' } = object.metadata;
    return {
      key: objectKey({ namespace, name }),
      namespace,
      name,
      version: this.version,
      text: JSON.stringify(object),
    };
  }
}

export function parse(stored: Stored): TypedObject {
  return JSON.parse(stored.text) as TypedObject;
}
