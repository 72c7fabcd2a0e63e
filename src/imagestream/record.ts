import type { Image } from '../api/image.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { ImageStreamImport } from '../api/image-stream-import.ts';
import { API_VERSION, REPOSITORY_CHECK_ANNOTATION } from '../api/names.ts';
import type { Status } from '../api/status.ts';
import type { ImportedEntry } from './entry.ts';
import { tagRefChanged, withGenerations } from './generation.ts';
import { addTagEvent } from './history.ts';
import { ImportDraft } from './import-draft.ts';
import { inOpenShiftForm } from './openshift-form.ts';
import { withRepositoryCondition } from './repository-condition.ts';
import type { Rules } from './rules.ts';
import { saysTheSame } from './sameness.ts';
import { isReferenceOnly } from './source.ts';
import { historiesOf, historyAfter, stateOf } from './tag-state.ts';
import { timestamp } from './timestamp.ts';

export type { ImportedEntry, ImportResult } from './entry.ts';
export { storedImage } from './stored-image.ts';

export interface RecordInput {
  /** The stream as read; undefined when it is to be created. Never changed. */
  readonly stream: ImageStream | undefined;
  /** Valid and defaulted, with `spec.import: true`; its preconditions hold (`checkPreconditions`). */
  readonly isi: ImageStreamImport;
  readonly entries: readonly ImportedEntry[];
  /** What came of `spec.repository` as a whole, when there is one. */
  readonly repository?: Status;
  readonly rules: Rules;
  /** One time for everything that this import writes. */
  readonly nowMs: number;
  /** Events kept for each tag; OpenShift's rules keep all. */
  readonly historyLimit: number;
  /** For a stream that is to be created where no API server gives it one. */
  readonly uid?: string;
}

export interface RecordedImport {
  /** The next stream; its generation is what the API server will give it. */
  readonly stream: ImageStream;
  /** Whether anything is to be written. */
  readonly changed: boolean;
  readonly specChanged: boolean;
  readonly statusChanged: boolean;
  /** To be created in this order before the stream is written; "already exists" is success. */
  readonly images: readonly Image[];
}

/** Records an import in its stream (import-semantics 8.2 to 8.7), by either rule set (design D6). */
export function recordImport(input: RecordInput): RecordedImport {
  return input.rules === 'openshift' ? recordAsOpenShift(input) : recordAsOperator(input);
}

function recordAsOpenShift(input: RecordInput): RecordedImport {
  const { stream: old, nowMs } = input;
  const draft = drafted(input, (old?.metadata.generation ?? 0) + 1);
  const images = draft.images.inOrder();
  const candidate = withTags(old ?? newStream(input), draft);
  const wasChecked = (old?.metadata.annotations?.[REPOSITORY_CHECK_ANNOTATION] ?? '') !== '';
  if (old !== undefined && wasChecked) {
    const asRead = inOpenShiftForm(old);
    const next = inOpenShiftForm(candidate);
    if (saysTheSame(asRead.spec, next.spec) && saysTheSame(asRead.status, next.status)) {
      return { stream: asRead, changed: false, specChanged: false, statusChanged: false, images };
    }
  }
  const checked = withAnnotation(candidate, REPOSITORY_CHECK_ANNOTATION, timestamp(nowMs));
  const written = withReferenceEvents(old, withGenerations(old, checked), nowMs);
  const stream = inOpenShiftForm(written);
  return { stream, changed: true, ...difference(old, stream), images };
}

