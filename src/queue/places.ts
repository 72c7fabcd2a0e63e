/** What waits for a place: a lane. */
export interface PlaceSeeker {
  /** A place may be free: look again. */
  update(): void;
}

/** What one lane may have of the places. */
export interface LanePlaces {
  /** Half of all when absent. */
  readonly lane?: number;
  /** Of a host that has not answered yet, or did not answer last; 8 when absent. */
  readonly doubtful?: number;
}

/** What one lane has of the places. */
interface Holding {
  taken: number;
  trusted: boolean;
}

/** A lane takes at most this share of all places, however many requests its host is allowed. */
const LANE_SHARE = 0.5;
/** Lanes of hosts that do not answer have at most this share together, once there is a host that does. */
const DOUBTFUL_SHARE = 0.75;
const DOUBTFUL_PLACES = 8;

/**
 * The cap on requests in flight over all hosts (R4.1). Who found no place is asked again in turn. A host that accepts
 * and never answers holds its places until they time out, so hosts that answer always have some left for themselves,
 * however many silent ones tenants name.
 */
export class Places {
  readonly #limit: number;
  readonly #laneLimit: number;
  readonly #doubtfulLaneLimit: number;
  readonly #doubtfulLimit: number;
  readonly #holdings = new Map<PlaceSeeker, Holding>();
  #taken = 0;
  #doubtfulTaken = 0;
  #trustedLanes = 0;
  /** Who waits for a place, with the order of asking; apart, so that those who may not take one hide nobody who may. */
  readonly #trusted = new Map<PlaceSeeker, number>();
  readonly #doubtful = new Map<PlaceSeeker, number>();
  #asked = 0;

  constructor(limit: number, { lane = Math.floor(limit * LANE_SHARE), doubtful = DOUBTFUL_PLACES }: LanePlaces = {}) {
    this.#limit = limit;
    this.#laneLimit = Math.max(1, lane);
    this.#doubtfulLaneLimit = Math.min(this.#laneLimit, doubtful);
    this.#doubtfulLimit = Math.max(1, Math.floor(limit * DOUBTFUL_SHARE));
  }

  /** Whether the seeker has as many places as it may; it gets another when it gives one back. */
  isSated(seeker: PlaceSeeker): boolean {
    const { taken, trusted } = this.#holding(seeker);
    return taken >= (trusted ? this.#laneLimit : this.#doubtfulLaneLimit);
  }

  /** Whether there is none for the seeker because others have them; `ask` then. */
  isFullFor(seeker: PlaceSeeker): boolean {
    return this.#taken >= this.#limit || (!this.#holding(seeker).trusted && this.#doubtfulFull);
  }

  take(seeker: PlaceSeeker): void {
    const holding = this.#holding(seeker);
    holding.taken += 1;
    this.#holdings.set(seeker, holding);
    this.#taken += 1;
    if (!holding.trusted) this.#doubtfulTaken += 1;
  }

  /** Gives a place back. `answered` tells whether the host did; undefined when nobody waited for that. */
  release(seeker: PlaceSeeker, answered: boolean | undefined): void {
    const holding = this.#holding(seeker);
    holding.taken -= 1;
    this.#taken -= 1;
    if (!holding.trusted) this.#doubtfulTaken -= 1;
    if (answered !== undefined && answered !== holding.trusted) this.#trust(seeker, holding, answered);
    if (!holding.trusted && holding.taken === 0) this.#holdings.delete(seeker);
    this.#wake();
  }

  /** Calls `update` of the seeker once a place is free for it. */
  ask(seeker: PlaceSeeker): void {
    this.#asked += 1;
    this.#line(this.#holding(seeker)).set(seeker, this.#asked);
  }

  /** Forgets a seeker that has no place and wants none. */
  leave(seeker: PlaceSeeker): void {
    if (this.#holdings.get(seeker)?.trusted === true) this.#trustedLanes -= 1;
    this.#holdings.delete(seeker);
    this.#trusted.delete(seeker);
    this.#doubtful.delete(seeker);
  }

  /** Nothing is kept for hosts that answer while there is none. */
  get #doubtfulFull(): boolean {
    return this.#trustedLanes > 0 && this.#doubtfulTaken >= this.#doubtfulLimit;
  }

  #trust(seeker: PlaceSeeker, holding: Holding, trusted: boolean): void {
    const order = this.#line(holding).get(seeker);
    this.#line(holding).delete(seeker);
    holding.trusted = trusted;
    this.#trustedLanes += trusted ? 1 : -1;
    this.#doubtfulTaken += trusted ? -holding.taken : holding.taken;
    if (order !== undefined) this.#line(holding).set(seeker, order);
  }

  #wake(): void {
    while (this.#taken < this.#limit && this.#trusted.size + this.#doubtful.size > 0) {
      const [trusted, doubtful] = [entryOf(this.#trusted), this.#doubtfulFull ? undefined : entryOf(this.#doubtful)];
      const [seeker] =
        (trusted?.[1] ?? Number.POSITIVE_INFINITY) < (doubtful?.[1] ?? 0)
          ? (trusted ?? [])
          : (doubtful ?? trusted ?? []);
      if (seeker === undefined) return;
      this.#trusted.delete(seeker);
      this.#doubtful.delete(seeker);
      // One that still finds no place asks again and so goes to the end: lanes take turns.
      seeker.update();
    }
  }

  #line({ trusted }: Holding): Map<PlaceSeeker, number> {
    return trusted ? this.#trusted : this.#doubtful;
  }

  #holding(seeker: PlaceSeeker): Holding {
    return this.#holdings.get(seeker) ?? { taken: 0, trusted: false };
  }
}

function entryOf<K, V>(map: ReadonlyMap<K, V>): [K, V] | undefined {
  return map.entries().next().value;
}
