/** What waits for its time. It knows its place: to look that up at each step of a way would cost more than the step. */
export interface Timed {
  atMs: number;
  /** Order of arrival: what is due at the same time leaves in it. */
  order: number;
  /** Where it is in the heap; negative while it is in none. */
  place: number;
}

/** Things that wait for their times, the earliest first. Whose time changes is to be told by `moved`. */
export class TimeHeap<T extends Timed> {
  readonly #heap: T[] = [];
  #arrivals = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** What is due first. */
  get first(): T | undefined {
    return this.#heap[0];
  }

  add(entry: T): void {
    entry.place = this.#heap.length;
    this.moved(entry);
  }

  /** The entry has another time; of its new time it is the last to come. */
  moved(entry: T): void {
    this.#arrivals += 1;
    entry.order = this.#arrivals;
    this.#settle(entry);
  }

  remove(entry: T): void {
    const { place } = entry;
    entry.place = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    last.place = place;
    this.#settle(last);
  }

  /** Moves the entry from where it is to where its time has it. */
  #settle(entry: T): void {
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

  #put(place: number, entry: T): void {
    this.#heap[place] = entry;
    entry.place = place;
  }
}

function before(a: Timed, b: Timed): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** Of two children; the second is there only when the first is. */
function earlier<T extends Timed>(left: T | undefined, right: T | undefined): T | undefined {
  return left !== undefined && right !== undefined && before(right, left) ? right : left;
}

function parentOf(place: number): number {
  return (place - 1) >> 1;
}
