import { internalErrorStatus } from '../api/errors.ts';
import type { Source } from '../api/image-stream.ts';
import { ACCEPT_VERSION } from '../image/media-types.ts';
import type { ImageResult, ImportFailure } from '../imagestream/result.ts';
import { judge, sameRequest, withDigest } from '../imagestream/source.ts';
import type { Logger } from '../log.ts';
import type { FetchedManifest, RequestContext } from '../registry/types.ts';
import { lasting } from './failure-texts.ts';
import { ImageLoad } from './image-load.ts';
import type { AskedResult, ImageImportParts, ImageRequest, TagImageRequest } from './image-request.ts';
import { ImportStopped } from './stopped.ts';
import type { Subject } from './subject.ts';

/**
 * Fetches one image, whatever is recorded of it (import-semantics 4 and 5). Every failure is a result; it throws the
 * reason of `context.signal` alone.
 */
export async function fetchImage(
  request: ImageRequest,
  context: RequestContext,
  parts: ImageImportParts,
): Promise<AskedResult> {
  try {
    const load = new ImageLoad(request, context, parts);
    return await imported(request, load, await load.manifest());
  } catch (error) {
    return failed(error, request, context, parts);
  }
}

/**
 * Imports the image of a tag. With a recorded source whose request is the same it costs one HEAD while nothing changed;
 * otherwise the manifest is fetched by tag or digest (registry-client R0.7 to R0.10).
 *
 * `unchanged` means that the image of the tag is the one it has. Its `source` says what is true now: the digest in it
 * differs from the recorded one when a list was rebuilt around that image (R0.8), and is then to be stored. Failures and
 * throws are those of `fetchImage`.
 */
export async function importImage(
  request: TagImageRequest,
  context: RequestContext,
  parts: ImageImportParts,
): Promise<ImageResult> {
  try {
    return await checkOrFetch(request, context, parts);
  } catch (error) {
    return failed(error, request, context, parts);
  }
}

async function checkOrFetch(
  request: TagImageRequest,
  context: RequestContext,
  parts: ImageImportParts,
): Promise<ImageResult> {
  const { asked, recorded, subject } = request;
  const load = new ImageLoad(request, context, parts);
  const known = recorded?.digest;
  // Whether the recorded digest answers this request is decided as if the registry still had it.
  const same = known === undefined ? undefined : seen(asked, known);
  const verdict = same === undefined ? 'changed' : judge(same, recorded);
  // A digest never moves, so there is nothing that a HEAD could tell.
  if (known === undefined || same === undefined || verdict === 'changed' || subject.wire.tag === undefined) {
    return importedOrSame(request, load, await load.manifest());
  }

  const check = await load.check(subject.wire.tag, known);
  if (check.outcome === 'unchanged') return { outcome: 'unchanged', source: same };
  // The digest may differ for no other reason than another Accept header (R1.2).
  if (verdict === 'rebaseline') return { outcome: 'unchanged', source: seen(asked, check.digest) };
  // It moved, but quota forbade fetching it (R1.10): the tag keeps its image, and is asked for again.
  if (check.fetched === undefined) return { outcome: 'failed', source: asked, failure: overQuota(subject) };
  return importedOrSame(request, load, check.fetched);
}

async function importedOrSame(
  request: TagImageRequest,
  load: ImageLoad,
  fetched: FetchedManifest,
): Promise<ImageResult> {
  const { asked, recorded, recordedImage } = request;
  // Only for the same request: another spelling of the pull spec is to be recorded with the image.
  const mayBeSame = recordedImage !== undefined && recorded !== undefined && sameRequest(asked, recorded);
  const isSame = mayBeSame && load.nameOf(fetched) === recordedImage;
  return isSame ? { outcome: 'unchanged', source: seen(asked, fetched.digest) } : imported(request, load, fetched);
}

async function imported({ asked }: ImageRequest, load: ImageLoad, fetched: FetchedManifest): Promise<AskedResult> {
  return { outcome: 'imported', source: seen(asked, fetched.digest), ...(await load.images(fetched)) };
}

function seen(asked: Source, digest: string): Source {
  return withDigest(asked, digest, ACCEPT_VERSION);
}

function overQuota({ shown }: Subject): ImportFailure {
  return { status: internalErrorStatus(`${shown}: toomanyrequests: too many requests`), transient: true };
}

/** Throws the reason of the signal when that has fired. */
function failed(
  error: unknown,
  { asked, subject }: ImageRequest,
  { signal }: RequestContext,
  { log }: ImageImportParts,
): Extract<ImageResult, { outcome: 'failed' }> {
  if (signal.aborted) throw signal.reason;
  return { outcome: 'failed', source: asked, failure: failureOfImage(error, subject, log) };
}

function failureOfImage(error: unknown, { shown }: Subject, log: Logger): ImportFailure {
  if (error instanceof ImportStopped) return error.failure;
  // A fault of ours in one image must not sink its neighbours.
  const stack = Error.isError(error) ? error.stack : String(error);
  log.error({ image: shown, stack }, 'Unexpected error while importing an image');
  return lasting(internalErrorStatus(`${shown}: unexpected error`));
}
