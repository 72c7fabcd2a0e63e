import type { ImageStream } from '../api/image-stream.ts';
import { saysTheSame } from './sameness.ts';

/*
 * JSON merge patches (RFC 7386) that lead from one version of a stream to the next. They carry the resourceVersion they
 * were computed from, so that a stream that has changed meanwhile refuses them.
 */

export type MergePatch = { readonly [key: string]: unknown };

/** For the status subresource; undefined when the status says the same already. */
export function statusPatch(before: ImageStream, after: ImageStream): MergePatch | undefined {
  const status = membersPatch(before.status ?? {}, after.status ?? {});
  return status && { ...versionOf(before), status };
}

/** For the object itself: spec and annotations; undefined when both say the same already. */
export function specPatch(before: ImageStream, after: ImageStream): MergePatch | undefined {
  const spec = membersPatch(before.spec ?? {}, after.spec ?? {});
  const annotations = membersPatch(before.metadata.annotations ?? {}, after.metadata.annotations ?? {});
  if (spec === undefined && annotations === undefined) return undefined;
  const version = versionOf(before);
  const metadata = { ...version.metadata, ...(annotations && { annotations }) };
  return { metadata, ...(spec && { spec }) };
}

function versionOf({ metadata: { resourceVersion } }: ImageStream) {
  return { metadata: { ...(resourceVersion !== undefined && { resourceVersion }) } };
}

/** Members that differ, null for those that go. Lists are replaced whole: a merge patch knows no other way. */
function membersPatch(before: object, after: object): MergePatch | undefined {
  const [old, next] = [Object.entries(before), new Map(Object.entries(after))];
  const was = new Map(old);
  const gone = old.filter(([key]) => !next.has(key) || next.get(key) === undefined);
  const patch = [
    ...gone.filter(([, value]) => !saysTheSame(value, undefined)).map(([key]) => [key, null] as const),
    ...[...next].flatMap(([key, value]) => {
      if (value === undefined || saysTheSame(was.get(key), value)) return [];
      const [from, to] = [was.get(key), value];
      return [[key, isObject(from) && isObject(to) ? (membersPatch(from, to) ?? to) : to] as const];
    }),
  ];
  return patch.length === 0 ? undefined : Object.fromEntries(patch);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
