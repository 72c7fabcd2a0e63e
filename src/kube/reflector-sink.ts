import type { ObjectMeta } from '../api/meta.ts';
import type { Logger } from '../log.ts';
import type { KubeObserver } from './observer.ts';
import type { CollectionPath } from './resource.ts';

/** What a reflector hands on. */
export interface Reflected {
  readonly metadata: ObjectMeta;
}

/** An object that is gone. */
export interface GoneKey {
  /** Absent for cluster-scoped objects. */
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
}

/**
 * Where a reflector puts what it sees. `upsert` and `delete` must be cheap: they run between two pieces of a stream.
 */
export interface ReflectorSink<T> {
  /** Added, changed, or seen in a list; the same state may come twice. */
  upsert(object: T): void;
  delete(key: GoneKey): void;
  /**
   * A list is complete: whatever is not among these keys (`objectKey`) is gone. With `namespace`, only what is in that
   * namespace: one sink may stand behind a reflector for each of several.
   *
   * It is waited for, so that a sink of very many can give others turns. What it did not hold when this began is newer
   * than the list, and stays.
   */
  replace(keys: ReadonlySet<string>, namespace?: string): void | Promise<void>;
}

/** Often enough for what a second look cures; an object that is poison must not hold up all others. */
const TRIES = 3;
/** Objects that were complained of; beyond this some are complained of twice. */
const MAX_REMEMBERED = 1_000;

/** Hands objects to a sink, and goes past one for which the sink throws time and again. */
export class GuardedSink<T extends Reflected> {
  readonly #sink: ReflectorSink<T>;
  readonly #path: CollectionPath;
  readonly #log: Logger;
  readonly #observer: KubeObserver;
  readonly #complained = new Set<string>();

  constructor(sink: ReflectorSink<T>, path: CollectionPath, log: Logger, observer: KubeObserver) {
    this.#sink = sink;
    this.#path = path;
    this.#log = log;
    this.#observer = observer;
  }

  upsert(key: string, object: T): void {
    this.#try(key, () => this.#sink.upsert(object));
  }

  delete(key: string, gone: GoneKey): void {
    this.#try(key, () => this.#sink.delete(gone));
  }

  /** Throws what the sink throws: without it, deleted objects would stay for ever, so the list has to be repeated. */
  async replace(keys: ReadonlySet<string>): Promise<void> {
    await this.#sink.replace(keys, this.#path.namespace);
  }

  #try(key: string, hand: () => void): void {
    let failure: unknown;
    for (let tries = 0; tries < TRIES; tries += 1) {
      try {
        hand();
        this.#complained.delete(key);
        return;
      } catch (error) {
        failure = error;
      }
    }
    this.#give(key, failure);
  }

  #give(key: string, error: unknown): void {
    const resource = this.#path.resource.plural;
    this.#observer.sinkFailed({ resource });
    if (this.#complained.has(key)) return;
    if (this.#complained.size >= MAX_REMEMBERED) this.#complained.clear();
    this.#complained.add(key);
    // Its name only: the message may quote the object, which may be a Secret.
    const name = Error.isError(error) ? error.name : 'unknown';
    this.#log.error({ resource, key, error: name }, 'an object could not be taken in; going on without it');
  }
}
