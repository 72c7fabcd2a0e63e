import { FairPlaces, type Seeker } from '../queue/fair-places.ts';
import { SteadyMap } from '../queue/steady-map.ts';

/** Images of one registry that are held at once: more than its lane sends requests for, so that the lane never idles. */
const IMAGES_AT_ONCE = 64;

/**
 * Bounds how many images are held in memory; the lanes bound requests. Places are counted for each registry, so that one
 * that hangs takes none away from another, and given in the order in which the lanes would.
 */
export class ImagePlaces {
  readonly #limit: number;
  readonly #hosts = new SteadyMap<string, FairPlaces>();

  constructor(limit: number = IMAGES_AT_ONCE) {
    this.#limit = limit;
  }

  /** Runs `action` when an image of `host` may be held. Rejects with the signal's reason when that fires before. */
  hold<T>(host: string, seeker: Seeker, action: () => Promise<T>): Promise<T> {
    let places = this.#hosts.get(host);
    if (places === undefined) {
      // Tenants name hosts as they like; none is remembered longer than it is asked.
      places = new FairPlaces(this.#limit, { emptied: () => this.#hosts.delete(host) });
      this.#hosts.set(host, places);
    }
    return places.hold(seeker, action);
  }
}
