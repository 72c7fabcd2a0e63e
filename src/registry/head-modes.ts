import type { Clock } from '../clock.ts';
import type { Endpoint } from './endpoint.ts';
import { Recent } from './recent.ts';

/** How tags of a host are best checked (registry-client 1.3). */
export type HeadMode = 'unknown' | 'head' | 'get-conditional' | 'get';

const DAY_MS = 24 * 3_600_000;
const MAX_HOSTS = 10_000;
const MAX_TAGS = 100_000;

/** What was learned of how hosts answer checks; each for 24 hours. */
export class HeadModes {
  readonly #clock: Clock;
  readonly #modes: Recent<HeadMode>;
  readonly #etags: Recent<Tagged>;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#modes = new Recent(clock, MAX_HOSTS);
    this.#etags = new Recent(clock, MAX_TAGS);
  }

  get(endpoint: Endpoint): HeadMode {
    const forced = endpoint.settings.headMode;
    return forced ?? this.#modes.get(endpoint.key) ?? 'unknown';
  }

  set(endpoint: Endpoint, mode: HeadMode): void {
    this.#modes.set(endpoint.key, mode, this.#clock.now() + DAY_MS);
  }

  /** The ETag under which a digest was last seen; a conditional GET proves nothing of another digest. */
  etag(key: string, digest: string): string | undefined {
    const tagged = this.#etags.get(key);
    return tagged?.digest === digest ? tagged.etag : undefined;
  }

  setEtag(key: string, etag: string, digest: string): void {
    this.#etags.set(key, { etag, digest }, this.#clock.now() + DAY_MS);
  }
}

interface Tagged {
  readonly etag: string;
  readonly digest: string;
}
