/*
 * Whoever writes members of an object is noted in its `managedFields`, by the path of each member: `{"f:tags":{".":{},
 * "k:{\"tag\":\"1\"}":{".":{},"f:items":{},…}}}`. With a thousand tags that is a fifth of a stream.
 */

/** Written and noted as one, whatever is in them. */
const ATOMIC: ReadonlySet<string> = new Set(['items', 'source', 'images', 'manifests', 'additionalTags']);

/** `"f:":{},` around the name of a member. */
const MEMBER_BYTES = 8;
/** `".":{},` for the object or list itself. */
const ITSELF_BYTES = 7;
/** `"k:{\"\":\"\"}":{},` around name and value of the key of an item. */
const ITEM_BYTES = 19;

/** Who it is, what was written and when. */
const ENTRY_BYTES = 200;

/** Bytes that `managedFields` will have for the one who wrote this status; some more, if anything. */
export function trackedBytes(status: object | undefined): number {
  return status === undefined ? 0 : ENTRY_BYTES + ofValue(status);
}

function ofValue(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((bytes, item) => bytes + ofItem(item), ITSELF_BYTES);
  if (!isObject(value)) return 0;
  let bytes = ITSELF_BYTES;
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    bytes += MEMBER_BYTES + name.length + (ATOMIC.has(name) ? 0 : ofValue(member));
  }
  return bytes;
}

/** Of a list that is a map by one member of its items: `tag`, `name` or `type`. */
function ofItem(item: unknown): number {
  if (!isObject(item)) return 0;
  const key = ['tag', 'name', 'type'].find(name => typeof item[name] === 'string') ?? '';
  return ITEM_BYTES + key.length + String(item[key] ?? '').length + ofValue(item);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
