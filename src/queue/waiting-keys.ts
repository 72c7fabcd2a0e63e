import { DueHeap } from './due-heap.ts';
import { FairLine, type Ticket } from './fair-line.ts';

/** When a key is wanted, and how urgently. Times are milliseconds of one clock that never goes back. */
export interface Wish {
  readonly atMs: number;
  /** Larger goes first. */
  readonly priority: number;
}

/** The earlier time and the larger priority. */
export function bothWishes(one: Wish | undefined, other: Wish): Wish {
  if (one === undefined) return other;
  return { atMs: Math.min(one.atMs, other.atMs), priority: Math.max(one.priority, other.priority) };
}

/** A key that is due, and since when. */
export interface DueKey {
  readonly key: string;
  readonly priority: number;
  readonly sinceMs: number;
}

interface InLine extends DueKey {
  ticket?: Ticket<InLine>;
}

/** Keys that are moved from their times into the line in one go, so that a crowd that falls due blocks nothing. */
const MOVED_AT_ONCE = 256;

/**
 * Keys that wait, each once: those whose time has not come by time, those that are due in fair order. Nearly all wait
 * for their time with priority 0; such a key costs an entry of the heap and no more.
 */
export class WaitingKeys {
  readonly #groupOf: (key: string) => string;
  readonly #later = new DueHeap<string>();
  /** Priorities of keys whose time has not come, where they are not 0. */
  readonly #priorities = new Map<string, number>();
  readonly #due = new Map<string, InLine>();
  readonly #line = new FairLine<InLine>();

  constructor(groupOf: (key: string) => string) {
    this.#groupOf = groupOf;
  }

  get size(): number {
    return this.#later.size + this.#due.size;
  }

  /** How many are due. */
  get due(): number {
    return this.#due.size;
  }

  /** The key waits at the earliest time and with the largest priority that were wished. */
  put(key: string, wish: Wish, nowMs: number): void {
    const due = this.#due.get(key);
    if (due !== undefined) {
      if (wish.priority > due.priority) this.#lineUp({ key, priority: wish.priority, sinceMs: due.sinceMs });
      return;
    }
    const before = this.#later.atMs(key);
    const known = before === undefined ? undefined : { atMs: before, priority: this.#priorities.get(key) ?? 0 };
    const { atMs, priority } = bothWishes(known, wish);
    if (atMs <= nowMs) {
      this.#later.delete(key);
      this.#priorities.delete(key);
      this.#lineUp({ key, priority, sinceMs: atMs });
      return;
    }
    if (atMs !== before) this.#later.add(key, atMs);
    if (priority !== 0) this.#priorities.set(key, priority);
  }

  /** Puts in line what has become due; some of it, when that is very much. */
  moveDue(nowMs: number): void {
    for (let moved = 0; moved < MOVED_AT_ONCE; moved += 1) {
      const sinceMs = this.nextAtMs();
      const key = this.#later.popDue(nowMs);
      if (key === undefined) return;
      const priority = this.#priorities.get(key) ?? 0;
      this.#priorities.delete(key);
      this.#lineUp({ key, priority, sinceMs });
    }
  }

  /** Takes out the key in line whose turn it is. */
  take(): DueKey | undefined {
    const next = this.#line.take();
    if (next !== undefined) this.#due.delete(next.key);
    return next;
  }

  /** When the next key becomes due that is not in line; Infinity when there is none. */
  nextAtMs(): number {
    return this.#later.nextAtMs() ?? Number.POSITIVE_INFINITY;
  }

  /** Since when the key has been due that has been so longest, or when the first one will be; Infinity for none. */
  oldestMs(): number {
    let oldestMs = this.nextAtMs();
    for (const { sinceMs } of this.#line.fronts()) oldestMs = Math.min(oldestMs, sinceMs);
    return oldestMs;
  }

  #lineUp(due: InLine): void {
    const ticket = this.#due.get(due.key)?.ticket;
    if (ticket !== undefined) this.#line.delete(ticket);
    due.ticket = this.#line.add(due, { priority: due.priority, tenant: this.#groupOf(due.key) });
    this.#due.set(due.key, due);
  }
}
