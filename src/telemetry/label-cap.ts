import { OTHER } from './metrics.ts';

/** Longer than any host or reason that is one. */
const MAX_LENGTH = 260;

/**
 * Values of a label that come from outside: the first `limit` distinct ones as they are, all others as `other`. Whoever
 * may write a stream could otherwise make a series for every name that comes to mind.
 */
export class LabelCap {
  readonly #limit: number;
  readonly #seen = new Set<string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  of(value: string): string {
    // Not a name but the lack of one: takes no place.
    if (value === '' || this.#seen.has(value)) return value;
    if (this.#seen.size >= this.#limit || value.length > MAX_LENGTH) return OTHER;
    this.#seen.add(value);
    return value;
  }
}
