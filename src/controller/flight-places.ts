import { FairLine, type Ticket } from '../queue/fair-line.ts';
import { type PlaceSeeker, Places } from '../queue/places.ts';
import { SteadyMap } from '../queue/steady-map.ts';
import { type Key, partsOf } from './key.ts';

/** Has a key looked at, with this priority. */
export type Call = (key: Key, priority: number) => void;

export interface FlightLimits {
  /** Under way at once. */
  readonly limit: number;
  /** Of one host. */
  readonly ofHost: number;
  /** Of one that has not answered yet, or did not answer last. */
  readonly ofDoubtful: number;
  /** Back, and not stored yet. */
  readonly landed?: number;
}

/** A key that waits for a place at a host. */
interface Waiting {
  readonly key: Key;
  readonly priority: number;
  ticket?: Ticket<Waiting>;
}

/** What is under way to one registry, and who waits for that to end. */
interface Host extends PlaceSeeker {
  readonly line: FairLine<Waiting>;
  readonly waiting: Map<Key, Waiting>;
  /** Keys that were called, with a place kept for each. */
  readonly called: Set<Key>;
  taken: number;
}

/**
 * Bounds how many imports are under way: each takes some kilobytes, and after a first start or a long absence a hundred
 * thousand tags are due at once. What finds no place stays what it was, a tag that is due; its key is called when there
 * is one. Places are counted by registry, and one that does not answer has few of them, so that none waits for another's
 * silence; of what waits for one registry the larger priority goes first, in it the namespaces by turns. What has come
 * back has its place no more, but while very much of it waits to be stored nothing else is begun.
 */
export class FlightPlaces {
  readonly #call: Call;
  readonly #places: Places;
  readonly #mostLanded: number;
  #landed = 0;
  readonly #hosts = new SteadyMap<string, Host>();
  /** Hosts at which a key waits or was called. */
  readonly #keys = new Map<Key, Set<string>>();

  constructor(call: Call, { limit, ofHost, ofDoubtful, landed = Number.POSITIVE_INFINITY }: FlightLimits) {
    this.#call = call;
    this.#places = new Places(limit, { lane: ofHost, doubtful: ofDoubtful });
    this.#mostLanded = landed;
  }

  /** Keys that wait. */
  get waiting(): number {
    return this.#keys.size;
  }

  isWaiting(key: Key): boolean {
    return this.#keys.has(key);
  }

  /** Takes a place for something to this host if there is one, or if the key was called for one. */
  take(name: string, key: Key): boolean {
    const host = this.#host(name);
    if (host.called.delete(key)) {
      this.#forget(name, key);
      return true;
    }
    // Who comes later does not go before those who wait.
    if (host.line.size > 0 || !this.#isFree(host)) return false;
    this.#occupy(host);
    return true;
  }

  /** The key is called once there is a place at the host. */
  wait(name: string, key: Key, priority: number): void {
    const host = this.#host(name);
    const before = host.waiting.get(key);
    if (before !== undefined && before.priority >= priority) return;
    if (before?.ticket !== undefined) host.line.delete(before.ticket);
    const waiting: Waiting = { key, priority };
    waiting.ticket = host.line.add(waiting, { priority, tenant: partsOf(key).namespace });
    host.waiting.set(key, waiting);
    const hosts = this.#keys.get(key) ?? new Set();
    this.#keys.set(key, hosts.add(name));
    // Whoever is turned away here may be the only one there is, with nobody to come back and call.
    host.update();
  }

  /** Gives a place back. `answered` tells whether the registry did; undefined when nobody waited for that. */
  release(name: string, answered: boolean | undefined): void {
    const host = this.#host(name);
    host.taken -= 1;
    this.#places.release(host, answered);
    host.update();
    this.#leaveIfIdle(name, host);
  }

  /** As `release`, of something that is to be stored: `stored` is to be called then. */
  land(name: string, answered: boolean): void {
    this.#landed += 1;
    this.release(name, answered);
  }

  stored(): void {
    this.#landed -= 1;
    if (this.#landed === this.#mostLanded - 1) for (const [, host] of [...this.#hosts]) host.update();
  }

  /** The key has been looked at: places that were kept for it and that it did not take are for others. */
  looked(key: Key): void {
    const names = this.#keys.get(key);
    if (names === undefined) return;
    for (const name of [...names]) {
      const host = this.#host(name);
      if (!host.called.delete(key)) continue;
      this.#forget(name, key);
      this.release(name, undefined);
    }
  }

  /** The key is gone, or has nothing left that it waits for. */
  leave(key: Key): void {
    const names = this.#keys.get(key);
    if (names === undefined) return;
    for (const name of [...names]) {
      const host = this.#host(name);
      const waiting = host.waiting.get(key);
      if (waiting?.ticket !== undefined) host.line.delete(waiting.ticket);
      host.waiting.delete(key);
      if (!host.called.has(key)) this.#forget(name, key);
      this.#leaveIfIdle(name, host);
    }
  }

  #host(name: string): Host {
    const known = this.#hosts.get(name);
    if (known !== undefined) return known;
    const host: Host = {
      line: new FairLine<Waiting>(),
      waiting: new Map(),
      called: new Set(),
      taken: 0,
      update: () => this.#callNext(host),
    };
    this.#hosts.set(name, host);
    return host;
  }

  /** Calls whose turn it is while there are places. */
  #callNext(host: Host): void {
    while (host.line.size > 0 && this.#isFree(host)) {
      const next = host.line.take();
      if (next === undefined) return;
      host.waiting.delete(next.key);
      this.#occupy(host);
      host.called.add(next.key);
      this.#call(next.key, next.priority);
    }
    if (host.line.size > 0 && this.#places.isFullFor(host)) this.#places.ask(host);
  }

  #isFree(host: Host): boolean {
    return this.#landed < this.#mostLanded && !this.#places.isSated(host) && !this.#places.isFullFor(host);
  }

  #occupy(host: Host): void {
    host.taken += 1;
    this.#places.take(host);
  }

  #forget(name: string, key: Key): void {
    const host = this.#hosts.get(name);
    if (host?.waiting.has(key) === true || host?.called.has(key) === true) return;
    const hosts = this.#keys.get(key);
    hosts?.delete(name);
    if (hosts?.size === 0) this.#keys.delete(key);
  }

  /** Tenants name hosts as they like; none is remembered longer than something is under way to it. */
  #leaveIfIdle(name: string, host: Host): void {
    if (host.taken > 0 || host.line.size > 0) return;
    this.#places.leave(host);
    this.#hosts.delete(name);
  }
}
