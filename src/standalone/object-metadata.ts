import type { ObjectMeta } from '../api/meta.ts';
import type { Kind } from './kinds.ts';

/** What the API server alone decides about a new object. */
export interface Birth {
  readonly name: string;
  /** "" for a cluster-scoped kind. */
  readonly namespace: string;
  readonly uid: string;
  /** RFC 3339, in whole seconds. */
  readonly createdAt: string;
}

/** Metadata of a new object, of what the client said. */
export function newMetadata(kind: Kind, given: ObjectMeta, birth: Birth): ObjectMeta {
  return defined({
    name: birth.name,
    generateName: given.generateName,
    namespace: birth.namespace === '' ? undefined : birth.namespace,
    uid: birth.uid,
    generation: kind.generations ? 1 : undefined,
    creationTimestamp: birth.createdAt,
    ...usersOwn(given),
  });
}

/** Metadata of a new state, of what the client said and what was there. */
export function changedMetadata(before: ObjectMeta, given: ObjectMeta): ObjectMeta {
  const { generateName, namespace, uid, generation, creationTimestamp } = before;
  const { deletionTimestamp, deletionGracePeriodSeconds, resourceVersion } = before;
  return defined({
    name: before.name,
    generateName,
    namespace,
    uid,
    resourceVersion,
    generation,
    creationTimestamp,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    ...usersOwn(given),
  });
}

/** `managedFields` are not kept: there is no field ownership here. */
function usersOwn({ labels, annotations, ownerReferences, finalizers }: ObjectMeta): ObjectMeta {
  // An object has a finalizer or has it not.
  return { labels, annotations, ownerReferences, finalizers: finalizers && [...new Set(finalizers)] } as ObjectMeta;
}

function defined(metadata: { readonly [name: string]: unknown }): ObjectMeta {
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined)) as ObjectMeta;
}

/** RFC 3339 without fractions, as `metav1.Time` is written. */
export function timestamp(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}

const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const MAX_PREFIX_LENGTH = 58;

/** `app-x7k2p`, of `app-`. `random` is from 0 up to, not including, 1. */
export function generatedName(prefix: string, random: () => number): string {
  const letters = Array.from({ length: SUFFIX_LENGTH }, () => {
    return SUFFIX_LETTERS[Math.floor(random() * SUFFIX_LETTERS.length)];
  });
  return prefix.slice(0, MAX_PREFIX_LENGTH) + letters.join('');
}
