import { invalidStatus, requiredField, successStatus } from '../api/errors.ts';
import type { Image } from '../api/image.ts';
import type { ImageImportStatus } from '../api/image-stream-import.ts';
import type { Status } from '../api/status.ts';
import type { ImageResult, ImportFailure } from '../imagestream/result.ts';
import { withoutDigest } from '../imagestream/source.ts';
import { storedImage } from '../imagestream/stored-image.ts';
import { lasting } from './failure-texts.ts';
import type { AskedResult } from './image-request.ts';

/** How much of an image an answer carries (import-semantics 8.6). */
export interface Carried {
  /** The image is stored: neither it nor those below it keep their raw texts. */
  readonly stored: boolean;
  /** An image that is not stored keeps its raw manifest and config. */
  readonly includeManifest: boolean;
}

/** The result as it is answered: what no Image object may hold is a failure, and raw texts stay out unless asked for. */
export function answered(result: AskedResult, { stored, includeManifest }: Carried): AskedResult {
  if (result.outcome === 'failed') return result;
  const { image, children } = result;
  if (!stored) return includeManifest ? result : { ...result, image: withoutRawTexts(image) };
  const failure = storableFailure(image);
  if (failure !== undefined) return { outcome: 'failed', source: withoutDigest(result.source), failure };
  return { ...result, image: storedImage(image), children: children.map(storedImage) };
}

/** The result for a tag of a stream, whose images are always stored. */
export function storedResult(result: ImageResult): ImageResult {
  return result.outcome === 'imported' ? answered(result, { stored: true, includeManifest: false }) : result;
}

export function isUnauthorized(result: ImageResult): boolean {
  return result.outcome === 'failed' && result.failure.status.reason === 'Unauthorized';
}

/** Whether a credential was refused as such, which may have hidden a public image (import-semantics 7.3). */
export function blamesCredentials(result: ImageResult): boolean {
  if (result.outcome !== 'failed' || !isUnauthorized(result)) return false;
  return /username or password/i.test(result.failure.status.message ?? '');
}

/**
 * What keeps an Image from being stored: a manifest of a list without platform. OpenShift fails the whole request with
 * it; we fail the image with what it would say (import-semantics 5.3).
 */
function storableFailure({ metadata, dockerImageManifests = [] }: Image): ImportFailure | undefined {
  const faults = dockerImageManifests.flatMap((entry, index) =>
    (['architecture', 'os'] as const)
      .filter(part => entry[part] === '')
      .map(part => requiredField(`dockerImageManifests[${index}].${part}`)),
  );
  return faults.length === 0 ? undefined : lasting(invalidStatus('Image', metadata.name ?? '', faults));
}

function withoutRawTexts(image: Image): Image {
  const { dockerImageManifest: _manifest, dockerImageConfig: _config, ...rest } = image;
  return rest;
}

/** The entry of `status.images` or `status.repository.images` for one result; `tag` is "" for a digest. */
export function imageStatus(result: AskedResult, tag: string): ImageImportStatus {
  const tagged = tag === '' ? {} : { tag };
  if (result.outcome === 'failed') return { status: result.failure.status, ...tagged };
  const { image, children } = result;
  return { status: successStatus, image, ...tagged, ...(children.length > 0 && { manifests: children }) };
}

/** The status of a repository of which `failed` tags failed (import-semantics 6.7). */
export function repositoryStatus(failed: number): Status {
  if (failed === 0) return successStatus;
  const message =
    failed === 1
      ? 'one of the images from this repository failed to import'
      : `${failed} of the images from this repository failed to import`;
  return { metadata: {}, status: 'Failure', message, reason: 'ImportFailed' };
}
