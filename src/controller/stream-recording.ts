import type { ImageStream } from '../api/image-stream.ts';
import type { Clock } from '../clock.ts';
import type { DueReason } from '../imagestream/due.ts';
import type { IntervalDefaults } from '../imagestream/interval.ts';
import { keepsResult } from '../imagestream/kept.ts';
import type { RecordedImport } from '../imagestream/record.ts';
import { asksForRepository } from '../imagestream/request.ts';
import type { TagResult } from '../imagestream/result.ts';
import type { Platform } from '../imagestream/source.ts';
import type { Announcer } from './announcer.ts';
import type { TagFlights } from './flights.ts';
import type { Holds } from './holds.ts';
import type { Arrival, ImportArrival, Inbox, TagArrival } from './inbox.ts';
import { type Key, partsOf } from './key.ts';
import type { TagMemories } from './memory.ts';
import { rememberedAfter } from './retry-times.ts';
import type { StreamIndex } from './stream-index.ts';
import { StreamNotStorable, type StreamRecorder } from './stream-recorder.ts';
import type { StreamStore } from './stream-store.ts';

export interface StreamRecordingParts {
  readonly index: StreamIndex;
  readonly store: Pick<StreamStore, 'read'>;
  readonly recorder: StreamRecorder;
  readonly announcer: Announcer;
  readonly flights: TagFlights;
  readonly inbox: Inbox;
  readonly memories: TagMemories;
  readonly holds: Holds;
  readonly clock: Clock;
  /** In [0, 1): spreads retries. */
  readonly random: () => number;
  readonly options: IntervalDefaults & { readonly platform: Platform };
}

const NOT_KEPT =
  'the API server does not keep all that is written to the status: its CustomResourceDefinitions are not those of this operator';

/** Folds what came back into streams, and settles it once it is stored: in the index, in memory, and with whoever is told. */
export class StreamRecording {
  readonly #parts: StreamRecordingParts;

  constructor(parts: StreamRecordingParts) {
    this.#parts = parts;
  }

  /** Folds what has come back into the stream, all tags of it in one write. */
  record(key: Key, arrivals: readonly Arrival[], signal: AbortSignal): Promise<void> {
    return this.#writing(key, () => this.#record(key, arrivals, signal));
  }

  /** Stores what no result is needed for. */
  settle(key: Key, answeredRequest: string | undefined, signal: AbortSignal): Promise<void> {
    return this.#writing(key, () => this.#settle(key, answeredRequest, signal));
  }

