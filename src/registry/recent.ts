import type { Clock } from '../clock.ts';

/**
 * Values that are kept for a while, at most so many: what was used longest ago goes first. The order of use is kept only
 * while more than half of the room is taken, since before that nothing has to go for long.
 */
export class Recent<V> {
  readonly #clock: Clock;
  readonly #capacity: number;
  readonly #entries = new Map<string, { readonly value: V; readonly untilMs: number }>();

  constructor(clock: Clock, capacity: number) {
    this.#clock = clock;
    this.#capacity = capacity;
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.untilMs <= this.#clock.now()) {
      this.#entries.delete(key);
      return undefined;
    }
    if (this.#entries.size > this.#capacity / 2) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    return entry.value;
  }

  /** @param untilMs epoch milliseconds */
  set(key: string, value: V, untilMs: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, untilMs });
    if (this.#entries.size > this.#capacity) this.#entries.delete(this.#entries.keys().next().value ?? '');
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** Forgets every entry whose key says so. */
  deleteWhere(matches: (key: string) => boolean): void {
    for (const key of this.#entries.keys()) if (matches(key)) this.#entries.delete(key);
  }
}
