import type { PrinterColumn } from '../api/crd.ts';
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
  /** What objects must look like: what it does not know is pruned, or refused when the client asks for that. Absent: anything goes. */
  readonly schema?: Schema;
  /** Lists of `schema`-less kinds that patches and applies merge by a key: `{ 'spec.template.spec.containers': 'name' }`. */
  readonly mergeKeys: Readonly<Record<string, string>>;
  /** Printed by kubectl between name and nothing; empty means name and age. */
  readonly columns: readonly PrinterColumn[];
  /** The kind whose objects these are, too: Events of `events.k8s.io` are those of the core group. Absent: its own. */
  readonly storedAs?: string;
}

/** `imagestreams.image.openshift.io`, `pods`: as messages and Statuses name a kind. */
export function qualifiedName({ plural, group }: Pick<Kind, 'plural' | 'group'>): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** `image.openshift.io/v1`, `v1`. */
export function apiVersionOf({ group, version }: Pick<Kind, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}
