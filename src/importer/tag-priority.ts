/**
 * The tags of a repository, the most interesting first (import-semantics 6.1): `latest`, then minor versions (`1.2`,
 * `v1.2-rc1`), then full versions (`1.2.3-rc1`), both newest first, then everything else by its bytes. The order is
 * total, so equal input in any order gives equal output.
 */
export function byPriority(tags: readonly string[]): string[] {
  return tags
    .map(rankOf)
    .sort(compareRanks)
    .map(rank => rank.tag);
}

const LATEST = 0;
const MINOR = 1;
const FULL = 2;
const OTHER = 3;

interface Rank {
  readonly tag: string;
  readonly group: number;
  readonly version?: Version;
  readonly prefixed: boolean;
}

/** A semantic version. Numbers stay texts: a tag may write one that no number type holds. */
interface Version {
  readonly release: readonly string[];
  /** Empty for a release. */
  readonly pre: readonly string[];
}

function rankOf(tag: string): Rank {
  if (tag === 'latest') return { tag, group: LATEST, prefixed: false };
  const prefixed = tag.startsWith('v');
  const text = prefixed ? tag.slice(1) : tag;
  // Tested first although it sorts later: `5.3.6-x` must not be taken for a minor version.
  const full = parseVersion(text);
  if (full !== undefined) return { tag, group: FULL, version: full, prefixed };
  const minor = parseVersion(minorAsFull(text));
  if (minor !== undefined) return { tag, group: MINOR, version: minor, prefixed };
  return { tag, group: OTHER, prefixed };
}

/** `1.2` as `1.2.0`, `1.2-rc1` as `1.2.0-rc1`; "" for what is neither. */
function minorAsFull(text: string): string {
  const [, version, suffix = ''] = /^(\d+\.\d+)(-\w+)?$/.exec(text) ?? [];
  return version === undefined ? '' : `${version}.0${suffix}`;
}

const NUMBER = /^(?:0|[1-9]\d*)$/;
const DIGITS = /^\d+$/;
const IDENTIFIER = /^[0-9A-Za-z-]+$/;

/** Strict semver 2.0: three numbers without leading zeros, a pre-release, build metadata. */
function parseVersion(text: string): Version | undefined {
  const [, release = '', pre, build] = /^([\d.]+)(?:-([^+]*))?(?:\+(.*))?$/.exec(text) ?? [];
  const numbers = release.split('.');
  if (numbers.length !== 3 || !numbers.every(part => NUMBER.test(part))) return undefined;
  const identifiers = pre === undefined ? [] : pre.split('.');
  if (!identifiers.every(part => IDENTIFIER.test(part) && (!DIGITS.test(part) || NUMBER.test(part)))) return undefined;
  if (build !== undefined && !build.split('.').every(part => IDENTIFIER.test(part))) return undefined;
  return { release: numbers, pre: identifiers };
}

function compareRanks(a: Rank, b: Rank): number {
  if (a.group !== b.group) return a.group - b.group;
  if (a.version !== undefined && b.version !== undefined) {
    const newestFirst = compareVersions(b.version, a.version);
    if (newestFirst !== 0) return newestFirst;
    if (a.prefixed !== b.prefixed) return a.prefixed ? 1 : -1;
  }
  return compareTexts(a.tag, b.tag);
}

function compareVersions(a: Version, b: Version): number {
  return compareLists(a.release, b.release, compareNumbers) || comparePre(a.pre, b.pre);
}

function comparePre(a: readonly string[], b: readonly string[]): number {
  // A pre-release is lower than its release.
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  return compareLists(a, b, compareIdentifiers);
}

/** Element by element; when one list is the beginning of the other, the shorter is lower. */
function compareLists(a: readonly string[], b: readonly string[], compare: (x: string, y: string) => number): number {
  for (const [index, x] of a.entries()) {
    const y = b[index];
    if (y === undefined) return 1;
    const order = compare(x, y);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareIdentifiers(a: string, b: string): number {
  const aNumeric = DIGITS.test(a);
  if (aNumeric !== DIGITS.test(b)) return aNumeric ? -1 : 1;
  return aNumeric ? compareNumbers(a, b) : compareTexts(a, b);
}

/** Without leading zeros the longer number is the larger one. */
function compareNumbers(a: string, b: string): number {
  return a.length - b.length || compareTexts(a, b);
}

/** Tags are ASCII, so code units are bytes. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
