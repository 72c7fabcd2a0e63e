import type { RecordedImport } from '../imagestream/record.ts';
import type { TagResult } from '../imagestream/result.ts';
import type { Flight } from './flights.ts';
import type { Key } from './key.ts';
import type { CarriedOut } from './stream-recorder.ts';

/** What came of one tag, waiting to be stored in its stream. */
export interface TagArrival {
  readonly kind: 'tag';
  readonly flight: Flight;
  readonly result: TagResult;
  /** Epoch milliseconds. */
  readonly atMs: number;
}

/** What came of a whole import, waiting to be recorded in its stream. */
export interface ImportArrival {
  readonly kind: 'import';
  readonly carriedOut: CarriedOut;
  readonly told: Told;
}

export type Arrival = TagArrival | ImportArrival;

/** Whoever carried out a whole import, and waits for it to be recorded. */
export interface Told {
  recorded(record: RecordedImport): void;
  failed(error: unknown): void;
}

const NONE: readonly Arrival[] = [];

/** Results by stream. They stay until they are stored, so that a conflict or a fault loses none. */
export class Inbox {
  readonly #byKey = new Map<Key, Arrival[]>();

  put(key: Key, arrival: Arrival): void {
    const arrivals = this.#byKey.get(key);
    if (arrivals === undefined) this.#byKey.set(key, [arrival]);
    else arrivals.push(arrival);
  }

  /** Resolves when the import is recorded. Once the signal fires it is taken out: a namespace that is gone takes no stream. */
  putImport(key: Key, carriedOut: CarriedOut, signal: AbortSignal): Promise<RecordedImport> {
    return new Promise((recorded, failed) => {
      const arrival: ImportArrival = { kind: 'import', carriedOut, told: { recorded, failed } };
      const takeOut = () => {
        this.settle(key, [arrival]);
        failed(signal.reason);
      };
      signal.addEventListener('abort', takeOut, { once: true });
      this.put(key, arrival);
    });
  }

  peek(key: Key): readonly Arrival[] {
    const arrivals = this.#byKey.get(key);
    return arrivals === undefined ? NONE : [...arrivals];
  }

  settle(key: Key, done: readonly Arrival[]): void {
    const rest = (this.#byKey.get(key) ?? []).filter(arrival => !done.includes(arrival));
    if (rest.length === 0) this.#byKey.delete(key);
    else this.#byKey.set(key, rest);
  }

  /** Takes out everything, of one stream or of all. */
  clear(key?: Key): readonly Arrival[] {
    const gone = key === undefined ? [...this.#byKey.values()].flat() : this.peek(key);
    if (key === undefined) this.#byKey.clear();
    else this.#byKey.delete(key);
    return gone;
  }
}
