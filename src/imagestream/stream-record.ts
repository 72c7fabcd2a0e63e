import type { ImageStream, ImageStreamStatus, Source, SpecTag, TagCondition, TagHistory } from '../api/image-stream.ts';
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
  const wanted = new Map(tags.map(tag => [tag.name, tag]));
  const rest = restOf(stream);
  const parts = [
    namespace,
    name,
    uid,
    generation,
    stream.status?.observedGeneration ?? null,
    tags.map(tagRecord),
    stream.status?.tags?.map(history => historyRecord(history, wanted.get(history.tag))) ?? 0,
  ] as const;
  const record: StreamRecord = rest === undefined ? parts : [...parts, rest];
  return JSON.stringify(record);
}

/** The stream as far as its record tells. */
export function streamOfRecord(text: string): ImageStream {
  const record: StreamRecord = JSON.parse(text);
  const [namespace, name, uid, generation, observedGeneration, tagRecords, histories, rest = {}] = record;
  const { annotations, deletionTimestamp } = rest;
  const tags = tagRecords.map(specTag);
  const wanted = new Map(tags.map(tag => [tag.name, tag]));
  const status = {
    ...rest.status,
    ...(observedGeneration !== null && { observedGeneration }),
    ...(histories !== 0 && { tags: histories.map(history => tagHistory(history, wanted.get(history[0]))) }),
  };
  return {
    metadata: {
      namespace,
      name,
      uid,
      generation,
      ...(annotations && { annotations }),
      ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    },
    spec: { ...rest.spec, tags },
    ...(Object.keys(status).length > 0 && { status }),
  };
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

function specTag([name, from, more]: TagRecord): SpecTag {
  const source = typeof from === 'string' ? { kind: 'DockerImage', name: from } : from;
  return { name, ...(source && { from: source }), ...more };
}

function historyRecord({ tag, items, conditions, source }: TagHistory, wanted: SpecTag | undefined): HistoryRecord {
  const [head] = items ?? [];
  const image = head?.image ?? '';
  const said = source && sourceRecord(source, image, wanted);
  // No history at all and a reference alone are told apart by the generation.
  const parts = [tag, image, head?.generation ?? -1, conditionRecord(conditions), said ?? null] as const;
  return head !== undefined && image === '' ? [...parts, head.dockerImageReference] : parts;
}

function tagHistory(record: HistoryRecord, wanted: SpecTag | undefined): TagHistory {
  const [tag, image, generation, condition, source, reference = ''] = record;
  const head = { created: '', dockerImageReference: reference, image, generation };
  const told = typeof condition === 'number' ? { ...SUCCESS, generation: condition } : condition;
  return {
    tag,
    items: generation === -1 ? [] : [head],
    ...(told !== null && { conditions: [told] }),
    ...(source !== null && { source: sourceOf(source, image, wanted) }),
  };
}

const SUCCESS = { type: 'ImportSuccess', status: 'True', reason: IMPORTED } as const;

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

function sourceOf({ from, digest, ...rest }: Partial<Source>, image: string, wanted: SpecTag | undefined): Source {
  return {
    from: from ?? wanted?.from?.name ?? '',
    ...rest,
    ...(digest !== undefined && { digest: digest === '' ? image : digest }),
  };
}

function picked(annotations: Annotations | undefined, names: readonly string[]): Annotations | undefined {
  const entries = names.flatMap(name => {
    const value = annotations?.[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
