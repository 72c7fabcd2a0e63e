import type { Schema } from '../api/schema.ts';
import type { Kind } from './kinds.ts';

/** How the lists and objects of a kind are merged. */
export interface Shape {
  /** Entries are told apart by these fields (`keys`), by themselves (`set`), or the list is one value (`atomic`). */
  readonly list: { readonly keys: readonly string[] } | 'set' | 'atomic';
  /** Whether an object is one value. */
  readonly isAtomic: boolean;
  field(name: string): Shape;
  item(): Shape;
}

/** Objects are merged, lists replaced: where nothing better is known. */
const PLAIN: Shape = { list: 'atomic', isAtomic: false, field: () => PLAIN, item: () => PLAIN };

const METADATA = pathShape({ ownerReferences: 'uid' }, '', ['finalizers']);

export function shapeOf({ schema, mergeKeys }: Kind): Shape {
  const own = schema === undefined ? pathShape(mergeKeys, '') : schemaShape(schema);
  return { ...own, field: name => (name === 'metadata' ? METADATA : own.field(name)) };
}

function schemaShape(schema: Schema): Shape {
  const { properties = {}, additionalProperties, items } = schema;
  const keys = schema['x-kubernetes-list-map-keys'];
  const below = (one: Schema | undefined) => (one === undefined ? PLAIN : schemaShape(one));
  return {
    list: keys === undefined ? 'atomic' : { keys },
    isAtomic: schema['x-kubernetes-map-type'] === 'atomic',
    field: name => below(Object.hasOwn(properties, name) ? properties[name] : additionalProperties),
    item: () => below(items),
  };
}

function pathShape(keys: Readonly<Record<string, string>>, path: string, sets: readonly string[] = []): Shape {
  const key = Object.hasOwn(keys, path) ? keys[path] : undefined;
  return {
    list: key === undefined ? (sets.includes(path) ? 'set' : 'atomic') : { keys: [key] },
    isAtomic: false,
    field: name => pathShape(keys, path === '' ? name : `${path}.${name}`, sets),
    item: () => pathShape(keys, path, sets),
  };
}
