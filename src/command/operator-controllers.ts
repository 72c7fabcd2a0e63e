import type { Image } from '../api/image.ts';
import type { Clock } from '../clock.ts';
import { Announcer, type EventSink } from '../controller/announcer.ts';
import { ImportIndex } from '../controller/import-index.ts';
import { ImportStore } from '../controller/import-store.ts';
import { ImportController } from '../controller/imports.ts';
import { type LoopParts, lead } from '../controller/loop.ts';
import type { ControllerObserver } from '../controller/observer.ts';
import { RepositoryImports } from '../controller/repository-imports.ts';
import type { StreamRegistries } from '../controller/repository-names.ts';
import { StreamIndex } from '../controller/stream-index.ts';
import { StreamRecorder } from '../controller/stream-recorder.ts';
import { StreamStore } from '../controller/stream-store.ts';
import { StreamController } from '../controller/streams.ts';
import { TagCensus } from '../controller/tag-census.ts';
import { type Credentials, type RegistryPolicy, TagImports } from '../controller/tag-imports.ts';
import { PRIORITY } from '../imagestream/due.ts';
import type { Platform } from '../imagestream/source.ts';
import type { Importer } from '../importer/importer.ts';
import { isConflict } from '../kube/api-error.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Term } from '../kube/leader-term.ts';
import type { Logger } from '../log.ts';
import { WorkQueue } from '../queue/work-queue.ts';

export interface ControllerOptions extends StreamRegistries {
  readonly platform: Platform;
  readonly defaultIntervalMs: number;
  readonly minIntervalMs: number;
  readonly historyLimit: number;
  readonly maxImagesPerRepository: number;
  readonly isiTtlMs: number;
}

/** Image objects, as the controllers need them. */
export interface Images {
  has(name: string): boolean;
  ensure(images: readonly Image[], signal: AbortSignal): Promise<void>;
}

export interface ControllerParts {
  readonly client: KubeClient;
  /** Asks for tags of streams. */
  readonly tags: Pick<Importer, 'importTag'>;
  /** Carries out whole imports. */
  readonly imports: Pick<Importer, 'importRequest'>;
  readonly policy: RegistryPolicy;
  readonly credentials: Credentials;
  /** Absent with `--images=off`. */
  readonly images: Images | undefined;
  readonly sweep: LoopParts['sweep'];
  readonly events: EventSink;
  readonly observer: ControllerObserver;
  readonly clock: Clock;
  readonly log: Logger;
  readonly options: ControllerOptions;
}

/** The controllers, joined. */
export class Controllers {
  /** Sinks of the watches. */
  readonly streamIndex: StreamIndex;
  readonly importIndex: ImportIndex;
  readonly streamQueue: WorkQueue;
  readonly importQueue: WorkQueue;
  readonly streams: StreamController;
  readonly imports: ImportController;
  readonly census: TagCensus;
  readonly #parts: ControllerParts;
  readonly #repositories: RepositoryImports;
  #leads = false;

  constructor(parts: ControllerParts) {
    const { client, tags, policy, credentials, images, events, observer, clock, log, options } = parts;
    const random = Math.random;
    this.#parts = parts;
    this.streamQueue = workQueue('streams', parts);
    this.importQueue = workQueue('imports', parts);
    // Whoever does not lead only keeps its indexes: once it leads, all that they hold is looked at.
    const changed = (queue: WorkQueue) => (key: string) => {
      if (this.#leads) queue.add(key, PRIORITY.userEdit);
    };
    this.streamIndex = new StreamIndex(changed(this.streamQueue));
    this.importIndex = new ImportIndex(changed(this.importQueue));
    const store = new StreamStore(client, observer);
    const shared = { credentials, policy, observer, clock, random, log, intervals: options };
    this.streams = new StreamController({
      index: this.streamIndex,
      queue: this.streamQueue,
      store,
      recorder: new StreamRecorder({ store, images, clock, options }),
      tagImports: new TagImports({ ...shared, importer: tags }),
      announcer: new Announcer({ events, observer, clock, log }),
      // What is not named by a digest was never an image's name.
      ...(images && { isImageMissing: name => name.startsWith('sha256:') && !images.has(name) }),
      observer,
      clock,
      random,
      log,
      options,
    });
    const { memoryOf } = this.streams;
    this.census = new TagCensus({ index: this.streamIndex, memoryOf, clock, intervals: options });
    const importing = { ...shared, ...options, importer: parts.imports, streams: this.streams };
    this.#repositories = new RepositoryImports({ ...importing, queue: this.streamQueue });
    this.imports = new ImportController({
      ...importing,
      imports: this.importIndex,
      index: this.streamIndex,
      queue: this.importQueue,
      store: new ImportStore(client),
      events,
      ttlMs: options.isiTtlMs,
    });
  }

  /** Works until the term ends. `synced` resolves when the indexes have been filled once. */
  lead(term: Term, synced: Promise<void>, graceMs: number): Promise<void> {
    const { clock, log, observer, sweep } = this.#parts;
    const parts: LoopParts = {
      index: this.streamIndex,
      streams: this.streams,
      repositories: this.#repositories,
      streamQueue: this.streamQueue,
      imports: this.imports,
      importQueue: this.importQueue,
      census: this.census,
      sweep,
      synced,
      observer,
      clock,
      log,
    };
    // What the first lists bring is start-up work, and waits behind what users change from then on.
    const working = synced.then(() => {
      this.#leads = !term.ending.aborted;
    });
    return lead({ ...parts, synced: working }, term, graceMs).finally(() => {
      this.#leads = false;
    });
  }
}

function workQueue(what: string, { clock, log }: ControllerParts): WorkQueue {
  return new WorkQueue({
    clock,
    random: Math.random,
    isConflict,
    onFailure: (key, error, againInMs) => {
      if (isConflict(error)) return;
      const message = Error.isError(error) ? error.message : String(error);
      log.warn({ [what]: key, error: message, againInMs: Math.round(againInMs) }, 'A key could not be worked on');
    },
  });
}
