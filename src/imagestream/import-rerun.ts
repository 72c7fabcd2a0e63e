import type { ImageStream } from '../api/image-stream.ts';
import type { ImportedEntry } from './entry.ts';
import { isImportable, type Platform, sameWish, sourceAsked } from './source.ts';

/**
 * What may still be recorded of an import that has written the spec of its stream once already (design D12): tags that
 * the spec still asks for in the same way. What a user changed since then stays.
 */
export function entriesStillAsked(
  stream: ImageStream,
  entries: readonly ImportedEntry[],
  option: Platform,
): readonly ImportedEntry[] {
  const tags = new Map((stream.spec?.tags ?? []).map(tag => [tag.name, tag]));
  return entries.filter(({ result }) => {
    const tag = tags.get(result.tag);
    return tag !== undefined && isImportable(tag) && sameWish(sourceAsked(tag, option), result.source);
  });
}
