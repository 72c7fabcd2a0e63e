import PQueue from 'p-queue';

/** Images of one registry that are held at once: more than its lane sends requests for, so that the lane never idles. */
const IMAGES_AT_ONCE = 64;

/**
 * Bounds how many images are held in memory; the lanes bound requests. Places are counted for each registry, so that one
 * that hangs takes none away from another.
 */
export class ImagePlaces {
  readonly #limit: number;
  readonly #hosts = new Map<string, { readonly queue: PQueue; users: number }>();

  constructor(limit: number = IMAGES_AT_ONCE) {
    this.#limit = limit;
  }

  /** Runs `action` when an image of `host` may be held. Rejects with the signal's reason when that fired meanwhile. */
  async hold<T>(host: string, signal: AbortSignal, action: () => Promise<T>): Promise<T> {
    const places = this.#hosts.get(host) ?? { queue: new PQueue({ concurrency: this.#limit }), users: 0 };
    this.#hosts.set(host, places);
    places.users += 1;
    try {
      return await places.queue.add(() => {
        signal.throwIfAborted();
        return action();
      });
    } finally {
      places.users -= 1;
      // Tenants name hosts as they like; none is remembered longer than it is asked.
      if (places.users === 0) this.#hosts.delete(host);
    }
  }
}
