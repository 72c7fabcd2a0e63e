import type { Kind } from '../kinds.ts';

/** What a path below `/api` and `/apis` names. */
export type Place =
  /** All objects of a kind: of a namespace, or of all ("", as for kinds without namespaces). */
  | { readonly at: 'collection'; readonly kind: Kind; readonly namespace: string }
  | {
      readonly at: 'object';
      readonly kind: Kind;
      readonly namespace: string;
      readonly name: string;
      readonly subresource?: string;
    };

/** A table of kinds, by the paths that they have. */
export class Places {
  readonly #kinds = new Map<string, Kind>();

  constructor(kinds: readonly Kind[]) {
    for (const kind of kinds) this.#kinds.set(keyOf(kind.group, kind.version, kind.plural), kind);
  }

  /** Undefined when the path names nothing that is served. */
  find(segments: readonly string[]): Place | undefined {
    const [root, ...rest] = segments;
    if (root === 'api') return this.#inVersion('', rest);
    const [group = '', ...version] = rest;
    return root === 'apis' && group !== '' ? this.#inVersion(group, version) : undefined;
  }

  #inVersion(group: string, [version = '', ...path]: readonly string[]): Place | undefined {
    const kindOf = (plural = '') => this.#kinds.get(keyOf(group, version, plural));
    const [first, namespace, plural, ...rest] = path;
    const inside = kindOf(plural);
    // A namespace is an object, too, with subresources of its own; kinds go first.
    if (first === 'namespaces' && namespace !== undefined && inside?.namespaced) {
      return place(inside, namespace, rest);
    }
    const kind = kindOf(first);
    if (kind === undefined) return undefined;
    if (kind.namespaced) return path.length === 1 ? place(kind, '', []) : undefined;
    return place(kind, '', path.slice(1));
  }
}

function place(kind: Kind, namespace: string, rest: readonly string[]): Place | undefined {
  const [name, subresource, ...more] = rest;
  if (name === undefined) return { at: 'collection', kind, namespace };
  if (more.length > 0) return undefined;
  const object = { at: 'object', kind, namespace, name } as const;
  if (subresource === undefined) return object;
  return subresource === 'status' && kind.statusSubresource ? { ...object, subresource } : undefined;
}

function keyOf(group: string, version: string, plural: string): string {
  return `${group}/${version}/${plural}`;
}
