import type { Source } from '../api/image-stream.ts';
import type { DueTag } from '../imagestream/due.ts';
import { SteadyMap } from '../queue/steady-map.ts';
import type { Key } from './key.ts';

/** An import of one tag that was sent off and whose result is not stored yet. */
export interface Flight {
  /** Of the stream it was sent for. */
  readonly uid: string;
  readonly due: DueTag;
  /** Epoch milliseconds. */
  readonly startedMs: number;
  readonly controller: AbortController;
  /** Whether the result is back; it may still wait to be stored. */
  landed: boolean;
  /** Whether the stream was looked at meanwhile: what was found may wait for the result. */
  looked: boolean;
  /** Told once, when the result is stored or nobody wants it any more. */
  readonly ended: (flight: Flight) => void;
}

/** What is being asked right now, by stream and tag (design, section 5). */
export class TagFlights {
  /** By key: mostly there is one. */
  readonly #byKey = new SteadyMap<Key, Flight[]>();
  /** Tags that imports of users are asking for. */
  readonly #reserved = new Map<Key, Set<ReadonlyMap<string, Source>>>();
  #size = 0;

  /** Tags on their way, over all streams. */
  get size(): number {
    return this.#size;
  }

  start(key: Key, uid: string, due: DueTag, nowMs: number, ended: Flight['ended'] = () => {}): Flight {
    const before = this.#of(key).find(({ due: other }) => other.tag === due.tag);
    if (before !== undefined) this.#abort(key, before);
    const controller = new AbortController();
    const flight: Flight = { uid, due, startedMs: nowMs, controller, landed: false, looked: false, ended };
    const others = this.#byKey.get(key);
    if (others === undefined) this.#byKey.set(key, [flight]);
    else others.push(flight);
    this.#size += 1;
    return flight;
  }

  /** Whether this is still what the tag waits for. */
  isCurrent(key: Key, flight: Flight): boolean {
    return this.#byKey.get(key)?.includes(flight) === true;
  }

  /** Whether results of the stream are still to come back. */
  hasOpen(key: Key): boolean {
    return this.#of(key).some(({ landed }) => !landed);
  }

  /** The stream is looked at while these are under way. */
  looked(key: Key): void {
    for (const flight of this.#of(key)) flight.looked = true;
  }

  end(key: Key, flight: Flight): void {
    const flights = this.#byKey.get(key);
    const place = flights?.indexOf(flight) ?? -1;
    if (flights === undefined || place === -1) return;
    if (flights.length === 1) this.#byKey.delete(key);
    else flights.splice(place, 1);
    this.#size -= 1;
    flight.ended(flight);
  }

  /** Ends those that `keep` does not want, or all of the stream. */
  abort(key: Key, keep: (flight: Flight) => boolean = () => false): void {
    for (const flight of [...this.#of(key)]) if (!keep(flight)) this.#abort(key, flight);
  }

  abortAll(): void {
    for (const [key] of [...this.#byKey]) this.abort(key);
  }

  /** Counts these tags as in flight until the returned function is called. */
  reserve(key: Key, tags: ReadonlyMap<string, Source>): () => void {
    const reserved = this.#reserved.get(key) ?? new Set();
    this.#reserved.set(key, reserved.add(tags));
    return () => {
      reserved.delete(tags);
      if (reserved.size === 0) this.#reserved.delete(key);
    };
  }

  /** What is asked for each tag of the stream. */
  sources(key: Key): ReadonlyMap<string, Source> {
    const flights = this.#byKey.get(key);
    const reserved = this.#reserved.get(key);
    if (flights === undefined && reserved === undefined) return NONE;
    const sources = new Map<string, Source>();
    for (const tags of reserved ?? []) for (const [tag, source] of tags) sources.set(tag, source);
    for (const { due } of flights ?? []) sources.set(due.tag, due.request.asked);
    return sources;
  }

  #abort(key: Key, flight: Flight): void {
    this.end(key, flight);
    flight.controller.abort();
  }

  #of(key: Key): readonly Flight[] {
    return this.#byKey.get(key) ?? NO_FLIGHTS;
  }
}

const NONE: ReadonlyMap<string, Source> = new Map();
const NO_FLIGHTS: readonly Flight[] = [];
