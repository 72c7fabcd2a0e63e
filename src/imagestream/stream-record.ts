import type {
  ImageStream,
  ImageStreamSpec,
  ImageStreamStatus,
  Source,
  SpecTag,
  TagCondition,
  TagHistory,
} from '../api/image-stream.ts';
import type { ObjectMeta } from '../api/meta.ts';
import {
  INSECURE_REPOSITORY_ANNOTATION,
  INTERVAL_ANNOTATION,
  PREFER_ARCH_ANNOTATION,
  PREFER_OS_ANNOTATION,
  REPOSITORY_CHECK_ANNOTATION,
  REQUESTED_AT_ANNOTATION,
} from '../api/names.ts';
import { IMPORTED, importCondition } from './conditions.ts';

/*
 * The record of a stream that is kept in memory (design D16): a stream of which only what decisions read is left, as
 * one compact text. A hundred thousand of them fit where a tenth of the objects would.
 *
 * Members stand at places instead of under names, and what is said elsewhere in the record already is left out: the
 * pull spec that was asked is mostly that of the spec, the digest that was seen mostly the image of the head.
 */

const STREAM_ANNOTATIONS = [
  INTERVAL_ANNOTATION,
  REQUESTED_AT_ANNOTATION,
  REPOSITORY_CHECK_ANNOTATION,
  INSECURE_REPOSITORY_ANNOTATION,
];
const TAG_ANNOTATIONS = [INTERVAL_ANNOTATION, PREFER_ARCH_ANNOTATION, PREFER_OS_ANNOTATION];

/** Of what was just made, or read from a text, and is nobody else's yet. */
type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };
type Annotations = Readonly<Record<string, string>>;
/** Everything of the stream but its tags, where it is not what it mostly is. */
interface Rest {
  readonly annotations?: Annotations;
  readonly deletionTimestamp?: string;
  readonly spec?: { readonly dockerImageRepository: string };
  readonly status?: Omit<ImageStreamStatus, 'tags'>;
}
/** A text alone is a tag from DockerImage by that name. */
type TagRecord = readonly [name: string, from: SpecTag['from'] | string, more?: Omit<SpecTag, 'name' | 'from'>];
type HistoryRecord = readonly [
  tag: string,
  image: string,
  generation: number,
  /** A number is the generation of a True one. */
  condition: TagCondition | number | null,
  source: Partial<Source> | null,
  reference?: string,
];
type StreamRecord = readonly [
  namespace: string,
  name: string,
  uid: string,
  generation: number,
  /** Null when there is no status. */
  observedGeneration: number | null,
  tags: readonly TagRecord[],
  histories: readonly HistoryRecord[] | 0,
  rest?: Rest,
];

/** Two streams with the same record call for the same decisions. */
export function recordOf(stream: ImageStream): string {
  const { namespace = '', name = '', uid = '', generation = 0 } = stream.metadata;
  const tags = stream.spec?.tags ?? [];
  const rest = restOf(stream);
  const parts = [
    namespace,
    name,
    uid,
    generation,
    stream.status?.observedGeneration ?? null,
    tags.map(tagRecord),
    stream.status?.tags?.map((history, place) => historyRecord(history, tags[place])) ?? 0,
  ] as const;
  const record: StreamRecord = rest === undefined ? parts : [...parts, rest];
  return JSON.stringify(record);
}

/**
 * The stream as far as its record tells. Each check begins with it, so it makes what it gives and next to nothing else:
 * taking an array apart by a pattern, or spreading one object into another, costs more here than all the rest.
 */
export function streamOfRecord(text: string): ImageStream {
  const record: StreamRecord = JSON.parse(text);
  const observedGeneration = record[4];
  const histories = record[6];
  const rest = record[7];
  const tags = record[5].map(specTag);
  const metadata: Mutable<ObjectMeta> = {
    namespace: record[0],
    name: record[1],
    uid: record[2],
    generation: record[3],
  };
  if (rest?.annotations !== undefined) metadata.annotations = rest.annotations;
  if (rest?.deletionTimestamp !== undefined) metadata.deletionTimestamp = rest.deletionTimestamp;
  const spec: Mutable<ImageStreamSpec> = { tags };
  if (rest?.spec !== undefined) spec.dockerImageRepository = rest.spec.dockerImageRepository;
  if (observedGeneration === null && histories === 0 && rest?.status === undefined) return { metadata, spec };
  const status: Mutable<ImageStreamStatus> = rest?.status ?? {};
  if (observedGeneration !== null) status.observedGeneration = observedGeneration;
  if (histories !== 0) status.tags = histories.map((history, place) => tagHistory(history, tags[place]));
  return { metadata, spec, status };
}

