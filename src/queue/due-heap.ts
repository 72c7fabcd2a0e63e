interface Entry<Key> {
  readonly key: Key;
  readonly atMs: number;
  /** Order of arrival: keys due at the same time leave in it. */
  readonly order: number;
}

/**
 * Keys and when each is due: one entry per key, earliest first. Times are milliseconds of whatever clock the caller
 * keeps to; waiting wants the monotonic one.
 */
export class DueHeap<Key> {
  readonly #heap: Entry<Key>[] = [];
  readonly #places = new Map<Key, number>();
  #arrivals = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** When the key is due; undefined when it is not here. */
  atMs(key: Key): number | undefined {
    const place = this.#places.get(key);
    return place === undefined ? undefined : this.#heap[place]?.atMs;
  }

  /** Puts the key in, or moves it to its new time. */
  add(key: Key, atMs: number): void {
    this.delete(key);
    this.#arrivals += 1;
    this.#rise(this.#heap.length, { key, atMs, order: this.#arrivals });
  }

  delete(key: Key): boolean {
    const place = this.#places.get(key);
    if (place === undefined) return false;
    this.#places.delete(key);
    const last = this.#heap.pop();
    if (last !== undefined && last.key !== key) {
      const parent = this.#heap[parentOf(place)];
      if (place > 0 && parent !== undefined && before(last, parent)) this.#rise(place, last);
      else this.#sink(place, last);
    }
    return true;
  }

  /** Time of the earliest key. */
  nextAtMs(): number | undefined {
    return this.#heap[0]?.atMs;
  }

  /** Takes out the earliest key when it is due; undefined when none is. */
  popDue(nowMs: number): Key | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.atMs > nowMs) return undefined;
    this.delete(first.key);
    return first.key;
  }

  #rise(from: number, entry: Entry<Key>): void {
    let place = from;
    while (place > 0) {
      const parent = this.#heap[parentOf(place)];
      if (parent === undefined || !before(entry, parent)) break;
      this.#put(place, parent);
      place = parentOf(place);
    }
    this.#put(place, entry);
  }

  #sink(from: number, entry: Entry<Key>): void {
    let place = from;
    for (;;) {
      const [at, child] = this.#earlierChild(place);
      if (child === undefined || !before(child, entry)) break;
      this.#put(place, child);
      place = at;
    }
    this.#put(place, entry);
  }

  #earlierChild(place: number): readonly [number, Entry<Key> | undefined] {
    const left = this.#heap[2 * place + 1];
    const right = this.#heap[2 * place + 2];
    if (left !== undefined && right !== undefined && before(right, left)) return [2 * place + 2, right];
    return [2 * place + 1, left];
  }

  #put(place: number, entry: Entry<Key>): void {
    this.#heap[place] = entry;
    this.#places.set(entry.key, place);
  }
}

function before(a: Entry<unknown>, b: Entry<unknown>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function parentOf(place: number): number {
  return (place - 1) >> 1;
}
