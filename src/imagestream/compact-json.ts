/** Plain values as JSON has them; members that are undefined are left out. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

const MARK = '~';
/** What is shorter is not worth a number. */
const MIN_LENGTH = 6;

/**
 * JSON in fewer bytes, for many small values of one shape: known keys become letters, and a text that is known or came
 * before becomes the mark and its number.
 */
export class CompactJson {
  readonly #codes: ReadonlyMap<string, string>;
  readonly #keys: ReadonlyMap<string, string>;
  readonly #texts: readonly string[];

  /** `keys` are all keys that values have, 52 at most; `texts` those that are frequent. */
  constructor(keys: readonly string[], texts: readonly string[]) {
    const coded = keys.map((key, index) => [key, letter(index)] as const);
    this.#codes = new Map(coded);
    this.#keys = new Map(coded.map(([key, code]) => [code, key]));
    this.#texts = texts;
  }

  write(value: Json): string {
    const numbers = new Map(this.#texts.map((text, number) => [text, number]));
    const shorten = (text: string): string => {
      const number = numbers.get(text);
      if (number !== undefined) return `${MARK}${number}`;
      if (text.length >= MIN_LENGTH) numbers.set(text, numbers.size);
      return text.startsWith(MARK) ? `${MARK}${text}` : text;
    };
    return JSON.stringify(mapped(value, key => this.#codes.get(key) ?? key, shorten));
  }

  read(text: string): unknown {
    const texts = [...this.#texts];
    const restore = (short: string): string => {
      const isLiteral = !short.startsWith(MARK) || short.startsWith(MARK, 1);
      if (!isLiteral) return texts[Number(short.slice(1))] ?? '';
      const full = short.startsWith(MARK) ? short.slice(1) : short;
      if (full.length >= MIN_LENGTH) texts.push(full);
      return full;
    };
    return mapped(JSON.parse(text), code => this.#keys.get(code) ?? code, restore);
  }
}

type Rename = (text: string) => string;

/** Members are visited in their order, which JSON keeps: texts have the same numbers when they are read. */
function mapped(value: Json, key: Rename, text: Rename): Json {
  if (typeof value === 'string') return text(value);
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(each => mapped(each, key, text));
  const members: Record<string, Json> = {};
  for (const [name, member] of Object.entries(value)) {
    if (member !== undefined) members[key(name)] = mapped(member, key, text);
  }
  return members;
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}

function letter(index: number): string {
  return String.fromCharCode(index < 26 ? 0x61 + index : 0x41 + index - 26);
}
