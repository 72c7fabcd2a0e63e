import type { Clock } from '../clock.ts';

/** One timer for many things that wait: set to the earliest of them. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #set: { readonly atMs: number; readonly cancel: () => void } | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at `atMs` of the monotonic clock, or before; Infinity is never. Who is called sets it again. */
  set(atMs: number): void {
    // One that comes too early only looks again.
    if (atMs < Number.POSITIVE_INFINITY && this.#set !== undefined && this.#set.atMs <= atMs) return;
    this.#set?.cancel();
    this.#set = undefined;
    if (atMs === Number.POSITIVE_INFINITY) return;
    const restMs = Math.ceil(atMs - this.#clock.monotonic());
    const cancel = this.#clock.timer(restMs, () => {
      this.#set = undefined;
      this.#ring();
    });
    this.#set = { atMs, cancel };
  }
}
