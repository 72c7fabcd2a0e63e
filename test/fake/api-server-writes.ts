import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ObjectMeta, TypedObject } from '../../src/api/meta.ts';
import { type FakeKind, qualified } from './api-server-kinds.ts';
import { parse, type Shelf, type Store, type Stored } from './api-server-store.ts';

type Members = Readonly<Record<string, unknown>>;

/** What etcd takes by default. */
const MAX_STORED_BYTES = 1_572_864;

/** A refusal, in the words of a real API server. */
export class Refused extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

/** What writes do in an API server: names, versions, generations, locks. */
export class Writes {
  readonly #store: Store;
  readonly #now: () => number;
  #names = 0;

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  create(shelf: Shelf, namespace: string | undefined, body: TypedObject): Stored {
    const { kind } = shelf;
    const given = body.metadata ?? {};
    if (given.resourceVersion)
      throw new Refused(400, 'BadRequest', 'resourceVersion should not be set on objects to be created');
    const name = given.name ?? (given.generateName === undefined ? undefined : this.#generated(given.generateName));
    if (name === undefined) throw new Refused(422, 'Invalid', `${kind.kind} is invalid: metadata.name: Required value`);
    if (given.namespace !== undefined && given.namespace !== namespace) {
      throw new Refused(
        400,
        'BadRequest',
        'the namespace of the provided object does not match the namespace sent on the request',
      );
    }
    const metadata = this.#fresh(kind, { ...given, name, ...(namespace === undefined ? {} : { namespace }) });
    const key = namespace === undefined ? name : `${namespace}/${name}`;
    if (shelf.objects.has(key))
      throw new Refused(409, 'AlreadyExists', `${qualified(kind.resource)} "${name}" already exists`);
    const { status: _status, ...withoutStatus } = body as TypedObject & { readonly status?: unknown };
    return this.#write(shelf, { ...(kind.statusSubresource ? withoutStatus : body), metadata });
  }

  /** Puts an object there as it is, whoever might own which part of it. */
  put(shelf: Shelf, object: TypedObject): Stored {
    const { namespace, name } = object.metadata;
    const before = shelf.objects.get(namespace === undefined ? `${name}` : `${namespace}/${name}`);
    if (before === undefined)
      return this.#store.write(shelf, { ...object, metadata: this.#fresh(shelf.kind, object.metadata) });
    const old = parse(before);
    const metadata = { ...this.#kept(old.metadata), ...object.metadata };
    return this.#store.write(shelf, this.#counted(shelf.kind, old, { ...object, metadata }));
  }

  /** A whole object (PUT), or a merge patch of it. */
  change(
    shelf: Shelf,
    before: Stored,
    subresource: string | undefined,
    body: Members,
    how: 'replace' | 'merge',
  ): Stored {
    const { kind } = shelf;
    const old = parse(before);
    const sent = (body['metadata'] ?? {}) as ObjectMeta;
    this.#lock(kind, old, sent, how);
    const merged = how === 'merge' ? (mergePatch(old, body) as TypedObject) : (body as unknown as TypedObject);
    const next = this.#counted(kind, old, ownPart(kind, old, merged, subresource));
    const metadata = { ...next.metadata, ...this.#kept(old.metadata), generation: next.metadata.generation };
    const whole = { ...next, metadata } as TypedObject;
    // A write that changes nothing has no version.
    if (isDeepStrictEqual(JSON.parse(JSON.stringify(whole)), old)) return before;
    if (metadata['deletionTimestamp'] !== undefined && (metadata.finalizers ?? []).length === 0) {
      this.#store.remove(shelf, before);
      return before;
    }
    return this.#write(shelf, whole);
  }

  delete(
    shelf: Shelf,
    before: Stored,
    preconditions: { readonly uid?: string; readonly resourceVersion?: string },
  ): void {
    const object = parse(before);
    for (const field of ['uid', 'resourceVersion'] as const) {
      const wanted = preconditions[field];
      if (wanted !== undefined && wanted !== object.metadata[field]) {
        throw new Refused(
          409,
          'Conflict',
          `Precondition failed: ${field} in precondition: ${wanted}, ${field} in object meta: ${object.metadata[field]}`,
        );
      }
    }
    if ((object.metadata.finalizers ?? []).length === 0) {
      this.#store.remove(shelf, before);
      return;
    }
    const deletionTimestamp = object.metadata.deletionTimestamp ?? this.#time();
    this.#store.write(shelf, { ...object, metadata: { ...object.metadata, deletionTimestamp } });
  }

  #write(shelf: Shelf, object: TypedObject): Stored {
    const fault = shelf.kind.check?.(object as unknown as Members);
    if (fault !== undefined) throw new Refused(fault[0], fault[0] === 400 ? 'BadRequest' : 'Invalid', fault[1]);
    // A character is a byte here, or fewer than it takes: near enough for what is far over or far under.
    if (JSON.stringify(object).length > MAX_STORED_BYTES) {
      throw new Refused(500, 'InternalError', 'etcdserver: request is too large');
    }
    return this.#store.write(shelf, object);
  }

  #lock(kind: FakeKind, old: TypedObject, sent: ObjectMeta, how: 'replace' | 'merge'): void {
    const name = old.metadata.name;
    if (how === 'replace' && kind.custom && !sent.resourceVersion) {
      throw new Refused(
        422,
        'Invalid',
        `${kind.kind} "${name}" is invalid: metadata.resourceVersion: must be specified for an update`,
      );
    }
    const moved = sent.resourceVersion !== undefined && sent.resourceVersion !== old.metadata.resourceVersion;
    const other = sent.uid !== undefined && sent.uid !== old.metadata.uid;
    if (!moved && !other) return;
    const why = moved
      ? 'the object has been modified; please apply your changes to the latest version and try again'
      : `Precondition failed: UID in precondition: ${sent.uid}, UID in object meta: ${old.metadata.uid}`;
    throw new Refused(
      409,
      'Conflict',
      `Operation cannot be fulfilled on ${qualified(kind.resource)} "${name}": ${why}`,
    );
  }

  #counted(kind: FakeKind, old: TypedObject, next: TypedObject): TypedObject {
    if (!kind.custom) return next;
    const counted = (object: TypedObject) => {
      const {
        metadata: _metadata,
        apiVersion: _apiVersion,
        kind: _kind,
        status,
        ...rest
      } = object as TypedObject & Members;
      return JSON.parse(JSON.stringify(kind.statusSubresource ? rest : { ...rest, status }));
    };
    const generation = old.metadata.generation ?? 1;
    const changed = !isDeepStrictEqual(counted(old), counted(next));
    return { ...next, metadata: { ...next.metadata, generation: changed ? generation + 1 : generation } };
  }

