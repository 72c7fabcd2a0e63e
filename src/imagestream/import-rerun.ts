import type { ImageStream } from '../api/image-stream.ts';
import type { ImportedEntry } from './entry.ts';
import { isImportable, type Platform, sameWish, sourceAsked } from './source.ts';

/**
 * What may still be recorded of an import that has written the spec of its stream once already (design D12): tags that
 * the spec still asks for in the same way, with the policies they have there now. What a user changed since then stays.
 */
export function entriesStillAsked(
  stream: ImageStream,
  entries: readonly ImportedEntry[],
  option: Platform,
): readonly ImportedEntry[] {
  const tags = new Map((stream.spec?.tags ?? []).map(tag => [tag.name, tag]));
  return entries.flatMap(entry => {
    const tag = tags.get(entry.result.tag);
    if (tag === undefined || !isImportable(tag) || !sameWish(sourceAsked(tag, option), entry.result.source)) return [];
    const { importPolicy = {}, referencePolicy = entry.referencePolicy } = tag;
    return [{ ...entry, importPolicy, referencePolicy }];
  });
}
