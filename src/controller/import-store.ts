import type { ImageStreamImport, ImageStreamImportStatus } from '../api/image-stream-import.ts';
import { isNotFound } from '../kube/api-error.ts';
import type { KubeClient } from '../kube/client.ts';
import { IMAGE_STREAM_IMPORTS } from '../kube/resource.ts';
import { type Key, partsOf } from './key.ts';

/** ImageStreamImports at the API server. */
export class ImportStore {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async read(key: Key, signal: AbortSignal): Promise<ImageStreamImport | undefined> {
    try {
      return await this.#client.get<ImageStreamImport>(pathOf(key), signal);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** The status is written with the object: the kind has no subresource (design D1). */
  writeStatus(
    key: Key,
    isi: ImageStreamImport,
    status: ImageStreamImportStatus,
    signal: AbortSignal,
  ): Promise<ImageStreamImport> {
    // What a restored backup brought along goes: a merge patch alone would leave it.
    const cleared = Object.fromEntries(Object.keys(isi.status ?? {}).map(field => [field, null]));
    const { resourceVersion } = isi.metadata;
    return this.#client.patch(
      pathOf(key),
      { metadata: { resourceVersion }, status: { ...cleared, ...status } },
      signal,
    );
  }

  /** Removes this very object; somebody else may have done so already. */
  async remove(key: Key, uid: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.delete(pathOf(key), { uid }, signal);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

function pathOf(key: Key) {
  return { resource: IMAGE_STREAM_IMPORTS, ...partsOf(key) };
}
