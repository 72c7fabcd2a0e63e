import type { OciError } from './errors.ts';

/** Bytes of an error body that are read (registry-client 6.3). */
export const MAX_ERROR_BYTES = 64 * 1024;

/** More entries than this no registry has to say. */
const MAX_ENTRIES = 64;
const MAX_CODE_CHARACTERS = 64;

/** Docker Hub's token service says no with `{"details": "…"}`; the status then tells which code is meant. */
const CODE_BY_STATUS: Readonly<Record<number, string>> = { 401: 'UNAUTHORIZED', 403: 'DENIED', 429: 'TOOMANYREQUESTS' };

/**
 * The entries of an OCI error document in order, all text cleaned (R8.4, R6.14), or `undefined` when the body is
 * none. `status` gives a code to the short form of a token service. Never throws.
 */
export function readErrorBody(
  bytes: Uint8Array,
  contentType: string | undefined,
  status?: number,
): readonly OciError[] | undefined {
  if (bytes.length > MAX_ERROR_BYTES || /^\s*text\/html\b/i.test(contentType ?? '')) return undefined;
  const document = parseObject(bytes);
  if (document === undefined) return undefined;
  const errors = member(document, 'errors');
  const entries = Array.isArray(errors) ? errors.slice(0, MAX_ENTRIES).flatMap(readEntry) : [];
  if (entries.length > 0) return entries;
  const details = member(document, 'details');
  if (typeof details !== 'string' || details === '') return undefined;
  return [{ code: CODE_BY_STATUS[status ?? 0] ?? 'UNKNOWN', message: cleanText(details), hasDetail: false }];
}

function parseObject(bytes: Uint8Array): object | undefined {
  try {
    const document: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof document === 'object' && document !== null && !Array.isArray(document) ? document : undefined;
  } catch {
    return undefined;
  }
}

function readEntry(entry: unknown): readonly OciError[] {
  if (typeof entry !== 'object' || entry === null) return [];
  const code = member(entry, 'code');
  const message = member(entry, 'message');
  if (typeof code !== 'string' && typeof message !== 'string') return [];
  return [
    {
      code: typeof code === 'string' && code !== '' ? cleanText(code).slice(0, MAX_CODE_CHARACTERS) : 'UNKNOWN',
      message: typeof message === 'string' ? cleanText(message) : '',
      hasDetail: (member(entry, 'detail') ?? null) !== null,
    },
  ];
}

function member(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? Reflect.get(object, name) : undefined;
}

const MAX_CHARACTERS = 256;
/** What is looked at to fill those; a run that is replaced is rarely longer. */
const MAX_LOOKED_AT = 4096;

const DIGEST = 'sha256:[0-9a-f]{64}(?![0-9a-fA-F])|sha512:[0-9a-f]{128}(?![0-9a-fA-F])';
const UUID = '[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}';
const HEX_RUN = '[0-9a-fA-F]{16,}';
const DATE = '(?:\\d{4}-\\d\\d-\\d\\d[Tt ])?';
const ZONE = '(?:[Zz]|[+-]\\d\\d:?\\d\\d)?';
const TIME_OF_DAY = `(?<![\\w.:-])${DATE}\\d{1,2}:[0-5]\\d(?::[0-6]\\d(?:[.,]\\d{1,9})?)?${ZONE}(?![\\w:])`;
const CHANGING = new RegExp(`(${DIGEST})|${UUID}|${HEX_RUN}|${TIME_OF_DAY}`, 'g');

/**
 * Text of a registry made fit for a condition: one line, no control characters, at most 256 characters. What differs
 * between equal failures (UUIDs, long hex runs that are no digest, times of day) becomes `…`, or every attempt would
 * look like a new failure (R6.14, import-semantics 7.4).
 */
export function cleanText(text: string): string {
  const line = text
    .slice(0, MAX_LOOKED_AT)
    .replace(/[\t\n\r\u2028\u2029]+/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '')
    .replace(CHANGING, (_found, digest: string | undefined) => digest ?? '…')
    .trim();
  return line.length <= MAX_CHARACTERS ? line : `${line.slice(0, MAX_CHARACTERS - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
