import type { Clock } from '../clock.ts';

/** One timer for many things that wait: set to the earliest of them. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #set: { readonly atMs: number; readonly controller: AbortController } | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at `atMs` of the monotonic clock, or before; Infinity is never. Who is called sets it again. */
  set(atMs: number): void {
    // One that comes too early only looks again.
    if (atMs < Number.POSITIVE_INFINITY && this.#set !== undefined && this.#set.atMs <= atMs) return;
    this.#set?.controller.abort();
    this.#set = undefined;
    if (atMs === Number.POSITIVE_INFINITY) return;
    const set = { atMs, controller: new AbortController() };
    this.#set = set;
    const restMs = Math.ceil(atMs - this.#clock.monotonic());
    this.#clock.sleep(restMs, set.controller.signal).then(
      () => {
        // Cancelled between its end and now: another one may be set.
        if (this.#set !== set) return;
        this.#set = undefined;
        this.#ring();
      },
      () => {},
    );
  }
}
