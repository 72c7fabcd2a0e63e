import type { ImageStream } from '../api/image-stream.ts';
import type { ImageImportStatus, ImageStreamImport, RepositoryImportStatus } from '../api/image-stream-import.ts';
import type { Platform } from '../image/platform.ts';
import type { ImportedEntry } from '../imagestream/record.ts';
import type { TagRequest } from '../imagestream/request.ts';
import type { ImageResult, TagResult } from '../imagestream/result.ts';
import type { Keyring, RequestContext } from '../registry/types.ts';
import { importImage } from './image-import.ts';
import { ImagePlaces } from './image-places.ts';
import type { ImageImportParts, TagImageRequest } from './image-request.ts';
import { ImageRound, type RoundParts } from './image-round.ts';
import { type ImportProgress, Progress } from './progress.ts';
import { importRepository } from './repository-import.ts';
import { importImages } from './spec-images.ts';
import { blamesCredentials, isUnauthorized, storedResult } from './statuses.ts';
import { type HostPolicy, imageSubject, isInsecure } from './subject.ts';
import { type Surroundings, wantedOfTag } from './wanted-image.ts';

export type { Retry } from './image-request.ts';
export type { ImportProgress } from './progress.ts';

export interface ImporterParts extends ImageImportParts {
  /** Images of one registry that are held at once. */
  readonly maxImagesAtOnce?: number;
}

/** What an ImageStreamImport is carried out with. */
export interface ImportInput extends HostPolicy {
  /** Validated, with its defaults filled in. */
  readonly isi: ImageStreamImport;
  /** The stream as it is stored, if there is one. */
  readonly stream?: ImageStream;
  readonly keyring: Keyring;
  /** The credentials that are not the namespace's, for the second try of import-semantics 7.3; absent: no such try. */
  readonly withoutSecrets?: Keyring | undefined;
  /** For lists of manifests, where no preference says otherwise. */
  readonly platform: Platform;
  /** 0 is the default of 50, -1 no limit. */
  readonly maxImagesPerRepository: number;
  readonly signal: AbortSignal;
  /** Larger goes first inside a lane; 1 by default, as a user waits for it. */
  readonly priority?: number;
  /** The namespace: of equal priority each has its turn in a lane (R4.3). */
  readonly tenant?: string;
  readonly onProgress?: (progress: ImportProgress) => void;
}

export interface ImportOutcome {
  readonly status: {
    readonly images?: readonly ImageImportStatus[];
    readonly repository?: RepositoryImportStatus;
  };
  /** What is to be recorded under tags, in the order of import-semantics 8.2. */
  readonly entries: readonly ImportedEntry[];
  /** Images that failed, a repository that failed as a whole counting as one. */
  readonly failed: number;
}

/** A tag of a stream to import. */
export interface ImportTag extends TagRequest {
  /** Name of the image that the tag has now: it is not fetched again when it is still the one. */
  readonly recordedImage?: string;
}

export interface TagContext extends HostPolicy {
  readonly keyring: Keyring;
  readonly withoutSecrets?: Keyring | undefined;
  readonly signal: AbortSignal;
  readonly priority: number;
  /** The namespace: of equal priority each has its turn in a lane (R4.3). */
  readonly tenant?: string;
  /** How old an answer that another tag of the same source got may be, in milliseconds; see `RequestContext`. */
  readonly shareForMs?: number;
  /** No answer from before this reading of the monotonic clock will do; see `RequestContext`. */
  readonly freshSinceMs?: number;
}

export interface Importer {
  /**
   * Carries out one ImageStreamImport (import-semantics 2). `status.images` is aligned with `spec.images`. An image that
   * fails is an outcome; rejects with the reason of the signal alone.
   */
  importRequest(input: ImportInput): Promise<ImportOutcome>;
  /** Imports one tag of a stream. Rejects with the reason of the signal alone. */
  importTag(request: ImportTag, context: TagContext): Promise<TagResult>;
  /** Imports tags side by side; the results are in the order of the requests. */
  importTags(requests: readonly ImportTag[], context: TagContext): Promise<readonly TagResult[]>;
}

export function createImporter(parts: ImporterParts): Importer {
  const places = new ImagePlaces(parts.maxImagesAtOnce);
  const importTag: Importer['importTag'] = (request, context) => importOneTag(request, context, parts, places);
  return {
    importRequest: input => importOneRequest(input, parts, places),
    importTag,
    importTags: (requests, context) => Promise.all(requests.map(request => importTag(request, context))),
  };
}

async function importOneRequest(input: ImportInput, parts: ImporterParts, places: ImagePlaces): Promise<ImportOutcome> {
  const { spec } = input.isi;
  const progress = new Progress(spec.images?.length ?? 0, input.onProgress);
  const roundParts: RoundParts = { ...parts, places, ...credentialsOf(input), onDone: count => progress.did(count) };
  const around: Surroundings = {
    ...(input.stream && { stream: input.stream }),
    platform: input.platform,
    policy: input,
    records: spec.import === true,
  };
  const round = new ImageRound(roundParts);
  const images = spec.images && (await importImages(spec.images, around, round));
  progress.did(images?.unasked ?? 0);
  const { repository: repositorySpec } = spec;
  const repository =
    repositorySpec &&
    (await importRepository(
      {
        spec: repositorySpec,
        policy: input,
        maxImages: input.maxImagesPerRepository,
        wanted: subject => wantedOfTag(repositorySpec, subject, around),
        onListed: count => progress.knows(count),
      },
      round,
      roundParts,
    ));
  return {
    status: { ...(repository && { repository: repository.status }), ...(images && { images: images.images }) },
    // Tags of the repository are recorded first.
    entries: [...(repository?.entries ?? []), ...(images?.entries ?? [])],
    failed: (repository?.failed ?? 0) + (images?.failed ?? 0),
  };
}

function credentialsOf({ keyring, withoutSecrets, signal, priority = 1, tenant }: ImportInput) {
  const context: RequestContext = { keyring, signal, priority, ...(tenant !== undefined && { tenant }) };
  return { context, ...(withoutSecrets && { withoutSecrets }) };
}

async function importOneTag(
  request: ImportTag,
  context: TagContext,
  parts: ImporterParts,
  places: ImagePlaces,
): Promise<TagResult> {
  const { tag, asked } = request;
  const subject = imageSubject(request.from, context);
  if ('refused' in subject) return { outcome: 'failed', tag, source: asked, failure: subject.refused };
  const insecure = isInsecure(subject, request.insecure, context);
  const imageRequest: TagImageRequest = { ...request, subject, insecure };
  const ask = (asking: RequestContext): Promise<ImageResult> =>
    places.hold(subject.wire.host, asking, () => importImage(imageRequest, asking, parts));
  const { withoutSecrets } = context;
  const first = await ask(context);
  if (withoutSecrets === undefined || !blamesCredentials(first)) return { ...storedResult(first), tag };
  const second = await ask({ ...context, keyring: withoutSecrets });
  return { ...storedResult(isUnauthorized(second) ? first : second), tag };
}
