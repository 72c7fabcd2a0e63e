import { isJsonObject } from './json.ts';

/** RFC 7386: members of the patch replace those of the target, null removes them. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  const merged = new Map(isJsonObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  // Not by assignment: a member may be called `__proto__`.
  return Object.fromEntries(merged);
}
