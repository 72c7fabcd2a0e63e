import type { TypedObject } from '../api/meta.ts';
import { collectionOf, type Kind } from './kinds.ts';
import type { Storage } from './storage.ts';

/** From one look at what has expired to the next, at least. */
const PAUSE_MS = 600_000;

/** Forgets objects of kinds that are kept for a while only: a server that runs for weeks would drown in Events. */
export class Expiry {
  readonly #storage: Storage;
  readonly #lookedAtMs = new Map<string, number>();

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** To be called when there is one more of a kind. */
  async sweep(kind: Kind, nowMs: number): Promise<void> {
    const { expired } = kind;
    const collection = collectionOf(kind);
    if (expired === undefined || nowMs - (this.#lookedAtMs.get(collection) ?? 0) < PAUSE_MS) return;
    this.#lookedAtMs.set(collection, nowMs);
    const { items } = await this.#storage.list(collection);
    const old = items.filter(({ text }) => expired(JSON.parse(text) as TypedObject, nowMs));
    await this.#storage.commit(
      old.map(({ namespace, name, version }) => ({ collection, namespace, name, expected: version, deleted: true })),
    );
  }
}
