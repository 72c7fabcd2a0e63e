import type { ObjectMeta } from '../api/meta.ts';
import type { GoneKey, Reflected, ReflectorSink } from './reflector-sink.ts';

/** Keeps a Secret out of image imports (controllers 7.1). */
const EXCLUDED = 'openshift.io/image.excludeSecret';

export function isExcludedSecret({ annotations }: ObjectMeta): boolean {
  return annotations?.[EXCLUDED] === 'true';
}

/** Versions by name, by namespace. */
type Versions = Map<string, Map<string, string>>;

/** Which pull secrets there are, by namespace: names and versions, never what is in them. */
export class SecretIndex {
  /** Of each collection by itself: a secret made again with another type may come before the old one goes. */
  readonly #collections: Versions[] = [];
  readonly #changed: (namespace: string) => void;

  constructor(changed: (namespace: string) => void) {
    this.#changed = changed;
  }

  /** Whether the namespace has none. */
  isEmpty(namespace: string): boolean {
    return !this.#collections.some(versions => versions.has(namespace));
  }

  /** Names in the order in which their credentials count. */
  names(namespace: string): readonly string[] {
    const names = this.#collections.flatMap(versions => [...(versions.get(namespace)?.keys() ?? [])]);
    return [...new Set(names)].sort();
  }

  /** A sink for one collection. */
  sink(): ReflectorSink<Reflected> {
    const versions: Versions = new Map();
    this.#collections.push(versions);
    return {
      upsert: ({ metadata }) => {
        const { namespace = '', name = '', resourceVersion = '' } = metadata;
        if (isExcludedSecret(metadata)) this.#drop(versions, namespace, name);
        else this.#put(versions, namespace, name, resourceVersion);
      },
      delete: ({ namespace = '', name }: GoneKey) => this.#drop(versions, namespace, name),
      replace: keys => {
        for (const [namespace, names] of versions) {
          for (const name of names.keys()) if (!keys.has(`${namespace}/${name}`)) this.#drop(versions, namespace, name);
        }
      },
    };
  }

  #put(versions: Versions, namespace: string, name: string, version: string): void {
    const names = versions.get(namespace) ?? new Map<string, string>();
    versions.set(namespace, names);
    if (names.get(name) === version) return;
    names.set(name, version);
    this.#changed(namespace);
  }

  #drop(versions: Versions, namespace: string, name: string): void {
    const names = versions.get(namespace);
    if (names?.delete(name) !== true) return;
    if (names.size === 0) versions.delete(namespace);
    this.#changed(namespace);
  }
}
