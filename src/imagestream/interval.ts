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
    durationOf(tag.annotations?.[INTERVAL_ANNOTATION]) ??
    durationOf(stream.metadata.annotations?.[INTERVAL_ANNOTATION]) ??
    defaults.defaultIntervalMs;
  return Math.max(asked, defaults.minIntervalMs);
}

/** Annotations that ask for an interval and are no duration: where each is, and what was expected. */
export function intervalFaults({ metadata, spec }: ImageStream): readonly string[] {
  const faults: string[] = [];
  const wrong = misread(metadata.annotations);
  if (wrong !== undefined) faults.push(intervalFault('metadata', wrong));
  for (const { name, annotations } of spec?.tags ?? []) {
    const wrongOfTag = misread(annotations);
    if (wrongOfTag !== undefined) faults.push(intervalFault(`spec.tags[${name}]`, wrongOfTag));
  }
  return faults;
}

function misread(annotations: SpecTag['annotations']): string | undefined {
  const text = annotations?.[INTERVAL_ANNOTATION] ?? '';
  return text === '' || durationOf(text) !== undefined ? undefined : text;
}

function intervalFault(at: string, text: string): string {
  const shown = JSON.stringify(text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN - 1)}…`);
  return `${at}.annotations[${INTERVAL_ANNOTATION}]: ${shown}: expected a duration, such as 15m; it is ignored`;
}

const MAX_SHOWN = 32;

/** What was read before: each check asks for the same few texts several times over. */
const READ = new Map<string, number | undefined>();
const MAX_READ = 1_000;

function durationOf(text = ''): number | undefined {
  if (text.length > MAX_SHOWN) return parseDuration(text);
  if (READ.has(text)) return READ.get(text);
  const ms = parseDuration(text);
  if (READ.size >= MAX_READ) READ.clear();
  READ.set(text, ms);
  return ms;
}
