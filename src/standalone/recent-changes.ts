import type { ObjectChange } from './storage.ts';

export interface RecentLimits {
  /** Changes kept of a collection. */
  readonly changes: number;
  /** Characters of their texts. */
  readonly characters: number;
}

export const RECENT_LIMITS: RecentLimits = { changes: 10_000, characters: 32_000_000 };

/** The latest changes of one collection, in order of version. */
class Past {
  readonly #changes: ObjectChange[] = [];
  /** Those before it are forgotten, but still in the array: taking each off the front by itself would move all others. */
  #first = 0;
  #characters = 0;
  /** Of changes up to this version, not all are known. */
  #forgottenUpTo: number;

  constructor(forgottenUpTo: number) {
    this.#forgottenUpTo = forgottenUpTo;
  }

  add(change: ObjectChange, limits: RecentLimits): void {
    this.#changes.push(change);
    this.#characters += size(change);
    while (this.#changes.length - this.#first > limits.changes || this.#characters > limits.characters) {
      const oldest = this.#changes[this.#first];
      if (oldest === undefined) break;
      this.#forgottenUpTo = oldest.version;
      this.#characters -= size(oldest);
      this.#first += 1;
    }
    if (this.#first > this.#changes.length >> 1) {
      this.#changes.splice(0, this.#first);
      this.#first = 0;
    }
  }

  since(version: number): readonly ObjectChange[] | undefined {
    if (version < this.#forgottenUpTo) return undefined;
    let low = this.#first;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#changes[middle]?.version ?? 0) > version) high = middle;
      else low = middle + 1;
    }
    return this.#changes.slice(low);
  }
}

/** What happened lately, so that a watch can go on from where it broke off, and whom to tell what happens next. */
export class RecentChanges {
  readonly #limits: RecentLimits;
  readonly #start: number;
  readonly #pasts = new Map<string, Past>();
  readonly #followers = new Map<string, Set<(change: ObjectChange) => void>>();
  readonly #untold: ObjectChange[] = [];
  #telling = false;

  /** `start` is the version that all begins from. */
  constructor(start: number, limits: RecentLimits) {
    this.#start = start;
    this.#limits = limits;
  }

  since(collection: string, version: number): readonly ObjectChange[] | undefined {
    return this.#past(collection).since(version);
  }

  add(changes: readonly ObjectChange[]): void {
    for (const change of changes) this.#past(change.now.collection).add(change, this.#limits);
    this.#untold.push(...changes);
    // A follower that writes comes back here: what it wrote is told after what is being told.
    if (this.#telling) return;
    this.#telling = true;
    try {
      for (let change = this.#untold.shift(); change !== undefined; change = this.#untold.shift()) {
        for (const told of this.#followers.get(change.now.collection) ?? []) told(change);
      }
    } finally {
      this.#telling = false;
    }
  }

  follow(collection: string, told: (change: ObjectChange) => void): () => void {
    const followers = this.#followers.get(collection) ?? new Set();
    this.#followers.set(collection, followers);
    // One of its own for each call: the same function may follow twice.
    const follower = (change: ObjectChange) => told(change);
    followers.add(follower);
    return () => followers.delete(follower);
  }

  #past(collection: string): Past {
    const past = this.#pasts.get(collection) ?? new Past(this.#start);
    this.#pasts.set(collection, past);
    return past;
  }
}

function size({ now, before }: ObjectChange): number {
  return now.text.length + (before?.text.length ?? 0);
}
