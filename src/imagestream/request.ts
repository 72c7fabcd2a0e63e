import type { ImageStream, Source, SpecTag, TagHistory } from '../api/image-stream.ts';
import type { ImageImport, ImageStreamImport, RepositoryImport } from '../api/image-stream-import.ts';
import { API_VERSION, INSECURE_REPOSITORY_ANNOTATION, REPOSITORY_CHECK_ANNOTATION } from '../api/names.ts';
import { isImportable, type Platform, platformOf, sourceAsked, withoutDigest } from './source.ts';
import { historiesOf } from './tag-state.ts';

/** What is asked of a registry for one tag of a stream. */
export interface TagRequest {
  readonly tag: string;
  /** Pull spec as the spec tag writes it. */
  readonly from: string;
  readonly importMode: 'Legacy' | 'PreserveOriginal';
  readonly insecure: boolean;
  /** In force for lists of manifests: the tag's preference, else the option. */
  readonly platform: Platform;
  /**
   * The request in the form in which it is recorded. A result carries it as its `source`: as it is after a failure,
   * through `withDigest` after a success.
   */
  readonly asked: Source;
  /** What the stream records for the tag; without digest when the tag has no image yet, so that content is needed. */
  readonly recorded?: Source | undefined;
}

/** The request for one importable spec tag, given what the status says of it. */
export function requestOf(tag: SpecTag, history: TagHistory | undefined, option: Platform): TagRequest {
  const hasImage = (history?.items?.length ?? 0) > 0;
  const source = history?.source;
  return {
    tag: tag.name,
    from: tag.from?.name ?? '',
    importMode: tag.importPolicy?.importMode === 'PreserveOriginal' ? 'PreserveOriginal' : 'Legacy',
    insecure: tag.importPolicy?.insecure === true,
    platform: platformOf(tag, option),
    asked: sourceAsked(tag, option),
    recorded: hasImage ? source : source && withoutDigest(source),
  };
}

/** The requests for all importable tags of a stream, in the order of its spec. */
export function requestsOf(stream: ImageStream, option: Platform): readonly TagRequest[] {
  const histories = historiesOf(stream);
  return (stream.spec?.tags ?? []).filter(isImportable).map(tag => requestOf(tag, histories.get(tag.name), option));
}

/**
 * The ImageStreamImport that imports all importable tags of a stream and, where the stream asks for one, its repository
 * (controllers 1.3). It is tied to the version of the stream that was seen.
 */
export function importOfStream(stream: ImageStream): ImageStreamImport {
  const { name, namespace, resourceVersion, uid, annotations } = stream.metadata;
  const repository = stream.spec?.dockerImageRepository ?? '';
  const insecure = annotations?.[INSECURE_REPOSITORY_ANNOTATION] === 'true';
  return {
    apiVersion: API_VERSION,
    kind: 'ImageStreamImport',
    metadata: {
      ...(name !== undefined && { name }),
      ...(namespace !== undefined && { namespace }),
      ...(resourceVersion !== undefined && { resourceVersion }),
      ...(uid !== undefined && { uid }),
    },
    spec: {
      import: true,
      ...(repository !== '' && { repository: repositoryImport(repository, insecure) }),
      images: (stream.spec?.tags ?? []).filter(isImportable).map(imageImport),
    },
  };
}

/** The repository import that a stream asks for, when none was recorded yet (controllers 1.2). */
export function repositoryImportOf(stream: ImageStream): ImageStreamImport | undefined {
  const isAsked = (stream.spec?.dockerImageRepository ?? '') !== '';
  const wasRecorded = (stream.metadata.annotations?.[REPOSITORY_CHECK_ANNOTATION] ?? '') !== '';
  const whole = isAsked && !wasRecorded ? importOfStream(stream) : undefined;
  if (whole?.spec.repository === undefined) return undefined;
  return { ...whole, spec: { import: true, repository: whole.spec.repository } };
}

/** Whether the stream still asks for what this import of its repository was begun for. */
export function asksForRepository(stream: ImageStream | undefined, { spec }: ImageStreamImport): boolean {
  const now = stream && repositoryImportOf(stream)?.spec.repository;
  const isInsecure = (repository: RepositoryImport | undefined) => repository?.importPolicy?.insecure === true;
  return now?.from.name === spec.repository?.from.name && isInsecure(now) === isInsecure(spec.repository);
}

function repositoryImport(name: string, insecure: boolean): RepositoryImport {
  return { from: { kind: 'DockerImage', name }, ...(insecure && { importPolicy: { insecure } }) };
}

function imageImport(tag: SpecTag): ImageImport {
  return {
    from: { kind: 'DockerImage', name: tag.from?.name ?? '' },
    to: { name: tag.name },
    ...(tag.importPolicy && { importPolicy: tag.importPolicy }),
    ...(tag.referencePolicy && { referencePolicy: tag.referencePolicy }),
  };
}
