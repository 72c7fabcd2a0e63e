/** An object as JSON has it. */
export type JsonObject = { readonly [name: string]: unknown };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The type of a value in Go's words for JSON. */
export function jsonType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** As messages quote what may be anything: texts as they are. An object can make `String()` throw. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
}

/** Deeper than anything that means something, and no deeper than what works on it can bear. */
const MAX_DEPTH = 1_000;

/** Whether a value is nested too deeply. Whatever works on objects goes down into them. */
export function isDeep(value: unknown): boolean {
  let level: object[] = isContainer(value) ? [value] : [];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return true;
    level = level.flatMap(one => Object.values(one).filter(isContainer));
  }
  return false;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** A copy without the fields named. */
export function without<T extends object, Name extends keyof T>(object: T, ...names: readonly Name[]): Omit<T, Name> {
  const copy = { ...object };
  for (const name of names) delete copy[name];
  return copy;
}

/** Equal as JSON: what is undefined is not there. */
export function sameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one)) {
    return Array.isArray(other) && one.length === other.length && one.every((item, at) => sameJson(item, other[at]));
  }
  if (!isJsonObject(one) || !isJsonObject(other)) return false;
  const names = definedNames(one);
  return (
    names.length === definedNames(other).length &&
    names.every(name => Object.hasOwn(other, name) && sameJson(one[name], other[name]))
  );
}

function definedNames(object: JsonObject): string[] {
  return Object.keys(object).filter(name => object[name] !== undefined);
}
