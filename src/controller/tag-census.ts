import { setImmediate } from 'node:timers/promises';
import type { ImageStream } from '../api/image-stream.ts';
import type { Clock } from '../clock.ts';
import type { TagMemory } from '../imagestream/due.ts';
import type { IntervalDefaults } from '../imagestream/interval.ts';
import { isLate, type Standing, standingsOf, type TagStanding } from '../imagestream/standing.ts';
import type { Key } from './key.ts';
import { registryOf } from './registry-name.ts';

export interface TagCensusParts {
  readonly index: {
    keys(): Iterable<Key>;
    /** Another text for another stream. */
    record(key: Key): string | undefined;
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

/** What a stream says of its tags for as long as its record is the same. */
interface Seen {
  readonly record: string;
  readonly uid: string;
  readonly tags: readonly SeenTag[];
}
type SeenTag = Pick<TagStanding, 'tag' | 'standing' | 'scheduled' | 'lateAfterMs'> & { readonly registry: string };

/** Alerts wait a quarter of an hour at least, and an interval has a minute at least. */
const EVERY_MS = 60_000;
/** In a large cluster it is taken as seldom as keeps its cost below a fiftieth of the time. */
const REST = 50;
/** So many streams take a few milliseconds: others in the process want a turn in between. */
const PIECE = 100;
/** Of so many tags it is kept what was seen, in some 3 MB; those of other streams are read anew each time. */
const MAX_KEPT = 10_000;

/**
 * Counts how all tags stand, time and again. It asks the index and not the queue: a tag that was lost on the way to its
 * next check must be seen, too. Few streams change from one count to the next, so what was seen of most still holds, but for
 * which tags are late.
 */
export class TagCensus {
  readonly #parts: TagCensusParts;
  #counted: readonly RegistryTags[] | undefined;
  #seen: ReadonlyMap<Key, Seen> = new Map();

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
    this.#seen = new Map();
  }

  async #count(startedAtMs: number, signal: AbortSignal): Promise<readonly RegistryTags[]> {
    const tallies = new Map<string, Tally>();
    // Anew each time, so that nothing is kept of streams that are gone.
    const kept = new Map<Key, Seen>();
    let room = MAX_KEPT;
    let looked = 0;
    for (const key of this.#parts.index.keys()) {
      const seen = this.#look(key);
      if (seen !== undefined) {
        this.#add(tallies, key, seen, startedAtMs);
        room -= seen.tags.length;
        if (room >= 0) kept.set(key, seen);
      }
      looked += 1;
      if (looked % PIECE !== 0) continue;
      await setImmediate();
      if (signal.aborted) break;
    }
    this.#seen = kept;
    return [...tallies.values()];
  }

  #look(key: Key): Seen | undefined {
    const { index, intervals } = this.#parts;
    const record = index.record(key);
    const before = this.#seen.get(key);
    if (before?.record === record) return before;
    const stream = index.get(key);
    if (record === undefined || stream === undefined) return undefined;
    const tags = standingsOf(stream, intervals).map(({ from, ...said }) => ({ ...said, registry: registryOf(from) }));
    return { record, uid: stream.metadata.uid ?? '', tags };
  }

  #add(tallies: Map<string, Tally>, key: Key, { uid, tags }: Seen, startedAtMs: number): void {
    const { memoryOf, clock } = this.#parts;
    const memory = memoryOf(key, uid);
    const nowMs = clock.now();
    for (const seen of tags) {
      const { tag, registry, standing, scheduled } = seen;
      // Of checks before this process took over nothing is known.
      const lastCheckedMs = memory.get(tag)?.lastCheckedMs ?? startedAtMs;
      const tally = tallies.get(registry) ?? emptyTally(registry);
      tallies.set(registry, tally);
      tally.standings[standing] += 1;
      tally.scheduled += Number(scheduled);
      tally.late += Number(isLate(seen, lastCheckedMs, nowMs));
    }
  }
}

function emptyTally(registry: string): Tally {
  return { registry, standings: { imported: 0, failing: 0, neverWorked: 0, waiting: 0 }, scheduled: 0, late: 0 };
}
