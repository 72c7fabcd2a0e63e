import type { ImageStream, Source } from '../api/image-stream.ts';
import type { ImageStreamImport } from '../api/image-stream-import.ts';
import { isImportable, type Platform, sourceAsked } from '../imagestream/source.ts';
import { canonicalRepository, InvalidReference } from '../reference/reference.ts';
import { tryReference } from './registry-name.ts';

/**
 * The tags of the stream that an import will record, as far as they are known before it is carried out, with what is
 * asked for each. They are not to be checked meanwhile: an import may take minutes, and what a check finds in the end
 * would be newer than what the import found in the beginning, which is recorded last.
 */
export function tagsToRecord(
  { spec }: ImageStreamImport,
  stream: ImageStream | undefined,
  platform: Platform,
): ReadonlyMap<string, Source> {
  if (spec.import !== true) return new Map();
  const stored = new Map((stream?.spec?.tags ?? []).map(tag => [tag.name, tag]));
  const repository = repositoryOf(spec.repository?.from.name ?? '');
  const followed = [...stored.values()].filter(
    tag => repository !== undefined && isImportable(tag) && repositoryOf(tag.from?.name ?? '') === repository,
  );
  const named = (spec.images ?? []).flatMap(({ from, to, importPolicy }) => {
    const name = to?.name ?? '';
    return name === '' ? [] : [{ ...stored.get(name), name, from, ...(importPolicy && { importPolicy }) }];
  });
  return new Map([...followed, ...named].map(tag => [tag.name, sourceAsked(tag, platform)]));
}

/** `<host>/<path>` of a pull spec; undefined for a text that names no repository. */
function repositoryOf(pullSpec: string): string | undefined {
  const reference = tryReference(pullSpec);
  if (reference === undefined) return undefined;
  try {
    return canonicalRepository(reference);
  } catch (error) {
    if (error instanceof InvalidReference) return undefined;
    throw error;
  }
}
