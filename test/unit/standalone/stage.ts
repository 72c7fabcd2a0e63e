import type { TypedObject } from '../../../src/api/meta.ts';
import type { Status } from '../../../src/api/status.ts';
import { createObjects } from '../../../src/standalone/api-objects.ts';
import { createFirstObjects } from '../../../src/standalone/first-objects.ts';
import { KINDS } from '../../../src/standalone/kind-table.ts';
import { type Kind, qualifiedName } from '../../../src/standalone/kinds.ts';
import {
  ApiFault,
  type Objects,
  type Patch,
  type Target,
  type WriteOptions,
  type Written,
} from '../../../src/standalone/objects.ts';
import { createSqliteStorage } from '../../../src/standalone/sqlite-storage.ts';
import type { ObjectChange, Storage } from '../../../src/standalone/storage.ts';

/** Any object, as tests write one. */
export type AnyObject = TypedObject & { readonly [field: string]: unknown };

export const STRICT: WriteOptions = { dryRun: false, fieldValidation: 'Strict' };

export interface Stage {
  readonly storage: Storage;
  readonly objects: Objects;
  /** Epoch milliseconds that the clock tells. */
  now: number;
  create(plural: string, object: object, options?: Partial<WriteOptions>): Promise<AnyObject>;
  update(plural: string, object: object, options?: Partial<WriteOptions>): Promise<AnyObject>;
  patch(place: string, patch: Patch, options?: Partial<WriteOptions>): Promise<Written & { object: AnyObject }>;
  get(place: string): Promise<AnyObject>;
  /** Names of all that is stored of a kind. */
  names(plural: string): Promise<string[]>;
  /** Changes of a kind, since this was called. */
  changes(plural: string): ObjectChange[];
}

/** Objects over a storage in memory, with what is there at first. Places are `imagestreams/demo/app`, `images/x`. */
export async function stage(): Promise<Stage> {
  const storage = createSqliteStorage();
  const clock = { now: () => made.now };
  let uids = 0;
  const uuid = () => `uid-${++uids}`;
  const objects = createObjects({ storage, kinds: KINDS, clock, uuid, random: () => 0.5 });
  const made: Stage = {
    storage,
    objects,
    now: Date.parse('2026-01-02T03:04:05.678Z'),
    async create(plural, object, options) {
      const kind = kindOf(plural);
      const written = await objects.create(placeOf(kind, object, ''), object, { ...STRICT, ...options });
      return written.object as AnyObject;
    },
    async update(plural, object, options) {
      const kind = kindOf(plural);
      const { name = '' } = (object as AnyObject).metadata;
      return (await objects.update(placeOf(kind, object, name), object, { ...STRICT, ...options })).object as AnyObject;
    },
    async patch(place, patch, options) {
      const written = await objects.patch(target(place), patch, { ...STRICT, ...options });
      return { ...written, object: written.object as AnyObject };
    },
    async get(place) {
      return (await objects.get(target(place))) as AnyObject;
    },
    async names(plural) {
      return (await storage.list(qualifiedName(kindOf(plural)))).items.map(({ name }) => name);
    },
    changes(plural) {
      const changes: ObjectChange[] = [];
      storage.follow(qualifiedName(kindOf(plural)), change => changes.push(change));
      return changes;
    },
  };
  await createFirstObjects(objects, KINDS);
  await made.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } });
  return made;
}

/** `imagestreams`, `events.events.k8s.io`: of several groups the first, when none is named. */
export function kindOf(plural: string): Kind {
  const kind = KINDS.find(one => one.plural === plural || qualifiedName(one) === plural);
  if (kind === undefined) throw new Error(`no kind ${plural}`);
  return kind;
}

/** `imagestreams/demo/app`, `imagestreams/demo/app/status`, `images/x`. */
export function target(place: string): Target {
  const [plural = '', ...rest] = place.split('/');
  const kind = kindOf(plural);
  const [namespace = '', name = '', subresource] = kind.namespaced ? rest : ['', ...rest];
  return { kind, namespace, name, ...(subresource === 'status' && { subresource }) };
}

function placeOf(kind: Kind, object: object, name: string): Target {
  const { namespace = 'demo' } = (object as AnyObject).metadata ?? {};
  return { kind, namespace: kind.namespaced ? namespace : '', name };
}

export function merge(body: unknown): Patch {
  return { type: 'merge', body };
}

/** The Status that something is refused with. */
export async function refusal(work: Promise<unknown>): Promise<Status> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ApiFault) return error.status;
  throw error ?? new Error('nothing was refused');
}
