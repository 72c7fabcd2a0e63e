import { internalErrorStatus } from '../api/errors.ts';
import type { Image } from '../api/image.ts';
import { emptyIndex, InvalidContent, nestedIndex } from '../image/content.ts';
import { imageFromIndex, imageFromManifest, imageFromSchema1, missingLayerSizes } from '../image/image.ts';
import type { ImageManifest, IndexEntry, IndexManifest, Schema1Manifest } from '../image/manifest.ts';
import { choosePlatform } from '../image/platform.ts';
import { timestamp } from '../imagestream/timestamp.ts';
import type { FetchedManifest, PullSource, Repository, RequestContext, TagCheck } from '../registry/types.ts';
import { sizeText } from './error-text.ts';
import { failureOf, lasting } from './failure-texts.ts';
import type { ImageImportParts, ImageRequest } from './image-request.ts';
import { ImportStopped } from './stopped.ts';
import { referenceByDigest, shownByDigest } from './subject.ts';

/** Bytes of manifests and configs that one list may have below it: what is held at once for one image. */
export const MAX_LIST_BYTES = 16 * 1024 * 1024;

/** What a manifest comes to: the image that is tagged, and those below it. */
export interface LoadedImages {
  readonly image: Image;
  readonly children: readonly Image[];
}

/** From the manifest that a tag points to down to Image objects (import-semantics 5). Throws `ImportStopped`. */
export class ImageLoad {
  readonly #request: ImageRequest;
  readonly #context: RequestContext;
  readonly #parts: ImageImportParts;
  #listBytes = 0;

  constructor(request: ImageRequest, context: RequestContext, parts: ImageImportParts) {
    this.#request = request;
    this.#context = context;
    this.#parts = parts;
  }

