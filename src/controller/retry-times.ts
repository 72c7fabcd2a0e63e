import type { ImageStream } from '../api/image-stream.ts';
import type { DueTag } from '../imagestream/due.ts';
import { type IntervalDefaults, intervalOf } from '../imagestream/interval.ts';
import type { TagResult } from '../imagestream/result.ts';
import { backoffMs, tagBackoff } from '../queue/backoff.ts';
import type { Remembered } from './memory.ts';

export interface CameBack {
  readonly due: DueTag;
  readonly result: TagResult;
  /** Epoch milliseconds at which the result came back. */
  readonly atMs: number;
}

/**
 * What is remembered of a tag once its result is settled. A transient failure is tried again after a growing, jittered
 * delay that the tag's interval caps, or later where the registry asked for that; a lasting one at the tag's next slot
 * (design D23). `random` is in [0, 1).
 */
export function rememberedAfter(
  { due, result, atMs }: CameBack,
  before: Remembered | undefined,
  stream: ImageStream | undefined,
  defaults: IntervalDefaults,
  random: number,
): Remembered {
  const answered = due.requestedAt ?? before?.answeredRequest;
  const kept = answered === undefined ? { lastCheckedMs: atMs } : { lastCheckedMs: atMs, answeredRequest: answered };
  if (result.outcome !== 'failed') return kept;
  const failures = (before?.failures ?? 0) + 1;
  // Changed while this was on its way: what failed with the old credentials is tried again at once.
  const failed = { ...kept, failures, ...(before?.secretsChanged === true && { secretsChanged: true }) };
  if (!result.failure.transient) return failed;
  const specTag = stream?.spec?.tags?.find(({ name }) => name === due.tag) ?? { name: due.tag };
  const intervalMs = stream === undefined ? defaults.defaultIntervalMs : intervalOf(stream, specTag, defaults);
  const delayedMs = atMs + backoffMs(tagBackoff(intervalMs), failures, random);
  return { ...failed, retryAtMs: Math.max(delayedMs, result.failure.retryAtMs ?? 0) };
}
