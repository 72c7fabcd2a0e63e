import type { ImageImport, ImageImportStatus } from '../api/image-stream-import.ts';
import type { ImportedEntry } from '../imagestream/record.ts';
import { lasting } from './failure-texts.ts';
import type { AskedResult } from './image-request.ts';
import type { ImageRound, WantedImage } from './image-round.ts';
import { imageStatus } from './statuses.ts';
import { imageSubject } from './subject.ts';
import { type Surroundings, wantedOfImage } from './wanted-image.ts';

export interface ImagesOutcome {
  /** One for each entry, in the same order. */
  readonly images: readonly ImageImportStatus[];
  readonly entries: readonly ImportedEntry[];
  readonly failed: number;
  /** Entries that were answered without asking a registry. */
  readonly unasked: number;
}

/** One entry of `spec.images` before anything is asked. */
type Prepared = { readonly wanted: WantedImage; readonly tag: string } | { readonly answer: ImageImportStatus };

/** Imports `spec.images` (import-semantics 3). */
export async function importImages(
  specs: readonly ImageImport[],
  around: Surroundings,
  round: ImageRound,
): Promise<ImagesOutcome> {
  const prepared = specs.map(spec => prepare(spec, around));
  const wanted = prepared.flatMap(each => ('wanted' in each ? [each.wanted] : []));
  const results = (await round.ask(wanted, { mayRefuseSecrets: true })).values();
  const outcomes = specs.map((spec, index) => outcomeOf(spec, prepared[index], results));
  return {
    images: outcomes.map(({ answer }) => answer),
    entries: outcomes.flatMap(({ entry }) => entry ?? []),
    failed: outcomes.filter(({ hasFailed }) => hasFailed).length,
    unasked: specs.length - wanted.length,
  };
}

function prepare(spec: ImageImport, around: Surroundings): Prepared {
  // Validation refuses other kinds; one that comes here all the same is left alone (import-semantics 3.1).
  if (spec.from.kind !== 'DockerImage') return { answer: { status: NOTHING } };
  const subject = imageSubject(spec.from.name ?? '', around.policy);
  if (!('refused' in subject)) return { wanted: wantedOfImage(spec, subject, around), tag: subject.tag };
  const { refused, tag = '' } = subject;
  return { answer: { status: refused.status, ...(tag !== '' && { tag }) } };
}

const NOTHING = { metadata: {} } as const;

interface Outcome {
  readonly answer: ImageImportStatus;
  readonly entry?: ImportedEntry;
  readonly hasFailed: boolean;
}

function outcomeOf(spec: ImageImport, prepared: Prepared | undefined, results: Iterator<AskedResult>): Outcome {
  if (prepared === undefined || 'answer' in prepared) {
    const answer = prepared?.answer ?? { status: NOTHING };
    const result: AskedResult = {
      outcome: 'failed',
      source: { from: spec.from.name ?? '' },
      failure: lasting(answer.status),
    };
    return { answer, hasFailed: true, ...entryOf(spec, result) };
  }
  const next = results.next();
  if (next.done === true) throw new RangeError('an image without a result');
  const result: AskedResult = next.value;
  return {
    answer: imageStatus(result, prepared.tag),
    hasFailed: result.outcome === 'failed',
    ...entryOf(spec, result),
  };
}

/** Only entries with a `to` are tagged (import-semantics 8.2). */
function entryOf(spec: ImageImport, result: AskedResult): { readonly entry?: ImportedEntry } {
  if (spec.to === undefined) return {};
  return {
    entry: {
      result: { ...result, tag: spec.to.name ?? '' },
      from: spec.from.name ?? '',
      importPolicy: spec.importPolicy ?? {},
      referencePolicy: spec.referencePolicy ?? { type: 'Source' },
      ensureSpecTagOnFailure: true,
    },
  };
}
