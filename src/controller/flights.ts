import type { Source } from '../api/image-stream.ts';
import type { DueTag } from '../imagestream/due.ts';
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
  readonly #byKey = new Map<Key, Map<string, Flight>>();
  /** Tags that imports of users are asking for. */
  readonly #reserved = new Map<Key, Set<ReadonlyMap<string, Source>>>();
  #size = 0;

  /** Tags on their way, over all streams. */
  get size(): number {
    return this.#size;
  }

  start(key: Key, uid: string, due: DueTag, nowMs: number, ended: Flight['ended'] = () => {}): Flight {
    this.abort(key, ({ due: other }) => other.tag !== due.tag);
    const flights = this.#byKey.get(key) ?? new Map<string, Flight>();
    this.#byKey.set(key, flights);
    this.#size += 1;
    const controller = new AbortController();
    const flight: Flight = { uid, due, startedMs: nowMs, controller, landed: false, looked: false, ended };
    flights.set(due.tag, flight);
    return flight;
  }

  /** Whether this is still what the tag waits for. */
  isCurrent(key: Key, flight: Flight): boolean {
    return this.#byKey.get(key)?.get(flight.due.tag) === flight;
  }

  /** Whether results of the stream are still to come back. */
  hasOpen(key: Key): boolean {
    for (const flight of this.#byKey.get(key)?.values() ?? []) if (!flight.landed) return true;
    return false;
  }

  /** The stream is looked at while these are under way. */
  looked(key: Key): void {
    for (const flight of this.#byKey.get(key)?.values() ?? []) flight.looked = true;
  }

  end(key: Key, flight: Flight): void {
    if (!this.isCurrent(key, flight)) return;
    const flights = this.#byKey.get(key);
    flights?.delete(flight.due.tag);
    this.#size -= 1;
    if (flights?.size === 0) this.#byKey.delete(key);
    flight.ended(flight);
  }

  /** Ends those that `keep` does not want, or all of the stream. */
  abort(key: Key, keep: (flight: Flight) => boolean = () => false): void {
    for (const flight of [...(this.#byKey.get(key)?.values() ?? [])]) {
      if (keep(flight)) continue;
      this.end(key, flight);
      flight.controller.abort();
    }
  }

  abortAll(): void {
    for (const key of [...this.#byKey.keys()]) this.abort(key);
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
    for (const [tag, { due }] of flights ?? []) sources.set(tag, due.request.asked);
    return sources;
  }
}

const NONE: ReadonlyMap<string, Source> = new Map();
