import type { TypedObject } from '../../api/meta.ts';
import type { Kind } from '../kinds.ts';
import type { StoredObject } from '../storage.ts';
import { readFieldSelector } from './field-selector.ts';
import { readLabelSelector } from './label-selector.ts';

/** Which objects of a collection a list or a watch is about. */
export interface Scope {
  /** Undefined: all. */
  readonly namespace: string | undefined;
  /** Whether any object of the namespace may be left out. */
  readonly isSelective: boolean;
  includes(stored: StoredObject): boolean;
}

/** Throws a 400 for selectors that it cannot read. */
export function readScope(kind: Kind, namespace: string, query: URLSearchParams): Scope {
  const [labelText, fieldText] = [query.get('labelSelector') ?? '', query.get('fieldSelector') ?? ''];
  const byLabels = readLabelSelector(labelText);
  const byFields = readFieldSelector(fieldText, kind);
  const isSelective = labelText !== '' || fieldText !== '';
  return {
    namespace: namespace === '' ? undefined : namespace,
    isSelective,
    includes: stored => {
      if (namespace !== '' && stored.namespace !== namespace) return false;
      if (!isSelective) return true;
      const object = objectOf(stored);
      return byLabels(object.metadata.labels ?? {}) && byFields(object);
    },
  };
}

/** The latest that were read; more would but keep objects alive that nobody asks for again. */
const read = new Map<StoredObject, TypedObject>();
const MAX_READ = 16;

/** The object of a text, as it is stored. A thousand watchers that look at the same change read it once. */
export function objectOf(stored: StoredObject): TypedObject {
  const known = read.get(stored);
  if (known !== undefined) return known;
  const object = JSON.parse(stored.text) as TypedObject;
  const [oldest] = read.keys();
  if (read.size >= MAX_READ && oldest !== undefined) read.delete(oldest);
  read.set(stored, object);
  return object;
}
