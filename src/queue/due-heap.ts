import { type Timed, TimeHeap } from './time-heap.ts';

interface Entry<Key> extends Timed {
  readonly key: Key;
}

/**
 * Keys and when each is due: one entry per key, earliest first. Times are milliseconds of whatever clock the caller
 * keeps to; waiting wants the monotonic one.
 */
export class DueHeap<Key> {
  readonly #heap = new TimeHeap<Entry<Key>>();
  readonly #entries = new Map<Key, Entry<Key>>();

  get size(): number {
    return this.#heap.size;
  }

  /** When the key is due; undefined when it is not here. */
  atMs(key: Key): number | undefined {
    return this.#entries.get(key)?.atMs;
  }

  /** Puts the key in, or moves it to its new time. */
  add(key: Key, atMs: number): void {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.atMs = atMs;
      this.#heap.moved(known);
      return;
    }
    const entry = { key, atMs, order: 0, place: -1 };
    this.#entries.set(key, entry);
    this.#heap.add(entry);
  }

  delete(key: Key): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#entries.delete(key);
    this.#heap.remove(entry);
    return true;
  }

  /** Time of the earliest key. */
  nextAtMs(): number | undefined {
    return this.#heap.first?.atMs;
  }

  /** Takes out the earliest key when it is due; undefined when none is. */
  popDue(nowMs: number): Key | undefined {
    const { first } = this.#heap;
    if (first === undefined || first.atMs > nowMs) return undefined;
    this.delete(first.key);
    return first.key;
  }
}
