import type { ImageStream, SpecTag } from '../api/image-stream.ts';
import { INTERVAL_ANNOTATION } from '../api/names.ts';

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
const DURATION = /^(?:\d{1,9}(?:\.\d{1,9})?(?:h|ms|m|s))+$/;
const PART = /(\d+(?:\.\d+)?)(h|ms|m|s)/g;

/**
 * Milliseconds of a duration such as `15m`, `1h30m`, `90s`, `1.5h` or `500ms`; undefined for any other text and for
 * anything that rounds to less than a millisecond.
 */
export function parseInterval(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let total = 0;
  for (const [, count = '0', unit = ''] of text.matchAll(PART)) total += Number(count) * (UNIT_MS[unit] ?? 0);
  const ms = Math.round(total);
  return ms > 0 ? ms : undefined;
}

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
    parseInterval(tag.annotations?.[INTERVAL_ANNOTATION] ?? '') ??
    parseInterval(stream.metadata.annotations?.[INTERVAL_ANNOTATION] ?? '') ??
    defaults.defaultIntervalMs;
  return Math.max(asked, defaults.minIntervalMs);
}
