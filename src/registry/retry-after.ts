/** A header as undici hands it over: repeated ones are an array. */
export type HeaderValue = string | readonly string[] | undefined;

const SECOND = 1_000;
const MIN_DELAY_MS = SECOND;
const MAX_DELAY_MS = 6 * 3_600 * SECOND;
const HOST_DELAY_MS = 60 * SECOND;
const PULL_QUOTA_DELAY_MS = 30 * 60 * SECOND;

/**
 * The largest valid delay that `Retry-After` asks for, in milliseconds, not clamped; `undefined` when there is none
 * (R4.8). Only whole seconds and HTTP dates are valid: JavaScript's own parser takes `-1` and `1.5` for dates in 2001.
 */
export function retryAfterMs(values: HeaderValue, nowMs: number): number | undefined {
  const delays = list(values)
    .map(value => delayMs(value.trim(), nowMs))
    .filter(delay => delay !== undefined);
  return delays.length === 0 ? undefined : Math.max(...delays);
}

export interface RefusedAnswer {
  readonly status: number;
  readonly retryAfter: HeaderValue;
  /** What was read of the body, at most 64 KiB. */
  readonly bodyText: string;
  readonly nowMs: number;
  /** Docker Hub counts pulls; there a quota that is used up stops manifest GETs alone. */
  readonly hub: boolean;
}

export interface Pause {
  /** Milliseconds, without jitter. */
  readonly delayMs: number;
  /** `pull` stops manifest GETs of the identity that asked, and nothing else (R4.9). */
  readonly scope: 'host' | 'pull';
  /** Whether the pace is to be halved (R4.2). */
  readonly slowDown: boolean;
}

/** How long to leave a host in peace after an answer, or `undefined` when the answer asks for no pause (R4.8, R4.9). */
export function pauseFor({ status, retryAfter, bodyText, nowMs, hub }: RefusedAnswer): Pause | undefined {
  const asked = retryAfterMs(retryAfter, nowMs);
  const delay = asked === undefined ? undefined : Math.min(Math.max(asked, MIN_DELAY_MS), MAX_DELAY_MS);
  if (status === 429) {
    if (hub && /pull rate limit/i.test(bodyText)) {
      return { delayMs: delay ?? PULL_QUOTA_DELAY_MS, scope: 'pull', slowDown: true };
    }
    return { delayMs: delay ?? (isShortBurst(bodyText) ? MIN_DELAY_MS : HOST_DELAY_MS), scope: 'host', slowDown: true };
  }
  if (delay === undefined || (status !== 503 && status !== 403)) return undefined;
  return { delayMs: delay, scope: 'host', slowDown: status === 503 };
}

/** ghcr.io puts a Go duration into its message when a limit counted by the minute was hit. */
function isShortBurst(bodyText: string): boolean {
  return /retry-after:\s{0,8}\d{1,20}(?:\.\d{1,20})?(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h)/i.test(bodyText);
}

/** What a registry says of the pulls that are left (R4.4). */
export interface RateLimit {
  readonly remaining: number;
  readonly limit?: number;
  readonly windowMs?: number;
}

/** Reads `ratelimit-limit` and `ratelimit-remaining`; `undefined` when nothing usable is said. */
export function readRateLimit(headers: Readonly<Record<string, HeaderValue>>): RateLimit | undefined {
  const remaining = readQuota(headers['ratelimit-remaining']);
  const limit = readQuota(headers['ratelimit-limit']);
  if (remaining === undefined) return undefined;
  const windowMs = remaining.windowMs ?? limit?.windowMs;
  return {
    remaining: remaining.count,
    ...(limit === undefined ? {} : { limit: limit.count }),
    ...(windowMs === undefined ? {} : { windowMs }),
  };
}

/**
 * Whether pulls may go on: `free`, `reserve` (what is left is for users, scheduled verifications wait) or `spent`.
 * `reserveShare` is the part of the limit that is kept back.
 */
export function quotaState(rate: RateLimit | undefined, reserveShare = 0.2): 'free' | 'reserve' | 'spent' {
  if (rate === undefined) return 'free';
  if (rate.remaining === 0) return 'spent';
  return rate.limit !== undefined && rate.remaining <= rate.limit * reserveShare ? 'reserve' : 'free';
}

/** `100;w=21600`: a count, and the seconds it is counted over. */
function readQuota(values: HeaderValue): { readonly count: number; readonly windowMs?: number } | undefined {
  const [value] = list(values);
  const parts = /^\s{0,8}(\d{1,12})\s{0,8}(?:;\s{0,8}w=(\d{1,9})\s{0,8})?$/.exec(value ?? '');
  if (parts === null) return undefined;
  return { count: Number(parts[1]), ...(parts[2] === undefined ? {} : { windowMs: Number(parts[2]) * SECOND }) };
}

function list(values: HeaderValue): readonly string[] {
  if (values === undefined) return [];
  return typeof values === 'string' ? [values] : values;
}

function delayMs(value: string, nowMs: number): number | undefined {
  if (/^\d+$/.test(value)) return Math.min(Number(value) * SECOND, Number.MAX_SAFE_INTEGER);
  const dateMs = httpDateMs(value, nowMs);
  return dateMs === undefined ? undefined : Math.max(0, dateMs - nowMs);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const SHORT_DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG_DAY = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';
const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)';
const HTTP_DATES = [
  new RegExp(`^${SHORT_DAY}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  new RegExp(`^${LONG_DAY}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`),
  new RegExp(`^${SHORT_DAY} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`),
];

/** Epoch milliseconds of an HTTP date in one of its three forms (RFC 9110 5.6.7). */
function httpDateMs(value: string, nowMs: number): number | undefined {
  const groups = HTTP_DATES.map(form => form.exec(value)?.groups).find(found => found !== undefined);
  if (groups === undefined) return undefined;
  const { year = '', month = '', day, hour, minute, second } = groups;
  const [dayOfMonth, h, m, s] = [day, hour, minute, second].map(Number) as [number, number, number, number];
  if (h > 23 || m > 59 || s > 60) return undefined;
  const midnight = new Date(Date.UTC(fullYear(year, nowMs), MONTHS.indexOf(month), dayOfMonth));
  if (midnight.getUTCDate() !== dayOfMonth) return undefined;
  return midnight.getTime() + ((h * 60 + m) * 60 + s) * SECOND;
}

/** A year of two digits that would lie more than 50 years ahead belongs to the century before. */
function fullYear(year: string, nowMs: number): number {
  if (year.length === 4) return Number(year);
  const thisYear = new Date(nowMs).getUTCFullYear();
  const candidate = thisYear - (thisYear % 100) + Number(year);
  return candidate > thisYear + 50 ? candidate - 100 : candidate;
}
