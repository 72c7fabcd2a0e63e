interface Entry<Key> {
  readonly key: Key;
  atMs: number;
  /** Order of arrival: keys due at the same time leave in it. */
  order: number;
  /** Where it is in the heap: to be told by the entry costs less than to be looked up at each step of a way. */
  place: number;
}

/**
 * Keys and when each is due: one entry per key, earliest first. Times are milliseconds of whatever clock the caller
 * keeps to; waiting wants the monotonic one.
 */
export class DueHeap<Key> {
  readonly #heap: Entry<Key>[] = [];
  readonly #entries = new Map<Key, Entry<Key>>();
  #arrivals = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** When the key is due; undefined when it is not here. */
  atMs(key: Key): number | undefined {
    return this.#entries.get(key)?.atMs;
  }

  /** Puts the key in, or moves it to its new time. */
  add(key: Key, atMs: number): void {
    this.#arrivals += 1;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { key, atMs, order: this.#arrivals, place: this.#heap.length };
      this.#entries.set(key, entry);
    } else {
      entry.atMs = atMs;
      entry.order = this.#arrivals;
    }
    this.#settle(entry);
  }

  delete(key: Key): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#remove(entry);
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
    this.#remove(first);
    return first.key;
  }

  #remove(entry: Entry<Key>): void {
    this.#entries.delete(entry.key);
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    last.place = entry.place;
    this.#settle(last);
  }

  /** Moves the entry from where it is to where its time has it. */
  #settle(entry: Entry<Key>): void {
    const heap = this.#heap;
    let { place } = entry;
    for (let up = parentOf(place); place > 0; up = parentOf(place)) {
      const parent = heap[up];
      if (parent === undefined || !before(entry, parent)) break;
      this.#put(place, parent);
      place = up;
    }
    for (;;) {
      const child = earlier(heap[2 * place + 1], heap[2 * place + 2]);
      if (child === undefined || !before(child, entry)) break;
      const { place: down } = child;
      this.#put(place, child);
      place = down;
    }
    this.#put(place, entry);
  }

  #put(place: number, entry: Entry<Key>): void {
    this.#heap[place] = entry;
    entry.place = place;
  }
}

function before(a: Entry<unknown>, b: Entry<unknown>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** Of two children; the second is there only when the first is. */
function earlier<Key>(left: Entry<Key> | undefined, right: Entry<Key> | undefined): Entry<Key> | undefined {
  return left !== undefined && right !== undefined && before(right, left) ? right : left;
}

function parentOf(place: number): number {
  return (place - 1) >> 1;
}
