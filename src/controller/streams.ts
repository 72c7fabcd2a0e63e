import type { ImageStream, Source } from '../api/image-stream.ts';
import type { Clock } from '../clock.ts';
import { hasFailed } from '../imagestream/conditions.ts';
import { type ImportPlan, type PlanOptions, PRIORITY, planImports } from '../imagestream/due.ts';
import type { IntervalDefaults } from '../imagestream/interval.ts';
import { isKnown } from '../imagestream/known.ts';
import type { RecordedImport } from '../imagestream/record.ts';
import { requestsOf } from '../imagestream/request.ts';
import type { TagResult } from '../imagestream/result.ts';
import { beatFrom } from '../imagestream/slot.ts';
import { type Platform, sameRequest } from '../imagestream/source.ts';
import { statusNews } from '../imagestream/status-news.ts';
import { historiesOf } from '../imagestream/tag-state.ts';
import type { Logger } from '../log.ts';
import type { Announcer } from './announcer.ts';
import { Departures } from './departures.ts';
import { Doubts } from './doubts.ts';
import { type Flight, TagFlights } from './flights.ts';
import { Holds } from './holds.ts';
import { type Arrival, Inbox } from './inbox.ts';
import { IntervalNotices } from './interval-notices.ts';
import type { Key } from './key.ts';
import { TagMemories } from './memory.ts';
import type { ControllerObserver } from './observer.ts';
import type { RepositoryImports } from './repository-imports.ts';
import { SecretChanges } from './secret-changes.ts';
import type { StreamIndex } from './stream-index.ts';
import type { CarriedOut, StreamRecorder } from './stream-recorder.ts';
import { StreamRecording } from './stream-recording.ts';
import type { StreamStore } from './stream-store.ts';
import type { TagImports } from './tag-imports.ts';

export interface StreamOptions extends IntervalDefaults {
  readonly platform: Platform;
}

/** The keys that wait; see the queue room. Times are epoch milliseconds. */
export interface KeyQueue {
  add(key: Key, priority: number): void;
  addAt(key: Key, atMs: number, priority: number): void;
}

export interface StreamParts {
  readonly index: StreamIndex;
  readonly queue: KeyQueue;
  readonly store: Pick<StreamStore, 'read'>;
  readonly recorder: StreamRecorder;
  readonly tagImports: TagImports;
  readonly announcer: Announcer;
  /** Whether the Image of a head has gone (design D11); absent with `--images=off`. */
  readonly isImageMissing?: (name: string) => boolean;
  readonly observer: ControllerObserver;
  readonly clock: Clock;
  /** In [0, 1): spreads retries. */
  readonly random: () => number;
  readonly log: Logger;
  readonly options: StreamOptions;
}

/** Results that come back within this time share a write. */
const TOGETHER_MS = 200;

/**
 * The work of one key: fold what has come back into the stream, send off what is due, return. Nothing here waits for a
 * registry, so that one hanging registry or bad tag never delays another tag (design, section 5).
 */
