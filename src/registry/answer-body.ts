import { type AnswerHead, AnswerUnreadable } from './answer-head.ts';

/** Tells the body of an answer from what comes after its head, piece by piece: a character for each byte. */
export interface BodyReader {
  /** What of the next piece belongs to the body; not to be called once that is complete. Throws `AnswerUnreadable`. */
  read(piece: string): string;
  /** What came after the body, which belongs to no answer; undefined until the body is complete. */
  readonly rest: string | undefined;
  /** Whether the body is complete when its connection ends. */
  readonly endsWithConnection: boolean;
}

/** How the body of an answer to a request of this method comes (RFC 9112, 6.3). Throws `AnswerUnreadable`. */
export function bodyReader(method: string, { status, headers }: AnswerHead): BodyReader {
  const { 'transfer-encoding': coding, 'content-length': length } = headers;
  if (method === 'HEAD' || status === 204 || status === 304) return new Counted(0);
  if (coding !== undefined) {
    // With a length, too, it could be read in two ways; of other codings we asked for none.
    if (length !== undefined || String(coding).toLowerCase() !== 'chunked') throw malformed();
    return new Chunked();
  }
  if (length === undefined) return new Unbounded();
  if (!/^\d{1,15}$/.test(String(length))) throw malformed();
  return new Counted(Number(length));
}

/** So many bytes. */
class Counted implements BodyReader {
  #left: number;
  rest: string | undefined;
  readonly endsWithConnection = false;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  read(piece: string): string {
    const content = piece.slice(0, this.#left);
    this.#left -= content.length;
    if (this.#left === 0) this.rest = piece.slice(content.length);
    return content;
  }
}

/** All that comes. */
class Unbounded implements BodyReader {
  readonly rest = undefined;
  readonly endsWithConnection = true;

  read(piece: string): string {
    return piece;
  }
}

/** Of a size or of a trailer. */
const MAX_LINE = 4 * 1024;
const MAX_TRAILERS = 100;
/** What follows the size says nothing to us. Larger chunks than it can name are refused by every cap. */
const SIZE = /^([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\0\r\n]*)?$/;

/** Pieces that each say how long they are (RFC 9112, 7.1). */
class Chunked implements BodyReader {
  #text = '';
  #left = 0;
  #next: 'size' | 'data' | 'end of data' | 'trailer' = 'size';
  #trailers = 0;
  rest: string | undefined;
  readonly endsWithConnection = false;

  read(piece: string): string {
    this.#text += piece;
    let content = '';
    while (this.rest === undefined) {
      if (this.#next === 'data') {
        const data = this.#text.slice(0, this.#left);
        content += data;
        this.#text = this.#text.slice(data.length);
        this.#left -= data.length;
        if (this.#left > 0) break;
        this.#next = 'end of data';
      }
      const line = this.#line();
      if (line === undefined) break;
      this.#take(line);
    }
    return content;
  }

  /** The next line, once it is complete. */
  #line(): string | undefined {
    const end = this.#text.indexOf('\r\n');
    if ((end < 0 ? this.#text.length : end) > MAX_LINE) throw malformed();
    if (end < 0) return undefined;
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 2);
    return line;
  }

  #take(line: string): void {
    switch (this.#next) {
      case 'size': {
        const [, size] = SIZE.exec(line) ?? [];
        if (size === undefined) throw malformed();
        this.#left = Number.parseInt(size, 16);
        this.#next = this.#left === 0 ? 'trailer' : 'data';
        return;
      }
      case 'end of data':
        if (line !== '') throw malformed();
        this.#next = 'size';
        return;
      default:
        this.#trailers += 1;
        if (this.#trailers > MAX_TRAILERS) throw malformed();
        if (line === '') this.rest = this.#text;
    }
  }
}

function malformed(): AnswerUnreadable {
  return new AnswerUnreadable('ANSWER_MALFORMED');
}
