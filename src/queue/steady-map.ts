/** Keys that are gone and still have their place; of a thousand that come once a minute each finds its own again. */
const MOST_GONE = 1_000;

/**
 * A map for what comes and goes all the time, under keys that come again. A Map makes a new table whenever it has
 * emptied, and each table it had before leads to the next: once one of them counts as old, all that follow stay, and so
 * does what was in them, until old things are cleared away. Here a key that goes keeps its place for the next time, as
 * far as there are not too many of them.
 */
export class SteadyMap<K, V extends object> {
  #places = new Map<K, V | undefined>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: K): V | undefined {
    return this.#places.get(key);
  }

  set(key: K, value: V): void {
    if (this.#places.get(key) === undefined) this.#size += 1;
    this.#places.set(key, value);
  }

  delete(key: K): void {
    if (this.#places.get(key) === undefined) return;
    this.#places.set(key, undefined);
    this.#size -= 1;
    if (this.#places.size > 2 * this.#size + MOST_GONE) this.#places = new Map(this);
  }

  *[Symbol.iterator](): Iterator<[K, V]> {
    for (const [key, value] of this.#places) if (value !== undefined) yield [key, value];
  }
}
