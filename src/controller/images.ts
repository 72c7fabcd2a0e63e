import { setImmediate } from 'node:timers/promises';
import PQueue from 'p-queue';
import type { Image } from '../api/image.ts';
import type { ObjectMeta } from '../api/meta.ts';
import { UNREFERENCED_SINCE_ANNOTATION } from '../api/names.ts';
import type { Clock } from '../clock.ts';
import { imageNameOf, imageObjectName } from '../imagestream/image-names.ts';
import { sizeOf } from '../imagestream/sizes.ts';
import { isAlreadyExists, isConflict, isNotFound, isRefusedForGood } from '../kube/api-error.ts';
import type { KubeClient } from '../kube/client.ts';
import type { GoneKey, Reflected, ReflectorSink } from '../kube/reflector-sink.ts';
import { IMAGES, type ObjectPath } from '../kube/resource.ts';
import type { Logger } from '../log.ts';
import { imageObject, inStoringOrder } from './image-object.ts';
import { ImageRefusals } from './image-refusals.ts';
import type { ControllerObserver } from './observer.ts';

export interface ImageStoreParts {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'patch'>;
  readonly observer: Pick<ControllerObserver, 'patched'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Logger;
}

/** What is known of one Image object. There are tens of thousands of them. */
interface Known {
  readonly uid: string;
  readonly resourceVersion: string;
  /** Whether it carries the mark `unreferenced-since`. */
  readonly marked: boolean;
  /** As JSON; 0 for an Image that somebody else created, of which the contents never reach this process. */
  readonly bytes: number;
}

/** Writes side by side, whoever asks for them. */
const AT_ONCE = 16;
const MAX_GONE = 1_000;
/** Images that are looked up in a list before others in the process get a turn. */
const PIECE = 1_000;
/** How often one Image is looked at anew after somebody else wrote it. */
const TRIES = 10;

/**
 * The Image objects (design D1, D11): known from a watch of their metadata and from what was created here; created
 * before a stream names them. The sink of the reflector.
 */
export class ImageStore implements ReflectorSink<Reflected> {
  readonly #parts: ImageStoreParts;
  readonly #known = new Map<string, Known>();
  readonly #refusals: ImageRefusals;
  /** Uids of objects that went lately, for answers to writes that come late. */
  readonly #gone = new Set<string>();
  /** By name: nobody creates an Image while somebody else does. */
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #places = new PQueue({ concurrency: AT_ONCE });
  #bytes = 0;

  constructor(parts: ImageStoreParts) {
    this.#parts = parts;
    this.#refusals = new ImageRefusals(parts);
  }

  /** Image objects that there are. */
  get count(): number {
    return this.#known.size;
  }

  /** Bytes, as JSON, of those that this process created: a watch of metadata does not tell the size of others. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Whether there is an Image of this name (`sha256:<hex>`). One that the API server will not take counts as there for
   * a while: else its tags would be fetched over and over.
   */
  has(name: string): boolean {
    return this.#known.has(name) || this.#refusals.has(name);
  }

  upsert({ metadata }: Reflected): void {
    const name = imageNameOf(metadata.name ?? '');
    if (name === undefined) return;
    const before = this.#known.get(name);
    const seen = knownOf(metadata, 0);
    if (before?.uid !== seen.uid) this.#put(name, seen);
    // What was before our own write is no news.
    else if (!isOlder(seen, before)) this.#put(name, { ...seen, bytes: before.bytes });
  }

