import { type DocumentName, InvalidContent } from './content.ts';
import { isArray, type Json, JsonObject } from './json.ts';

// R6.11. A value of some 64 KiB is a mistake or an attack, and an object with such values can't be stored.
const MAX_ENTRIES = 1_000;
const MAX_NAME_LENGTH = 1_024;
const MAX_VALUE_LENGTH = 65_536;

/**
 * The members of a foreign object, read by name the way Go reads them (import-semantics 5.4): names in any case; of
 * several members of one name the last scalar or array counts, and objects merge; null is the same as absent, except
 * that it empties what came before it in an array or object. Every wrong type is an `InvalidContent`.
 */
export class Fields {
  readonly #what: DocumentName;
  readonly #path: string;
  readonly #object: JsonObject;
  readonly #byName = new Map<string, Json[]>();

  constructor(what: DocumentName, value: Json, path = '') {
    this.#what = what;
    this.#path = path;
    if (!(value instanceof JsonObject)) throw this.fault('', path === '' ? 'a JSON object' : 'an object');
    this.#object = value;
    for (const [name, member] of value.members) {
      const values = this.#byName.get(name.toLowerCase());
      if (values === undefined) this.#byName.set(name.toLowerCase(), [member]);
      else values.push(member);
    }
  }

  /** Whether there is a member of the name that is not null. */
  has(name: string): boolean {
    return this.#values(name).some(value => value !== null);
  }

  /** "" when absent. */
  text(name: string): string {
    return this.#last(name, 'a string', value => (typeof value === 'string' ? value : undefined)) ?? '';
  }

  /** false when absent. */
  flag(name: string): boolean {
    return this.#last(name, 'a boolean', value => (typeof value === 'boolean' ? value : undefined)) ?? false;
  }

  /** 0 when absent; may be negative, as the memory limits of old configs are. */
  integer(name: string): number {
    return this.#last(name, 'an integer', value => (Number.isSafeInteger(value) ? Number(value) : undefined)) ?? 0;
  }

  /** Bytes; 0 when absent. */
  size(name: string): number {
    const isSize = (value: Json) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
    return this.#last(name, 'a size in bytes', value => (isSize(value) ? Number(value) : undefined)) ?? 0;
  }

  /** Empty when absent. */
  texts(name: string): readonly string[] {
    const asText = (value: Json) => (value === null ? '' : value);
    const isText = (value: Json) => typeof value === 'string';
    const read = (value: Json) => {
      const texts = isArray(value) ? value.map(asText) : undefined;
      return texts?.every(isText) ? texts : undefined;
    };
    return this.#lastOrNull(name, 'an array of strings', read) ?? [];
  }

  /** The objects of an array, at most `limit`; empty when absent. */
  objects(name: string, limit: number): readonly Fields[] {
    const items = this.#lastOrNull(name, 'an array', value => (isArray(value) ? value : undefined)) ?? [];
    if (items.length > limit) throw this.fault(name, `at most ${limit} entries`);
    return items.map((item, at) => new Fields(this.#what, item, `${this.path(name)}[${at}]`));
  }

  /** `undefined` when absent or null. */
  object(name: string): Fields | undefined {
    const members: (readonly [string, Json])[] = [];
    let found = false;
    for (const value of this.#values(name)) {
      if (value === null) members.length = 0;
      else if (value instanceof JsonObject) members.push(...value.members);
      else throw this.fault(name, 'an object');
      found = value !== null;
    }
    return found ? new Fields(this.#what, new JsonObject(members), this.path(name)) : undefined;
  }

  /** A map of texts, without prototype (R6.12); `undefined` when absent or empty. */
  labels(name: string): Readonly<Record<string, string>> | undefined {
    return this.#map(name, 'strings', value => (value === null ? '' : typeof value === 'string' ? value : undefined));
  }

  /** A map whose names alone count (`{"80/tcp": {}}`), without prototype; `undefined` when absent or empty. */
  names(name: string): Readonly<Record<string, Record<string, never>>> | undefined {
    return this.#map(name, 'objects', value => (value === null || value instanceof JsonObject ? {} : undefined));
  }

  /** Where a member is: `layers[3].digest`. */
  path(name: string): string {
    return [this.#path, name].filter(part => part !== '').join('.');
  }

  /** `<path>: expected <expected>`; the document itself for the name "". */
  fault(name: string, expected: string): InvalidContent {
    const detail = `${this.path(name) || this.#what}: expected ${expected}`;
    return new InvalidContent({ what: this.#what, detail });
  }

  // The names of a map are data: their case counts, and they never show in a fault.
  #map<T>(
    name: string,
    expected: string,
    read: (value: Json) => T | undefined,
  ): Readonly<Record<string, T>> | undefined {
    const found = this.object(name);
    if (found === undefined) return undefined;
    const entries = new Map<string, T>();
    for (const [key, member] of found.#object.members) {
      const value = read(member);
      if (value === undefined) throw this.fault(name, `a map of ${expected}`);
      const isTooLong = typeof value === 'string' && value.length > MAX_VALUE_LENGTH;
      if (key.length > MAX_NAME_LENGTH || isTooLong) throw this.fault(name, 'shorter entries');
      entries.set(key, value);
    }
    if (entries.size > MAX_ENTRIES) throw this.fault(name, `at most ${MAX_ENTRIES} entries`);

    const map: Record<string, T> = Object.create(null);
    for (const [key, value] of entries) map[key] = value;
    return entries.size === 0 ? undefined : map;
  }

  #last<T>(name: string, expected: string, read: (value: Json) => T | undefined): T | undefined {
    let last: T | undefined;
    for (const value of this.#values(name)) {
      if (value === null) continue;
      last = read(value);
      if (last === undefined) throw this.fault(name, expected);
    }
    return last;
  }

  #lastOrNull<T>(name: string, expected: string, read: (value: Json) => T | undefined): T | undefined {
    const last = this.#last(name, expected, read);
    return this.#values(name).at(-1) === null ? undefined : last;
  }

  #values(name: string): readonly Json[] {
    return this.#byName.get(name.toLowerCase()) ?? [];
  }
}
