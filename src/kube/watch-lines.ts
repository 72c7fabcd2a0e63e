import { Buffer } from 'node:buffer';

const NEWLINE = 0x0a;

/**
 * Cuts a stream of bytes into lines. Whole lines are decoded, never pieces of them, so a character may be split
 * anywhere.
 */
export class LineSplitter {
  readonly #capBytes: number;
  #pieces: Uint8Array[] = [];
  #size = 0;

  /** `capBytes`: what a line may have at most. */
  constructor(capBytes: number) {
    this.#capBytes = capBytes;
  }

  /** Bytes of a line whose end has not come yet. */
  get pending(): number {
    return this.#size;
  }

  /** The lines that a chunk completes. Throws when one is longer than it may be. */
  *push(chunk: Uint8Array): Generator<string> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      start = end + 1;
      yield this.#take();
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
  }

  #keep(piece: Uint8Array): void {
    this.#size += piece.length;
    if (this.#size > this.#capBytes) throw new RangeError(`a line has more than ${this.#capBytes} bytes`);
    this.#pieces.push(piece);
  }

  #take(): string {
    const [first] = this.#pieces;
    const whole =
      this.#pieces.length === 1 && first !== undefined
        ? Buffer.from(first.buffer, first.byteOffset, first.length)
        : Buffer.concat(this.#pieces, this.#size);
    this.#pieces = [];
    this.#size = 0;
    return whole.toString('utf8');
  }
}
