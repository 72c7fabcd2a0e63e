import { FairLine, type Ticket } from './fair-line.ts';
import { type Timed, TimeHeap } from './time-heap.ts';

/** A key that is due, and whose turn it was. */
export interface DueKey {
  readonly key: string;
  readonly priority: number;
}

/** A key in the heap, in line (with a ticket), or taken (neither). `atMs` is Infinity when nobody wishes it again. */
interface Held extends Timed {
  readonly key: string;
  priority: number;
  ticket: Ticket<Held> | undefined;
}

/** Keys that are moved from their times into the line in one go, so that a crowd that falls due blocks nothing. */
const MOVED_AT_ONCE = 256;

/**
 * Keys that wait, each once: those whose time has not come by time, those that are due in fair order. One that is taken
 * stays known until it is given back, with what was wished of it meanwhile. So a key that comes again and again is put
 * into the one map once: a map that fills and empties with every crowd is made anew each time.
 *
 * Times are milliseconds of one clock that never goes back. Larger priorities go first; none is negative.
 */
export class WaitingKeys {
  readonly #groupOf: (key: string) => string;
  readonly #keys = new Map<string, Held>();
  readonly #later = new TimeHeap<Held>();
  readonly #line = new FairLine<Held>();

  constructor(groupOf: (key: string) => string) {
    this.#groupOf = groupOf;
  }

  get size(): number {
    return this.#later.size + this.#line.size;
  }

  /** How many are due. */
  get due(): number {
    return this.#line.size;
  }

  /** How many are taken, and not given back yet. */
  get taken(): number {
    return this.#keys.size - this.size;
  }

  /**
   * The key waits at the earliest time and with the largest priority that were wished; one that is taken, once it is
   * given back. Returns whether it waits now.
   */
  put(key: string, atMs: number, priority: number, nowMs: number): boolean {
    const held = this.#keys.get(key);
    if (held === undefined) {
      const fresh: Held = { key, priority, atMs, order: 0, place: -1, ticket: undefined };
      this.#keys.set(key, fresh);
      this.#await(fresh, nowMs);
    } else if (held.ticket !== undefined) {
      if (priority > held.priority) this.#lift(held, held.ticket, priority);
    } else if (held.place < 0) {
      held.priority = held.atMs === Number.POSITIVE_INFINITY ? priority : Math.max(held.priority, priority);
      held.atMs = Math.min(held.atMs, atMs);
      return false;
    } else {
      held.priority = Math.max(held.priority, priority);
      if (atMs < held.atMs) this.#hasten(held, atMs, nowMs);
    }
    return true;
  }

  /** Puts in line what has become due; some of it, when that is very much. */
  moveDue(nowMs: number): void {
    for (let moved = 0; moved < MOVED_AT_ONCE; moved += 1) {
      const { first } = this.#later;
      if (first === undefined || first.atMs > nowMs) return;
      this.#later.remove(first);
      this.#lineUp(first);
    }
  }

  /** Takes out the key in line whose turn it is, until it is given back. */
  take(): DueKey | undefined {
    const next = this.#line.take();
    if (next === undefined) return undefined;
    next.ticket = undefined;
    next.atMs = Number.POSITIVE_INFINITY;
    return next;
  }

  /** A key that was taken waits as was wished meanwhile, or is forgotten. */
  giveBack(key: string, nowMs: number): void {
    const held = this.#keys.get(key);
    if (held === undefined) return;
    if (held.atMs === Number.POSITIVE_INFINITY) this.#keys.delete(key);
    else this.#await(held, nowMs);
  }

  /** When the next key becomes due that is not in line; Infinity when there is none. */
  nextAtMs(): number {
    return this.#later.first?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** Since when the key has been due that has been so longest, or when the first one will be; Infinity for none. */
  oldestMs(): number {
    let oldestMs = this.nextAtMs();
    for (const { atMs } of this.#line.fronts()) oldestMs = Math.min(oldestMs, atMs);
    return oldestMs;
  }

  #await(held: Held, nowMs: number): void {
    if (held.atMs <= nowMs) this.#lineUp(held);
    else this.#later.add(held);
  }

  #hasten(held: Held, atMs: number, nowMs: number): void {
    held.atMs = atMs;
    if (atMs > nowMs) {
      this.#later.moved(held);
      return;
    }
    this.#later.remove(held);
    this.#lineUp(held);
  }

  #lift(held: Held, ticket: Ticket<Held>, priority: number): void {
    this.#line.delete(ticket);
    held.priority = priority;
    this.#lineUp(held);
  }

  #lineUp(held: Held): void {
    held.ticket = this.#line.add(held, { priority: held.priority, tenant: this.#groupOf(held.key) });
  }
}
