import { type DocumentName, InvalidContent } from './content.ts';

/*
 * A JSON reader for what strangers send. Unlike JSON.parse it has limits, and it keeps every member of an object in
 * order: Go, whose reading of configs is the contract, merges members of one name (import-semantics 5.4).
 */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** An object as written: members in order, names possibly more than once. */
export class JsonObject {
  readonly members: readonly (readonly [name: string, value: Json])[];

  constructor(members: readonly (readonly [name: string, value: Json])[]) {
    this.members = members;
  }
}

// R6.10. A value costs some hundred bytes of memory however short it is written.
const MAX_DEPTH = 32;
const MAX_STRUCTURE = 500_000;

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;
const WORDS: ReadonlyMap<string, Json> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/**
 * Reads a JSON document into plain data: objects have no prototype, of members of one name the last counts.
 * @throws {InvalidContent} when it is not UTF-8, not JSON, too deep or too large (R6.10)
 */
export function parseJson(bytes: Uint8Array, what: DocumentName = 'manifest'): unknown {
  return plain(readJson(decodeText(bytes, what), what));
}

/**
 * The text of a document.
 * @throws {InvalidContent} when it is not UTF-8
 */
export function decodeText(bytes: Uint8Array, what: DocumentName): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InvalidContent({ what, detail: `${what}: not valid UTF-8` });
  }
}

/**
 * Reads a JSON text.
 * @throws {InvalidContent} when it is not JSON, too deep or too large (R6.10)
 */
export function readJson(text: string, what: DocumentName): Json {
  return new Reader(text, what).document();
}

/** A document as plain data, without prototypes (R6.12). */
export function plain(value: Json): unknown {
  if (value instanceof JsonObject) {
    const object: Record<string, unknown> = Object.create(null);
    for (const [name, member] of value.members) object[name] = plain(member);
    return object;
  }
  return isArray(value) ? value.map(plain) : value;
}

/** `Array.isArray`, which does not narrow a read-only array. */
export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

class Reader {
  readonly #text: string;
  readonly #what: DocumentName;
  #at = 0;
  #structure = 0;

  constructor(text: string, what: DocumentName) {
    this.#text = text;
    this.#what = what;
  }

  document(): Json {
    const value = this.#value(0);
    if (this.#at < this.#text.length) throw this.#fault('not valid JSON');
    return value;
  }

  #value(depth: number): Json {
    this.#skipSpace();
    const value = this.#bareValue(depth);
    this.#skipSpace();
    return value;
  }

  #bareValue(depth: number): Json {
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth + 1);
      case '[':
        return this.#array(depth + 1);
      case '"':
        return this.#string();
      default:
        return this.#scalar();
    }
  }

  #object(depth: number): JsonObject {
    this.#open(depth);
    const members: [string, Json][] = [];
    this.#skipSpace();
    if (this.#takes('}')) return new JsonObject(members);
    do {
      this.#skipSpace();
      const name = this.#string();
      this.#skipSpace();
      this.#expect(':');
      members.push([name, this.#value(depth)]);
    } while (this.#takes(','));
    this.#expect('}');
    return new JsonObject(members);
  }

  #array(depth: number): readonly Json[] {
    this.#open(depth);
    const items: Json[] = [];
    this.#skipSpace();
    if (this.#takes(']')) return items;
    do items.push(this.#value(depth));
    while (this.#takes(','));
    this.#expect(']');
    return items;
  }

  #open(depth: number): void {
    if (depth > MAX_DEPTH) throw this.#fault(`nested deeper than ${MAX_DEPTH} levels`);
    this.#count();
    this.#at += 1;
  }

  // The engine's own reading of one string is fast and right; only its end has to be found here.
  #string(): string {
    const start = this.#at;
    if (this.#text[start] !== '"') throw this.#fault('not valid JSON');
    const end = endOfString(this.#text, start + 1);
    this.#at = end;
    try {
      return String(JSON.parse(this.#text.slice(start, end))).toWellFormed();
    } catch {
      throw this.#fault('not valid JSON');
    }
  }

  #scalar(): Json {
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    NUMBER.lastIndex = this.#at;
    const [digits] = NUMBER.exec(this.#text) ?? [];
    if (digits === undefined) throw this.#fault('not valid JSON');
    this.#at += digits.length;
    return Number(digits);
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    this.#at = SPACE.lastIndex;
  }

  #takes(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    if (character === ',' || character === ':') this.#count();
    this.#at += 1;
    return true;
  }

  #expect(character: string): void {
    if (!this.#takes(character)) throw this.#fault('not valid JSON');
  }

  #count(): void {
    this.#structure += 1;
    if (this.#structure > MAX_STRUCTURE) throw this.#fault(`more than ${MAX_STRUCTURE} values`);
  }

  #fault(state: string): InvalidContent {
    return new InvalidContent({ what: this.#what, detail: `${this.#what}: ${state}` });
  }
}

/** Index behind the closing quote of a string whose content begins at `from`; behind the text when there is none. */
function endOfString(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code === 0x5c) at += 1;
  }
  return text.length;
}
