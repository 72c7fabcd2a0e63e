import type { OciError } from '../registry/errors.ts';

/** The text that a registry's implementation sends with a code when it has nothing special to say. */
const DEFAULT_MESSAGES: Readonly<Record<string, string>> = {
  UNKNOWN: 'unknown error',
  UNSUPPORTED: 'The operation is unsupported.',
  UNAUTHORIZED: 'authentication required',
  DENIED: 'requested access to the resource is denied',
  UNAVAILABLE: 'service unavailable',
  TOOMANYREQUESTS: 'too many requests',
  DIGEST_INVALID: 'provided digest did not match uploaded content',
  SIZE_INVALID: 'provided length did not match content length',
  RANGE_INVALID: 'invalid content range',
  NAME_INVALID: 'invalid repository name',
  TAG_INVALID: 'manifest tag did not match URI',
  NAME_UNKNOWN: 'repository name not known to registry',
  MANIFEST_UNKNOWN: 'manifest unknown',
  MANIFEST_INVALID: 'manifest invalid',
  MANIFEST_UNVERIFIED: 'manifest failed signature verification',
  MANIFEST_BLOB_UNKNOWN: 'blob unknown to registry',
  BLOB_UNKNOWN: 'blob unknown to registry',
  BLOB_UPLOAD_UNKNOWN: 'blob upload unknown to registry',
  BLOB_UPLOAD_INVALID: 'blob upload invalid',
  PAGINATION_NUMBER_INVALID: 'invalid number of results requested',
};

const MAX_CHARACTERS = 256;

/** Codes of these entries, upper case as registries send them. */
export function codesOf(errors: readonly OciError[] | undefined): ReadonlySet<string> {
  return new Set(errors?.map(error => error.code) ?? []);
}

/**
 * The entries of an OCI error document in words (import-semantics 7.1, 7.4): `denied` where the registry said no more
 * than the code says by itself, else `denied: <its text>`; a code that nobody knows is `unknown`. Equal entries are
 * told once, several are joined by `; `. At most 256 characters.
 */
export function wordsOf(errors: readonly OciError[]): string {
  const text = [...new Set(errors.map(wordsOfOne))].join('; ');
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS - 1)}…`;
}

function wordsOfOne({ code, message, hasDetail }: OciError): string {
  const usual = Object.hasOwn(DEFAULT_MESSAGES, code) ? DEFAULT_MESSAGES[code] : undefined;
  const words = usual === undefined ? 'unknown' : code.toLowerCase().replaceAll('_', ' ');
  const saysNothing = !hasDetail && (message === '' || message === usual);
  // With a detail, whose content is never kept, even an empty text is told as the usual one.
  return saysNothing ? words : `${words}: ${message || (usual ?? 'unknown error')}`;
}