export class StreamController {
  readonly #parts: StreamParts;
  readonly #flights = new TagFlights();
  readonly #inbox = new Inbox();
  readonly #memories = new TagMemories();
  readonly #holds = new Holds();
  readonly #departures: Departures;
  readonly #doubts: Doubts;
  readonly #recording: StreamRecording;
  readonly #intervalNotices: IntervalNotices;
  readonly #secretChanges: SecretChanges;
  #repositories: RepositoryImports | undefined;
  #leads = false;
  #planning: PlanOptions;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    this.#planning = { ...parts.options, startedAtMs: 0 };
    this.#departures = new Departures({
      ...parts,
      flights: this.#flights,
      memories: this.#memories,
      arrived: (key, flight, stream, result) => this.#arrived(key, flight, stream, result),
    });
    this.#doubts = new Doubts({ flights: this.#flights, memories: this.#memories, queue: parts.queue });
    this.#recording = new StreamRecording({
      ...parts,
      flights: this.#flights,
      inbox: this.#inbox,
      memories: this.#memories,
      holds: this.#holds,
    });
    this.#intervalNotices = new IntervalNotices(parts.announcer);
    this.#secretChanges = new SecretChanges({ keys: () => parts.index.keys(), concerned: key => this.#tryAgain(key) });
  }

  /** Tags on their way to registries and back. */
  get inFlight(): number {
    return this.#flights.size;
  }

  /** Streams with tags that are due and wait for others of their registry to come back. */
  get waiting(): number {
    return this.#departures.waiting;
  }

  /** What is remembered of the tags of this stream. */
  get memoryOf(): TagMemories['of'] {
    return (key, uid) => this.#memories.of(key, uid);
  }

  /** Takes over: slots from `sinceMs` (epoch) on may have been missed by whoever led before (design D22). */
  lead(sinceMs: number, repositories: RepositoryImports): void {
    this.#leads = true;
    this.#planning = { ...this.#parts.options, startedAtMs: this.#parts.clock.now(), sinceMs };
    this.#repositories = repositories;
  }

  /** Drops everything: what is in flight is aborted, what waits to be stored is due again for the next leader. */
  stop(reason: unknown): void {
    this.#leads = false;
    this.#flights.abortAll();
    this.#repositories?.stop();
    for (const arrival of this.#inbox.clear()) if (arrival.kind === 'import') arrival.told.failed(reason);
  }

  /** Undefined when it is done already, as after nearly every look: no promise is needed then. */
  reconcile(key: Key, signal: AbortSignal): Promise<void> | undefined {
    const arrivals = this.#inbox.peek(key);
    return arrivals.length === 0 ? this.#look(key, signal) : this.#record(key, arrivals, signal);
  }

  async #record(key: Key, arrivals: readonly Arrival[], signal: AbortSignal): Promise<void> {
    try {
      await this.#recording.record(key, arrivals, signal);
      await this.#look(key, signal);
    } finally {
      this.#looked(key);
    }
  }

  #look(key: Key, signal: AbortSignal): Promise<void> | undefined {
    try {
      // Told to stop meanwhile: nothing is sent off any more.
      if (!this.#leads) return undefined;
      const stream = this.#parts.index.get(key);
      if (stream === undefined) return this.#forget(key);
      return this.#sendOff(key, stream, signal);
    } finally {
      this.#looked(key);
    }
  }

  #sendOff(key: Key, stream: ImageStream, signal: AbortSignal): Promise<void> | undefined {
    const heldUntilMs = this.#holds.until(key, stream, this.#parts.clock.now());
    if (heldUntilMs !== undefined) {
      this.#parts.queue.addAt(key, heldUntilMs, PRIORITY.scheduled);
      return undefined;
    }
    this.#intervalNotices.consider(key, stream);
    this.#keepWhatIsAsked(key, stream);
    const plan = this.#plan(key, stream);
    this.#flights.looked(key);
    this.#departures.send(key, stream, plan.due);
    this.#lookAgain(key, plan.nextCheckAtMs);
    this.#lookAgain(key, this.#repositories?.consider(key, stream));
    const hasNews = this.#hasNews(key, stream, plan);
    return hasNews ? this.#recording.settle(key, plan.answeredRequest, signal) : undefined;
  }

  #lookAgain(key: Key, atMs: number | undefined): void {
    if (atMs !== undefined) this.#parts.queue.addAt(key, beatFrom(atMs), PRIORITY.scheduled);
  }

  #looked(key: Key): void {
    this.#departures.looked(key);
    this.#repositories?.looked(key);
  }

  /** The credentials of a namespace (undefined: of all) changed: what failed is tried again at once, what is on its way once it is back. */
  secretsChanged(namespace: string | undefined): void {
    this.#secretChanges.add(namespace);
  }

  /** Counts these tags as in flight until the returned function is called: an import of several asks for them. */
  reserve(key: Key, tags: ReadonlyMap<string, Source>): () => void {
    const release = this.#flights.reserve(key, tags);
    return () => {
      release();
      // Their slots may have passed meanwhile, and nothing else may have come of it.
      this.#parts.queue.add(key, PRIORITY.scheduled);
    };
  }

  /** Records a whole import under its stream's key. Rejects when it cannot be stored, and with the signal's reason. */
  async recordImport(key: Key, carriedOut: CarriedOut, signal: AbortSignal): Promise<RecordedImport> {
    if (!this.#leads) throw new Error('the operator does not lead');
    signal.throwIfAborted();
    this.#parts.queue.add(key, PRIORITY.userEdit);
    return this.#inbox.putImport(key, carriedOut, signal);
  }

  #tryAgain(key: Key): void {
    const { index, queue } = this.#parts;
    const stream = index.get(key);
    if (stream === undefined) return;
    const uid = stream.metadata.uid ?? '';
    const flying = this.#flights.sources(key);
    const histories = historiesOf(stream);
    const memories = this.#memories.of(key, uid);
    const isUnsent = (name: string) => memories.get(name)?.unsent !== undefined;
    const tags = (stream.spec?.tags ?? []).filter(
      ({ name }) => flying.has(name) || isUnsent(name) || hasFailed(histories.get(name)?.conditions),
    );
    for (const { name } of tags) this.#memories.secretsChanged(key, uid, name);
    if (tags.length > 0) queue.add(key, PRIORITY.userEdit);
  }

  #plan(key: Key, stream: ImageStream): ImportPlan {
    const { clock, isImageMissing } = this.#parts;
    return planImports({
      stream,
      inFlight: this.#flights.sources(key),
      memory: this.#memories.of(key, stream.metadata.uid ?? ''),
      nowMs: clock.now(),
      options: this.#planning,
      isImageMissing,
    });
  }

  /** `stream` is what was known when the import was sent off. */
  #arrived(key: Key, flight: Flight, stream: ImageStream, result: TagResult): void {
    const { clock, queue } = this.#parts;
    const atMs = clock.now();
    if (this.#doubts.setAside(key, flight, stream, result, atMs)) return;
    if (isKnown(stream, result)) {
      this.#recording.settleTag(key, { kind: 'tag', flight, result, atMs }, stream);
      if (needsNoLook(flight, stream, result)) return;
    } else {
      this.#inbox.put(key, { kind: 'tag', flight, result, atMs });
    }
    const isAlone = !this.#hasOpen(key);
    queue.addAt(key, isAlone ? atMs : atMs + TOGETHER_MS, PRIORITY.userEdit);
  }

  /** Whether the status has something to say that no result is needed for. */
  #hasNews(key: Key, stream: ImageStream, plan: ImportPlan): boolean {
    const news = statusNews(stream, this.#parts.recorder.applied(stream, [], plan.answeredRequest));
    // That this generation was looked at is told together with what comes of it.
    return news === 'some' || (news === 'generation' && !this.#hasOpen(key));
  }

  /** Whether results of the stream are still to come back, of tags that could not be sent off yet, too. */
  #hasOpen(key: Key): boolean {
    return this.#flights.hasOpen(key) || this.#departures.isWaiting(key);
  }

  /** What the spec no longer asks for is aborted; tags that it no longer has are forgotten. */
  #keepWhatIsAsked(key: Key, stream: ImageStream): void {
    this.#memories.prune(key, stream.spec?.tags ?? []);
    if (this.#flights.sources(key).size === 0) return;
    const asked = new Map(
      requestsOf(stream, this.#parts.options.platform).map(request => [request.tag, request.asked]),
    );
    this.#flights.abort(key, ({ uid, due }) => {
      const now = asked.get(due.tag);
      return uid === stream.metadata.uid && now !== undefined && sameRequest(now, due.request.asked);
    });
  }

  #forget(key: Key): undefined {
    this.#departures.leave(key);
    this.#flights.abort(key);
    this.#memories.forget(key);
    this.#holds.release(key);
    this.#intervalNotices.forget(key);
    this.#repositories?.forget(key);
    this.#inbox.settle(
      key,
      this.#inbox.peek(key).filter(({ kind }) => kind === 'tag'),
    );
  }
}

/**
 * Whether a check that found nothing new leaves nothing to do: its next slot was seen to when it was sent off. Nearly all
 * checks end here, so this halves the work on streams.
 */
function needsNoLook({ due, looked }: Flight, { metadata, status }: ImageStream, { outcome }: TagResult): boolean {
  const isRoutine = outcome === 'unchanged' && due.reason === 'scheduled';
  // A generation that was looked at is told together with what comes back.
  return isRoutine && !looked && status?.observedGeneration === metadata.generation;
}
