import type { GoneKey, Reflected, ReflectorSink } from './reflector-sink.ts';

/** Keeps a Secret out of image imports (controllers 7.1). */
const EXCLUDED = 'openshift.io/image.excludeSecret';
const NONE: readonly string[] = [];

/** Which pull secrets there are, by namespace: names and versions, never what is in them. */
export class SecretIndex {
  readonly #versions = new Map<string, Map<string, string>>();
  readonly #changed: (namespace: string) => void;

  constructor(changed: (namespace: string) => void) {
    this.#changed = changed;
  }

  /** Names in the order in which their credentials count. */
  names(namespace: string): readonly string[] {
    const versions = this.#versions.get(namespace);
    return versions === undefined ? NONE : [...versions.keys()].sort();
  }

  /** A sink for one collection: what it lists is compared with what came through it alone. */
  sink(): ReflectorSink<Reflected> {
    const mine = new Set<string>();
    return {
      upsert: ({ metadata }) => {
        const { namespace = '', name = '', resourceVersion = '', annotations } = metadata;
        mine.add(`${namespace}/${name}`);
        if (annotations?.[EXCLUDED] === 'true') this.#drop(namespace, name);
        else this.#put(namespace, name, resourceVersion);
      },
      delete: ({ namespace = '', name }: GoneKey) => {
        mine.delete(`${namespace}/${name}`);
        this.#drop(namespace, name);
      },
      replace: keys => {
        for (const key of [...mine]) {
          if (keys.has(key)) continue;
          mine.delete(key);
          const slash = key.indexOf('/');
          this.#drop(key.slice(0, slash), key.slice(slash + 1));
        }
      },
    };
  }

  #put(namespace: string, name: string, version: string): void {
    const versions = this.#versions.get(namespace) ?? new Map<string, string>();
    this.#versions.set(namespace, versions);
    if (versions.get(name) === version) return;
    versions.set(name, version);
    this.#changed(namespace);
  }

  #drop(namespace: string, name: string): void {
    const versions = this.#versions.get(namespace);
    if (versions?.delete(name) !== true) return;
    if (versions.size === 0) this.#versions.delete(namespace);
    this.#changed(namespace);
  }
}
