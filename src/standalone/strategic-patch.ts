import { isJsonObject, type JsonObject, sameJson } from './json.ts';
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
    throw new StrategicFailed(`unknown patch type: ${directive} in map`);
  }
  const merged = new Map(isJsonObject(target) ? Object.entries(target) : []);
  for (const [name, values] of directives(patch, DELETE_FROM)) {
    const list = merged.get(name);
    if (Array.isArray(list))
      merged.set(
        name,
        list.filter(item => !values.some(value => sameJson(value, item))),
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
  if (Array.isArray(retained)) for (const name of merged.keys()) if (!retained.includes(name)) merged.delete(name);
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
  const has = (list: readonly unknown[], value: unknown) => list.some(item => sameJson(item, value));
  const wanted = order.filter(value => has(live, value) || has(patch, value));
  const others = live.filter(value => !has(wanted, value));
  return interleaved(others, wanted, live, sameJson);
}

function mergeLists(
  shape: Shape,
  key: string,
  live: readonly unknown[],
  patch: readonly unknown[],
  order: readonly unknown[] | undefined,
): unknown[] {
  const isReplaced = patch.some(item => isJsonObject(item) && item[DIRECTIVE] === 'replace');
  const entries = patch.filter(item => !isJsonObject(item) || item[DIRECTIVE] !== 'replace');
  if (isReplaced) return entries;
  const sameKey = (one: unknown, other: unknown) => sameJson(keyOf(key, one), keyOf(key, other));
  const find = (list: readonly unknown[], item: unknown) => list.find(one => sameKey(one, item));
  const doomed = entries.filter(item => isJsonObject(item) && item[DIRECTIVE] === 'delete');
  const given = entries.filter(item => !doomed.includes(item));
  const left = live.filter(item => find(doomed, item) === undefined);
  if (order !== undefined && given.some(item => find(order, item) === undefined)) {
    throw new StrategicFailed(`The order in patch list doesn't match ${ORDER} list`);
  }
  const known = (item: unknown) => find(left, item) !== undefined || find(given, item) !== undefined;
  const wanted = (order ?? given).filter(known);
  const others = left.filter(item => find(wanted, item) === undefined);
  const placed = interleaved(others, wanted, live, sameKey);
  return placed.map(item => {
    const patched = find(given, item);
    const was = find(left, item);
    return patched === undefined ? was : strategicPatch(shape.item(), was, patched);
  });
}

/** What the patch speaks of in its order; what it does not, before what it preceded in the list as it was. */
function interleaved(
  others: readonly unknown[],
  wanted: readonly unknown[],
  before: readonly unknown[],
  same: (one: unknown, other: unknown) => boolean,
): unknown[] {
  const placeOf = (item: unknown) => before.findIndex(one => same(one, item));
  const merged: unknown[] = [];
  let next = 0;
  for (const item of wanted) {
    const place = placeOf(item);
    for (; place !== -1 && next < others.length && placeOf(others[next]) < place; next++) merged.push(others[next]);
    merged.push(item);
  }
  return [...merged, ...others.slice(next)];
}

function keyOf(key: string, item: unknown): unknown {
  if (isJsonObject(item) && Object.hasOwn(item, key)) return item[key];
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
