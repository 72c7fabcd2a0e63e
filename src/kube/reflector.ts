import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { ApiError, isExpired, NoAnswer } from './api-error.ts';
import type { KubeClient, ListQuery, WatchEvent } from './client.ts';
import { readStatus, retryAfterOf } from './http-status.ts';
import { listPages } from './list-pages.ts';
import type { KubeObserver, ListReason } from './observer.ts';
import { GuardedSink, type Reflected, type ReflectorSink } from './reflector-sink.ts';
import { actionText, type CollectionPath, collectionText, objectKey } from './resource.ts';
import { watchTimeoutSeconds, watchWaitMs } from './watch-backoff.ts';

export type { GoneKey, Reflected, ReflectorSink } from './reflector-sink.ts';

export interface ReflectorParts<T extends Reflected> {
  readonly client: Pick<KubeClient, 'list' | 'watch'>;
  readonly path: CollectionPath;
  readonly query?: Pick<ListQuery, 'fieldSelector' | 'labelSelector' | 'metadataOnly'>;
  readonly sink: ReflectorSink<T>;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  readonly observer: KubeObserver;
}

/** Keeps a sink like a collection of the API server. */
export interface Reflector {
  /** Lists, then watches, through every fault, until the signal fires. Then it resolves; nothing is left open. Once. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when the first list has arrived as a whole; stays pending when `run` ends before. */
  readonly synced: Promise<void>;
  readonly isSynced: boolean;
  /** The collections that have not been listed yet: `secrets`, or `secrets in "demo"`. */
  readonly unlisted: readonly string[];
  /** Monotonic time at which the server last told something: a page, an event, a bookmark. */
  readonly lastProgressMs: number | undefined;
}

export function createReflector<T extends Reflected>(parts: ReflectorParts<T>): Reflector {
  return new CollectionReflector(parts);
}

/** Several reflectors as one, for several namespaces behind one sink. */
export function joinReflectors(reflectors: readonly Reflector[]): Reflector {
  return {
    run: async signal => {
      await Promise.all(reflectors.map(reflector => reflector.run(signal)));
    },
    synced: Promise.all(reflectors.map(({ synced }) => synced)).then(() => {}),
    get isSynced() {
      return reflectors.every(({ isSynced }) => isSynced);
    },
    get unlisted() {
      return reflectors.flatMap(({ unlisted }) => unlisted);
    },
    // Of the one that has stood still longest.
    get lastProgressMs() {
      const times = reflectors.map(({ lastProgressMs }) => lastProgressMs);
      return times.reduce((oldest, time) =>
        time === undefined || oldest === undefined ? undefined : Math.min(oldest, time),
      );
    },
  };
}

/** Objects of a page that are taken in before others in the process get a turn. */
const PIECE = 100;
/** A watch that ends sooner was no watch: a server that ends each at once must not be asked in a tight loop. */
const SHORT_WATCH_MS = 1_000;
/** Failures without an event between them, after which the version itself is doubted. */
const FRUITLESS_WATCHES = 5;

class CollectionReflector<T extends Reflected> implements Reflector {
  readonly synced: Promise<void>;
  readonly #parts: ReflectorParts<T>;
  readonly #sink: GuardedSink<T>;
  readonly #resource: string;
  readonly #markSynced: () => void;
  /** To watch from; undefined when the collection must be listed. */
  #version: string | undefined;
  #listReason: ListReason = 'first';
  /** In a row, since the server last told something new. */
  #failures = 0;
  /** Whether one of these was a 410. */
  #expired = false;
  #isSynced = false;
  #lastProgressMs: number | undefined;

