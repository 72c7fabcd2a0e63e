import type { ImageStreamImport, ImageStreamImportStatus, ImportCondition } from '../api/image-stream-import.ts';
import { STREAM_ANNOTATION } from '../api/names.ts';
import type { Status } from '../api/status.ts';
import { timestamp } from './timestamp.ts';

/** Finished, whatever the outcome. */
const COMPLETE = 'Complete';
/** Everything asked for was imported. */
const SUCCEEDED = 'Succeeded';

/** Reasons of both conditions (design D12). */
export type ImportReason = 'Imported' | 'PartlyFailed' | 'Failed' | 'Refused';

/**
 * Whether this very object was carried out (design D12). The status of another object, which a restored backup brings
 * along, does not count.
 */
export function isDone(isi: ImageStreamImport): boolean {
  const { uid } = isi.metadata;
  return uid !== undefined && isi.status?.handledUID === uid && completeOf(isi)?.status === 'True';
}

/** Epoch milliseconds at which it was completed; 0 when its status does not say, which is long ago. */
export function completedAtMs(isi: ImageStreamImport): number {
  const atMs = Date.parse(completeOf(isi)?.lastTransitionTime ?? '');
  return Number.isFinite(atMs) ? atMs : 0;
}

/** Name of the stream that it imports into: the annotation's, else its own. */
export function streamNameOf({ metadata }: ImageStreamImport): string {
  return metadata.annotations?.[STREAM_ANNOTATION] || metadata.name || '';
}

/** The object with its outcome. */
export function completed(isi: ImageStreamImport, status: ImageStreamImportStatus, nowMs: number): ImageStreamImport {
  const outcomes = [...(status.images ?? []), ...repositoryOutcomes(status)];
  const failures = outcomes.filter(({ status }) => status?.status === 'Failure');
  const reason = failures.length === 0 ? 'Imported' : failures.length < outcomes.length ? 'PartlyFailed' : 'Failed';
  // Without `import` they were only looked at.
  const done = isi.spec.import === true ? 'imported' : 'found';
  return concluded(isi, status, reason, messageOf(done, outcomes.length, failures), nowMs);
}

/** The object of a request that was not carried out: `refusal` is what OpenShift's API would have answered. */
export function refused(isi: ImageStreamImport, refusal: Status, nowMs: number): ImageStreamImport {
  return concluded(isi, {}, 'Refused', refusal.message ?? '', nowMs);
}

type Outcome = { readonly status?: Status };

/** Its tags; the repository itself where none was looked at. */
function repositoryOutcomes({ repository }: ImageStreamImportStatus): readonly Outcome[] {
  if (repository === undefined) return [];
  return repository.images?.length ? repository.images : [repository];
}

function messageOf(done: string, all: number, failures: readonly Outcome[]): string {
  if (failures.length === 0) return all === 1 ? `the image was ${done}` : `all ${all} images were ${done}`;
  const first = failures[0]?.status?.message ?? '';
  const told = first === '' ? '' : `: ${first}`;
  return all === 1 ? `the image failed${told}` : `${failures.length} of ${all} images failed${told}`;
}

function concluded(
  isi: ImageStreamImport,
  status: ImageStreamImportStatus,
  reason: ImportReason,
  message: string,
  nowMs: number,
): ImageStreamImport {
  const condition = (type: string, value: 'True' | 'False'): ImportCondition => ({
    type,
    status: value,
    lastTransitionTime: timestamp(nowMs),
    reason,
    message,
  });
  const conditions = [condition(COMPLETE, 'True'), condition(SUCCEEDED, reason === 'Imported' ? 'True' : 'False')];
  const { uid } = isi.metadata;
  return { ...isi, status: { ...status, conditions, ...(uid !== undefined && { handledUID: uid }) } };
}

function completeOf(isi: ImageStreamImport): ImportCondition | undefined {
  return isi.status?.conditions?.find(({ type }) => type === COMPLETE);
}