  /** From before the stream is read until the index knows what came of it. */
  async #writing(key: Key, write: () => Promise<void>): Promise<void> {
    const told = this.#parts.index.writing(key);
    try {
      await write();
    } finally {
      told();
    }
  }

  async #record(key: Key, arrivals: readonly Arrival[], signal: AbortSignal): Promise<void> {
    const { store, recorder, index } = this.#parts;
    const uid = index.get(key)?.metadata.uid;
    let stream = await store.read(key, signal);
    for (const arrival of arrivals) {
      if (arrival.kind === 'import') stream = await this.#recordImport(key, stream, arrival, signal);
    }
    const tags = arrivals.filter(arrival => arrival.kind === 'tag');
    if (stream === undefined) {
      // Another of this name may have come while the answer was on its way.
      index.delete({ ...partsOf(key), ...(uid !== undefined && { uid }) });
      return;
    }
    const current = stream;
    const live = tags.filter(
      ({ flight }) => flight.uid === current.metadata.uid && this.#parts.flights.isCurrent(key, flight),
    );
    const results = live.map(({ result }) => result);
    const stored = await this.#storing(key, current, results, () =>
      recorder.recordTags(current, results, undefined, signal),
    );
    this.#wrote(current, stored, new Map(live.map(({ flight }) => [flight.due.tag, flight.due.reason])));
    for (const arrival of live) this.settleTag(key, arrival, stored);
    this.#parts.inbox.settle(key, tags);
  }

  async #recordImport(
    key: Key,
    stream: ImageStream | undefined,
    arrival: ImportArrival,
    signal: AbortSignal,
  ): Promise<ImageStream | undefined> {
    const { isi, importUid } = arrival.carriedOut;
    if (importUid === undefined && !asksForRepository(stream, isi)) {
      // It would bring back a stream that was deleted, or pass for the import of another repository.
      this.#parts.inbox.settle(key, [arrival]);
      arrival.told.failed(new Error('the stream does not ask for this repository any more'));
      return stream;
    }
    try {
      const record = await this.#parts.recorder.recordImport(stream, arrival.carriedOut, signal);
      this.#settleImport(key, record, arrival);
      this.#parts.inbox.settle(key, [arrival]);
      this.#wrote(stream, record.stream, new Map());
      arrival.told.recorded(record);
      return record.stream;
    } catch (error) {
      if (!(error instanceof StreamNotStorable)) throw error;
      this.#parts.inbox.settle(key, [arrival]);
      arrival.told.failed(error);
      return stream;
    }
  }

  #settleImport(key: Key, { stream }: RecordedImport, { carriedOut }: ImportArrival): void {
    const { entries } = carriedOut.outcome;
    // What was asked for these tags before they were reserved may be older than what is recorded now.
    const tags = new Set(entries.map(({ result }) => result.tag));
    this.#parts.flights.abort(key, ({ due }) => !tags.has(due.tag));
    const uid = stream.metadata.uid ?? '';
    const lastCheckedMs = this.#parts.clock.now();
    for (const { result } of entries) {
      if (result.outcome !== 'imported') continue;
      const { answeredRequest } = this.#parts.memories.of(key, uid).get(result.tag) ?? {};
      const remembered = { lastCheckedMs, ...(answeredRequest !== undefined && { answeredRequest }) };
      this.#parts.memories.set(key, uid, result.tag, remembered);
    }
  }

  async #settle(key: Key, answeredRequest: string | undefined, signal: AbortSignal): Promise<void> {
    const { store, recorder } = this.#parts;
    const stream = await store.read(key, signal);
    if (stream === undefined) return;
    const stored = await this.#storing(key, stream, [], () => recorder.recordTags(stream, [], answeredRequest, signal));
    this.#wrote(stream, stored, new Map());
  }

  #wrote(before: ImageStream | undefined, after: ImageStream, reasons: ReadonlyMap<string, DueReason>): void {
    if (before === after) return;
    this.#parts.index.wrote(after);
    this.#parts.announcer.changed(before, after, reasons);
  }

  /** A write that is refused for good, or not kept, is told, and the stream rests for an interval (design D7). */
  async #storing(
    key: Key,
    stream: ImageStream,
    results: readonly TagResult[],
    write: () => Promise<ImageStream>,
  ): Promise<ImageStream> {
    const { platform } = this.#parts.options;
    try {
      const stored = await write();
      if (!results.every(result => keepsResult(stored, result, platform))) this.#hold(key, stored, NOT_KEPT);
      else if (stored.metadata.resourceVersion !== stream.metadata.resourceVersion) this.#parts.holds.release(key);
      return stored;
    } catch (error) {
      if (!(error instanceof StreamNotStorable)) throw error;
      this.#hold(key, stream, error.message);
      return stream;
    }
  }

  #hold(key: Key, stream: ImageStream, why: string): void {
    const { clock, options, announcer } = this.#parts;
    const isNews = this.#parts.holds.hold(key, stream, why, clock.now(), options);
    if (isNews) announcer.notStorable(stream, why);
  }

  /** Remembers what came of a tag, whose result is stored or needs not be. */
  settleTag(key: Key, { flight, result, atMs }: TagArrival, stream: ImageStream): void {
    const { random, options } = this.#parts;
    const { due, uid } = flight;
    const before = this.#parts.memories.of(key, uid).get(due.tag);
    const remembered = rememberedAfter({ due, result, atMs }, before, stream, options, random());
    this.#parts.memories.set(key, uid, due.tag, remembered);
    this.#parts.flights.end(key, flight);
  }
}
