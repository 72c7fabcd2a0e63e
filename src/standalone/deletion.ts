import type { TypedObject } from '../api/meta.ts';
import { collectionOf, type Kind } from './kinds.ts';
import { nextGeneration } from './object-state.ts';
import type { ObjectName, ObjectWrite, Storage, StoredObject } from './storage.ts';

export type PropagationPolicy = 'Orphan' | 'Background' | 'Foreground';

type OwnerReference = {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly name?: unknown;
  readonly uid?: unknown;
};

interface Pending extends ObjectName {
  readonly expected: number;
  object: TypedObject;
  /** Whether `object` is to be stored. */
  changed: boolean;
  gone: boolean;
}

/** Objects that are looked through at once. */
const PAGE = 100;

/**
 * What goes with an object that is deleted, as one transaction: objects that it owned alone, what is in a namespace.
 * What finalizers hold is marked, and goes when the last of them has left. `Foreground` is no different from
 * `Background`: nobody sees the one without the other.
 */
export class Deletion {
  readonly #storage: Storage;
  readonly #kinds: readonly Kind[];
  readonly #deletedAt: string;
  /** Of all that namespaces hold. */
  readonly #collections: ReadonlySet<string>;
  readonly #pending = new Map<string, Pending>();

  constructor(storage: Storage, kinds: readonly Kind[], deletedAt: string) {
    this.#storage = storage;
    this.#kinds = kinds;
    this.#deletedAt = deletedAt;
    this.#collections = new Set(kinds.filter(({ namespaced }) => namespaced).map(collectionOf));
  }

  /** Adds an object; `object` is its state when that is another than what is stored. */
  async add(stored: StoredObject, policy: PropagationPolicy = 'Background', object = parse(stored)): Promise<void> {
    const doomed = this.#pend(stored, object);
    if (doomed.gone) return;
    if (isNamespace(stored)) await this.#empty(stored.name);
    const stays = this.#isHeld(doomed) || (isNamespace(stored) && (await this.#holds(stored.name)));
    if (stays) this.#mark(doomed);
    else doomed.gone = true;
    // Orphans are let go at once: when the last finalizer has left, nobody remembers what was asked.
    if (stays && policy !== 'Orphan') return;
    for (const dependent of await this.#storage.ownedBy(object.metadata.uid ?? '')) {
      await this.#release(dependent, object.metadata.uid, policy);
    }
    if (!stays) await this.#endNamespace(stored.namespace);
  }

  /** What is to be written. */
  writes(): readonly ObjectWrite[] {
    const pending = [...this.#pending.values()].filter(({ changed, gone }) => changed || gone);
    return pending.map(({ gone, changed: _changed, object, ...name }) => {
      return gone ? { ...name, deleted: true as const } : { ...name, object };
    });
  }

  /** The state of an object after this, or undefined when it is gone. */
  stateOf(stored: StoredObject): TypedObject | undefined {
    const pending = this.#pending.get(keyOf(stored));
    return pending === undefined ? parse(stored) : pending.gone ? undefined : pending.object;
  }

  /** An owner of it has gone. */
  async #release(stored: StoredObject, uid: string | undefined, policy: PropagationPolicy): Promise<void> {
    const object = this.stateOf(stored);
    if (object === undefined) return;
    const owners = (object.metadata.ownerReferences ?? []) as readonly OwnerReference[];
    const others = owners.filter(owner => owner.uid !== uid);
    const isOwned = policy === 'Orphan' || (await this.#anyExists(others, stored.namespace));
    if (!isOwned) return this.add(stored, 'Background', object);
    const { ownerReferences: _owners, ...metadata } = object.metadata;
    const left = others.length === 0 ? metadata : { ...metadata, ownerReferences: others };
    this.#pend(stored, { ...object, metadata: left } as TypedObject).changed = true;
  }

  async #anyExists(owners: readonly OwnerReference[], namespace: string): Promise<boolean> {
    for (const { apiVersion, kind: name, name: ownerName, uid } of owners) {
      const group = String(apiVersion).includes('/') ? String(apiVersion).split('/')[0] : '';
      const kind = this.#kinds.find(one => one.kind === name && one.group === group);
      if (kind === undefined) continue;
      const place = { collection: collectionOf(kind), namespace: kind.namespaced ? namespace : '' };
      const stored = await this.#storage.get({ ...place, name: String(ownerName) });
      if (stored !== undefined && this.stateOf(stored)?.metadata.uid === uid) return true;
    }
    return false;
  }

  #isHeld({ object }: Pending): boolean {
    return (object.metadata.finalizers ?? []).length > 0;
  }

  #mark(doomed: Pending): void {
    if (doomed.object.metadata.deletionTimestamp !== undefined) return;
    const { object } = doomed;
    const isKind = (kind: Kind) => collectionOf(kind) === doomed.collection;
    const metadata = { ...object.metadata, deletionTimestamp: this.#deletedAt, deletionGracePeriodSeconds: 0 };
    const kind = this.#kinds.find(isKind);
    const marked = kind === undefined ? { ...object, metadata } : nextGeneration(kind, { ...object, metadata });
    const phase = isNamespace(doomed) ? { status: { phase: 'Terminating' } } : {};
    doomed.changed = true;
    doomed.object = { ...marked, ...phase } as TypedObject;
  }

  /** Deletes what is in a namespace. */
  async #empty(namespace: string): Promise<void> {
    for (const stored of await this.#contents(namespace)) {
      const object = this.stateOf(stored);
      if (object !== undefined) await this.add(stored, 'Background', object);
    }
  }

  /** Whether anything stays in a namespace. With each that goes this is asked again, so no more is read than is needed. */
  async #holds(namespace: string): Promise<boolean> {
    for (const collection of this.#collections) {
      for (let after: StoredObject | undefined; ; ) {
        const { items, remaining } = await this.#storage.list(collection, {
          namespace,
          limit: PAGE,
          ...(after && { after }),
        });
        if (items.some(stored => !this.#pending.get(keyOf(stored))?.gone)) return true;
        if (remaining === 0) break;
        after = items.at(-1);
      }
    }
    return false;
  }

  /** A namespace that is being deleted goes with the last thing in it. */
  async #endNamespace(namespace: string): Promise<void> {
    if (namespace === '') return;
    const stored = await this.#storage.get({ collection: 'namespaces', namespace: '', name: namespace });
    if (stored === undefined) return;
    const state = this.stateOf(stored);
    if (state?.metadata.deletionTimestamp === undefined || this.#pending.get(keyOf(stored))?.gone) return;
    if (await this.#holds(namespace)) return;
    await this.add(stored, 'Background', state);
  }

  async #contents(namespace: string): Promise<readonly StoredObject[]> {
    const lists = await Promise.all([...this.#collections].map(name => this.#storage.list(name, { namespace })));
    return lists.flatMap(({ items }) => items);
  }

  #pend(stored: StoredObject, object: TypedObject): Pending {
    const { collection, namespace, name, version } = stored;
    const known = this.#pending.get(keyOf(stored));
    const pending = known ?? { collection, namespace, name, expected: version, object, changed: false, gone: false };
    pending.object = object;
    this.#pending.set(keyOf(stored), pending);
    return pending;
  }
}

function isNamespace({ collection }: ObjectName): boolean {
  return collection === 'namespaces';
}

/** Equal for the same object. */
export function keyOf({ collection, namespace, name }: ObjectName): string {
  return `${collection}/${namespace}/${name}`;
}

function parse({ text }: StoredObject): TypedObject {
  return JSON.parse(text) as TypedObject;
}
