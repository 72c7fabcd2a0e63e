import { isJsonObject, type JsonObject, textOf } from './json.ts';
import type { Shape } from './shape.ts';

/** Thrown when a patch makes no sense, in the words of the API server. */
export class StrategicFailed extends Error {
  override readonly name = 'StrategicFailed';
}

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_FROM = '$deleteFromPrimitiveList/';
const ORDER = '$setElementOrder/';

/**
 * A strategic merge patch, as kubectl makes them for the kinds of Kubernetes: a merge patch that merges lists by a key
 * and may tell (`$patch` and others) what to delete, to replace, and in which order. Throws `StrategicFailed`.
 */
export function strategicPatch(shape: Shape, target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  const directive = patch[DIRECTIVE];
  if (directive === 'replace') return withoutDirectives(patch);
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge') {
    throw new StrategicFailed(`unknown patch type: ${textOf(directive)} in map`);
  }
  const merged = new Map(isJsonObject(target) ? Object.entries(target) : []);
  for (const [name, values] of directives(patch, DELETE_FROM)) {
    const list = merged.get(name);
    if (!Array.isArray(list)) continue;
    const doomed = new Set(values.map(value => JSON.stringify(value)));
    merged.set(
      name,
      list.filter(item => !doomed.has(JSON.stringify(item))),
    );
  }
  const orders = new Map(directives(patch, ORDER));
  for (const [name, value] of Object.entries(withoutDirectives(patch))) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergeField(shape.field(name), merged.get(name), value, orders.get(name)));
    orders.delete(name);
  }
  // An order alone is also a change.
  for (const [name, order] of orders) {
    if (merged.has(name)) merged.set(name, mergeField(shape.field(name), merged.get(name), [], order));
  }
  const retained = patch[RETAIN_KEYS];
  if (Array.isArray(retained)) {
    const kept = new Set(retained);
    for (const name of merged.keys()) if (!kept.has(name)) merged.delete(name);
  }
  return Object.fromEntries(merged);
}

function mergeField(shape: Shape, target: unknown, patch: unknown, order: readonly unknown[] | undefined): unknown {
  if (!Array.isArray(patch) || shape.list === 'atomic') return strategicPatch(shape, target, patch);
  const live: readonly unknown[] = Array.isArray(target) ? target : [];
  return shape.list === 'set'
    ? mergeSets(live, patch, order)
    : mergeLists(shape, shape.list.keys[0] ?? '', live, patch, order);
}

function mergeSets(live: readonly unknown[], patch: readonly unknown[], order = patch): unknown[] {
  const entries = (list: readonly unknown[]) => list.map(value => ({ key: JSON.stringify(value), value }));
  const before = entries(live);
  const known = new Set([...before, ...entries(patch)].map(({ key }) => key));
  const wanted = byKey(entries(order).filter(({ key }) => known.has(key)));
  const others = before.filter(({ key }) => !wanted.has(key));
  return interleaved(others, [...wanted.values()], before);
}

function mergeLists(
  shape: Shape,
  mergeKey: string,
  live: readonly unknown[],
  patch: readonly unknown[],
  order: readonly unknown[] | undefined,
): unknown[] {
  const directiveOf = (item: unknown) => (isJsonObject(item) ? item[DIRECTIVE] : undefined);
  const entries = patch.filter(item => directiveOf(item) !== 'replace');
  if (entries.length < patch.length) return entries;
  if (entries.length === 0 && order === undefined) return [...live];
  const keyed = (list: readonly unknown[]) => list.map(value => ({ key: keyOf(mergeKey, value), value }));
  const doomed = byKey(keyed(entries.filter(item => directiveOf(item) === 'delete')));
  const given = byKey(keyed(entries.filter(item => directiveOf(item) !== 'delete')));
  const before = keyed(live);
  const left = before.filter(({ key }) => !doomed.has(key));
  const was = byKey(left);
  const ordered = order === undefined ? given : byKey(keyed(order));
  if ([...given.keys()].some(key => !ordered.has(key))) {
    throw new StrategicFailed(`The order in patch list doesn't match ${ORDER} list`);
  }
  const wanted = [...ordered.keys()].filter(key => was.has(key) || given.has(key));
  const merged = wanted.map(key => {
    const target = was.get(key)?.value;
    const patched = given.get(key);
    return { key, value: patched === undefined ? target : strategicPatch(shape.item(), target, patched.value) };
  });
  const spokenOf = new Set(wanted);
  const others = left.filter(({ key }) => !spokenOf.has(key));
  return interleaved(others, merged, before);
}

/** One of a list; equal keys mean the same one. */
interface Entry {
  readonly key: string;
  readonly value: unknown;
}

/** The first of each key. */
function byKey(entries: readonly Entry[]): ReadonlyMap<string, Entry> {
  const first = new Map<string, Entry>();
  for (const entry of entries) if (!first.has(entry.key)) first.set(entry.key, entry);
  return first;
}

/** What the patch speaks of in its order; what it does not, before what it preceded in the list as it was. */
function interleaved(others: readonly Entry[], wanted: readonly Entry[], before: readonly Entry[]): unknown[] {
  const places = new Map(before.map(({ key }, at) => [key, at]));
  const placeOf = (entry: Entry | undefined) => places.get(entry?.key ?? '') ?? Number.POSITIVE_INFINITY;
  const merged: unknown[] = [];
  let next = 0;
  for (const entry of wanted) {
    const place = places.get(entry.key) ?? -1;
    for (; placeOf(others[next]) < place; next++) merged.push(others[next]?.value);
    merged.push(entry.value);
  }
  return [...merged, ...others.slice(next).map(({ value }) => value)];
}

/** By which an entry is told apart, as a text. */
function keyOf(key: string, item: unknown): string {
  if (isJsonObject(item) && Object.hasOwn(item, key)) return JSON.stringify(item[key]);
  throw new StrategicFailed(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
}

function directives(patch: JsonObject, prefix: string): [name: string, values: readonly unknown[]][] {
  return Object.entries(patch).flatMap(([name, values]) => {
    return name.startsWith(prefix) && Array.isArray(values) ? [[name.slice(prefix.length), values]] : [];
  });
}

function withoutDirectives(patch: JsonObject): JsonObject {
  const entries = Object.entries(patch).filter(([name]) => {
    return name !== DIRECTIVE && name !== RETAIN_KEYS && !name.startsWith(DELETE_FROM) && !name.startsWith(ORDER);
  });
  return Object.fromEntries(entries);
}
