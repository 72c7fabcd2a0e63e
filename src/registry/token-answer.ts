/** What a token service granted. */
export interface TokenAnswer {
  readonly token: string;
  /** Epoch milliseconds. */
  readonly expiresAtMs: number;
  /** Epoch milliseconds until which it may be put on a new request (R2.25). */
  readonly usableUntilMs: number;
  readonly refreshToken?: string;
}

/** An answer with status 200 that grants nothing we could use. */
export class InvalidTokenAnswer extends Error {
  override readonly name = 'InvalidTokenAnswer';
  readonly reason: 'tooLarge' | 'notJson' | 'noToken' | 'unusableToken';

  constructor(reason: InvalidTokenAnswer['reason']) {
    super(WORDS[reason]);
    this.reason = reason;
  }
}

const WORDS = {
  tooLarge: 'the token service answered more than 128 KiB',
  notJson: 'the token service answered something that is no JSON object',
  noToken: 'the token service answered without a token',
  unusableToken: 'the token service answered a token that fits no header',
} as const;

/** Bytes of a token answer that are read (R2.24). */
export const MAX_TOKEN_ANSWER_BYTES = 128 * 1024;

const UTF_8 = new TextDecoder('utf-8', { fatal: true });
const MAX_TOKEN_CHARACTERS = 16 * 1024;
const MIN_LIFETIME_MS = 60_000;
const MAX_LIFETIME_MS = 3_600_000;
const MIN_MARGIN_MS = 5_000;

/**
 * Reads the answer of a token service (R2.22, R2.24, R2.25). Throws `InvalidTokenAnswer`.
 *
 * @param flow how it was asked; a GET is answered with `token`, a POST with `access_token`, and each may stand in
 * @param requestedAtMs when the request was started, epoch ms
 */
export function readTokenAnswer(
  bytes: Uint8Array,
  flow: 'get' | 'post',
  requestedAtMs: number,
  nowMs: number,
): TokenAnswer {
  if (bytes.length > MAX_TOKEN_ANSWER_BYTES) throw new InvalidTokenAnswer('tooLarge');
  const members = parseMembers(bytes);
  const token = tokenIn(members, flow === 'get' ? ['token', 'access_token'] : ['access_token', 'token']);
  const refreshToken = members.get('refresh_token');
  return {
    token,
    ...lifetimeOf(members, requestedAtMs, nowMs),
    ...(isHeaderToken(refreshToken) ? { refreshToken } : {}),
  };
}

/** Members by exact name: a cloud's metadata service answers `Token`, and that must not pass for a token (R2.22). */
function parseMembers(bytes: Uint8Array): ReadonlyMap<string, unknown> {
  let document: unknown;
  try {
    document = JSON.parse(UTF_8.decode(bytes));
  } catch {
    throw new InvalidTokenAnswer('notJson');
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new InvalidTokenAnswer('notJson');
  }
  return new Map(Object.entries(document));
}

function tokenIn(members: ReadonlyMap<string, unknown>, names: readonly string[]): string {
  const value = names
    .map(name => members.get(name))
    .find(found => found !== undefined && found !== null && found !== '');
  if (value === undefined) throw new InvalidTokenAnswer('noToken');
  if (!isHeaderToken(value)) throw new InvalidTokenAnswer('unusableToken');
  return value;
}

/** Whether the value can follow `Bearer ` as it is: visible ASCII, no spaces, so no header can be smuggled in. */
function isHeaderToken(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TOKEN_CHARACTERS && /^[\x21-\x7e]+$/.test(value);
}

function lifetimeOf(
  members: ReadonlyMap<string, unknown>,
  requestedAtMs: number,
  nowMs: number,
): Pick<TokenAnswer, 'expiresAtMs' | 'usableUntilMs'> {
  const lifetimeMs = Math.max(MIN_LIFETIME_MS, secondsIn(members.get('expires_in')) * 1000);
  const issuedAtMs = timeIn(members.get('issued_at'));
  const ageMs = issuedAtMs === undefined ? -1 : nowMs - issuedAtMs;
  // Clocks differ both ways: what the server says of its own clock counts only where it is possible on ours.
  const startMs = issuedAtMs !== undefined && ageMs >= 0 && ageMs < lifetimeMs ? issuedAtMs : requestedAtMs;
  const expiresAtMs = Math.min(startMs + lifetimeMs, requestedAtMs + MAX_LIFETIME_MS);
  const marginMs = Math.max(MIN_MARGIN_MS, Math.min(lifetimeMs, MAX_LIFETIME_MS) / 10);
  return { expiresAtMs, usableUntilMs: expiresAtMs - marginMs };
}

function secondsIn(value: unknown): number {
  if (typeof value === 'string' && /^\d{1,15}(\.\d{1,15})?$/.test(value)) return Number(value);
  return typeof value === 'number' ? value : 0;
}

const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:(\.\d{1,3})\d{0,30})?([Zz]|[+-]\d\d:\d\d)$/;

function timeIn(value: unknown): number | undefined {
  const parts = typeof value === 'string' ? RFC_3339.exec(value) : null;
  if (parts === null) return undefined;
  const [, date, time, fraction = '', zone = 'Z'] = parts;
  const ms = Date.parse(`${date}T${time}${fraction}${zone.toUpperCase()}`);
  return Number.isNaN(ms) ? undefined : ms;
}
