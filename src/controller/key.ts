import type { ObjectMeta } from '../api/meta.ts';

/** `namespace/name` of an object: what waits in a work queue. */
export type Key = string;

export function keyOf({ namespace = '', name = '' }: Pick<ObjectMeta, 'namespace' | 'name'>): Key {
  return `${namespace}/${name}`;
}

export function partsOf(key: Key): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
