import type { PrinterColumn } from '../api/crd.ts';
import type { FieldError } from '../api/errors.ts';
import type { TypedObject } from '../api/meta.ts';
import type { Schema } from '../api/schema.ts';

/** A kind of object that the embedded API server serves: one row of its table. */
export interface Kind {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** Whether status has a path of its own; writes to one of the two leave the other alone. */
  readonly statusSubresource: boolean;
  /** Whether `metadata.generation` counts changes of anything but metadata and (with a status subresource) status. */
  readonly generations: boolean;
  /** What objects must look like: what it does not know is pruned, or refused when the client asks for that. */
  readonly schema?: Schema;
  /** Fields of a `schema`-less object besides kind, apiVersion and metadata; what is below them is not looked at. */
  readonly fields: readonly string[];
  /** Lists of `schema`-less kinds that patches and applies merge by a key: `{ 'spec.template.spec.containers': 'name' }`. */
  readonly mergeKeys: Readonly<Record<string, string>>;
  /** Whether an update may leave out the version that it was computed from. Custom kinds refuse that. */
  readonly unconditionalUpdate: boolean;
  /** Printed by kubectl between name and nothing; empty means name and age. */
  readonly columns: readonly Column[];
  /** Whose objects these are, when they are not its own: Events of `events.k8s.io` are those of the core group. */
  readonly storedAs?: StoredForm;
  /** What the API server itself adds to a new state of an object. */
  readonly complete?: (object: TypedObject, before: TypedObject | undefined) => TypedObject;
  /** Whether a stored object has lived its time. Absent: it stays. */
  readonly expired?: (stored: TypedObject, nowMs: number) => boolean;
  /** What is wrong with a new state that no schema can tell. Throws `ApiFault` for what can't even be read. */
  readonly check?: (object: TypedObject, before: TypedObject | undefined) => readonly FieldError[];
}

/** A column of the table that kubectl prints. */
export interface Column extends PrinterColumn {
  /** The cell, where a path alone cannot tell it. */
  readonly value?: (object: TypedObject) => string | number | undefined;
}

/** How objects of a kind are kept among those of another one. */
export interface StoredForm {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** Names of fields of the object: as stored, by name as shown. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Under which name a storage keeps the objects of a kind. */
export function collectionOf(kind: Kind): string {
  return qualifiedName(kind.storedAs ?? kind);
}

/** An object as its kind shows it, of what is stored. */
export function shownForm({ storedAs, ...kind }: Kind, object: TypedObject): TypedObject {
  if (storedAs === undefined) return object;
  const shownNames = Object.fromEntries(Object.entries(storedAs.fields).map(([shown, stored]) => [stored, shown]));
  return { ...renamed(object, shownNames), apiVersion: apiVersionOf(kind), kind: kind.kind };
}

/** An object as it is stored, of what its kind shows. */
export function storedForm({ storedAs, kind }: Kind, object: TypedObject): TypedObject {
  if (storedAs === undefined) return object;
  return { ...renamed(object, storedAs.fields), apiVersion: apiVersionOf(storedAs), kind };
}

function renamed(object: TypedObject, names: Readonly<Record<string, string>>): TypedObject {
  const entries = Object.entries(object).map(([name, value]) => [names[name] ?? name, value]);
  return Object.fromEntries(entries) as unknown as TypedObject;
}

/** `imagestreams.image.openshift.io`, `pods`: as messages and Statuses name a kind. */
export function qualifiedName({ plural, group }: Pick<Kind, 'plural' | 'group'>): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** `image.openshift.io/v1`, `v1`. */
export function apiVersionOf({ group, version }: Pick<Kind, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}
