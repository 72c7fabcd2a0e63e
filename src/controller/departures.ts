import type { ImageStream } from '../api/image-stream.ts';
import type { Clock } from '../clock.ts';
import { type DueTag, PRIORITY } from '../imagestream/due.ts';
import type { TagResult } from '../imagestream/result.ts';
import type { Logger } from '../log.ts';
import { type Backoff, backoffMs } from '../queue/backoff.ts';
import { type FlightLimits, FlightPlaces } from './flight-places.ts';
import type { Flight, TagFlights } from './flights.ts';
import type { Key } from './key.ts';
import type { TagMemories } from './memory.ts';
import type { ControllerObserver } from './observer.ts';
import { registryOf } from './registry-name.ts';
import type { KeyQueue } from './streams.ts';
import type { TagImports } from './tag-imports.ts';

export interface DepartureParts {
  readonly flights: TagFlights;
  readonly memories: TagMemories;
  readonly tagImports: TagImports;
  readonly queue: KeyQueue;
  readonly observer: ControllerObserver;
  readonly clock: Clock;
  /** In [0, 1): spreads what could not be sent off. */
  readonly random: () => number;
  readonly log: Logger;
  /** Told what came back; `stream` is what was known when the import was sent off. */
  readonly arrived: (key: Key, flight: Flight, stream: ImageStream, result: TagResult) => void;
}

/**
 * Each takes some eight kilobytes while it is on its way, and what the image says of itself once it is back. Of one
 * registry there are more than it has requests under way, so that its lane never waits for the next.
 */
const LIMITS: FlightLimits = { limit: 4_096, ofHost: 1_024, ofDoubtful: 64, landed: 2_048 };
/**
 * An import that did not get as far as the registry, for want of its credentials, is sent off again after five seconds at
 * first, and later than that where it lasts: a right that is missing is missing for thousands of tags at a time.
 */
const SEND_AGAIN_MS = 5_000;
const SEND_AGAIN: Backoff = { baseMs: 5_000, factor: 2, capMs: 55_000 };

/** Sends off what is due, as far as there is room for what is under way; the rest stays due, and its key comes again. */
export class Departures {
  readonly #parts: DepartureParts;
  readonly #places: FlightPlaces;

  constructor(parts: DepartureParts) {
    const call = (key: Key, priority: number) => parts.queue.add(key, priority);
    this.#parts = parts;
    this.#places = new FlightPlaces(call, LIMITS);
  }

  /** Streams with tags that are due and wait for others of their registry to come back. */
  get waiting(): number {
    return this.#places.waiting;
  }

  /** Whether tags of the stream wait. */
  isWaiting(key: Key): boolean {
    return this.#places.isWaiting(key);
  }

  send(key: Key, stream: ImageStream, due: readonly DueTag[]): void {
    this.#places.leave(key);
    for (const tag of due) {
      const registry = registryOf(tag.request.from);
      if (this.#places.take(registry, key)) this.#depart(key, stream, tag, registry);
      else this.#places.wait(registry, key, tag.priority);
    }
  }

  /** The key has been looked at: what was kept for it and not used is for others. */
  looked(key: Key): void {
    this.#places.looked(key);
  }

  /** The stream is gone. */
  leave(key: Key): void {
    this.#places.leave(key);
  }

  #depart(key: Key, stream: ImageStream, due: DueTag, registry: string): void {
    const { flights, tagImports, clock, observer } = this.#parts;
    const uid = stream.metadata.uid ?? '';
    this.#seesSecrets(key, uid, due.tag);
    const ended = ({ landed }: Flight) => (landed ? this.#places.stored() : this.#places.release(registry, undefined));
    const flight = flights.start(key, uid, due, clock.now(), ended);
    if (due.slotMs !== undefined) observer.startedLate(clock.now() - due.slotMs);
    tagImports.carryOut(stream, due, registry, flight.controller.signal).then(
      result => {
        if (!flights.isCurrent(key, flight)) return;
        flight.landed = true;
        // A failure that passes may be the registry's word or its silence.
        this.#places.land(registry, result.outcome !== 'failed' || !result.failure.transient);
        this.#parts.arrived(key, flight, stream, result);
      },
      (error: unknown) => this.#notSent(key, flight, error),
    );
  }

  /** What changes from here on has not been seen by this import. */
  #seesSecrets(key: Key, uid: string, tag: string): void {
    const { memories } = this.#parts;
    const memory = memories.of(key, uid).get(tag);
    if (memory?.secretsChanged !== true) return;
    const { secretsChanged: _seen, ...rest } = memory;
    memories.set(key, uid, tag, rest);
  }

  #notSent(key: Key, flight: Flight, error: unknown): void {
    if (flight.controller.signal.aborted) return;
    const { flights, memories, queue, clock, random, log } = this.#parts;
    const { uid, due } = flight;
    flights.end(key, flight);
    const memory = memories.of(key, uid).get(due.tag);
    const unsent = (memory?.unsent ?? 0) + 1;
    const holdUntilMs = clock.now() + SEND_AGAIN_MS + backoffMs(SEND_AGAIN, unsent, random());
    memories.set(key, uid, due.tag, { ...memory, unsent, holdUntilMs });
    const message = Error.isError(error) ? error.message : String(error);
    // More and more seldom.
    const level = Number.isInteger(Math.log2(unsent)) ? 'warn' : 'debug';
    log[level]({ stream: key, tag: due.tag, error: message, unsent }, 'An import could not be sent off');
    queue.addAt(key, holdUntilMs, PRIORITY.scheduled);
  }
}