  constructor(parts: ReflectorParts<T>) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#parts = parts;
    this.#sink = new GuardedSink(parts.sink, parts.path, parts.log, parts.observer);
    this.#resource = parts.path.resource.plural;
    this.synced = promise;
    this.#markSynced = resolve;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  get unlisted(): readonly string[] {
    return this.#isSynced ? [] : [collectionText(this.#parts.path)];
  }

  get lastProgressMs(): number | undefined {
    return this.#lastProgressMs;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#version === undefined) await this.#list(signal);
        else await this.#watch(this.#version, signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#wait(this.#failed(error), signal);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, clock, path, query = {}, log, observer } = this.#parts;
    const startedMs = clock.monotonic();
    const seen = new Set<string>();
    let version: string | undefined;
    for await (const page of listPages<T>(client, path, query, signal)) {
      await this.#takeIn(page.items, seen, signal);
      // The first: should pages ever differ, what happened in between is told again by the watch.
      version ??= page.resourceVersion;
      this.#progress();
    }
    await this.#sink.replace(seen);
    // Whoever stopped meanwhile is not told that all is known.
    signal.throwIfAborted();
    this.#version = version;
    const told = { resource: this.#resource, reason: this.#listReason, objects: seen.size };
    const ms = clock.monotonic() - startedMs;
    observer.listed({ ...told, ms });
    log.info({ ...told, ms: Math.round(ms), ...namespaceOf(path) }, 'listed');
    this.#isSynced = true;
    this.#markSynced();
  }

  /** In pieces: while code is cold, a whole page takes several times as long as later. */
  async #takeIn(objects: readonly T[], seen: Set<string>, signal: AbortSignal): Promise<void> {
    for (const [index, object] of objects.entries()) {
      if (index > 0 && index % PIECE === 0) {
        await setImmediate();
        signal.throwIfAborted();
      }
      const key = this.#keyOf(object);
      seen.add(key);
      this.#sink.upsert(key, object);
    }
  }

  async #watch(from: string, signal: AbortSignal): Promise<void> {
    const { client, clock, path, query = {}, random, observer } = this.#parts;
    const startedMs = clock.monotonic();
    const asked = { ...query, resourceVersion: from, timeoutSeconds: watchTimeoutSeconds(random()) };
    let events = 0;
    try {
      for await (const event of client.watch<T>(path, asked, signal)) {
        if (signal.aborted) return;
        this.#apply(event);
        events += 1;
      }
    } catch (error) {
      if (!signal.aborted) observer.watchEnded({ resource: this.#resource, how: 'failed' });
      throw error;
    }
    if (signal.aborted) return;
    observer.watchEnded({ resource: this.#resource, how: 'ended' });
    if (clock.monotonic() - startedMs >= SHORT_WATCH_MS) return this.#recover();
    if (events === 0) throw new NoAnswer(this.#action(), 'broken', { detail: 'the watch ended as soon as it began' });
    await this.#wait(this.#waitMs(undefined), signal);
  }

  #apply(event: WatchEvent<T>): void {
    const { observer } = this.#parts;
    const { type, object } = event;
    observer.watchEvent({ resource: this.#resource, type });
    if (type === 'ERROR') throw this.#told(object);
    const version = object.metadata?.resourceVersion;
    if (version === undefined) throw this.#unreadable('an event has no resourceVersion');
    if (type === 'DELETED') {
      const { namespace, name = '', uid } = object.metadata;
      const gone = { name, ...(namespace === undefined ? {} : { namespace }), ...(uid === undefined ? {} : { uid }) };
      this.#sink.delete(this.#keyOf(object), gone);
    } else if (type !== 'BOOKMARK') {
      this.#sink.upsert(this.#keyOf(object), object);
    }
    // Only now: a version that moved on before its object was taken in would lose it.
    this.#version = version;
    this.#progress();
    this.#recover();
  }

  /** Takes note of a failure; how long to wait after it, in milliseconds. */
  #failed(error: unknown): number {
    const expired = isExpired(error);
    // A 410 is nobody's fault (each restart of an API server costs one), so the next try comes soon. Not when nothing
    // but 410 ever comes back.
    this.#failures = expired && !this.#expired ? 1 : this.#failures + 1;
    this.#expired ||= expired;
    if (expired) this.#relist('expired');
    // After a restore of etcd the server is behind the version we hold, and says nothing until it has caught up.
    else if (this.#version !== undefined && this.#failures >= FRUITLESS_WATCHES) this.#relist('fruitless');
    const waitMs = this.#waitMs(error instanceof ApiError ? error.retryAfterMs : undefined);
    const fields = { resource: this.#resource, ...namespaceOf(this.#parts.path), waitMs: Math.round(waitMs) };
    if (expired) this.#parts.log.info(fields, 'the version held is too old; listing again');
    else this.#parts.log.warn({ ...fields, error: textOf(error) }, 'lost touch with the API server; trying again');
    return waitMs;
  }

  #relist(reason: ListReason): void {
    this.#version = undefined;
    this.#listReason = reason;
  }

  #recover(): void {
    this.#failures = 0;
    this.#expired = false;
  }

  #progress(): void {
    this.#lastProgressMs = this.#parts.clock.monotonic();
  }

  #waitMs(retryAfterMs: number | undefined): number {
    return watchWaitMs(Math.max(1, this.#failures), retryAfterMs, this.#parts.random());
  }

  /** Ends early, and quietly, when the signal fires. */
  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    await this.#parts.clock.sleep(ms, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  #keyOf(object: Partial<Reflected>): string {
    const { namespace, name } = object.metadata ?? {};
    if (name === undefined || name === '') throw this.#unreadable('an object has no name');
    return objectKey({ namespace, name });
  }

  /** The Status of an ERROR event. */
  #told(object: object): ApiError {
    const status = readStatus({ ...object }, 500);
    const retryAfterMs = retryAfterOf(undefined, status, this.#parts.clock.now());
    return new ApiError(this.#action(), status.code ?? 500, status, retryAfterMs);
  }

  #unreadable(detail: string): NoAnswer {
    return new NoAnswer(this.#action(), 'unreadable', { detail });
  }

  #action(): string {
    return actionText(this.#version === undefined ? 'list' : 'watch', this.#parts.path);
  }
}

/** Messages of other errors may quote objects. */
function textOf(error: unknown): string {
  if (error instanceof ApiError || error instanceof NoAnswer) return error.message;
  return Error.isError(error) ? error.name : 'unknown';
}

function namespaceOf({ namespace }: CollectionPath): { readonly namespace?: string } {
  return namespace === undefined ? {} : { namespace };
}