  delete({ name: objectName, uid }: GoneKey): void {
    if (this.#gone.size >= MAX_GONE) this.#gone.clear();
    if (uid !== undefined) this.#gone.add(uid);
    const name = imageNameOf(objectName);
    const known = name === undefined ? undefined : this.#known.get(name);
    // Another uid: it was created again before this was told.
    if (name !== undefined && (uid === undefined || uid === known?.uid)) this.#drop(name);
  }

  /** Others in the process get turns in between; what is created during one is not what the list was of. */
  async replace(keys: ReadonlySet<string>): Promise<void> {
    for (const [index, name] of [...this.#known.keys()].entries()) {
      if (index > 0 && index % PIECE === 0) await setImmediate();
      if (!keys.has(imageObjectName(name))) this.#drop(name);
    }
  }

  /**
   * Makes sure that these are stored and that none of them is marked for removal; `images` has children before their
   * list. Costs nothing for those that are known. An Image that the API server will never take is told of and left out.
   * Rejects when another write fails.
   */
  async ensure(images: readonly Image[], signal: AbortSignal): Promise<void> {
    for (const group of inStoringOrder(images)) {
      await Promise.all(group.map(image => this.#ensureOne(image, signal)));
    }
  }

  async #ensureOne(image: Image, signal: AbortSignal): Promise<void> {
    const name = image.metadata.name ?? '';
    for (;;) {
      if (this.#isSettled(name)) return;
      const underWay = this.#underWay.get(name);
      if (underWay === undefined) break;
      // How it ended is for whoever began it; here it is looked at anew.
      await underWay.catch(() => {});
    }
    const work = this.#places.add(() => this.#provide(name, image, signal), { signal });
    this.#underWay.set(name, work);
    try {
      await work;
    } finally {
      this.#underWay.delete(name);
    }
  }

  #isSettled(name: string): boolean {
    return this.#known.get(name)?.marked === false || this.#refusals.has(name);
  }

  async #provide(name: string, image: Image, signal: AbortSignal): Promise<void> {
    try {
      for (let tries = 0; tries < TRIES && !this.#isSettled(name); tries += 1) {
        if (this.#known.has(name)) await this.#unmark(name, signal);
        else await this.#create(name, image, signal);
      }
    } catch (error) {
      if (!isRefusedForGood(error)) throw error;
      this.#refusals.add(name, error);
      return;
    }
    if (!this.#isSettled(name)) throw new Error(`Image "${imageObjectName(name)}" changes faster than it can be kept`);
  }

  async #create(name: string, image: Image, signal: AbortSignal): Promise<void> {
    const { client, observer } = this.#parts;
    const object = imageObject(image);
    try {
      const { metadata } = await client.create({ resource: IMAGES }, object, signal);
      observer.patched('images', 'written');
      this.#learn(name, knownOf(metadata, sizeOf(object)));
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      await this.#look(name, signal);
    }
  }

  /** Whoever removes what is marked names the version that it saw: after this write, that is another. */
  async #unmark(name: string, signal: AbortSignal): Promise<void> {
    const { client, observer } = this.#parts;
    const known = this.#known.get(name);
    if (known === undefined) return;
    const body = {
      metadata: {
        uid: known.uid,
        resourceVersion: known.resourceVersion,
        annotations: { [UNREFERENCED_SINCE_ANNOTATION]: null },
      },
    };
    try {
      const { metadata } = await client.patch(pathOf(name), body, signal);
      observer.patched('images', 'written');
      this.#learn(name, knownOf(metadata, known.bytes));
    } catch (error) {
      if (isNotFound(error)) return this.#drop(name);
      if (!isConflict(error)) throw error;
      observer.patched('images', 'conflict');
      await this.#look(name, signal);
    }
  }

  async #look(name: string, signal: AbortSignal): Promise<void> {
    try {
      const { metadata } = await this.#parts.client.get(pathOf(name), signal);
      this.#learn(name, knownOf(metadata, this.#known.get(name)?.bytes ?? 0));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#drop(name);
    }
  }

  /** As an answer tells it. The watch comes by a way of its own, and may have told more already. */
  #learn(name: string, told: Known): void {
    if (this.#gone.has(told.uid)) return;
    const seen = this.#known.get(name);
    const isKnownBetter = seen !== undefined && isOlder(told, seen);
    this.#put(name, isKnownBetter ? { ...seen, bytes: Math.max(seen.bytes, told.bytes) } : told);
  }

  #put(name: string, known: Known): void {
    this.#bytes += known.bytes - (this.#known.get(name)?.bytes ?? 0);
    this.#known.set(name, known);
    this.#refusals.delete(name);
  }

  #drop(name: string): void {
    this.#bytes -= this.#known.get(name)?.bytes ?? 0;
    this.#known.delete(name);
  }
}

function knownOf({ uid = '', resourceVersion = '', annotations }: ObjectMeta, bytes: number): Known {
  const marked = annotations?.[UNREFERENCED_SINCE_ANNOTATION] !== undefined;
  return { uid, resourceVersion, marked, bytes };
}

/** Versions grow (Kubernetes 1.35 promises it); one that is no number is never older than another. */
function isOlder(a: Known, b: Known): boolean {
  return Number(a.resourceVersion) < Number(b.resourceVersion);
}

function pathOf(name: string): ObjectPath {
  return { resource: IMAGES, name: imageObjectName(name) };
}
