import { parseDuration } from '../api/duration.ts';
import type { ImageStream, SpecTag } from '../api/image-stream.ts';
import { INTERVAL_ANNOTATION } from '../api/names.ts';

export interface IntervalDefaults {
  readonly defaultIntervalMs: number;
  /** No annotation goes below this. */
  readonly minIntervalMs: number;
}

/**
 * How often a tag is re-checked (design D10): the tag's annotation, else the stream's, else the default; never below
 * the floor. An annotation that is no duration counts as absent.
 */
export function intervalOf(stream: ImageStream, tag: SpecTag, defaults: IntervalDefaults): number {
  const asked =
    parseDuration(tag.annotations?.[INTERVAL_ANNOTATION] ?? '') ??
    parseDuration(stream.metadata.annotations?.[INTERVAL_ANNOTATION] ?? '') ??
    defaults.defaultIntervalMs;
  return Math.max(asked, defaults.minIntervalMs);
}
