import type { Status, StatusCause, StatusDetails } from '../api/status.ts';
import { isObject, parseJson } from './json.ts';

/** `metav1.StatusReason` of the codes that an API server, or a proxy before it, answers with. */
const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** The Status that a failure's body holds, or one made from the code: proxies answer in HTML. */
export function statusOf(code: number, body: string): Status {
  const said = parseJson(body);
  return isObject(said) && said['kind'] === 'Status' ? readStatus(said, code) : madeStatus(code);
}

/** Reads a `metav1.Status`: the fields we know, where they have the right type. */
export function readStatus(said: Readonly<Record<string, unknown>>, fallbackCode: number): Status {
  const details = isObject(said['details']) ? readDetails(said['details']) : undefined;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    ...texts(said, ['message', 'reason']),
    ...(details === undefined ? {} : { details }),
    code: typeof said['code'] === 'number' ? said['code'] : fallbackCode,
  };
}

/**
 * How long the server asks to be left in peace, in milliseconds: the header (seconds, or an HTTP date), else what the
 * Status says. `undefined` when neither does.
 */
export function retryAfterOf(header: string | undefined, status: Status, nowMs: number): number | undefined {
  const value = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  if (/ GMT$/.test(value)) {
    const untilMs = Date.parse(value);
    if (!Number.isNaN(untilMs)) return Math.max(0, untilMs - nowMs);
  }
  const seconds = status.details?.retryAfterSeconds;
  return seconds === undefined || seconds <= 0 ? undefined : seconds * 1_000;
}

function madeStatus(code: number): Status {
  const reason = REASONS[code];
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    ...(reason === undefined ? {} : { reason }),
    code,
  };
}

function readDetails(said: Readonly<Record<string, unknown>>): StatusDetails {
  const causes = Array.isArray(said['causes']) ? said['causes'].filter(isObject).map(readCause) : undefined;
  const seconds = said['retryAfterSeconds'];
  return {
    ...texts(said, ['name', 'group', 'kind', 'uid']),
    ...(causes === undefined ? {} : { causes }),
    ...(typeof seconds === 'number' ? { retryAfterSeconds: seconds } : {}),
  };
}

function readCause(said: Readonly<Record<string, unknown>>): StatusCause {
  return texts(said, ['reason', 'message', 'field']);
}

function texts<K extends string>(said: Readonly<Record<string, unknown>>, names: readonly K[]): { [N in K]?: string } {
  const found: { [N in K]?: string } = {};
  for (const name of names) {
    const value = said[name];
    if (typeof value === 'string') found[name] = value;
  }
  return found;
}
