import type { ImageStreamImport } from '../api/image-stream-import.ts';
import { completedAtMs, isDone } from '../imagestream/import-conditions.ts';
import { type Key, keyOf } from './key.ts';

/** What is known of an ImageStreamImport without asking. */
export interface ImportRecord {
  readonly uid: string;
  /** Epoch milliseconds at which it was completed, as far as our clock can tell; absent while it is not. */
  completedAtMs?: number;
  /** Somebody deletes it: nothing is begun any more. */
  readonly leaving: boolean;
}

/** Every ImageStreamImport there is. The sink of its reflector. */
export class ImportIndex {
  readonly #records = new Map<Key, ImportRecord>();
  readonly #changed: (key: Key) => void;

  constructor(changed: (key: Key) => void) {
    this.#changed = changed;
  }

  get size(): number {
    return this.#records.size;
  }

  keys(): IterableIterator<Key> {
    return this.#records.keys();
  }

  get(key: Key): ImportRecord | undefined {
    return this.#records.get(key);
  }

  upsert(isi: ImageStreamImport): void {
    const { uid = '', deletionTimestamp } = isi.metadata;
    const key = keyOf(isi.metadata);
    const before = this.#records.get(key);
    const known = before?.uid === uid ? before.completedAtMs : undefined;
    const atMs = isDone(isi) ? Math.min(completedAtMs(isi), known ?? Number.POSITIVE_INFINITY) : undefined;
    const record: ImportRecord = {
      uid,
      ...(atMs !== undefined && { completedAtMs: atMs }),
      leaving: deletionTimestamp !== undefined,
    };
    this.#records.set(key, record);
    this.#changed(key);
  }

  delete(isi: { readonly namespace?: string; readonly name: string }): void {
    const key = keyOf(isi);
    if (this.#records.delete(key)) this.#changed(key);
  }

  replace(keys: ReadonlySet<Key>, namespace?: string): void {
    for (const key of [...this.#records.keys()]) {
      const isListed = namespace === undefined || key.startsWith(`${namespace}/`);
      if (isListed && !keys.has(key) && this.#records.delete(key)) this.#changed(key);
    }
  }
}
