import type { ImageStream } from '../api/image-stream.ts';
import { specPatch, statusPatch } from '../imagestream/patch.ts';
import { isConflict, isNotFound } from '../kube/api-error.ts';
import type { KubeClient } from '../kube/client.ts';
import { IMAGE_STREAMS, type ObjectPath } from '../kube/resource.ts';
import { type Key, keyOf, partsOf } from './key.ts';
import type { ControllerObserver } from './observer.ts';

/** Streams at the API server. Writes carry the resourceVersion of what they were computed from: else 409. */
export class StreamStore {
  readonly #client: KubeClient;
  readonly #observer: ControllerObserver;

  constructor(client: KubeClient, observer: ControllerObserver) {
    this.#client = client;
    this.#observer = observer;
  }

  /** The stream as it is stored, or undefined when it is gone. */
  async read(key: Key, signal: AbortSignal): Promise<ImageStream | undefined> {
    try {
      return await this.#client.get<ImageStream>(pathOf(key), signal);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** The stream as it is after the write; the same object when there was nothing to write. */
  async writeStatus(before: ImageStream, after: ImageStream, signal: AbortSignal): Promise<ImageStream> {
    const patch = statusPatch(before, after);
    if (patch === undefined) return before;
    const path = { ...pathOf(keyOf(before.metadata)), subresource: 'status' as const };
    return this.#written(this.#client.patch<ImageStream>(path, patch, signal));
  }

  /** Writes spec and annotations; the stream as it is then, the same object when there was nothing to write. */
  async writeSpec(before: ImageStream, after: ImageStream, signal: AbortSignal): Promise<ImageStream> {
    const patch = specPatch(before, after);
    if (patch === undefined) return before;
    return this.#written(this.#client.patch<ImageStream>(pathOf(keyOf(before.metadata)), patch, signal));
  }

  /** Creates the stream; its status is another write's. */
  create({ status: _status, ...stream }: ImageStream, signal: AbortSignal): Promise<ImageStream> {
    const { name, namespace, labels, annotations } = stream.metadata;
    const metadata = { name, namespace, ...(labels && { labels }), ...(annotations && { annotations }) };
    const path = { resource: IMAGE_STREAMS, ...(namespace !== undefined && { namespace }) };
    return this.#written(this.#client.create<ImageStream>(path, { ...stream, metadata } as ImageStream, signal));
  }

  async #written(write: Promise<ImageStream>): Promise<ImageStream> {
    try {
      const stored = await write;
      this.#observer.patched('imagestreams', 'written');
      return stored;
    } catch (error) {
      if (isConflict(error)) this.#observer.patched('imagestreams', 'conflict');
      throw error;
    }
  }
}

function pathOf(key: Key): ObjectPath {
  return { resource: IMAGE_STREAMS, ...partsOf(key) };
}
