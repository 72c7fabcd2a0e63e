import type { Image } from '../api/image.ts';
import type { ImageStream } from '../api/image-stream.ts';
import { UNREFERENCED_SINCE_ANNOTATION } from '../api/names.ts';
import type { Clock } from '../clock.ts';
import { imageNameOf, imageObjectName } from '../imagestream/image-names.ts';
import { timestamp } from '../imagestream/timestamp.ts';
import { isConflict, isNotFound, isRefusedForGood } from '../kube/api-error.ts';
import type { KubeClient } from '../kube/client.ts';
import { listPages } from '../kube/list-pages.ts';
import type { Reflected } from '../kube/reflector-sink.ts';
import { IMAGE_STREAMS, IMAGES } from '../kube/resource.ts';
import type { Logger } from '../log.ts';
import { type Fate, fateOf, type ListedImage } from './image-fate.ts';
import { type Key, keyOf } from './key.ts';
import type { ControllerObserver } from './observer.ts';

export interface ImageSweepParts {
  /** Whose streams are watched; empty for all. */
  readonly namespaces: readonly string[];
  readonly client: Pick<KubeClient, 'list' | 'patch' | 'delete'>;
  /** A tag of this stream points to an Image that there is not: nobody may have looked at the stream since it went. */
  readonly headMissing: (key: Key) => void;
  readonly observer: Pick<ControllerObserver, 'patched'>;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
}

/** What one sweep did. */
export interface Swept {
  readonly images: number;
  readonly marked: number;
  readonly unmarked: number;
  readonly deleted: number;
  /** Written by somebody else meanwhile, or gone: for the next sweep to look at. */
  readonly missed: number;
}

const EVERY_MS = 60 * 60_000;
/** What has just begun to lead has enough to do, and what nobody names waits for a day anyway. */
const FIRST_MS = 10 * 60_000;
const JITTER_MS = 10 * 60_000;
/** After a sweep that did not come to its end. */
const AGAIN_MS = 10 * 60_000;
/** Of Images with all they hold: a page is parsed in one go, and holds up everything else meanwhile. */
const WHOLE_IMAGES_LIMIT = 50;

/**
 * Removes Images that nobody names any more (design D11): no TagEvent of any stream, nor a list that is named. What is
 * not named is marked, and deleted when it still is not after a day. An operator that watches some namespaces removes
 * nothing, for it cannot tell what the streams of others name.
 */
export class ImageSweep {
  readonly #parts: ImageSweepParts;
  /** Children by list. What a digest names never changes: what was read once holds. */
  #children: ReadonlyMap<string, readonly string[]> = new Map();

  constructor(parts: ImageSweepParts) {
    this.#parts = parts;
  }

  /** Sweeps after ten to twenty minutes and then every hour, until the signal fires. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { namespaces, clock, random, log } = this.#parts;
    if (namespaces.length > 0) return;
    let waitMs = FIRST_MS + random() * JITTER_MS;
    for (;;) {
      try {
        await clock.sleep(waitMs, signal);
        await this.sweep(signal);
        waitMs = EVERY_MS;
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ error: messageOf(error) }, 'Images could not be looked through');
        waitMs = AGAIN_MS;
      }
    }
  }

  /**
   * Images are listed before the streams: a creator removes the mark of an Image before it writes the stream, so either
   * the fresh list of streams names the Image, or its version is no longer the one that would be deleted.
   */
  async sweep(signal: AbortSignal): Promise<Swept> {
    const { log } = this.#parts;
    const images = await this.#listImages(signal);
    const named = await this.#namedByStreams(images, signal);
    addChildren(named, this.#children);
    if (this.#isAnyToGo(images, named)) {
      this.#children = await this.#readChildren(signal);
      addChildren(named, this.#children);
    }
    const swept = await this.#carryOut(images, named, signal);
    const isIdle = swept.marked + swept.unmarked + swept.deleted + swept.missed === 0;
    log[isIdle ? 'debug' : 'info']({ ...swept }, 'Images were looked through');
    return swept;
  }

  async #listImages(signal: AbortSignal): Promise<ReadonlyMap<string, ListedImage>> {
    const images = new Map<string, ListedImage>();
    const pages = listPages<Reflected>(this.#parts.client, { resource: IMAGES }, { metadataOnly: true }, signal);
    for await (const { items } of pages) {
      for (const { metadata } of items) {
        const name = imageNameOf(metadata.name ?? '');
        const { uid = '', resourceVersion = '', annotations } = metadata;
        const since = annotations?.[UNREFERENCED_SINCE_ANNOTATION];
        if (name !== undefined) images.set(name, { uid, resourceVersion, since });
      }
    }
    return images;
  }

  /** Of these Images, those that any TagEvent names. */
  async #namedByStreams(images: ReadonlyMap<string, ListedImage>, signal: AbortSignal): Promise<Set<string>> {
    const { client, headMissing } = this.#parts;
    const named = new Set<string>();
    for await (const { items } of listPages<ImageStream>(client, { resource: IMAGE_STREAMS }, {}, signal)) {
      for (const stream of items) {
        const histories = stream.status?.tags ?? [];
        for (const { items: events } of histories) {
          for (const { image } of events ?? []) if (images.has(image)) named.add(image);
        }
        const heads = histories.map(({ items: events }) => events?.[0]?.image ?? '');
        if (heads.some(head => isImageName(head) && !images.has(head))) headMissing(keyOf(stream.metadata));
      }
    }
    return named;
  }

  /** Whether an Image seems to be named by nobody, and something is to be done about it. */
  #isAnyToGo(images: ReadonlyMap<string, ListedImage>, named: ReadonlySet<string>): boolean {
    const nowMs = this.#parts.clock.now();
    for (const [name, image] of images) {
      if (!named.has(name) && fateOf(image, false, nowMs) !== 'leave') return true;
    }
    return false;
  }

