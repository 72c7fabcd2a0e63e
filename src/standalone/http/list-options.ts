import { type FieldError, forbiddenField } from '../../api/field-error.ts';
import { badRequest } from '../faults.ts';
import { invalidOptions } from './refusals.ts';

/** What a list or a watch asks for besides selectors. */
export interface ListOptions {
  /** 0: all. */
  readonly limit: number;
  /** "" for the first page. */
  readonly continue: string;
  /** Undefined: the latest. */
  readonly resourceVersion: number | undefined;
  /** Only a state of exactly this version will do. */
  readonly exact: boolean;
  readonly timeoutSeconds: number | undefined;
  readonly allowWatchBookmarks: boolean;
  /** Of a watch: whether it begins with what is there. */
  readonly sendInitialEvents: boolean;
}

const MATCHES = ['Exact', 'NotOlderThan', ''];

/** Reads them from the query. Throws 400 for what cannot be read and 422 for what does not go together. */
export function readListOptions(query: URLSearchParams, verb: 'list' | 'watch'): ListOptions {
  const resourceVersion = readVersion(query.get('resourceVersion') ?? '');
  const match = query.get('resourceVersionMatch') ?? '';
  const initial = readBoolean(query, 'sendInitialEvents');
  const errors: FieldError[] = [];
  if (verb === 'list') checkList(match, resourceVersion, initial, errors);
  else checkWatch(match, initial, errors);
  if (errors.length > 0) throw invalidOptions('ListOptions', errors);
  return {
    limit: Math.max(0, readInteger(query, 'limit') ?? 0),
    continue: query.get('continue') ?? '',
    resourceVersion,
    exact: match === 'Exact',
    timeoutSeconds: readInteger(query, 'timeoutSeconds'),
    allowWatchBookmarks: readBoolean(query, 'allowWatchBookmarks') ?? false,
    sendInitialEvents: initial ?? !resourceVersion,
  };
}

/** `watch=true`, `watch=1`, `watch`: anything but a no. */
export function isWatch(query: URLSearchParams): boolean {
  return readBoolean(query, 'watch') ?? false;
}

function checkList(match: string, version: number | undefined, initial: boolean | undefined, errors: FieldError[]) {
  if (initial !== undefined) {
    errors.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }
  if (!MATCHES.includes(match)) {
    errors.push(unsupportedMatch(match, MATCHES));
  } else if (match !== '' && version === undefined) {
    const detail = 'resourceVersionMatch is forbidden unless resourceVersion is provided';
    errors.push(forbiddenField('resourceVersionMatch', detail));
  } else if (match === 'Exact' && version === 0) {
    const detail = 'resourceVersionMatch "Exact" is forbidden for resourceVersion "0"';
    errors.push(forbiddenField('resourceVersionMatch', detail));
  }
}

function checkWatch(match: string, initial: boolean | undefined, errors: FieldError[]): void {
  if (initial === undefined) {
    if (match === '') return;
    const detail = 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
    errors.push(forbiddenField('resourceVersionMatch', detail));
    return;
  }
  if (match === 'NotOlderThan') return;
  const detail = 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';
  errors.push(forbiddenField('resourceVersionMatch', detail));
  if (match !== '') errors.push(unsupportedMatch(match, ['NotOlderThan']));
}

function unsupportedMatch(match: string, supported: readonly string[]): FieldError {
  const detail = `supported values: ${supported.map(one => JSON.stringify(one)).join(', ')}`;
  return { type: 'unsupported', path: 'resourceVersionMatch', value: match, detail };
}

function readVersion(text: string): number | undefined {
  if (text === '') return undefined;
  const version = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(version)) return version;
  throw badRequest(
    `invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: expected a number`,
  );
}

function readInteger(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^[+-]?\d{1,15}$/.test(text)) throw badRequest(`parsing ${JSON.stringify(text)}: ${name} must be a number`);
  return Number(text);
}

function readBoolean(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  return !['false', '0'].includes(text.toLowerCase());
}
