import { internalErrorStatus } from '../api/errors.ts';
import type { Source } from '../api/image-stream.ts';
import { ACCEPT_VERSION } from '../image/media-types.ts';
import type { ImageResult, ImportFailure } from '../imagestream/result.ts';
import { judge, sameRequest, withDigest } from '../imagestream/source.ts';
import type { Logger } from '../log.ts';
import type { FetchedManifest, RegistryClient, Repository, RequestContext } from '../registry/types.ts';
import { lasting } from './failure-texts.ts';
import { ImageLoad } from './image-load.ts';
import type { ImageImportParts, ImageRequest } from './image-request.ts';
import { ImportStopped } from './stopped.ts';
import type { Subject } from './subject.ts';

/**
 * Imports one image (import-semantics 4 and 5). With a recorded source whose request is the same it costs one HEAD while
 * nothing changed; otherwise the manifest is fetched, by tag or digest (registry-client R0.7 to R0.10).
 *
 * `unchanged` means that the tag's image is the one it has. Its `source` is what is true now: its digest differs from
 * the recorded one when the list that the image comes from was rebuilt around it (R0.8), and is then to be stored.
 * Every failure is a result; it throws the reason of `context.signal` alone.
 */
export async function importImage(
  request: ImageRequest,
  context: RequestContext,
  parts: ImageImportParts,
): Promise<ImageResult> {
  try {
    return await new ImageImport(request, context, parts).run();
  } catch (error) {
    if (context.signal.aborted) throw context.signal.reason;
    return { outcome: 'failed', source: request.asked, failure: failureOfImage(error, request, parts.log) };
  }
}

function failureOfImage(error: unknown, { subject }: ImageRequest, log: Logger): ImportFailure {
  if (error instanceof ImportStopped) return error.failure;
  // A fault of ours in one image must not sink its neighbours.
  const stack = Error.isError(error) ? error.stack : String(error);
  log.error({ image: subject.shown, stack }, 'Unexpected error while importing an image');
  return lasting(internalErrorStatus(`${subject.shown}: unexpected error`));
}

/** How one image is looked for: whether it changed, and what it is when it did. */
class ImageImport {
  readonly #request: ImageRequest;
  readonly #context: RequestContext;
  readonly #client: RegistryClient;
  readonly #load: ImageLoad;
  readonly #repository: Repository;

  constructor(request: ImageRequest, context: RequestContext, parts: ImageImportParts) {
    const { wire } = request.subject;
    this.#request = request;
    this.#context = context;
    this.#client = parts.client;
    this.#load = new ImageLoad(request, context, parts);
    this.#repository = { host: wire.host, repository: wire.repository, insecure: request.insecure };
  }

  async run(): Promise<ImageResult> {
    const { asked, recorded, subject } = this.#request;
    const { tag } = subject.wire;
    const known = recorded?.digest;
    // Whether the recorded digest answers this request is decided as if the registry still had it.
    const verdict = known === undefined ? 'changed' : judge(this.#seen(known), recorded);
    if (known === undefined || tag === undefined || verdict === 'changed') return this.#resolve(await this.#fetch());

    const check = await this.#load.ask(subject.shown, () =>
      this.#client.checkTag(this.#repository, tag, known, this.#context),
    );
    if (check.outcome === 'unchanged') return { outcome: 'unchanged', source: this.#seen(known) };
    // The digest may differ for no other reason than another Accept header (R1.2).
    if (verdict === 'rebaseline') return { outcome: 'unchanged', source: this.#seen(check.digest) };
    // It moved, but quota forbade fetching it (R1.10): the tag keeps its image, and is asked for again.
    if (check.fetched === undefined) return { outcome: 'failed', source: asked, failure: overQuota(subject) };
    return this.#resolve(check.fetched);
  }

  #fetch(): Promise<FetchedManifest> {
    const { tag = '', digest } = this.#request.subject.wire;
    const name = digest === undefined ? { tag } : { digest };
    return this.#load.ask(this.#request.subject.shown, () =>
      this.#client.getManifest(this.#repository, name, this.#context),
    );
  }

  async #resolve(fetched: FetchedManifest): Promise<ImageResult> {
    const { asked, recorded, recordedImage } = this.#request;
    const source = this.#seen(fetched.digest);
    // Only for the same request: another spelling of the pull spec is to be recorded with the image.
    if (recordedImage !== undefined && recorded !== undefined && sameRequest(asked, recorded)) {
      if (this.#load.nameOf(fetched) === recordedImage) return { outcome: 'unchanged', source };
    }
    return { outcome: 'imported', source, ...(await this.#load.images(fetched)) };
  }

  #seen(digest: string): Source {
    return withDigest(this.#request.asked, digest, ACCEPT_VERSION);
  }
}

function overQuota({ shown }: Subject): ImportFailure {
  return { status: internalErrorStatus(`${shown}: toomanyrequests: too many requests`), transient: true };
}
