import type { ImageStream } from '../api/image-stream.ts';
import type { ImportedEntry } from './entry.ts';
import { isImportable, type Platform, sameWish, sourceAsked } from './source.ts';

/**
 * What is recorded of the tags of a repository that the stream itself asks for as a whole. Its own spec tags are a part
 * of such an import, and the last word is theirs (controllers 1.3): one that asks for another image goes its own way,
 * one that asks for this one keeps the policies that it has.
 */
export function entriesBesideTags(
  stream: ImageStream,
  entries: readonly ImportedEntry[],
  option: Platform,
): readonly ImportedEntry[] {
  const tags = new Map((stream.spec?.tags ?? []).map(tag => [tag.name, tag]));
  return entries.flatMap(entry => {
    const tag = tags.get(entry.result.tag);
    if (tag === undefined || !isImportable(tag)) return [entry];
    if (!sameWish(sourceAsked(tag, option), entry.result.source)) return [];
    const { importPolicy = {}, referencePolicy = entry.referencePolicy } = tag;
    return [{ ...entry, importPolicy, referencePolicy }];
  });
}
