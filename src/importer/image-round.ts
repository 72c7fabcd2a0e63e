import type { Image } from '../api/image.ts';
import type { Keyring, RequestContext } from '../registry/types.ts';
import { fetchImage } from './image-import.ts';
import type { ImagePlaces } from './image-places.ts';
import type { AskedResult, ImageImportParts, ImageRequest } from './image-request.ts';
import { answered, blamesCredentials, type Carried, isUnauthorized } from './statuses.ts';
import { referenceByDigest, type Subject } from './subject.ts';

/** One image of a request, and how much of it the answer carries. */
export interface WantedImage extends Carried {
  readonly request: ImageRequest;
}

export interface RoundParts extends ImageImportParts {
  /** Caps the images that are held at once; their requests wait in the lanes of their hosts. */
  readonly places: ImagePlaces;
  readonly context: RequestContext;
  /** Credentials without the namespace's own, for the second try of import-semantics 7.3; absent: there is none. */
  readonly withoutSecrets?: Keyring;
  readonly onDone: (images: number) => void;
}

/** Images that one fetch answers: the same reference, asked for in the same way (import-semantics 3.7). */
interface Group {
  readonly key: string;
  readonly wanted: readonly WantedImage[];
}

/** Asks for the images of one ImageStreamImport, each distinct one once. */
export class ImageRound {
  readonly #parts: RoundParts;
  readonly #finished = new Map<string, AskedResult>();
  #secretsRefused = false;

  constructor(parts: RoundParts) {
    this.#parts = parts;
  }

  /** Whether an image of `spec.images` was refused for its credentials, so that failures get a second try without. */
  get secretsRefused(): boolean {
    return this.#secretsRefused;
  }

  /** What this request has fetched already for the same reference and wish, as this one words it. */
  finished(wanted: WantedImage): AskedResult | undefined {
    const known = this.#finished.get(keyOf(wanted.request));
    return known && worded(known, wanted.request);
  }

  /**
   * The results for these images, in their order. `spec.images` alone `mayRefuseSecrets`: a failure that blames user
   * name or password asks for all failed images again without the namespace's secrets, since a wrong secret makes some
   * registries refuse even public images. What is then Unauthorized keeps its first answer (import-semantics 7.3).
   */
  async ask(wanted: readonly WantedImage[], { mayRefuseSecrets }: { mayRefuseSecrets: boolean }) {
    const groups = [...Map.groupBy(wanted, ({ request }) => keyOf(request))].map(([key, members]) => ({
      key,
      wanted: members,
    }));
    const results = await this.#askAll(groups, this.#parts.context, this.#parts.onDone);
    if (mayRefuseSecrets && [...results.values()].some(blamesCredentials)) this.#secretsRefused = true;
    await this.#askAgain(groups, results);
    for (const [key, result] of results) if (result.outcome === 'imported') this.#finished.set(key, result);
    return wanted.map(each => this.#answer(each, results));
  }

  async #askAgain(groups: readonly Group[], results: Map<string, AskedResult>): Promise<void> {
    const { context, withoutSecrets } = this.#parts;
    if (!this.#secretsRefused || withoutSecrets === undefined) return;
    const failed = groups.filter(({ key }) => results.get(key)?.outcome === 'failed');
    const again = await this.#askAll(failed, { ...context, keyring: withoutSecrets }, () => {});
    for (const [key, result] of again) if (!isUnauthorized(result)) results.set(key, result);
  }

  async #askAll(
    groups: readonly Group[],
    context: RequestContext,
    onDone: (images: number) => void,
  ): Promise<Map<string, AskedResult>> {
    const results = new Map<string, AskedResult>();
    // One manifest asked for in two modes is fetched for one and then for the other, in the order of the request.
    const chains = Map.groupBy(groups, ({ wanted }) => wanted[0]?.request.subject.shown);
    const walk = async (chain: readonly Group[]): Promise<void> => {
      for (const group of chain) {
        const result = await this.#fetch(group, context);
        results.set(group.key, result);
        onDone(group.wanted.length);
      }
    };
    await Promise.all([...chains.values()].map(walk));
    return results;
  }

  async #fetch({ wanted }: Group, context: RequestContext): Promise<AskedResult> {
    const [first] = wanted;
    if (first === undefined) throw new RangeError('a group without images');
    return this.#parts.places.hold(first.request.subject.wire.host, context, async () => {
      const result = await fetchImage(first.request, context, this.#parts);
      // Raw texts are let go as early as nobody else can want them.
      return wanted.length === 1 ? answered(result, first) : result;
    });
  }

  #answer(wanted: WantedImage, results: ReadonlyMap<string, AskedResult>): AskedResult {
    const result = results.get(keyOf(wanted.request));
    if (result === undefined) throw new RangeError('an image without a result');
    return answered(worded(result, wanted.request), wanted);
  }
}

function keyOf({ subject, importMode, insecure, platform }: ImageRequest): string {
  return JSON.stringify([subject.shown, importMode, insecure, platform.os, platform.architecture]);
}

/** A shared result in the words of one request: its own source and its own way of writing the reference. */
function worded(result: AskedResult, { asked, subject }: ImageRequest): AskedResult {
  const { digest, acceptVersion } = result.source;
  const source = {
    ...asked,
    ...(acceptVersion !== undefined && { acceptVersion }),
    ...(digest !== undefined && { digest }),
  };
  if (result.outcome === 'failed') return { ...result, source };
  const { image, children } = result;
  return {
    ...result,
    source,
    image: renamed(image, subject),
    children: children.map(child => renamed(child, subject)),
  };
}

function renamed(image: Image, { typed }: Subject): Image {
  return { ...image, dockerImageReference: referenceByDigest(typed, image.metadata.name ?? '') };
}
