import type { Clock } from '../clock.ts';
import { PRIORITY } from '../imagestream/due.ts';
import type { Logger } from '../log.ts';
import type { ImportController } from './imports.ts';
import type { Key } from './key.ts';
import type { ControllerObserver } from './observer.ts';
import type { RepositoryImports } from './repository-imports.ts';
import type { StreamIndex } from './stream-index.ts';
import type { KeyQueue, StreamController } from './streams.ts';

/** A queue of keys and its workers; see the queue room. */
export interface WorkedQueue extends KeyQueue {
  /** Works until the signal fires; what is under way then is finished. */
  run(
    worker: (key: Key, signal: AbortSignal) => Promise<void>,
    options: { readonly concurrency: number; readonly signal: AbortSignal },
  ): Promise<void>;
}

export interface LoopParts {
  readonly index: StreamIndex;
  readonly streams: StreamController;
  readonly repositories: RepositoryImports;
  readonly streamQueue: WorkedQueue;
  readonly imports: ImportController;
  readonly importQueue: WorkedQueue;
  /** Absent with `--images=off`. */
  readonly sweep: { run(signal: AbortSignal): Promise<void> } | undefined;
  /** Resolves when everything that decisions rest on was listed once. */
  readonly synced: (signal: AbortSignal) => Promise<void>;
  readonly observer: ControllerObserver;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A slot this long before the old leader's last sign of life may have been missed by it (design D22). */
const OLD_LEADER_LAG_MS = 5 * 60_000;
/** Reconciles side by side: each waits for the API server and nothing else. */
const STREAM_WORKERS = 12;
const IMPORT_WORKERS = 4;
const LOOK_AT_CLOCK_MS = 10_000;
/** Clocks that are kept right move by less than this between two looks. */
const JUMP_MS = 5_000;

/**
 * Leads: works on the keys of streams and imports until the signal fires. `previousRenewMs` (epoch) is when the leader
 * before was last heard of.
 */
export async function lead(parts: LoopParts, previousRenewMs: number | undefined, signal: AbortSignal): Promise<void> {
  const { streams, imports, streamQueue, importQueue, repositories, clock, log } = parts;
  const startedAtMs = clock.now();
  await parts.synced(signal);
  signal.throwIfAborted();
  const sinceMs = previousRenewMs === undefined ? startedAtMs : previousRenewMs - OLD_LEADER_LAG_MS;
  streams.lead(sinceMs, repositories);
  imports.lead();
  log.info({ streams: parts.index.size }, 'Working');
  const stop = () => {
    streams.stop(signal.reason);
    imports.stop(signal.reason);
  };
  signal.addEventListener('abort', stop, { once: true });
  await Promise.all([
    streamQueue.run(
      timed(parts, 'streams', (key, each) => streams.reconcile(key, each)),
      {
        concurrency: STREAM_WORKERS,
        signal,
      },
    ),
    importQueue.run(
      timed(parts, 'imports', (key, each) => imports.reconcile(key, each)),
      {
        concurrency: IMPORT_WORKERS,
        signal,
      },
    ),
    parts.sweep?.run(signal),
    watchWallClock(parts, signal),
  ]);
}

type Worker = (key: Key, signal: AbortSignal) => Promise<void>;

function timed({ observer, clock }: LoopParts, controller: 'streams' | 'imports', worker: Worker): Worker {
  return async (key, signal) => {
    const startedMs = clock.monotonic();
    let failed = true;
    try {
      await worker(key, signal);
      failed = false;
    } finally {
      observer.reconciled({ controller, ms: clock.monotonic() - startedMs, failed });
    }
  };
}

/** Waiting runs on the monotonic clock; when the wall clock is set, slots are where they were not (design D22). */
async function watchWallClock({ clock, index, streamQueue, log }: LoopParts, signal: AbortSignal): Promise<void> {
  let offsetMs = clock.now() - clock.monotonic();
  while (!signal.aborted) {
    try {
      await clock.sleep(LOOK_AT_CLOCK_MS, signal);
    } catch {
      return;
    }
    const nowMs = clock.now() - clock.monotonic();
    if (Math.abs(nowMs - offsetMs) < JUMP_MS) continue;
    log.warn({ jumpedMs: Math.round(nowMs - offsetMs) }, 'The clock was set: all streams are looked at again');
    offsetMs = nowMs;
    for (const key of index.keys()) streamQueue.add(key, PRIORITY.scheduled);
  }
}
