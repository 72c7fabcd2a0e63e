import { setImmediate } from 'node:timers/promises';
import type { ImageStream } from '../api/image-stream.ts';
import type { Clock } from '../clock.ts';
import type { TagMemory } from '../imagestream/due.ts';
import type { IntervalDefaults } from '../imagestream/interval.ts';
import { type Standing, standingsOf } from '../imagestream/standing.ts';
import type { Key } from './key.ts';
import { registryOf } from './registry-name.ts';

export interface TagCensusParts {
  readonly index: {
    keys(): Iterable<Key>;
    get(key: Key): ImageStream | undefined;
  };
  /** What is remembered of the tags of a stream. */
  readonly memoryOf: (key: Key, uid: string) => ReadonlyMap<string, TagMemory>;
  readonly clock: Clock;
  readonly intervals: IntervalDefaults;
}

/** The tags of one registry. */
export interface RegistryTags {
  readonly registry: string;
  readonly standings: Readonly<Record<Standing, number>>;
  readonly scheduled: number;
  readonly late: number;
}

type Tally = { registry: string; standings: Record<Standing, number>; scheduled: number; late: number };

/** Alerts wait a quarter of an hour at least, and an interval has a minute at least. */
const EVERY_MS = 60_000;
/** In a large cluster it is taken as seldom as keeps its cost below a fiftieth of the time. */
const REST = 50;
/** So many streams take a few milliseconds: others in the process want a turn in between. */
const PIECE = 100;

/**
 * Counts how all tags stand, time and again. It asks the index and not the queue: a tag that was lost on the way to its
 * next check must be seen, too.
 */
export class TagCensus {
  readonly #parts: TagCensusParts;
  #counted: readonly RegistryTags[] | undefined;

  constructor(parts: TagCensusParts) {
    this.#parts = parts;
  }

  /** As last counted; undefined while nobody counts, which is wherever this process does not lead. */
  get counted(): readonly RegistryTags[] | undefined {
    return this.#counted;
  }

  /** Counts until the signal fires. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const startedAtMs = clock.now();
    while (!signal.aborted) {
      const beganMs = clock.monotonic();
      this.#counted = await this.#count(startedAtMs, signal);
      const tookMs = clock.monotonic() - beganMs;
      await clock.sleep(Math.max(EVERY_MS, REST * tookMs), signal).catch(() => {});
    }
    this.#counted = undefined;
  }

  async #count(startedAtMs: number, signal: AbortSignal): Promise<readonly RegistryTags[]> {
    const tallies = new Map<string, Tally>();
    let looked = 0;
    for (const key of this.#parts.index.keys()) {
      this.#add(tallies, key, startedAtMs);
      looked += 1;
      if (looked % PIECE !== 0) continue;
      await setImmediate();
      if (signal.aborted) break;
    }
    return [...tallies.values()];
  }

  #add(tallies: Map<string, Tally>, key: Key, startedAtMs: number): void {
    const { index, memoryOf, clock, intervals } = this.#parts;
    const stream = index.get(key);
    if (stream === undefined) return;
    const memory = memoryOf(key, stream.metadata.uid ?? '');
    const options = { ...intervals, startedAtMs };
    for (const { from, standing, scheduled, late } of standingsOf({ stream, memory, nowMs: clock.now(), options })) {
      const registry = registryOf(from);
      const tally = tallies.get(registry) ?? emptyTally(registry);
      tallies.set(registry, tally);
      tally.standings[standing] += 1;
      tally.scheduled += Number(scheduled);
      tally.late += Number(late);
    }
  }
}

function emptyTally(registry: string): Tally {
  return { registry, standings: { imported: 0, failing: 0, neverWorked: 0, waiting: 0 }, scheduled: 0, late: 0 };
}
