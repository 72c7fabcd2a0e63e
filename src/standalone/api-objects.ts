import { randomUUID } from 'node:crypto';
import type { ObjectMeta, TypedObject } from '../api/meta.ts';
import type { Clock } from '../clock.ts';
import { Deletion, keyOf } from './deletion.ts';
import { Expiry } from './expiry.ts';
import * as faults from './faults.ts';
import { sameJson, without } from './json.ts';
import { collectionOf, type Kind, shownForm, storedForm } from './kinds.ts';
import { metadataChangeErrors } from './metadata-rules.ts';
import { FIRST_NAMESPACES } from './namespaces.ts';
import { readBody } from './object-body.ts';
import { changedMetadata, generatedName, newMetadata, timestamp } from './object-metadata.ts';
import { acceptState, changedPart, counted } from './object-state.ts';
import type { Deleted, DeleteOptions, Objects, Patch, Target, WriteOptions, Written } from './objects.ts';
import { firstApplied, patched } from './patches.ts';
import { type ObjectName, type ObjectWrite, type Storage, type StoredObject, VersionMoved } from './storage.ts';
import * as checks from './write-checks.ts';

export interface ObjectsParts {
  readonly storage: Storage;
  readonly kinds: readonly Kind[];
  readonly clock: Pick<Clock, 'now'>;
  readonly uuid?: () => string;
  /** From 0 up to, not including, 1; for the ends of generated names. */
  readonly random?: () => number;
}

export function createObjects(parts: ObjectsParts): Objects {
  return new ApiObjects(parts);
}

/** What etcd takes by default. */
const MAX_STORED_BYTES = 1_572_864;
const MAX_TRIES = 10;

/** Writes come one after the other: each is computed from what the one before has stored. */
class ApiObjects implements Objects {
  readonly #storage: Storage;
  readonly #kinds: readonly Kind[];
  readonly #clock: Pick<Clock, 'now'>;
  readonly #uuid: () => string;
  readonly #random: () => number;
  readonly #expiry: Expiry;
  #last: Promise<unknown> = Promise.resolve();

  constructor({ storage, kinds, clock, uuid = randomUUID, random = Math.random }: ObjectsParts) {
    this.#storage = storage;
    this.#kinds = kinds;
    this.#clock = clock;
    this.#uuid = uuid;
    this.#random = random;
    this.#expiry = new Expiry(storage);
  }

  async get(target: Target): Promise<TypedObject> {
    return shownForm(target.kind, parse(await this.#found(target)));
  }

  create(target: Target, body: unknown, options: WriteOptions): Promise<Written> {
    return this.#inTurn(() => this.#create(target, body, options));
  }

  update(target: Target, body: unknown, options: WriteOptions): Promise<Written> {
    return this.#inTurn(async () => {
      const { object, unknown } = readBody(target.kind, body);
      const warnings = checks.told(target.kind, object, unknown, options);
      checks.checkPlace(target, object.metadata);
      const stored = await this.#found(target);
      const { metadata } = parse(stored);
      checks.checkUid(target, metadata, object.metadata);
      checks.checkVersion(target, metadata, object.metadata);
      return { ...(await this.#change(target, stored, object, options)), warnings };
    });
  }

  patch(target: Target, patch: Patch, options: WriteOptions): Promise<Written> {
    return this.#inTurn(async () => {
      const { kind } = target;
      const stored = await this.#stored(target);
      if (stored === undefined) {
        if (patch.type !== 'apply' || target.subresource !== undefined) throw faults.notFound(kind, target.name);
        return this.#create(target, firstApplied(kind, target.name, patch.body), options);
      }
      const before = shownForm(kind, parse(stored));
      const after = patched(kind, before, patch);
      checks.checkPatchedType(target, after);
      const { object, unknown } = readBody(kind, after);
      checks.checkPlace(target, object.metadata);
      checks.checkVersion(target, before.metadata, object.metadata);
      const warnings = checks.told(kind, object, unknown, options, why => checks.patchRefused(after, why));
      return { ...(await this.#change(target, stored, object, options)), warnings };
    });
  }

  delete(target: Target, options: DeleteOptions): Promise<Deleted> {
    return this.#inTurn(async () => {
      const { kind, name } = target;
      const stored = await this.#found(target);
      checks.checkPreconditions(target, parse(stored).metadata, options);
      if (collectionOf(kind) === 'namespaces' && FIRST_NAMESPACES.includes(name)) {
        throw faults.forbidden(kind, name, 'this namespace may not be deleted');
      }
      return this.#delete(target, stored, options);
    });
  }

