import type { ImageStreamImport } from '../api/image-stream-import.ts';
import type { Clock } from '../clock.ts';
import { PRIORITY } from '../imagestream/due.ts';
import { fitImport } from '../imagestream/fit-import.ts';
import { completed, isDone, refused } from '../imagestream/import-conditions.ts';
import { isConflict, isRefusedForGood } from '../kube/api-error.ts';
import type { Logger } from '../log.ts';
import { type Backoff, backoffMs } from '../queue/backoff.ts';
import { FairPlaces } from '../queue/fair-places.ts';
import { type EventSink, regardingOf } from './announcer.ts';
import type { ImportIndex, ImportRecord } from './import-index.ts';
import { type ImportEnd, type ImportRunParts, runImport } from './import-run.ts';
import type { ImportStore } from './import-store.ts';
import { type Key, partsOf } from './key.ts';
import type { ControllerObserver } from './observer.ts';
import { registryOf } from './registry-name.ts';
import type { KeyQueue } from './streams.ts';

export interface ImportParts extends ImportRunParts {
  readonly imports: ImportIndex;
  readonly queue: KeyQueue;
  readonly store: ImportStore;
  readonly events: EventSink;
  readonly observer: ControllerObserver;
  readonly clock: Clock;
  /** In [0, 1): spreads what is begun again. */
  readonly random: () => number;
  readonly log: Logger;
  /** How long a completed import is kept, in milliseconds; 0 keeps it. */
  readonly ttlMs: number;
}

/** Imports of users that are carried out side by side; their requests share the lanes with everything else. */
const AT_ONCE = 32;
/** And of one namespace: those that wait for silent registries must leave places to others. */
const AT_ONCE_OF_A_NAMESPACE = 8;
/** How soon an import is begun again that could not be carried through: each time asks registries for all it names. */
const AGAIN_MS = 5_000;
const AGAIN: Backoff = { baseMs: 5_000, factor: 2, capMs: 5 * 60_000 };

interface Running {
  readonly uid: string;
  readonly controller: AbortController;
}

/** Completes the ImageStreamImports that users create, and removes them after a while (design D12). */
export class ImportController {
  readonly #parts: ImportParts;
  readonly #running = new Map<Key, Running>();
  readonly #places = new FairPlaces(AT_ONCE, { perTenant: AT_ONCE_OF_A_NAMESPACE });
  /** Uids of those that could not be stored, for good: not begun again. */
  readonly #given = new Map<Key, string>();
  /** How often those that are not completed could not be carried through, in a row. */
  readonly #failures = new Map<Key, Pick<Running, 'uid'> & { readonly times: number }>();

  constructor(parts: ImportParts) {
    this.#parts = parts;
  }

  /** Imports under way. */
  get running(): number {
    return this.#running.size;
  }

  lead(): void {
    const { imports, queue } = this.#parts;
    for (const key of imports.keys()) queue.add(key, PRIORITY.userEdit);
  }

