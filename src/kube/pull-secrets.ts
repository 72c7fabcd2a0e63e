import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { KubeClient } from './client.ts';
import type { KubeObserver } from './observer.ts';
import { createReflector, joinReflectors, type Reflector } from './reflector.ts';
import { collectionPaths, SECRETS } from './resource.ts';
import { SecretIndex } from './secret-index.ts';
import { PULL_SECRET_TYPES, type PullSecret, readSecrets } from './secret-reading.ts';

export type { PullSecret } from './secret-reading.ts';

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
  /** Both of the namespace without asking anybody; undefined when one of them is to be asked for. */
  held(namespace: string): HeldSecrets | undefined;
  /** The administrator's; empty without one, or while it does not exist. */
  defaults(signal: AbortSignal): Promise<readonly PullSecret[]>;
}

export interface HeldSecrets {
  readonly own: readonly PullSecret[];
  readonly defaults: readonly PullSecret[];
}

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
    const { namespaces, defaultSecret, onChange } = parts;
    this.#parts = parts;
    const told = (namespace: string | undefined) => {
      if (this.watch.isSynced) onChange(namespace);
    };
    this.#own = new SecretShelf(parts, told);
    this.#default = new SecretShelf(parts, () => told(undefined));
    const reflect = (shelf: SecretShelf, path: { readonly namespace?: string }, fieldSelector: string) =>
      createReflector({
        ...parts,
        path: { resource: SECRETS, ...path },
        query: { fieldSelector, metadataOnly: true },
        sink: shelf.index.sink(),
      });
    this.watch = joinReflectors([
      ...PULL_SECRET_TYPES.flatMap(type =>
        collectionPaths(SECRETS, namespaces).map(path => reflect(this.#own, path, `type=${type}`)),
      ),
      ...(defaultSecret === undefined
        ? []
        : [reflect(this.#default, { namespace: defaultSecret.namespace }, `metadata.name=${defaultSecret.name}`)]),
    ]);
    void this.watch.synced.then(() => this.#missDefault());
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

  held(namespace: string): HeldSecrets | undefined {
    if (!this.watch.isSynced) return undefined;
    const { defaultSecret } = this.#parts;
    const own = this.#own.held(namespace);
    const defaults = defaultSecret === undefined ? NONE : this.#default.held(defaultSecret.namespace);
    return own && defaults && { own, defaults };
  }

  #missDefault(): void {
    const { defaultSecret, log } = this.#parts;
    if (defaultSecret === undefined || this.#default.index.names(defaultSecret.namespace).length > 0) return;
    const { namespace, name } = defaultSecret;
    log.warn({ secret: `${namespace}/${name}` }, 'The default pull secret does not exist, or is excluded');
  }

  /** What a shelf holds counts only once it is known what there is. */
  async #read(shelf: SecretShelf, namespace: string, signal: AbortSignal): Promise<readonly PullSecret[]> {
    signal.throwIfAborted();
    if (!this.watch.isSynced) await unlessAborted(this.watch.synced, signal);
    // Nearly always there is nothing to wait for.
    return shelf.held(namespace) ?? unlessAborted(shelf.read(namespace), signal);
  }
}

/** Secrets of one kind of use, with what was read of them. */
class SecretShelf {
  readonly index: SecretIndex;
  readonly #parts: Pick<PullSecretsParts, 'client' | 'log'>;
  readonly #read = new Map<string, Promise<readonly PullSecret[]>>();
  /** Of those readings, what has come back. */
  readonly #held = new Map<string, readonly PullSecret[]>();

  constructor(parts: Pick<PullSecretsParts, 'client' | 'log'>, changed: (namespace: string) => void) {
    this.#parts = parts;
    this.index = new SecretIndex(namespace => {
      this.#read.delete(namespace);
      this.#held.delete(namespace);
      changed(namespace);
    });
  }

  /** What is known without asking; undefined when the namespace has secrets that were not read as they are now. */
  held(namespace: string): readonly PullSecret[] | undefined {
    return this.index.isEmpty(namespace) ? NONE : this.#held.get(namespace);
  }

  /** One reading for all who ask. Nobody's signal ends it: others may wait for it, and it is short. */
  read(namespace: string): Promise<readonly PullSecret[]> {
    const names = this.index.names(namespace);
    if (names.length === 0) return Promise.resolve(NONE);
    const known = this.#read.get(namespace);
    if (known !== undefined) return known;
    const reading = readSecrets(this.#parts, namespace, names, new AbortController().signal);
    this.#read.set(namespace, reading);
    const isCurrent = () => this.#read.get(namespace) === reading;
    reading.then(
      secrets => isCurrent() && this.#held.set(namespace, secrets),
      () => isCurrent() && this.#read.delete(namespace),
    );
    return reading;
  }
}

function unlessAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = () => reject(signal.reason);
    signal.addEventListener('abort', give, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', give));
  });
}
