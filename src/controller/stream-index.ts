import { setImmediate } from 'node:timers/promises';
import type { ImageStream } from '../api/image-stream.ts';
import { recordOf } from '../imagestream/stream-record.ts';
import { type Key, keyOf } from './key.ts';
import { ReadRecords } from './read-records.ts';

/**
 * What is known of every stream without asking: a small record of each (design D16), kept by the watch. The sink of the
 * reflector.
 */
export class StreamIndex {
  readonly #records = new Map<Key, string>();
  readonly #read = new ReadRecords();
  /** Versions that we wrote and that the watch has not shown yet. */
  readonly #written = new Map<Key, number>();
  /** Of streams that are being written, the newest version that the watch has shown meanwhile. */
  readonly #shown = new Map<Key, number>();
  /** Uids of streams that went away lately, for answers to writes that come late. */
  readonly #gone = new Set<string>();
  readonly #changed: (key: Key) => void;

  /** `changed` is called for every stream that appeared, changed or went away. */
  constructor(changed: (key: Key) => void) {
    this.#changed = changed;
  }

  get size(): number {
    return this.#records.size;
  }

  keys(): IterableIterator<Key> {
    return this.#records.keys();
  }

  /** What is kept of a stream: as long as it is the same text, the same decisions are called for. */
  record(key: Key): string | undefined {
    return this.#records.get(key);
  }

  /** The stream as far as decisions need it. */
  get(key: Key): ImageStream | undefined {
    const record = this.#records.get(key);
    return record === undefined ? undefined : this.#read.get(key, record);
  }

  /** The stream as the watch shows it. A version older than one we wrote is what was before our write. */
  upsert(stream: ImageStream): void {
    const key = keyOf(stream.metadata);
    const version = versionOf(stream);
    const written = this.#written.get(key);
    if (written !== undefined) {
      if (version < written) return;
      this.#written.delete(key);
    }
    const shown = this.#shown.get(key);
    if (shown !== undefined && version > shown) this.#shown.set(key, version);
    this.#put(key, stream);
  }

  /** To be called before a stream is read to be written; what it returns, once `wrote` was told what came of that. */
  writing(key: Key): () => void {
    this.#shown.set(key, Number.NEGATIVE_INFINITY);
    return () => this.#shown.delete(key);
  }

  /**
   * The stream as the API server answered our write: later decisions must not rest on what was before. Nor on this
   * write, when somebody else's after it has been shown already: answer and watch come by ways of their own.
   */
  wrote(stream: ImageStream): void {
    if (this.#gone.has(stream.metadata.uid ?? '')) return;
    const key = keyOf(stream.metadata);
    const version = versionOf(stream);
    if ((this.#shown.get(key) ?? Number.NEGATIVE_INFINITY) >= version) return;
    if (Number.isSafeInteger(version)) this.#written.set(key, version);
    this.#put(key, stream);
  }

  delete(stream: { readonly namespace?: string; readonly name: string; readonly uid?: string }): void {
    if (this.#gone.size >= MAX_GONE) this.#gone.clear();
    const key = keyOf(stream);
    if (stream.uid !== undefined) {
      this.#gone.add(stream.uid);
      // Its successor is known already.
      if ((this.get(key)?.metadata.uid ?? stream.uid) !== stream.uid) return;
    }
    this.#drop(key);
  }

  /** All streams there are in what the list was of; others of it are gone. Others in the process get turns in between. */
  async replace(keys: ReadonlySet<Key>, namespace?: string): Promise<void> {
    // After a restored backup versions are lower than those we wrote.
    this.#written.clear();
    const isListed = (key: Key) => namespace === undefined || key.startsWith(`${namespace}/`);
    // Those of now: what comes or is written during a turn is newer than the list.
    for (const [index, key] of [...this.#records.keys()].entries()) {
      if (index > 0 && index % PIECE === 0) await setImmediate();
      if (!keys.has(key) && isListed(key) && !this.#written.has(key)) this.#drop(key);
    }
  }

  #put(key: Key, stream: ImageStream): void {
    const record = recordOf(stream);
    if (record === this.#records.get(key)) return;
    this.#records.set(key, record);
    this.#changed(key);
  }

  #drop(key: Key): void {
    this.#written.delete(key);
    this.#read.forget(key);
    if (this.#records.delete(key)) this.#changed(key);
  }
}

const MAX_GONE = 1_000;
/** To look up a hundred thousand keys in one go would take 50 ms. */
const PIECE = 1_000;

/** Versions grow (Kubernetes 1.35 promises it); one that is no number is never older than another. */
function versionOf(stream: ImageStream): number {
  return Number(stream.metadata.resourceVersion ?? Number.NaN);
}
