import { type Link, LinkedList } from './linked-list.ts';

/** Where somebody stands in line. */
export interface Standing {
  /** Larger goes first. */
  readonly priority: number;
  /** On whose behalf: a namespace. Tenants take turns. */
  readonly tenant: string;
}

/** A place in the line, and what leaving it needs; given by `add`. */
export interface Ticket<T> extends Link<T> {
  readonly tenant: Tenant<T>;
}

/** One tenant at one priority: in the order of arrival. */
interface Tenant<T> {
  readonly name: string;
  readonly rank: Rank<T>;
  readonly waiting: LinkedList<T>;
  /** Its place among the turns of its rank. */
  turn?: Link<Tenant<T>>;
}

/** All of one priority. */
interface Rank<T> {
  readonly priority: number;
  readonly tenants: Map<string, Tenant<T>>;
  /** Whose turn it is next. */
  readonly turns: LinkedList<Tenant<T>>;
}

/** So often those of a lower priority are passed over before one of them goes first. */
const PASSED_OVER = 7;

/**
 * Who waits, in the order in which they go: the larger priority first, in it the tenants by turns, each with whoever
 * came first (R4.3). So ten of one tenant never stand behind ten thousand of another.
 *
 * Every eighth goes to a lower priority when one waits: a tenant that keeps asking for its tags with urgency slows the
 * scheduled checks of others down, and does not stop them.
 */
export class FairLine<T> {
  /** Largest priority first; none is empty. */
  readonly #ranks: Rank<T>[] = [];
  #size = 0;
  #passedOver = 0;
  #favours = 0;

  get size(): number {
    return this.#size;
  }

  add(value: T, { priority, tenant: name }: Standing): Ticket<T> {
    const rank = this.#rank(priority);
    const tenant = rank.tenants.get(name) ?? newcomer(name, rank);
    const ticket: Ticket<T> = { value, before: undefined, after: undefined, tenant };
    tenant.waiting.append(ticket);
    this.#size += 1;
    return ticket;
  }

  /** Takes out who holds the ticket, and who is still in line. */
  delete(ticket: Ticket<T>): void {
    const { tenant } = ticket;
    tenant.waiting.remove(ticket);
    this.#left(tenant);
  }

  /** Takes out whose turn it is. */
  take(): T | undefined {
    const rank = this.#nextRank();
    const tenant = rank?.turns.first;
    if (rank === undefined || tenant === undefined) return undefined;
    rank.turns.rotate();
    const value = tenant.waiting.shift();
    this.#left(tenant);
    return value;
  }

  /** Whoever is first among those of one tenant and one priority; whoever waits longest is one of them. */
  *fronts(): Iterable<T> {
    for (const { turns } of this.#ranks) {
      for (const { waiting } of turns) if (waiting.first !== undefined) yield waiting.first;
    }
  }

  #nextRank(): Rank<T> | undefined {
    const lower = this.#ranks.length - 1;
    if (lower < 1) return this.#ranks[0];
    this.#passedOver += 1;
    if (this.#passedOver <= PASSED_OVER) return this.#ranks[0];
    this.#passedOver = 0;
    this.#favours += 1;
    return this.#ranks[1 + (this.#favours % lower)];
  }

  #rank(priority: number): Rank<T> {
    const at = this.#ranks.findIndex(rank => rank.priority <= priority);
    const found = this.#ranks[at];
    if (found?.priority === priority) return found;
    const rank: Rank<T> = { priority, tenants: new Map(), turns: new LinkedList() };
    this.#ranks.splice(at === -1 ? this.#ranks.length : at, 0, rank);
    return rank;
  }

  #left({ name, rank, waiting, turn }: Tenant<T>): void {
    this.#size -= 1;
    if (!waiting.isEmpty) return;
    if (turn !== undefined) rank.turns.remove(turn);
    rank.tenants.delete(name);
    if (rank.tenants.size === 0) this.#ranks.splice(this.#ranks.indexOf(rank), 1);
  }
}

function newcomer<T>(name: string, rank: Rank<T>): Tenant<T> {
  const tenant: Tenant<T> = { name, rank, waiting: new LinkedList<T>() };
  tenant.turn = rank.turns.push(tenant);
  rank.tenants.set(name, tenant);
  return tenant;
}
