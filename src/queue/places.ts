/** What waits for a place. */
export interface PlaceSeeker {
  /** A place may be free: look again. */
  update(): void;
}

/** The cap on requests in flight over all hosts (R4.1). Who found it full is asked again in turn. */
export class Places {
  readonly #limit: number;
  #taken = 0;
  readonly #seekers = new Set<PlaceSeeker>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get full(): boolean {
    return this.#taken >= this.#limit;
  }

  take(): void {
    this.#taken += 1;
  }

  release(): void {
    this.#taken -= 1;
    // A seeker that still finds it full asks again and so goes to the end: lanes take turns.
    for (const seeker of this.#seekers) {
      if (this.full) break;
      this.#seekers.delete(seeker);
      seeker.update();
    }
  }

  /** Calls `update` of the seeker once a place is free. */
  ask(seeker: PlaceSeeker): void {
    this.#seekers.add(seeker);
  }
}
