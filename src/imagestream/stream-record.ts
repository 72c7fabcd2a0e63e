import type { ImageStream, ImageStreamStatus, SpecTag, TagHistory } from '../api/image-stream.ts';
import {
  INSECURE_REPOSITORY_ANNOTATION,
  INTERVAL_ANNOTATION,
  PREFER_ARCH_ANNOTATION,
  PREFER_OS_ANNOTATION,
  REPOSITORY_CHECK_ANNOTATION,
  REQUESTED_AT_ANNOTATION,
} from '../api/names.ts';
import { CompactJson } from './compact-json.ts';
import { IMPORT_SUCCESS, IMPORTED, importCondition } from './conditions.ts';

/*
 * The record of a stream that is kept in memory (design D16): a stream of which only what decisions read is left, as
 * one compact text. A hundred thousand of them fit where a tenth of the objects would.
 */

const STREAM_ANNOTATIONS = [
  INTERVAL_ANNOTATION,
  REQUESTED_AT_ANNOTATION,
  REPOSITORY_CHECK_ANNOTATION,
  INSECURE_REPOSITORY_ANNOTATION,
];
const TAG_ANNOTATIONS = [INTERVAL_ANNOTATION, PREFER_ARCH_ANNOTATION, PREFER_OS_ANNOTATION];

/** Every key that a record has. */
const KEYS = [
  ...['metadata', 'namespace', 'name', 'uid', 'generation', 'annotations', 'deletionTimestamp'],
  ...['spec', 'dockerImageRepository', 'tags', 'from', 'kind', 'reference'],
  ...['importPolicy', 'insecure', 'scheduled', 'importMode'],
  ...['status', 'publicDockerImageRepository', 'observedGeneration', 'lastHandledRequest'],
  ...['tag', 'items', 'created', 'dockerImageReference', 'image'],
  ...['conditions', 'type', 'reason', 'message'],
  ...['source', 'platform', 'specGeneration', 'acceptVersion', 'digest'],
  ...new Set([...STREAM_ANNOTATIONS, ...TAG_ANNOTATIONS]),
];
const FREQUENT = ['DockerImage', IMPORT_SUCCESS, IMPORTED, 'True', 'False', 'NotFound', 'Unauthorized', 'latest'];
const FORM = new CompactJson(KEYS, FREQUENT);

/** Two streams with the same record call for the same decisions. */
export function recordOf(stream: ImageStream): string {
  const { namespace, name, uid, generation, annotations, deletionTimestamp } = stream.metadata;
  const { dockerImageRepository, tags } = stream.spec ?? {};
  return FORM.write({
    metadata: {
      namespace,
      name,
      uid,
      generation,
      annotations: picked(annotations, STREAM_ANNOTATIONS),
      deletionTimestamp,
    },
    spec: { dockerImageRepository: dockerImageRepository || undefined, tags: tags?.map(tagRecord) },
    status: stream.status && statusRecord(stream.status),
  });
}

/** The stream as far as its record tells. */
export function streamOfRecord(record: string): ImageStream {
  return FORM.read(record) as ImageStream;
}

function tagRecord({ name, from, reference, generation, importPolicy, annotations }: SpecTag) {
  const { insecure, scheduled, importMode } = importPolicy ?? {};
  const policy = {
    insecure: insecure || undefined,
    scheduled: scheduled || undefined,
    importMode: importMode === 'PreserveOriginal' ? importMode : undefined,
  };
  return {
    name,
    from: from && { kind: from.kind, name: from.name },
    reference: reference || undefined,
    generation,
    importPolicy: Object.values(policy).some(value => value !== undefined) ? policy : undefined,
    annotations: picked(annotations ?? undefined, TAG_ANNOTATIONS),
  };
}

function statusRecord(status: ImageStreamStatus) {
  const { dockerImageRepository, publicDockerImageRepository, observedGeneration, lastHandledRequest } = status;
  return {
    dockerImageRepository: dockerImageRepository || undefined,
    publicDockerImageRepository: publicDockerImageRepository || undefined,
    observedGeneration,
    lastHandledRequest,
    tags: status.tags?.map(historyRecord),
    conditions: status.conditions?.map(({ type, status, reason }) => ({ type, status, reason })),
  };
}

function historyRecord({ tag, items, conditions, source }: TagHistory) {
  const [head] = items ?? [];
  const told = importCondition(conditions);
  return {
    tag,
    items: head && [
      // The pull spec by digest can be told from the image; what only records a reference has nothing else.
      {
        created: '',
        dockerImageReference: head.image === '' ? head.dockerImageReference : '',
        image: head.image,
        generation: head.generation,
      },
    ],
    conditions: told && [
      {
        type: told.type,
        status: told.status,
        reason: told.reason,
        // A failure that says the same again needs no look at the stream itself.
        message: told.status === 'False' ? told.message : undefined,
        generation: told.generation,
      },
    ],
    source,
  };
}

function picked(
  annotations: Readonly<Record<string, string>> | undefined,
  names: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const entries = names.flatMap(name => {
    const value = annotations?.[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
