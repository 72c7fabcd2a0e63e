import type { ImageStream, TagHistory } from '../api/image-stream.ts';
import { hasFailed, importCondition } from './conditions.ts';
import type { TagMemory } from './due.ts';
import { type IntervalDefaults, intervalOf } from './interval.ts';
import { namesRepository } from './pull-spec-slots.ts';
import { isByDigest, isImportable } from './source.ts';
import { historiesOf } from './tag-state.ts';

/**
 * How the last import of a tag went, in one word:
 *
 * ```text
 * last import | images in the history | word
 * succeeded   |         any           | imported
 * failed      |         some          | failing       it worked before: something has broken
 * failed      |         none          | neverWorked   mostly a spec that was never right
 * none yet    |         none          | waiting
 * ```
 */
export type Standing = 'imported' | 'failing' | 'neverWorked' | 'waiting';

export interface TagStanding {
  /** Pull spec, as written. */
  readonly from: string;
  readonly standing: Standing;
  /** Whether the schedule re-checks it. */
  readonly scheduled: boolean;
  /** It is scheduled, and no check of it has come back for more than two of its intervals, whatever came of it. */
  readonly late: boolean;
}

export interface StandingsInput {
  readonly stream: ImageStream;
  readonly memory: ReadonlyMap<string, TagMemory>;
  readonly nowMs: number;
  /** `startedAtMs` is when this process took over, in epoch ms: of checks before that nothing is known. */
  readonly options: IntervalDefaults & { readonly startedAtMs: number };
}

const LATE_INTERVALS = 2;

/** How the tags stand that a registry is asked for. */
export function standingsOf({ stream, memory, nowMs, options }: StandingsInput): readonly TagStanding[] {
  const histories = historiesOf(stream);
  return (stream.spec?.tags ?? []).filter(isImportable).map(tag => {
    const from = tag.from?.name ?? '';
    const standing = standingOf(histories.get(tag.name));
    const scheduled = tag.importPolicy?.scheduled === true && !isByDigest(from);
    const sinceMs = memory.get(tag.name)?.lastCheckedMs ?? options.startedAtMs;
    // What was never imported waits for no schedule, and what no request can be made of is healed by an edit alone.
    const late =
      scheduled &&
      standing !== 'waiting' &&
      nowMs - sinceMs > LATE_INTERVALS * intervalOf(stream, tag, options) &&
      namesRepository(from);
    return { from, standing, scheduled, late };
  });
}

function standingOf(history: TagHistory | undefined): Standing {
  const hasImages = (history?.items?.length ?? 0) > 0;
  if (hasFailed(history?.conditions)) return hasImages ? 'failing' : 'neverWorked';
  return hasImages || importCondition(history?.conditions) !== undefined ? 'imported' : 'waiting';
}
