import type { Image } from '../../src/api/image.ts';
import type { Source, TagCondition, TagEvent, TagHistory } from '../../src/api/image-stream.ts';
import type { ImportedEntry } from '../../src/imagestream/record.ts';
import type { TagResult } from '../../src/imagestream/result.ts';
import { withDigest } from '../../src/imagestream/source.ts';

/** 2026-01-01T00:00:00Z, when everything in a builder happened. */
export const T0 = Date.UTC(2026, 0, 1);
export const T0_TEXT = '2026-01-01T00:00:00Z';

/** `sha256:` and 64 times this hex digit. */
export function digestOf(digit: string): string {
  return `sha256:${digit.repeat(64)}`;
}

/** An event for the image `digestOf(digit)` of quay.io/acme/app, recorded at T0 for generation 1. */
export function tagEvent(digit: string, more: Partial<TagEvent> = {}): TagEvent {
  return {
    created: T0_TEXT,
    dockerImageReference: `quay.io/acme/app@${digestOf(digit)}`,
    image: digestOf(digit),
    generation: 1,
    ...more,
  };
}

/** A True condition of the operator's rules. */
export function succeeded(more: Partial<TagCondition> = {}): TagCondition {
  return {
    type: 'ImportSuccess',
    status: 'True',
    lastTransitionTime: T0_TEXT,
    reason: 'Imported',
    generation: 1,
    ...more,
  };
}

export function failed(more: Partial<TagCondition> = {}): TagCondition {
  return {
    type: 'ImportSuccess',
    status: 'False',
    lastTransitionTime: T0_TEXT,
    reason: 'NotFound',
    message: 'not found',
    generation: 1,
    ...more,
  };
}

/** The status of a tag that was imported as image `digit` from this pull spec and is well. */
export function imported(tag: string, from: string, digit = '1', more: Partial<TagHistory> = {}): TagHistory {
  return {
    tag,
    items: [tagEvent(digit)],
    conditions: [succeeded()],
    source: { from, specGeneration: null, digest: digestOf(digit) },
    ...more,
  };
}

/** An Image of quay.io/acme/app named `digestOf(digit)`. */
export function image(digit: string, more: Partial<Image> = {}): Image {
  return {
    metadata: { name: digestOf(digit) },
    dockerImageReference: `quay.io/acme/app@${digestOf(digit)}`,
    ...more,
  };
}

/** What an import of `asked` came back with: image `digit`, which the registry names by the same digest. */
export function importedResult(tag: string, asked: Source, digit: string): TagResult & { outcome: 'imported' } {
  const source = withDigest(asked, digestOf(digit), 1);
  return { outcome: 'imported', tag, source, image: image(digit), children: [] };
}

export function unchangedResult(tag: string, asked: Source, digit: string): TagResult & { outcome: 'unchanged' } {
  return { outcome: 'unchanged', tag, source: withDigest(asked, digestOf(digit), 1) };
}

export function failedResult(tag: string, asked: Source, message = 'not found'): TagResult & { outcome: 'failed' } {
  const status = { status: 'Failure', reason: 'NotFound', message, code: 404 } as const;
  return { outcome: 'failed', tag, source: asked, failure: { status, transient: false } };
}

/** An entry of `spec.images`: asked as its result says, with default policies. */
export function entry(result: ImportedEntry['result'], more: Partial<ImportedEntry> = {}): ImportedEntry {
  return {
    result,
    from: result.source.from,
    importPolicy: { importMode: 'Legacy' },
    referencePolicy: { type: 'Source' },
    ensureSpecTagOnFailure: true,
    ...more,
  };
}
