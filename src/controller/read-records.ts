import type { ImageStream } from '../api/image-stream.ts';
import { streamOfRecord } from '../imagestream/stream-record.ts';

interface Read {
  readonly record: string;
  readonly stream: ImageStream;
}

/** Characters of the records whose streams are kept; read, they take several times as much. */
const MAX_CHARACTERS = 1_000_000;
/** A stream of a few tags is read faster than it is kept: a hundred thousand of them are looked through now and then. */
const MIN_CHARACTERS = 1_500;

/**
 * Streams as read from their records, as many of the last ones as there is room for. Each tag that comes back has its
 * stream looked at, so that one with hundreds of tags would be read hundreds of times in a row.
 */
export class ReadRecords {
  readonly #read = new Map<string, Read>();
  #characters = 0;

  /** The stream that the record of this name tells of; nobody may change it. */
  get(name: string, record: string): ImageStream {
    if (record.length < MIN_CHARACTERS) return streamOfRecord(record);
    const known = this.#read.get(name);
    // The very same text: it was kept when it was read.
    if (known?.record === record) return known.stream;
    this.forget(name);
    const stream = streamOfRecord(record);
    this.#keep(name, { record, stream });
    return stream;
  }

  forget(name: string): void {
    this.#characters -= this.#read.get(name)?.record.length ?? 0;
    this.#read.delete(name);
  }

  #keep(name: string, read: Read): void {
    this.#read.set(name, read);
    this.#characters += read.record.length;
    for (const oldest of this.#read.keys()) {
      if (this.#characters <= MAX_CHARACTERS) return;
      this.forget(oldest);
    }
  }
}
