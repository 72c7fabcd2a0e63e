/** A value in its place in a list. */
export interface Link<T> {
  readonly value: T;
  before: Link<T> | undefined;
  after: Link<T> | undefined;
}

/** A line that can be left from anywhere: everything here costs the same however long it is. */
export class LinkedList<T> {
  #first: Link<T> | undefined;
  #last: Link<T> | undefined;

  get first(): T | undefined {
    return this.#first?.value;
  }

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** Puts the value at the end. */
  push(value: T): Link<T> {
    const link: Link<T> = { value, before: undefined, after: undefined };
    this.append(link);
    return link;
  }

  /** Puts at the end a link that is in no list. */
  append(link: Link<T>): void {
    link.before = this.#last;
    if (this.#last === undefined) this.#first = link;
    else this.#last.after = link;
    this.#last = link;
  }

  /** Takes out the first value. */
  shift(): T | undefined {
    const first = this.#first;
    if (first !== undefined) this.remove(first);
    return first?.value;
  }

  /** Puts the first value at the end. */
  rotate(): void {
    const first = this.#first;
    if (first === undefined || first === this.#last) return;
    this.remove(first);
    this.append(first);
  }

  /** Takes out a link that is in this list. */
  remove(link: Link<T>): void {
    const { before, after } = link;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    // A link that is gone and old would keep all that came after it alive until old things are cleared away.
    link.before = undefined;
    link.after = undefined;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let link = this.#first; link !== undefined; link = link.after) yield link.value;
  }
}
