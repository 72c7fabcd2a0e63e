import { invalidStatus } from '../api/errors.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { ImageStreamImport } from '../api/image-stream-import.ts';
import type { Clock } from '../clock.ts';
import { withImportDefaults } from '../imagestream/defaults.ts';
import { PRIORITY } from '../imagestream/due.ts';
import { type IntervalDefaults, intervalOf } from '../imagestream/interval.ts';
import { asksForRepository, repositoryImportOf } from '../imagestream/request.ts';
import type { Platform } from '../imagestream/source.ts';
import { validateImageStreamImport } from '../imagestream/validation.ts';
import type { Importer } from '../importer/importer.ts';
import type { Logger } from '../log.ts';
import { backoffMs, tagBackoff } from '../queue/backoff.ts';
import { type FlightLimits, FlightPlaces } from './flight-places.ts';
import type { Key } from './key.ts';
import type { ControllerObserver } from './observer.ts';
import { registryOf } from './registry-name.ts';
import type { KeyQueue, StreamController } from './streams.ts';
import type { Credentials, RegistryPolicy } from './tag-imports.ts';
import { tagsToRecord } from './tags-to-record.ts';

export interface RepositoryImportParts {
  readonly importer: Pick<Importer, 'importRequest'>;
  readonly credentials: Credentials;
  readonly policy: RegistryPolicy;
  readonly streams: Pick<StreamController, 'recordImport' | 'reserve'>;
  readonly queue: KeyQueue;
  readonly observer: ControllerObserver;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly platform: Platform;
  readonly maxImagesPerRepository: number;
  readonly intervals: IntervalDefaults;
}

/** Repositories that are imported side by side: what comes of one may be megabytes until it is recorded. */
const LIMITS: FlightLimits = { limit: 32, ofHost: 8, ofDoubtful: 4 };

/** What is remembered of the repository of one stream; lost with the process, and then asked anew. */
interface Attempt {
  readonly uid: string;
  readonly isi: ImageStreamImport;
  readonly failures: number;
  /** Epoch milliseconds from which it may be tried again; undefined while it is under way. */
  readonly nextAtMs: number | undefined;
  readonly controller: AbortController;
}

/**
 * Imports whole repositories for the streams that ask for that in `spec.dockerImageRepository` (controllers 1.2 and
 * 1.3). What failed is tried again like a tag, until the stream's annotation says that it was recorded.
 */
export class RepositoryImports {
  readonly #parts: RepositoryImportParts;
  readonly #attempts = new Map<Key, Attempt>();
  readonly #places: FlightPlaces;

  constructor(parts: RepositoryImportParts) {
    const call = (key: Key, priority: number) => parts.queue.add(key, priority);
    this.#parts = parts;
    this.#places = new FlightPlaces(call, LIMITS);
  }

  /** Begins what is due; epoch milliseconds of the next try when it is not due yet. */
  consider(key: Key, stream: ImageStream): number | undefined {
    const isi = repositoryImportOf(stream);
    if (isi === undefined) {
      this.forget(key);
      return undefined;
    }
    const { uid = '' } = stream.metadata;
    const last = this.#attempts.get(key);
    const isSame = last?.uid === uid && asksForRepository(stream, last.isi);
    if (!isSame) this.forget(key);
    if (isSame && last.nextAtMs === undefined) return undefined;
    if (isSame && last.nextAtMs !== undefined && this.#isAhead(last.nextAtMs, stream)) return last.nextAtMs;
    const registry = registryOf(stream.spec?.dockerImageRepository ?? '');
    this.#places.leave(key);
    if (this.#places.take(registry, key)) {
      this.#begin(key, stream, { uid, isi, failures: isSame ? last.failures : 0 }, registry);
    } else {
      this.#places.wait(registry, key, PRIORITY.userEdit);
    }
    return undefined;
  }

  /** A time further away than an interval was made before the clock was set back. */
  #isAhead(atMs: number, stream: ImageStream): boolean {
    const restMs = atMs - this.#parts.clock.now();
    return restMs > 0 && restMs <= intervalOf(stream, { name: '' }, this.#parts.intervals);
  }

  /** The key has been looked at: what was kept for it and not used is for others. */
  looked(key: Key): void {
    this.#places.looked(key);
  }

  forget(key: Key): void {
    this.#places.leave(key);
    this.#attempts.get(key)?.controller.abort();
    this.#attempts.delete(key);
  }

  stop(): void {
    for (const key of [...this.#attempts.keys()]) this.forget(key);
  }

  #begin(key: Key, stream: ImageStream, known: Pick<Attempt, 'uid' | 'isi' | 'failures'>, registry: string): void {
    const attempt: Attempt = { ...known, nextAtMs: undefined, controller: new AbortController() };
    const { signal } = attempt.controller;
    this.#attempts.set(key, attempt);
    this.#carryOut(key, stream, known.isi, signal).then(
      succeeded => {
        this.#places.release(registry, succeeded);
        this.#ended(key, stream, attempt, succeeded);
      },
      (error: unknown) => {
        this.#places.release(registry, undefined);
        if (signal.aborted) return;
        const message = Error.isError(error) ? error.message : String(error);
        this.#parts.log.warn({ stream: key, error: message }, 'A repository import could not be carried through');
        this.#ended(key, stream, attempt, false);
      },
    );
  }

  /** Whether the whole repository was imported. */
  async #carryOut(key: Key, stream: ImageStream, request: ImageStreamImport, signal: AbortSignal): Promise<boolean> {
    const { streams, platform } = this.#parts;
    const isi = withImportDefaults(request);
    const release = streams.reserve(key, tagsToRecord(isi, stream, platform));
    try {
      return await this.#import(key, stream, isi, signal);
    } finally {
      release();
    }
  }

  async #import(key: Key, stream: ImageStream, isi: ImageStreamImport, signal: AbortSignal): Promise<boolean> {
    const { importer, credentials, policy, streams, observer, platform, maxImagesPerRepository } = this.#parts;
    const { namespace = '' } = stream.metadata;
    const { allowed, ...hosts } = policy();
    const errors = validateImageStreamImport(isi, allowed === undefined ? {} : { allowList: allowed });
    if (errors.length > 0) {
      const status = invalidStatus('ImageStreamImport', isi.metadata.name ?? '', errors);
      const refused = { status: { repository: { status } }, entries: [], failed: 1 };
      await streams.recordImport(key, { isi, outcome: refused }, signal);
      return false;
    }
    const outcome = await importer.importRequest({
      ...(await credentials.forNamespace(namespace, signal)),
      ...hosts,
      isi,
      stream,
      platform,
      maxImagesPerRepository,
      signal,
      priority: PRIORITY.userEdit,
      tenant: namespace,
    });
    const status = outcome.status.repository?.status;
    const registry = registryOf(stream.spec?.dockerImageRepository ?? '');
    if (status !== undefined && registry !== '') observer.entryImported({ registry, status });
    await streams.recordImport(key, { isi, outcome }, signal);
    return status?.status === 'Success';
  }

  #ended(key: Key, stream: ImageStream, attempt: Attempt, succeeded: boolean): void {
    if (this.#attempts.get(key) !== attempt) return;
    const { clock, random, intervals, queue } = this.#parts;
    const failures = succeeded ? 0 : attempt.failures + 1;
    const intervalMs = intervalOf(stream, { name: '' }, intervals);
    const nextAtMs = clock.now() + (succeeded ? intervalMs : backoffMs(tagBackoff(intervalMs), failures, random()));
    this.#attempts.set(key, { ...attempt, failures, nextAtMs });
    queue.addAt(key, nextAtMs, PRIORITY.scheduled);
  }
}
