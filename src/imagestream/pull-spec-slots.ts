import { canonicalRepository, InvalidReference, parseReference } from '../reference/reference.ts';
import { type Slots, slotHash, slotsOfHash } from './slot.ts';

/**
 * By pull spec; undefined for one that is none. Whenever one tag of a stream is looked at all of them are planned, and
 * to read and hash their pull specs would be most of that.
 */
const HASHES = new Map<string, number | undefined>();
const MAX_HASHES = 10_000;

/** The slots of the repository that a pull spec names, or undefined for a text of which no request can be made. */
export function slotsOfPullSpec(from: string, nowMs: number, intervalMs: number): Slots | undefined {
  const hash = hashOf(from);
  return hash === undefined ? undefined : slotsOfHash(nowMs, intervalMs, hash);
}

/** Whether a request can be made of this text. */
export function namesRepository(from: string): boolean {
  return hashOf(from) !== undefined;
}

function hashOf(from: string): number | undefined {
  if (HASHES.has(from)) return HASHES.get(from);
  const repository = repositoryOf(from);
  const slash = repository?.indexOf('/') ?? -1;
  const hash = repository === undefined ? undefined : slotHash(repository.slice(0, slash), repository.slice(slash + 1));
  if (HASHES.size >= MAX_HASHES) HASHES.clear();
  HASHES.set(from, hash);
  return hash;
}

/** `<host>/<path>`. */
function repositoryOf(from: string): string | undefined {
  try {
    const repository = canonicalRepository(parseReference(from));
    return repository.includes('/') ? repository : undefined;
  } catch (error) {
    if (error instanceof InvalidReference) return undefined;
    throw error;
  }
}
