import { FairPlaces, type Seeker } from '../queue/fair-places.ts';

/** Images of one registry that are held at once: more than its lane sends requests for, so that the lane never idles. */
const IMAGES_AT_ONCE = 64;

/**
 * Bounds how many images are held in memory; the lanes bound requests. Places are counted for each registry, so that one
 * that hangs takes none away from another, and given in the order in which the lanes would.
 */
export class ImagePlaces {
  readonly #limit: number;
  readonly #hosts = new Map<string, { readonly places: FairPlaces; users: number }>();

  constructor(limit: number = IMAGES_AT_ONCE) {
    this.#limit = limit;
  }

  /** Runs `action` when an image of `host` may be held. Rejects with the signal's reason when that fires before. */
  async hold<T>(host: string, seeker: Seeker, action: () => Promise<T>): Promise<T> {
    const held = this.#hosts.get(host) ?? { places: new FairPlaces(this.#limit), users: 0 };
    this.#hosts.set(host, held);
    held.users += 1;
    try {
      return await held.places.hold(seeker, action);
    } finally {
      held.users -= 1;
      // Tenants name hosts as they like; none is remembered longer than it is asked.
      if (held.users === 0) this.#hosts.delete(host);
    }
  }
}
