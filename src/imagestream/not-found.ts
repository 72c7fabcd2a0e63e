import type { DueReason } from './due.ts';
import type { TagResult } from './result.ts';

/** What is known of a tag besides the result that came back. */
export interface TagPast {
  /** Whether the tag's history has an event: there was an image once. */
  readonly existed: boolean;
  /** Why the tag was asked for. */
  readonly reason: DueReason;
  /** Epoch ms of the first NotFound in a row that did not count; absent when the last result was another. */
  readonly firstSeenMs?: number;
}

/** A NotFound that does not count yet. Both are epoch ms; `firstSeenMs` is to be remembered for the next result. */
export interface Doubt {
  readonly firstSeenMs: number;
  readonly askAgainAtMs: number;
}

/**
 * Whether a result may be recorded (registry-client R8.3, design D23). Registries lose sight of a tag for moments: a
 * cache is rebuilt, a replica lags behind. So a tag that existed, and that nobody asked about, is missing only once it
 * was not found twice, a minute apart.
 *
 *   result          | reason    | existed | firstSeen
 *   NotFound        | scheduled | yes     | -               doubt: ask again in a minute
 *   NotFound        | scheduled | yes     | < a minute ago  doubt: ask again when it is over
 *   NotFound        | scheduled | yes     | a minute ago    counts
 *   anything else                                           counts
 */
export function weighResult(
  result: TagResult,
  { existed, reason, firstSeenMs }: TagPast,
  nowMs: number,
): Doubt | 'counts' {
  const isMissing = result.outcome === 'failed' && result.failure.status.reason === 'NotFound';
  if (!isMissing || reason !== 'scheduled' || !existed) return 'counts';
  // A time ahead of us was taken before the clock was set back.
  const sinceMs = firstSeenMs === undefined || firstSeenMs > nowMs ? nowMs : firstSeenMs;
  return nowMs - sinceMs >= APART_MS ? 'counts' : { firstSeenMs: sinceMs, askAgainAtMs: sinceMs + APART_MS };
}

const APART_MS = 60_000;
