import { isJsonObject, type JsonObject } from './json.ts';
import type { Shape } from './shape.ts';

/** Thrown when what is applied makes no sense by itself. */
export class ApplyFailed extends Error {
  override readonly name = 'ApplyFailed';
}

/**
 * Merges what is applied into what is there: members of objects, and entries of lists by their keys. Nobody owns
 * fields here, so nothing that is applied no longer is taken away. Throws `ApplyFailed`.
 */
export function applyMerge(shape: Shape, live: unknown, applied: unknown, path = ''): unknown {
  // Of what has parts, null says nothing.
  if (applied === null && typeof live === 'object') return live;
  if (isJsonObject(applied)) return shape.isAtomic ? applied : mergeObjects(shape, live, applied, path);
  if (!Array.isArray(applied) || shape.list === 'atomic') return applied;
  const lives: readonly unknown[] = Array.isArray(live) ? live : [];
  if (shape.list === 'set') {
    const known = new Set(lives.map(item => JSON.stringify(item)));
    return [...lives, ...applied.filter(item => !known.has(JSON.stringify(item)))];
  }
  return mergeLists(shape, shape.list.keys, lives, applied, path);
}

function mergeObjects(shape: Shape, live: unknown, applied: JsonObject, path: string): JsonObject {
  const merged = new Map(isJsonObject(live) ? Object.entries(live) : []);
  for (const [name, value] of Object.entries(applied)) {
    merged.set(name, applyMerge(shape.field(name), merged.get(name), value, `${path}.${name}`));
  }
  return Object.fromEntries(merged);
}

function mergeLists(
  shape: Shape,
  keys: readonly string[],
  live: readonly unknown[],
  applied: readonly unknown[],
  path: string,
): unknown[] {
  const appliedKeys = applied.map((item, at) => appliedKey(keys, item, at, path));
  const places = new Map(appliedKeys.map((key, at) => [key, at]));
  const twice = appliedKeys.find((key, at) => places.get(key) !== at);
  if (twice !== undefined) throw new ApplyFailed(`${path}: duplicate entries for key [${twice}]`);
  const lives = new Map(live.toReversed().map(item => [keyText(keys, item), item]));
  const merge = (at: number) => {
    const key = appliedKeys[at] ?? '';
    return applyMerge(shape.item(), lives.get(key), applied[at], `${path}[${key}]`);
  };
  // What is applied keeps its order; what only is there keeps its place before what followed it.
  const merged: unknown[] = [];
  let next = 0;
  for (const item of live) {
    const found = places.get(keyText(keys, item));
    if (found === undefined) merged.push(item);
    for (; next <= (found ?? -1); next++) merged.push(merge(next));
  }
  for (; next < applied.length; next++) merged.push(merge(next));
  return merged;
}

function appliedKey(keys: readonly string[], item: unknown, at: number, path: string): string {
  if (isJsonObject(item) && keys.some(key => Object.hasOwn(item, key))) return keyText(keys, item);
  const names = keys.map(key => JSON.stringify(key)).join(' ');
  throw new ApplyFailed(
    `${path}: element ${at}: associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
  );
}

/** `name="a"`. */
function keyText(keys: readonly string[], item: unknown): string {
  const fields = isJsonObject(item) ? item : {};
  return keys.map(key => `${key}=${JSON.stringify(fields[key] ?? null)}`).join(',');
}