function recordAsOperator(input: RecordInput): RecordedImport {
  const old = input.stream;
  const base = old ?? newStream(input);
  const generation = old?.metadata.generation ?? 0;
  // Whether the API server will raise the generation is known only once the spec is drafted. Most imports leave an
  // existing spec alone, so that is tried first.
  const tried = old && drafted(input, generation);
  const specStays = tried !== undefined && saysTheSame(old?.spec, withTags(base, tried).spec);
  const draft = specStays ? tried : drafted(input, generation + 1);
  const images = draft.images.inOrder();
  const candidate = withRepository(withTags(base, draft), input, specStays ? generation : generation + 1);
  const { specChanged, statusChanged } = difference(old, candidate);
  const changed = specChanged || statusChanged;
  if (old !== undefined && !changed) return { stream: old, changed, specChanged, statusChanged, images };
  const stream = specChanged
    ? { ...candidate, metadata: { ...candidate.metadata, generation: generation + 1 } }
    : candidate;
  return { stream, changed, specChanged, statusChanged, images };
}

/** What the stream does not ask for is told in the import alone (design D12). */
function withRepository(stream: ImageStream, { isi, repository, nowMs }: RecordInput, generation: number): ImageStream {
  const asked = stream.spec?.dockerImageRepository ?? '';
  if (repository === undefined || asked === '' || asked !== isi.spec.repository?.from.name) return stream;
  return withRepositoryCondition(stream, repository, { nowMs, generation });
}

function drafted(input: RecordInput, generation: number): ImportDraft {
  const draft = new ImportDraft(input.stream, { ...input, generation });
  for (const entry of input.entries) draft.record(entry);
  return draft;
}

function newStream({ isi, nowMs, uid }: RecordInput): ImageStream {
  const { name, namespace } = isi.metadata;
  return {
    apiVersion: API_VERSION,
    kind: 'ImageStream',
    metadata: {
      ...(name !== undefined && { name }),
      ...(namespace !== undefined && { namespace }),
      ...(uid !== undefined && { uid }),
      creationTimestamp: timestamp(nowMs),
    },
    spec: { lookupPolicy: { local: false } },
  };
}

function withTags(stream: ImageStream, draft: ImportDraft): ImageStream {
  const { specTags, histories } = draft;
  const { spec: _spec, status: _status, ...head } = stream;
  return {
    ...head,
    spec: { ...stream.spec, ...((stream.spec?.tags || specTags.length > 0) && { tags: specTags }) },
    status: { ...stream.status, ...((stream.status?.tags || histories.length > 0) && { tags: histories }) },
  };
}

function withAnnotation(stream: ImageStream, key: string, value: string): ImageStream {
  const annotations = { ...stream.metadata.annotations, [key]: value };
  return { ...stream, metadata: { ...stream.metadata, annotations } };
}

/**
 * What the write of a stream does to tags that only record their pull spec, where they now refer to something else
 * (controllers 5.4): the bare reference becomes the head again, before the image that was just imported.
 */
function withReferenceEvents(old: ImageStream | undefined, next: ImageStream, nowMs: number): ImageStream {
  const before = new Map((old?.spec?.tags ?? []).map(tag => [tag.name, tag]));
  const histories = historiesOf(next);
  const namespace = next.metadata.namespace ?? '';
  for (const tag of (next.spec?.tags ?? []).filter(isReferenceOnly)) {
    const was = before.get(tag.name);
    if (was !== undefined && !tagRefChanged(was, tag, namespace)) continue;
    const state = stateOf(histories.get(tag.name));
    const { history: events } = addTagEvent(state.events, {
      created: timestamp(nowMs),
      dockerImageReference: tag.from?.name ?? '',
      image: '',
      generation: next.metadata.generation ?? 0,
    });
    const history = historyAfter(tag.name, histories.get(tag.name), { ...state, events, conditions: [] });
    if (history !== undefined) histories.set(tag.name, history);
  }
  return histories.size === 0 ? next : { ...next, status: { ...next.status, tags: [...histories.values()] } };
}

function difference(
  old: ImageStream | undefined,
  next: ImageStream,
): Pick<RecordedImport, 'specChanged' | 'statusChanged'> {
  return {
    specChanged: old === undefined || !saysTheSame(old.spec, next.spec),
    statusChanged: !saysTheSame(old?.status, next.status),
  };
}