  /** What nobody but the server decides about. */
  #kept({ name, namespace, uid, creationTimestamp, resourceVersion, deletionTimestamp }: ObjectMeta): ObjectMeta {
    const kept = { name, namespace, uid, creationTimestamp, resourceVersion, deletionTimestamp };
    return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
  }

  #fresh(kind: FakeKind, metadata: ObjectMeta): ObjectMeta {
    return { uid: randomUUID(), creationTimestamp: this.#time(), ...metadata, ...(kind.custom && { generation: 1 }) };
  }

  #generated(prefix: string): string {
    this.#names += 1;
    return `${prefix}${this.#names.toString(36).padStart(5, '0')}`;
  }

  #time(): string {
    return `${new Date(this.#now()).toISOString().slice(0, 19)}Z`;
  }
}

/** Of a changed object, the part that this path may change. */
function ownPart(kind: FakeKind, old: TypedObject, next: TypedObject, subresource: string | undefined): TypedObject {
  if (!kind.statusSubresource) return next;
  const [statusOf, restOf] = subresource === 'status' ? [next, old] : [old, next];
  const { status: _status, ...rest } = restOf as TypedObject & { readonly status?: unknown };
  const { status } = statusOf as TypedObject & { readonly status?: unknown };
  return status === undefined ? rest : ({ ...rest, status } as TypedObject);
}

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isMembers(patch)) return patch;
  const merged: Record<string, unknown> = isMembers(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(merged[name], value);
  }
  return merged;
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