  stop(reason: unknown): void {
    for (const { controller } of this.#running.values()) controller.abort(reason);
    this.#running.clear();
  }

  async reconcile(key: Key, signal: AbortSignal): Promise<void> {
    const record = this.#parts.imports.get(key);
    const running = this.#running.get(key);
    if (running !== undefined && running.uid !== record?.uid) {
      running.controller.abort(new Error('the ImageStreamImport is gone'));
      this.#running.delete(key);
    }
    if (this.#given.get(key) !== record?.uid) this.#given.delete(key);
    if (this.#failures.get(key)?.uid !== record?.uid) this.#failures.delete(key);
    if (record === undefined || record.leaving) return;
    if (record.completedAtMs !== undefined) return this.#expire(key, record, record.completedAtMs, signal);
    if (!this.#running.has(key) && !this.#given.has(key)) this.#start(key, record.uid);
  }

  async #expire(key: Key, record: ImportRecord, completedAtMs: number, signal: AbortSignal): Promise<void> {
    const { ttlMs, clock, queue, store } = this.#parts;
    if (ttlMs === 0) return;
    const nowMs = clock.now();
    // A time ahead of us was taken before the clock was set back: it is not to be waited for.
    record.completedAtMs = Math.min(completedAtMs, nowMs);
    const atMs = record.completedAtMs + ttlMs;
    if (nowMs < atMs) queue.addAt(key, atMs, PRIORITY.scheduled);
    else await store.remove(key, record.uid, signal);
  }

  #start(key: Key, uid: string): void {
    const running: Running = { uid, controller: new AbortController() };
    const { signal } = running.controller;
    this.#running.set(key, running);
    const { queue, clock, random, log } = this.#parts;
    this.#places
      .hold({ tenant: partsOf(key).namespace, signal }, () => this.#carryThrough(key, uid, signal))
      .catch((error: unknown) => {
        if (signal.aborted) return;
        const message = Error.isError(error) ? error.message : String(error);
        const times = (this.#failures.get(key)?.times ?? 0) + 1;
        this.#failures.set(key, { uid, times });
        const againInMs = AGAIN_MS + backoffMs(AGAIN, times, random());
        log.warn({ import: key, error: message, againInMs }, 'An import could not be carried through');
        queue.addAt(key, clock.now() + againInMs, PRIORITY.userEdit);
      })
      .finally(() => {
        if (this.#running.get(key) === running) this.#running.delete(key);
      });
  }

  async #carryThrough(key: Key, uid: string, signal: AbortSignal): Promise<void> {
    const isi = await this.#parts.store.read(key, signal);
    if (isi?.metadata.uid !== uid || isDone(isi)) return;
    const end = await runImport(isi, this.#parts, signal);
    this.#count(isi, end);
    await this.#complete(key, isi, end, signal);
  }

  /** OpenShift's counting (controllers 3): one for each entry of `status.images`, one for `status.repository`. */
  #count({ spec }: ImageStreamImport, end: ImportEnd): void {
    if (end.end === 'refused') return;
    const { observer } = this.#parts;
    const { images = [], repository } = end.outcome.status;
    for (const [index, { status }] of images.entries()) {
      observer.entryImported({ registry: registryOf(spec.images?.[index]?.from.name ?? ''), status });
    }
    const whole = registryOf(spec.repository?.from.name ?? '');
    // A repository whose name cannot be read is not counted.
    if (repository?.status !== undefined && whole !== '') {
      observer.entryImported({ registry: whole, status: repository.status });
    }
  }

  /** Writes what came of it. Somebody else's edit in between, of a label for example, changes nothing about that. */
  async #complete(key: Key, isi: ImageStreamImport, end: ImportEnd, signal: AbortSignal): Promise<void> {
    const { store, observer, clock } = this.#parts;
    for (let current: ImageStreamImport | undefined = isi; current?.metadata.uid === isi.metadata.uid; ) {
      if (current === undefined || isDone(current)) return;
      const done =
        end.end === 'refused'
          ? refused(current, end.refusal, clock.now())
          : completed(current, end.status, clock.now());
      try {
        const stored = await store.writeStatus(key, current, fitImport(done).status ?? {}, signal);
        observer.patched('imagestreamimports', 'written');
        return this.#tell(key, stored);
      } catch (error) {
        if (!isConflict(error)) return this.#giveUp(key, current, error);
        observer.patched('imagestreamimports', 'conflict');
        current = await store.read(key, signal);
      }
    }
  }

  #giveUp(key: Key, isi: ImageStreamImport, error: unknown): void {
    if (!isRefusedForGood(error)) throw error;
    const { log, events, observer } = this.#parts;
    const note = Error.isError(error) ? error.message : String(error);
    this.#given.set(key, isi.metadata.uid ?? '');
    observer.patched('imagestreamimports', 'refused');
    log.error({ import: key, why: note }, 'An import cannot be stored');
    const regarding = regardingOf('ImageStreamImport', isi);
    events.event({ regarding, type: 'Warning', reason: 'ImportNotStored', action: 'Store', note });
  }

  #tell(key: Key, isi: ImageStreamImport): void {
    const { log, events } = this.#parts;
    const { reason = '', message = '' } = isi.status?.conditions?.find(({ type }) => type === 'Complete') ?? {};
    log.info({ import: key, reason }, 'Import completed');
    events.event({
      regarding: regardingOf('ImageStreamImport', isi),
      type: reason === 'Imported' ? 'Normal' : 'Warning',
      reason,
      action: 'Import',
      note: message,
    });
  }
}