  async #readChildren(signal: AbortSignal): Promise<ReadonlyMap<string, readonly string[]>> {
    const { client } = this.#parts;
    const inSmallPages: Pick<KubeClient, 'list'> = {
      list: (path, query, listSignal) => {
        const limit = Math.min(query.limit ?? WHOLE_IMAGES_LIMIT, WHOLE_IMAGES_LIMIT);
        return client.list(path, { ...query, limit }, listSignal);
      },
    };
    const children = new Map<string, readonly string[]>();
    for await (const { items } of listPages<Image>(inSmallPages, { resource: IMAGES }, {}, signal)) {
      for (const { metadata, dockerImageManifests = [] } of items) {
        const name = imageNameOf(metadata.name ?? '');
        if (name === undefined || dockerImageManifests.length === 0) continue;
        children.set(
          name,
          dockerImageManifests.map(({ digest }) => digest),
        );
      }
    }
    return children;
  }

  async #carryOut(
    images: ReadonlyMap<string, ListedImage>,
    named: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<Swept> {
    const done = { leave: 0, mark: 0, unmark: 0, delete: 0 };
    let missed = 0;
    for (const [name, image] of images) {
      const fate = fateOf(image, named.has(name), this.#parts.clock.now());
      if (await this.#meet(fate, name, image, signal)) done[fate] += 1;
      else missed += 1;
    }
    return { images: images.size, marked: done.mark, unmarked: done.unmark, deleted: done.delete, missed };
  }

  /** Whether it was done; false when somebody else was first. */
  async #meet(fate: Fate, name: string, { uid, resourceVersion }: ListedImage, signal: AbortSignal): Promise<boolean> {
    if (fate === 'leave') return true;
    const { client, clock, observer, log } = this.#parts;
    const path = { resource: IMAGES, name: imageObjectName(name) };
    const since = fate === 'mark' ? timestamp(clock.now()) : null;
    const metadata = { uid, resourceVersion, annotations: { [UNREFERENCED_SINCE_ANNOTATION]: since } };
    try {
      if (fate === 'delete') await client.delete(path, { uid, resourceVersion }, signal);
      else await client.patch(path, { metadata }, signal);
      observer.patched('images', 'written');
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      if (!isConflict(error) && !isRefusedForGood(error)) throw error;
      observer.patched('images', isConflict(error) ? 'conflict' : 'refused');
      if (!isConflict(error)) log.debug({ image: name, error: messageOf(error) }, 'An Image cannot be swept');
      return false;
    }
  }
}

/** Adds to what is named what named lists name, lists of lists included. */
function addChildren(named: Set<string>, children: ReadonlyMap<string, readonly string[]>): void {
  // A set that grows while it is walked through shows what is added, too.
  for (const name of named) for (const child of children.get(name) ?? []) named.add(child);
}

function isImageName(image: string): boolean {
  return imageNameOf(imageObjectName(image)) === image;
}

function messageOf(error: unknown): string {
  return Error.isError(error) ? error.message : String(error);
}