function restOf({ metadata, spec, status = {} }: ImageStream): Rest | undefined {
  const annotations = picked(metadata.annotations, STREAM_ANNOTATIONS);
  const { deletionTimestamp } = metadata;
  const { tags: _tags, observedGeneration: _generation, conditions, ...texts } = status;
  const said = {
    ...Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== undefined && value !== '')),
    ...(conditions && { conditions: conditions.map(({ type, status, reason }) => ({ type, status, reason })) }),
  };
  const rest: Rest = {
    ...(annotations && { annotations }),
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    ...(spec?.dockerImageRepository && { spec: { dockerImageRepository: spec.dockerImageRepository } }),
    ...(Object.keys(said).length > 0 && { status: said as Rest['status'] & object }),
  };
  return Object.keys(rest).length === 0 ? undefined : rest;
}

function tagRecord({ name, from, reference, generation, importPolicy, annotations }: SpecTag): TagRecord {
  const { insecure, scheduled, importMode } = importPolicy ?? {};
  const policy: SpecTag['importPolicy'] = {
    ...(insecure === true && { insecure }),
    ...(scheduled === true && { scheduled }),
    ...(importMode === 'PreserveOriginal' && { importMode }),
  };
  const kept = picked(annotations ?? undefined, TAG_ANNOTATIONS);
  const more: TagRecord[2] = {
    ...(reference === true && { reference }),
    ...(generation !== undefined && { generation }),
    ...(Object.keys(policy).length > 0 && { importPolicy: policy }),
    ...(kept && { annotations: kept }),
  };
  const { kind, name: source = '' } = from ?? {};
  const what = kind === 'DockerImage' ? source : from && { ...(kind !== undefined && { kind }), name: source };
  return Object.keys(more).length === 0 ? [name, what] : [name, what, more];
}

function specTag(record: TagRecord): SpecTag {
  const name = record[0];
  const from = typeof record[1] === 'string' ? { kind: 'DockerImage', name: record[1] } : record[1];
  return from ? { name, from, ...record[2] } : { name, ...record[2] };
}

/** `wanted` stands at the same place of the spec: mostly it is the same tag, and asks for what the status records. */
function historyRecord({ tag, items, conditions, source }: TagHistory, wanted: SpecTag | undefined): HistoryRecord {
  const [head] = items ?? [];
  const image = head?.image ?? '';
  const said = source && sourceRecord(source, image, wanted);
  // No history at all and a reference alone are told apart by the generation.
  const parts = [tag, image, head?.generation ?? -1, conditionRecord(conditions), said ?? null] as const;
  return head !== undefined && image === '' ? [...parts, head.dockerImageReference] : parts;
}

function tagHistory(record: HistoryRecord, wanted: SpecTag | undefined): TagHistory {
  const image = record[1];
  const generation = record[2];
  const condition = record[3];
  const source = record[4];
  const history: Mutable<TagHistory> = {
    tag: record[0],
    items: generation === -1 ? [] : [{ created: '', dockerImageReference: record[5] ?? '', image, generation }],
  };
  if (condition !== null) history.conditions = [typeof condition === 'number' ? success(condition) : condition];
  if (source !== null) history.source = sourceOf(source, image, wanted);
  return history;
}

function success(generation: number): TagCondition {
  return { type: 'ImportSuccess', status: 'True', reason: IMPORTED, generation };
}

function conditionRecord(conditions: readonly TagCondition[] | undefined): HistoryRecord[3] {
  const told = importCondition(conditions);
  if (told === undefined) return null;
  const { type, status, reason, message, generation } = told;
  if (status === 'True') return generation;
  // A failure that says the same again needs no look at the stream itself.
  return {
    type,
    status,
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
    generation,
  };
}

/** "" for a digest that is that of the head, and no `from` where it is the spec's. */
function sourceRecord({ from, digest, ...rest }: Source, image: string, wanted: SpecTag | undefined): Partial<Source> {
  return {
    ...rest,
    ...(from !== wanted?.from?.name && { from }),
    ...(digest !== undefined && { digest: digest === image ? '' : digest }),
  };
}

function sourceOf(record: Partial<Source>, image: string, wanted: SpecTag | undefined): Source {
  const source: Mutable<Source> = { from: wanted?.from?.name ?? '', ...record };
  if (source.digest === '') source.digest = image;
  return source;
}

function picked(annotations: Annotations | undefined, names: readonly string[]): Annotations | undefined {
  const entries = names.flatMap(name => {
    const value = annotations?.[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
