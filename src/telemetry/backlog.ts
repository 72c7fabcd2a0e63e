/** Any method of an observer. */
type Hear = (one: never, other: never) => void;

/** One call of it. */
interface Told {
  readonly hear: Hear;
  readonly one: never;
  readonly other: never;
}

/** So many take half a millisecond to count, and some 40 KiB to keep. */
const MAX_WAITING = 250;

/**
 * What observers were told and have not counted yet. Counting one thing now and one thing then costs ten times as much as
 * counting many in a row, since the code has gone cold in between: it waits until somebody reads metrics, or until there
 * is enough of it. Whoever reads calls `settle()` first and sees no difference.
 */
export class Backlog {
  #waiting: Told[] = [];

  /** The same observer, but that it counts when its time has come. It is told of everything in the same order. */
  later<Observer extends { readonly [Name in keyof Observer]: Hear }>(observer: Observer): Observer {
    const methods = Object.entries<Hear>(observer).map(([name, hear]) => [
      name,
      (one: never, other: never) => this.#keep({ hear, one, other }),
    ]);
    // A method for each of its methods, which take what those take.
    return Object.fromEntries(methods) as Observer;
  }

  /** Counts what waits. */
  settle(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { hear, one, other } of waiting) hear(one, other);
  }

  #keep(told: Told): void {
    this.#waiting.push(told);
    if (this.#waiting.length >= MAX_WAITING) this.settle();
  }
}
