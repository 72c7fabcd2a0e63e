import type { Headers } from './transport.ts';

/** The head of an answer. */
export interface AnswerHead {
  readonly status: number;
  /** By their names in lower case; those that came several times as lists. */
  readonly headers: Headers;
  /** Whether the connection may be used again (RFC 9112, 9.3). */
  readonly keepsAlive: boolean;
  /** Seconds that the other side keeps the connection without a request, where it says so. */
  readonly keptSeconds?: number;
}

/** What came is no answer; `code` says how. */
export class AnswerUnreadable extends Error {
  override readonly name = 'AnswerUnreadable';
  readonly code: 'ANSWER_MALFORMED' | 'ANSWER_TOO_LARGE';

  constructor(code: AnswerUnreadable['code']) {
    super(code === 'ANSWER_TOO_LARGE' ? 'the head of the answer is too large' : 'the answer is malformed');
    this.code = code;
  }
}

/** What undici takes, too. */
const MAX_CHARACTERS = 16 * 1024;
/** Heads that may come before that of the answer itself. */
const MAX_HINTS = 8;
const END = '\r\n\r\n';
const HTTP_1_1 = 'HTTP/1.1 ';
/** Lines end in one way, and none goes on in the next (RFC 9112, 4 and 5). It has one way to match, so it takes linear time. */
const HEAD = /^HTTP\/1\.[01] ([1-9]\d\d)(?: [^\0\r\n]*)?(?:\r\n[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\0\r\n]*)*$/;
const KEPT = /(?:^|[ \t,])timeout=(\d{1,6})(?:$|[ \t,])/i;

/** Reads the head of one answer out of what comes, piece by piece: a character for each byte. */
export class HeadReader {
  #text = '';
  #hints = 0;

  /** The head once it is complete. Throws `AnswerUnreadable`. */
  read(piece: string): AnswerHead | undefined {
    this.#text += piece;
    for (let end = this.#text.indexOf(END); end >= 0 && end <= MAX_CHARACTERS; end = this.#text.indexOf(END)) {
      const text = this.#text.slice(0, end);
      const status = statusOf(text);
      this.#text = this.#text.slice(end + END.length);
      if (status >= 200) return headOf(text, status);
      // What comes before the answer itself (103 and the like) says nothing to us; nobody asked for another protocol.
      this.#hints += 1;
      if (status === 101 || this.#hints > MAX_HINTS) throw new AnswerUnreadable('ANSWER_MALFORMED');
    }
    if (this.#text.length > MAX_CHARACTERS) throw new AnswerUnreadable('ANSWER_TOO_LARGE');
    return undefined;
  }

  /** What came after the head. */
  get rest(): string {
    return this.#text;
  }
}

/** Throws for what does not match the grammar of a head. */
function statusOf(text: string): number {
  const status = HEAD.exec(text)?.[1];
  if (status === undefined) throw new AnswerUnreadable('ANSWER_MALFORMED');
  return Number(status);
}

/** Of a head that matches its grammar. */
function headOf(text: string, status: number): AnswerHead {
  const headers = headersOf(text);
  const { connection, 'keep-alive': kept } = headers;
  const closes = connection !== undefined && /(?:^|[ \t,])close(?:$|[ \t,])/i.test(String(connection));
  const seconds = kept === undefined ? undefined : KEPT.exec(String(kept))?.[1];
  const head = { status, headers, keepsAlive: text.startsWith(HTTP_1_1) && !closes };
  return seconds === undefined ? head : { ...head, keptSeconds: Number(seconds) };
}

function headersOf(text: string): Headers {
  // The other side names them: none is to name a property that every object has.
  const headers = Object.create(null) as Record<string, string | string[] | undefined>;
  for (let start = text.indexOf('\r\n'); start >= 0; ) {
    const end = text.indexOf('\r\n', start + 2);
    const colon = text.indexOf(':', start);
    const name = text.slice(start + 2, colon).toLowerCase();
    const value = trimmed(text, colon + 1, end < 0 ? text.length : end);
    const before = headers[name];
    if (Array.isArray(before)) before.push(value);
    else headers[name] = before === undefined ? value : [before, value];
    start = end;
  }
  return headers;
}

/** A part of a text without the blanks around it; a pattern for those at the end would take quadratic time. */
function trimmed(text: string, start: number, end: number): string {
  let first = start;
  let after = end;
  while (first < after && isBlank(text.charCodeAt(first))) first += 1;
  while (after > first && isBlank(text.charCodeAt(after - 1))) after -= 1;
  return text.slice(first, after);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
