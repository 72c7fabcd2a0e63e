import type { ImageStream, TagHistory } from '../api/image-stream.ts';
import { hasFailed, importCondition } from './conditions.ts';
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
  readonly tag: string;
  /** Pull spec, as written. */
  readonly from: string;
  readonly standing: Standing;
  /** Whether the schedule re-checks it. */
  readonly scheduled: boolean;
  /** Two of its intervals; undefined for one that nobody expects to be checked. */
  readonly lateAfterMs: number | undefined;
}

const LATE_INTERVALS = 2;

/** How the tags stand that a registry is asked for. All of it changes with the stream's record alone. */
export function standingsOf(stream: ImageStream, intervals: IntervalDefaults): readonly TagStanding[] {
  const histories = historiesOf(stream);
  return (stream.spec?.tags ?? []).filter(isImportable).map(tag => {
    const from = tag.from?.name ?? '';
    const standing = standingOf(histories.get(tag.name));
    const scheduled = tag.importPolicy?.scheduled === true && !isByDigest(from);
    // What was never imported waits for no schedule, and what no request can be made of is healed by an edit alone.
    const isExpected = scheduled && standing !== 'waiting' && namesRepository(from);
    const lateAfterMs = isExpected ? LATE_INTERVALS * intervalOf(stream, tag, intervals) : undefined;
    return { tag: tag.name, from, standing, scheduled, lateAfterMs };
  });
}

/** Whether no check of the tag has come back for too long, whatever would have come of it. */
export function isLate(
  { lateAfterMs }: Pick<TagStanding, 'lateAfterMs'>,
  lastCheckedMs: number,
  nowMs: number,
): boolean {
  return lateAfterMs !== undefined && nowMs - lastCheckedMs > lateAfterMs;
}

function standingOf(history: TagHistory | undefined): Standing {
  const hasImages = (history?.items?.length ?? 0) > 0;
  if (hasFailed(history?.conditions)) return hasImages ? 'failing' : 'neverWorked';
  return hasImages || importCondition(history?.conditions) !== undefined ? 'imported' : 'waiting';
}
