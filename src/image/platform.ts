import type { IndexEntry } from './manifest.ts';

/** os and architecture as manifest lists write them: `{os: 'linux', architecture: 'amd64'}`. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
}

const FALLBACK: Platform = { os: 'linux', architecture: 'amd64' };
const TEXT = /^([A-Za-z0-9_.-]+)\/([A-Za-z0-9_.-]+)$/;

/**
 * The entry of a list that is imported in its place (import-semantics 5.2): the first of the wanted platform, else the
 * first of linux/amd64, else the first. Variants are not looked at. `undefined` for an empty list.
 */
export function choosePlatform(entries: readonly IndexEntry[], wanted: Platform): IndexEntry | undefined {
  const firstOf = ({ os, architecture }: Platform) =>
    entries.find(({ platform }) => platform?.os === os && platform.architecture === architecture);
  return firstOf(wanted) ?? firstOf(FALLBACK) ?? entries[0];
}

/**
 * Reads `linux/amd64`.
 * @throws {RangeError} for another form
 */
export function parsePlatform(text: string): Platform {
  const [, os, architecture] = TEXT.exec(text) ?? [];
  if (os === undefined || architecture === undefined) {
    throw new RangeError(`Cannot read platform "${text}": expected <os>/<architecture>, such as linux/amd64`);
  }
  return { os, architecture };
}
