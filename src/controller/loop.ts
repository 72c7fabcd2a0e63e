import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { PRIORITY } from '../imagestream/due.ts';
import type { Term } from '../kube/leader-term.ts';
import type { Logger } from '../log.ts';
import type { WorkQueue } from '../queue/work-queue.ts';
import type { ImportController } from './imports.ts';
import type { ControllerObserver } from './observer.ts';
import type { RepositoryImports } from './repository-imports.ts';
import type { StreamIndex } from './stream-index.ts';
import type { StreamController } from './streams.ts';

export interface LoopParts {
  readonly index: StreamIndex;
  readonly streams: StreamController;
  readonly repositories: RepositoryImports;
  readonly streamQueue: WorkQueue;
  readonly imports: ImportController;
  readonly importQueue: WorkQueue;
  readonly census: { run(signal: AbortSignal): Promise<void> };
  /** Absent with `--images=off`. */
  readonly sweep: { run(signal: AbortSignal): Promise<void> } | undefined;
  /** Resolves when everything that decisions rest on was listed once. */
  readonly synced: Promise<void>;
  readonly observer: ControllerObserver;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A slot this long before the old leader's last sign of life may have been missed by it (design D22). */
const OLD_LEADER_LAG_MS = 5 * 60_000;
/** Reconciles side by side: each waits for the API server and nothing else. */
const STREAM_WORKERS = 12;
const IMPORT_WORKERS = 4;
/** Streams that are added in one go: with each goes a slice of work on those added before, into one turn of the event loop. */
const PIECE = 250;
const LOOK_AT_CLOCK_MS = 10_000;
/** Clocks that are kept right move by less than this between two looks. */
const JUMP_MS = 5_000;

/**
 * Leads: works on the keys of streams and imports until the term ends. Then nothing is begun any more, what is being
 * asked of registries is given up, and writes under way have `graceMs` to finish; none begins once the lease is lost.
 */
export async function lead(parts: LoopParts, term: Term, graceMs: number): Promise<void> {
  const { streams, imports, streamQueue, importQueue, repositories, observer, clock, log } = parts;
  const startedAtMs = clock.now();
  if (!(await within(parts.synced, term.ending))) return;
  const { previousRenewMs } = term;
  const sinceMs = previousRenewMs === undefined ? startedAtMs : previousRenewMs - OLD_LEADER_LAG_MS;
  streams.lead(sinceMs, repositories);
  imports.lead();
  log.info({ streams: parts.index.size }, 'Working');
  void streamQueue.run((key, signal) => streams.reconcile(key, signal), {
    concurrency: STREAM_WORKERS,
    signal: term.lost,
    onWorked: (ms, failed) => observer.reconciled({ controller: 'streams', ms, failed }),
  });
  void importQueue.run((key, signal) => imports.reconcile(key, signal), {
    concurrency: IMPORT_WORKERS,
    signal: term.lost,
    onWorked: (ms, failed) => observer.reconciled({ controller: 'imports', ms, failed }),
  });
  await addAll(parts, PRIORITY.startUp, term.ending);
  const { sweep, census } = parts;
  await Promise.all([sweep?.run(term.ending), census.run(term.ending), watchWallClock(parts, term.ending)]);
  streams.stop(term.ending.reason);
  imports.stop(term.ending.reason);
  const inTime = await Promise.all([streamQueue, importQueue].map(queue => queue.drain(graceMs)));
  log.info({ finished: inTime.every(Boolean) }, 'Stopped working');
}

/** Whether it came before the signal fired. */
function within(event: Promise<void>, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise(resolve => {
    const give = () => resolve(false);
    signal.addEventListener('abort', give, { once: true });
    event.then(() => {
      signal.removeEventListener('abort', give);
      resolve(true);
    });
  });
}

/** Waiting runs on the monotonic clock; when the wall clock is set, slots are where they were not (design D22). */
async function watchWallClock(parts: LoopParts, signal: AbortSignal): Promise<void> {
  const { clock, log } = parts;
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
    await addAll(parts, PRIORITY.scheduled, signal);
  }
}

/** All streams, in pieces: of a hundred thousand others in the process want a turn in between. */
async function addAll({ index, streamQueue }: LoopParts, priority: number, signal: AbortSignal): Promise<void> {
  let added = 0;
  for (const key of index.keys()) {
    streamQueue.add(key, priority);
    added += 1;
    if (added % PIECE !== 0) continue;
    await setImmediate();
    if (signal.aborted) return;
  }
}
