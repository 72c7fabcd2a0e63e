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
 * the floor. An annotation that is no duration counts as absent, and is told of (`intervalFaults`).
 */
export function intervalOf(stream: ImageStream, tag: SpecTag, defaults: IntervalDefaults): number {
  const asked =
    parseDuration(tag.annotations?.[INTERVAL_ANNOTATION] ?? '') ??
    parseDuration(stream.metadata.annotations?.[INTERVAL_ANNOTATION] ?? '') ??
    defaults.defaultIntervalMs;
  return Math.max(asked, defaults.minIntervalMs);
}

/** Annotations that ask for an interval and are no duration: where each is, and what was expected. */
export function intervalFaults({ metadata, spec }: ImageStream): readonly string[] {
  const annotated = [
    { at: 'metadata', annotations: metadata.annotations },
    ...(spec?.tags ?? []).map(({ name, annotations }) => ({ at: `spec.tags[${name}]`, annotations })),
  ];
  return annotated.flatMap(({ at, annotations }) => {
    const text = annotations?.[INTERVAL_ANNOTATION] ?? '';
    if (text === '' || parseDuration(text) !== undefined) return [];
    const shown = JSON.stringify(text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN - 1)}…`);
    return `${at}.annotations[${INTERVAL_ANNOTATION}]: ${shown}: expected a duration, such as 15m; it is ignored`;
  });
}

const MAX_SHOWN = 32;