  /** The manifest that the reference points to (E2, E3). */
  manifest(): Promise<FetchedManifest> {
    const { tag = '', digest } = this.#request.subject.wire;
    const name = digest === undefined ? { tag } : { digest };
    return this.#ask(this.#request.subject.shown, () =>
      this.#parts.client.getManifest(this.#repository(), name, this.#context),
    );
  }

  /** Whether the tag still has the recorded digest (E1). */
  check(tag: string, recordedDigest: string): Promise<TagCheck> {
    return this.#ask(this.#request.subject.shown, () =>
      this.#parts.client.checkTag(this.#repository(), tag, recordedDigest, this.#context),
    );
  }

  /** Name of the image that this manifest will come to; undefined when it can come to none. */
  nameOf({ manifest, digest }: FetchedManifest): string | undefined {
    if (manifest.kind !== 'index' || this.#request.importMode === 'PreserveOriginal') return digest;
    return choosePlatform(manifest.entries, this.#request.platform)?.digest;
  }

  async images(fetched: FetchedManifest): Promise<LoadedImages> {
    const { importMode, subject } = this.#request;
    const { manifest } = fetched;
    if (manifest.kind !== 'index') return { image: await this.#single(fetched, subject.shown), children: [] };
    if (importMode === 'PreserveOriginal') return this.#preserved(fetched, manifest);
    return { image: await this.#onePlatform(fetched.source, manifest, subject.shown), children: [] };
  }

  /** A list is reduced to the manifest of one platform, which is spoken of as the list is (import-semantics 5.2). */
  async #onePlatform(source: PullSource, { entries }: IndexManifest, shown: string): Promise<Image> {
    const entry = choosePlatform(entries, this.#request.platform);
    if (entry === undefined) throw this.#stopped(emptyIndex(), shown);
    return this.#single(await this.#child(source, entry, shown), shown);
  }

  /** The list is the image; every manifest of it is imported in its order, and one that fails fails all (5.3). */
  async #preserved(fetched: FetchedManifest, manifest: IndexManifest): Promise<LoadedImages> {
    const { digest: name, source } = fetched;
    const reference = this.#referenceTo(name);
    const created = timestamp(this.#parts.clock.now());
    const image = this.#reading(this.#request.subject.shown, () =>
      imageFromIndex({ name, reference, manifest, created }),
    );
    const children: Image[] = [];
    for (const entry of manifest.entries) {
      const shown = shownByDigest(this.#request.subject, entry.digest);
      const child = await this.#child(source, entry, shown);
      children.push(
        child.manifest.kind === 'index'
          ? await this.#onePlatform(child.source, child.manifest, shown)
          : await this.#single(child, shown),
      );
    }
    return { image, children };
  }

  async #child(source: PullSource, { digest }: IndexEntry, shown: string): Promise<FetchedManifest> {
    const child = await this.#ask(shown, () => this.#parts.client.getChild(source, digest, this.#context));
    this.#count(child.bytes, shown);
    return child;
  }

  async #single(fetched: FetchedManifest, shown: string): Promise<Image> {
    const { manifest } = fetched;
    if (manifest.kind === 'image') return this.#fromManifest(fetched, manifest, shown);
    if (manifest.kind === 'schema1') return this.#fromSchema1(fetched, manifest, shown);
    throw this.#stopped(nestedIndex(), shown);
  }

  async #fromManifest(fetched: FetchedManifest, manifest: ImageManifest, shown: string): Promise<Image> {
    const { digest: name, bytes: manifestBytes, source } = fetched;
    const { client } = this.#parts;
    const configBytes = await this.#ask(shown, () => client.getConfig(source, manifest.config, this.#context));
    this.#count(configBytes, shown);
    const reference = this.#referenceTo(name);
    return this.#reading(shown, () => imageFromManifest({ name, reference, manifest, manifestBytes, configBytes }));
  }

  async #fromSchema1(fetched: FetchedManifest, manifest: Schema1Manifest, shown: string): Promise<Image> {
    const { digest: name, bytes: manifestBytes, source } = fetched;
    const { client } = this.#parts;
    const sizes = new Map<string, number>();
    for (const layer of this.#reading(shown, () => missingLayerSizes(manifest))) {
      sizes.set(layer, await this.#ask(shown, () => client.blobSize(source, layer, this.#context)));
    }
    const reference = this.#referenceTo(name);
    return this.#reading(shown, () => imageFromSchema1({ name, reference, manifest, manifestBytes, sizes }));
  }

  /** The registry decides how many manifests a list has and how large they are; we decide what we hold. */
  #count(bytes: Uint8Array, shown: string): void {
    this.#listBytes += bytes.length;
    if (this.#listBytes > MAX_LIST_BYTES) {
      throw stop(`${shown}: manifests and configs of the list are larger than ${sizeText(MAX_LIST_BYTES)} together`);
    }
  }

  #repository(): Repository {
    const { host, repository } = this.#request.subject.wire;
    return { host, repository, insecure: this.#request.insecure };
  }

  /** Asks a registry on behalf of the image that messages call `shown`. */
  async #ask<T>(shown: string, action: () => Promise<T>): Promise<T> {
    try {
      return await this.#parts.retry(action, this.#context.signal);
    } catch (error) {
      throw this.#stopped(error, shown);
    }
  }

  #referenceTo(name: string): string {
    return referenceByDigest(this.#request.subject.typed, name);
  }

  /** Reads content that was fetched. */
  #reading<T>(shown: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw error instanceof InvalidContent ? this.#stopped(error, shown) : error;
    }
  }

  #stopped(error: unknown, shown: string): unknown {
    if (this.#context.signal.aborted || !isTold(error)) return error;
    const { registry } = this.#request.subject.typed;
    return new ImportStopped(failureOf(error, { reference: shown, what: 'image', registry }));
  }
}

/** Whether an error belongs to the import of an image; others are faults of ours. */
function isTold(error: unknown): boolean {
  return Error.isError(error) && (error.name === 'RegistryError' || error.name === 'InvalidContent');
}

function stop(text: string): ImportStopped {
  return new ImportStopped(lasting(internalErrorStatus(text)));
}
