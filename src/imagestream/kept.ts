import type { ImageStream } from '../api/image-stream.ts';
import type { TagResult } from './result.ts';
import { isImportable, type Platform, sameRequest, sourceAsked } from './source.ts';
import { historiesOf } from './tag-state.ts';

/**
 * Whether a stream, as it came back from being stored, says that this was asked for its tag. An API server drops what
 * its schema does not know without a word; then the tag would be due again at once, and for ever (design D5, D7).
 */
export function keepsResult(stored: ImageStream, { tag, source }: TagResult, option: Platform): boolean {
  const specTag = stored.spec?.tags?.find(({ name }) => name === tag);
  // What the spec does not ask for any more is not recorded.
  if (specTag === undefined || !isImportable(specTag)) return true;
  const asked = sourceAsked(specTag, option);
  if (!sameRequest(asked, source)) return true;
  const recorded = historiesOf(stored).get(tag)?.source;
  return recorded !== undefined && sameRequest(asked, recorded);
}
