import { setImmediate } from 'node:timers/promises';
import type { Key } from './key.ts';

export interface SecretChangesParts {
  /** Of all streams. */
  readonly keys: () => Iterable<Key>;
  /** Told of each stream whose credentials may be others now. */
  readonly concerned: (key: Key) => void;
}

/** So many streams are looked at before others in the process get a turn. */
const PIECE = 1_000;

/**
 * Finds the streams that a change of pull secrets concerns. Secrets of many namespaces may change together, and there
 * may be a hundred thousand streams: those that are told of in one go are looked for in one go, in pieces.
 */
export class SecretChanges {
  readonly #parts: SecretChangesParts;
  #namespaces = new Set<string>();
  #all = false;
  #looking = false;

  constructor(parts: SecretChangesParts) {
    this.#parts = parts;
  }

  /** Secrets of the namespace have changed, or those for every namespace (undefined). */
  add(namespace: string | undefined): void {
    if (namespace === undefined) this.#all = true;
    else this.#namespaces.add(namespace);
    if (this.#looking) return;
    this.#looking = true;
    void this.#look();
  }

  async #look(): Promise<void> {
    await setImmediate();
    while (this.#all || this.#namespaces.size > 0) {
      const [all, namespaces] = [this.#all, this.#namespaces];
      this.#all = false;
      this.#namespaces = new Set();
      let looked = 0;
      for (const key of this.#parts.keys()) {
        if (all || namespaces.has(key.slice(0, key.indexOf('/')))) this.#parts.concerned(key);
        looked += 1;
        if (looked % PIECE === 0) await setImmediate();
      }
    }
    this.#looking = false;
  }
}
