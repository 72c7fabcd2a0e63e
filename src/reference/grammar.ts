/** A text that is no image reference. `message` is OpenShift's (import-semantics 1.1). */
export class InvalidReference extends Error {
  override readonly name = 'InvalidReference';
}

/** What the grammar sees in a reference; the host, if any, is still part of `name`. Absent parts are "". */
export interface MatchedReference {
  readonly name: string;
  readonly tag: string;
  readonly digest: string;
}

const MAX_NAME_LENGTH = 255;

// A valid reference has 520 characters at most. Longer texts are judged by their length alone, so that no pattern ever
// runs over a text without bound.
const MAX_TEXT_LENGTH = 4096;

const NAME_TOO_LONG = `repository name must not be more than ${MAX_NAME_LENGTH} characters`;

const HEX_DIGITS: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
]);

const COMPONENT = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}$/;
const LABEL = /^[A-Za-z0-9-]+$/;
const PORT = /^[0-9]+$/;

/**
 * Matches a text against the grammar of import-semantics 1.1, in linear time.
 * @throws {InvalidReference} with OpenShift's words
 */
export function matchReference(text: string): MatchedReference {
  if (text === '') throw new InvalidReference('repository name must have at least one component');
  if (text.length > MAX_TEXT_LENGTH) throw new InvalidReference(NAME_TOO_LONG);

  const matched = match(text);
  if (matched === undefined) {
    const lowerCaseMatches = match(text.toLowerCase()) !== undefined;
    throw new InvalidReference(lowerCaseMatches ? 'repository name must be lowercase' : 'invalid reference format');
  }
  if (matched.name.length > MAX_NAME_LENGTH) throw new InvalidReference(NAME_TOO_LONG);
  if (matched.digest !== '') checkDigest(matched.digest);
  return matched;
}

/** Whether a text is a path component: `[a-z0-9]+` runs joined by `.`, `_`, `__` or dashes. Bound its length first. */
export function isComponent(text: string): boolean {
  return COMPONENT.test(text);
}

export function matchesTag(text: string): boolean {
  return TAG.test(text);
}

/** Whether a text is a DNS label: letters, digits and inner dashes. */
export function isLabel(text: string): boolean {
  return LABEL.test(text) && !text.startsWith('-') && !text.endsWith('-');
}

/** Whether a reference whose ID is `id` is pulled by digest. Upper-case digits count, as in the grammar. */
export function isDigestId(id: string): boolean {
  if (id.length > MAX_TEXT_LENGTH || !DIGEST.test(id)) return false;
  const colon = id.indexOf(':');
  return HEX_DIGITS.get(id.slice(0, colon)) === id.length - colon - 1;
}

// Names and tags have no "@", tags and components no "/" and no ":", so each separator has one place it can be in.
function match(text: string): MatchedReference | undefined {
  const at = text.indexOf('@');
  const named = at < 0 ? text : text.slice(0, at);
  const digest = at < 0 ? '' : text.slice(at + 1);
  if (at >= 0 && !DIGEST.test(digest)) return undefined;

  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const name = colon < 0 ? named : named.slice(0, colon);
  const tag = colon < 0 ? '' : named.slice(colon + 1);
  if (colon >= 0 && !TAG.test(tag)) return undefined;

  return matchesName(name) ? { name, tag, digest } : undefined;
}

function matchesName(name: string): boolean {
  const [first = '', ...rest] = name.split('/');
  const firstFits = isComponent(first) || (rest.length > 0 && matchesHost(first));
  return firstFits && rest.every(isComponent);
}

function matchesHost(text: string): boolean {
  const colon = text.indexOf(':');
  const labels = colon < 0 ? text : text.slice(0, colon);
  return labels.split('.').every(isLabel) && (colon < 0 || PORT.test(text.slice(colon + 1)));
}

function checkDigest(digest: string): void {
  const colon = digest.indexOf(':');
  const digits = HEX_DIGITS.get(digest.slice(0, colon));
  if (digits === undefined) throw new InvalidReference('unsupported digest algorithm');
  if (digest.length - colon - 1 !== digits) throw new InvalidReference('invalid checksum digest length');
}
