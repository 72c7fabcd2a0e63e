import type { TypedObject } from '../api/meta.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { isNotFound } from './api-error.ts';
import type { KubeClient } from './client.ts';
import type { KubeObserver } from './observer.ts';
import { createReflector, joinReflectors, type Reflector } from './reflector.ts';
import { collectionPaths, SECRETS } from './resource.ts';
import { SecretIndex } from './secret-index.ts';

/** A Secret as it is stored. What it holds is for whoever decodes it, and for nobody's log. */
export type PullSecret = TypedObject & { readonly type?: string; readonly data?: Readonly<Record<string, string>> };

export interface PullSecretsParts {
  readonly client: Pick<KubeClient, 'get' | 'list' | 'watch'>;
  /** Whose secrets are watched; empty means all. */
  readonly namespaces: readonly string[];
  /** The administrator's own, for every namespace. */
  readonly defaultSecret: { readonly namespace: string; readonly name: string } | undefined;
  /** The secrets of a namespace have changed, or those for every namespace (undefined). Not told of the first list. */
  readonly onChange: (namespace: string | undefined) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly observer: KubeObserver;
}

/** Pull secrets by namespace (design D18): read on demand, and kept until the watch of their metadata says otherwise. */
export interface PullSecrets {
  /** Watches until the signal fires. */
  readonly watch: Reflector;
  /**
   * All that count for the namespace, in the order of their names; the same array while nothing changed. Asks nothing
   * where there are none. Rejects when they cannot be read.
   */
  forNamespace(namespace: string, signal: AbortSignal): Promise<readonly PullSecret[]>;
  /** The administrator's; empty without one, or while it does not exist. */
  defaults(signal: AbortSignal): Promise<readonly PullSecret[]>;
}

const TYPES = ['kubernetes.io/dockerconfigjson', 'kubernetes.io/dockercfg'];
const NONE: readonly PullSecret[] = [];

export function createPullSecrets(parts: PullSecretsParts): PullSecrets {
  return new WatchedSecrets(parts);
}

class WatchedSecrets implements PullSecrets {
  readonly watch: Reflector;
  readonly #parts: PullSecretsParts;
  readonly #own: SecretShelf;
  readonly #default: SecretShelf;

  constructor(parts: PullSecretsParts) {
    const { client, namespaces, defaultSecret, onChange } = parts;
    this.#parts = parts;
    const told = (namespace: string | undefined) => {
      if (this.watch.isSynced) onChange(namespace);
    };
    this.#own = new SecretShelf(client, told);
    this.#default = new SecretShelf(client, () => told(undefined));
    const reflect = (shelf: SecretShelf, path: { readonly namespace?: string }, fieldSelector: string) =>
      createReflector({
        ...parts,
        path: { resource: SECRETS, ...path },
        query: { fieldSelector, metadataOnly: true },
        sink: shelf.index.sink(),
      });
    this.watch = joinReflectors([
      ...TYPES.flatMap(type =>
        collectionPaths(SECRETS, namespaces).map(path => reflect(this.#own, path, `type=${type}`)),
      ),
      ...(defaultSecret === undefined
        ? []
        : [reflect(this.#default, { namespace: defaultSecret.namespace }, `metadata.name=${defaultSecret.name}`)]),
    ]);
  }

  forNamespace(namespace: string, signal: AbortSignal): Promise<readonly PullSecret[]> {
    return this.#read(this.#own, namespace, signal);
  }

  defaults(signal: AbortSignal): Promise<readonly PullSecret[]> {
    const { defaultSecret } = this.#parts;
    return defaultSecret === undefined
      ? Promise.resolve(NONE)
      : this.#read(this.#default, defaultSecret.namespace, signal);
  }

  /** What a shelf holds counts only once it is known what there is. */
  async #read(shelf: SecretShelf, namespace: string, signal: AbortSignal): Promise<readonly PullSecret[]> {
    signal.throwIfAborted();
    if (!this.watch.isSynced) await unlessAborted(this.watch.synced, signal);
    return unlessAborted(shelf.read(namespace), signal);
  }
}

/** Secrets of one kind of use, with what was read of them. */
class SecretShelf {
  readonly index: SecretIndex;
  readonly #client: Pick<KubeClient, 'get'>;
  readonly #read = new Map<string, Promise<readonly PullSecret[]>>();

  constructor(client: Pick<KubeClient, 'get'>, changed: (namespace: string) => void) {
    this.#client = client;
    this.index = new SecretIndex(namespace => {
      this.#read.delete(namespace);
      changed(namespace);
    });
  }

  /** One reading for all who ask. Nobody's signal ends it: others may wait for it, and it is short. */
  read(namespace: string): Promise<readonly PullSecret[]> {
    const names = this.index.names(namespace);
    if (names.length === 0) return Promise.resolve(NONE);
    const known = this.#read.get(namespace);
    if (known !== undefined) return known;
    const reading = this.#get(namespace, names);
    this.#read.set(namespace, reading);
    reading.catch(() => {
      if (this.#read.get(namespace) === reading) this.#read.delete(namespace);
    });
    return reading;
  }

  async #get(namespace: string, names: readonly string[]): Promise<readonly PullSecret[]> {
    const { signal } = new AbortController();
    const secrets = await Promise.all(
      names.map(async name => {
        try {
          return await this.#client.get<PullSecret>({ resource: SECRETS, namespace, name }, signal);
        } catch (error) {
          // Gone a moment ago: the watch is about to say so.
          if (isNotFound(error)) return undefined;
          throw error;
        }
      }),
    );
    return secrets.filter(secret => secret !== undefined);
  }
}

function unlessAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = () => reject(signal.reason);
    signal.addEventListener('abort', give, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', give));
  });
}