  async #create(target: Target, body: unknown, options: WriteOptions): Promise<Written> {
    const { kind, namespace } = target;
    const { object: given, unknown } = readBody(kind, body);
    const warnings = checks.told(kind, given, unknown, options);
    checks.checkPlace(target, given.metadata);
    if (given.metadata.resourceVersion !== undefined) {
      throw faults.internal('resourceVersion should not be set on objects to be created');
    }
    const name = await this.#nameFor(target, given.metadata);
    await this.#admitNew(target, name);
    const birth = { name, namespace, uid: this.#uuid(), createdAt: this.#now() };
    const metadata = newMetadata(kind, given.metadata, birth);
    const own = kind.statusSubresource ? without(given as TypedObject & { status?: unknown }, 'status') : given;
    const object = acceptState(kind, { ...own, metadata }, undefined);
    const place = nameOf({ ...target, name });
    const there = await this.#storage.get(place);
    if (there !== undefined) {
      throw faults.alreadyExists(kind, name, parse(there).metadata.deletionTimestamp !== undefined);
    }
    const write = { ...place, expected: 0, object: storedForm(kind, object) };
    const written = await this.#write(kind, write, object, options);
    if (!options.dryRun) await this.#expiry.sweep(kind, this.#clock.now());
    return { object: written, created: true, warnings };
  }

  async #nameFor(target: Target, { name, generateName }: ObjectMeta): Promise<string> {
    if (target.name !== '') return target.name;
    if (name !== undefined || generateName === undefined) return name ?? '';
    // Few letters are made up: among many objects one may be taken.
    for (let tries = 1; ; tries++) {
      const made = generatedName(generateName, this.#random);
      const there = await this.#storage.get(nameOf({ ...target, name: made }));
      if (there === undefined || tries === MAX_TRIES) return made;
    }
  }

  /** A new object needs a namespace that stays. */
  async #admitNew({ kind, namespace }: Target, name: string): Promise<void> {
    if (!kind.namespaced) return;
    const namespaces = this.#kinds.find(one => collectionOf(one) === 'namespaces');
    if (namespaces === undefined) return;
    const found = await this.#found({ kind: namespaces, namespace: '', name: namespace });
    if (parse(found).metadata.deletionTimestamp === undefined) return;
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    throw faults.forbidden(kind, name, why, {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    });
  }

  async #change(
    target: Target,
    stored: StoredObject,
    given: TypedObject,
    options: WriteOptions,
  ): Promise<Omit<Written, 'warnings'>> {
    const { kind, subresource } = target;
    const before = shownForm(kind, parse(stored));
    const errors = metadataChangeErrors(before.metadata, given.metadata);
    if (errors.length > 0) throw faults.invalid(kind, target.name, errors.map(faults.complaint));
    const isStatus = kind.statusSubresource && subresource === 'status';
    const metadata = isStatus ? before.metadata : changedMetadata(before.metadata, given.metadata);
    const part = changedPart(kind, before, { ...given, metadata }, subresource);
    const after = counted(kind, before, acceptState(kind, { ...part, metadata }, before));
    if (sameJson(before, after)) return { object: before, created: false };
    if (metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0) {
      const deletion = new Deletion(this.#storage, this.#kinds, this.#now());
      await deletion.add(stored, 'Background', storedForm(kind, after));
      if (deletion.stateOf(stored) === undefined) {
        if (!options.dryRun) await this.#storage.commit(deletion.writes());
        return { object: after, created: false };
      }
    }
    const write = { ...nameOf(target), expected: stored.version, object: storedForm(kind, after) };
    return { object: await this.#write(kind, write, after, options), created: false };
  }

  async #delete(target: Target, stored: StoredObject, options: DeleteOptions): Promise<Deleted> {
    const deletion = new Deletion(this.#storage, this.#kinds, this.#now());
    await deletion.add(stored, options.propagationPolicy);
    const after = deletion.stateOf(stored);
    const written = options.dryRun ? [] : await this.#storage.commit(deletion.writes());
    const now = written.find(one => keyOf(one) === keyOf(stored));
    const object = now === undefined ? (after ?? parse(stored)) : parse(now);
    return { gone: after === undefined, object: shownForm(target.kind, object) };
  }

  async #write(
    kind: Kind,
    write: ObjectWrite & { readonly object: TypedObject },
    shown: TypedObject,
    { dryRun }: WriteOptions,
  ): Promise<TypedObject> {
    if (Buffer.byteLength(JSON.stringify(write.object)) > MAX_STORED_BYTES) {
      throw faults.internal('etcdserver: request is too large');
    }
    if (dryRun) return shown;
    const [stored] = await this.#storage.commit([write]);
    return stored === undefined ? shown : shownForm(kind, parse(stored));
  }

  async #found(target: Target): Promise<StoredObject> {
    const stored = await this.#stored(target);
    if (stored === undefined) throw faults.notFound(target.kind, target.name);
    return stored;
  }

  async #stored(target: Target): Promise<StoredObject | undefined> {
    const isServed = target.subresource === undefined || target.kind.statusSubresource;
    return isServed ? this.#storage.get(nameOf(target)) : undefined;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#tried(work));
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Somebody else may write to the same storage: then all is read and decided again. */
  async #tried<T>(work: () => Promise<T>, triesLeft = MAX_TRIES): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof VersionMoved) || triesLeft <= 1) throw error;
      return this.#tried(work, triesLeft - 1);
    }
  }

  #now(): string {
    return timestamp(this.#clock.now());
  }
}

function nameOf({ kind, namespace, name }: Target): ObjectName {
  return { collection: collectionOf(kind), namespace, name };
}

function parse({ text }: StoredObject): TypedObject {
  return JSON.parse(text) as TypedObject;
}
