import { DEFAULT_TAG } from '../api/names.ts';
import { byPriority } from './tag-priority.ts';

/** Tags that a repository import imports, unless configured otherwise. */
export const DEFAULT_MAX_IMAGES = 50;

/** How many tags a configured maximum allows: 0 is the default, -1 no limit; `undefined`: not even a list is asked for. */
export function tagLimit(configured: number): number | undefined {
  if (configured === 0) return DEFAULT_MAX_IMAGES;
  if (configured === -1) return Number.POSITIVE_INFINITY;
  return configured > 0 ? configured : undefined;
}

/** Which tags of a repository are imported, and which are only told of, both in the order of interest. */
export function selectTags(
  tags: readonly string[],
  limit: number,
): { readonly chosen: readonly string[]; readonly additional: readonly string[] } {
  const ordered = byPriority([...new Set(tags.map(tag => tag || DEFAULT_TAG))]);
  return { chosen: ordered.slice(0, limit), additional: ordered.slice(limit) };
}
