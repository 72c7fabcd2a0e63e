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
const END = '\r\n\r\n';
/** Lines end in one way, and none goes on in the next (RFC 9112, 4 and 5). It has one way to match, so it takes linear time. */
const HEAD = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\0\r\n]*)?(?:\r\n[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\0\r\n]*)*$/;
const BLANKS = /^[ \t]+|[ \t]+$/g;

/** Reads the head of one answer out of what comes, piece by piece: a character for each byte. */
export class HeadReader {
  #text = '';

  /** The head once it is complete. Throws `AnswerUnreadable`. */
  read(piece: string): AnswerHead | undefined {
    this.#text += piece;
    for (let end = this.#text.indexOf(END); end >= 0 && end <= MAX_CHARACTERS; end = this.#text.indexOf(END)) {
      const head = headOf(this.#text.slice(0, end));
      this.#text = this.#text.slice(end + END.length);
      if (head.status >= 200) return head;
      // What comes before the answer itself (103 and the like) says nothing to us; nobody asked for another protocol.
      if (head.status === 101) throw new AnswerUnreadable('ANSWER_MALFORMED');
    }
    if (this.#text.length > MAX_CHARACTERS) throw new AnswerUnreadable('ANSWER_TOO_LARGE');
    return undefined;
  }

  /** What came after the head. */
  get rest(): string {
    return this.#text;
  }
}

function headOf(text: string): AnswerHead {
  const [, minor, status] = HEAD.exec(text) ?? [];
  if (status === undefined) throw new AnswerUnreadable('ANSWER_MALFORMED');
  const headers = headersOf(text);
  const { connection, 'keep-alive': kept } = headers;
  const closes = connection !== undefined && /(?:^|[ \t,])close(?:$|[ \t,])/i.test(String(connection));
  const [, seconds] = kept === undefined ? [] : (/(?:^|[ \t,])timeout=(\d{1,6})(?:$|[ \t,])/i.exec(String(kept)) ?? []);
  const head = { status: Number(status), headers, keepsAlive: minor === '1' && !closes };
  return seconds === undefined ? head : { ...head, keptSeconds: Number(seconds) };
}

/** Of a head that matches its grammar. */
function headersOf(text: string): Headers {
  // The other side names them: none is to name a property that every object has.
  const headers = Object.create(null) as Record<string, string | string[] | undefined>;
  for (let start = text.indexOf('\r\n'); start >= 0; ) {
    const end = text.indexOf('\r\n', start + 2);
    const colon = text.indexOf(':', start);
    const name = text.slice(start + 2, colon).toLowerCase();
    const value = text.slice(colon + 1, end < 0 ? undefined : end).replace(BLANKS, '');
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
    start = end;
  }
  return headers;
}
