import type { Status } from '../api/status.ts';

/** Validation errors quote what they refuse; a log line or a condition needs no more than their beginning. */
const MAX_MESSAGE = 500;

/** The API server answered with a failure. Its text is the server's own message; headers and bodies stay out. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status code, or the code of a watch's ERROR event. */
  readonly code: number;
  /** As the server gave it, or made from the code when the body was no Status. */
  readonly status: Status;
  /** From Retry-After, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(action: string, code: number, status: Status, retryAfterMs?: number) {
    super(`Cannot ${action}: the API server answered ${code}${status.message ? `: ${cut(status.message)}` : ''}`);
    this.code = code;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** What became of a request that has no answer, or none that can be used. */
export type NoAnswerReason = 'unreachable' | 'silent' | 'broken' | 'tooLarge' | 'unreadable' | 'credentials';

const REASON_TEXTS: Readonly<Record<NoAnswerReason, string>> = {
  unreachable: 'the API server cannot be reached',
  silent: 'the API server took too long',
  broken: 'the connection to the API server broke',
  tooLarge: 'the answer is larger than it may be',
  unreadable: 'what the API server sent cannot be read',
  credentials: 'there are no credentials',
};

/**
 * No answer came, or none that can be used. Whether the server did what it was asked is unknown, unless it was
 * `unreachable` or there were no `credentials`. What happened underneath is the `cause`.
 */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  readonly reason: NoAnswerReason;

  constructor(action: string, reason: NoAnswerReason, options: { readonly cause?: unknown; readonly detail?: string }) {
    const detail = options.detail ?? causeText(options.cause);
    super(`Cannot ${action}: ${REASON_TEXTS[reason]}${detail === '' ? '' : ` (${detail})`}`, { cause: options.cause });
    this.reason = reason;
  }
}

/** No such object (or kind). */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.code === 404;
}

/** The object is not what it was when the write was computed, or exists already. */
export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.code === 409;
}

/** Of the conflicts, the one of a create: there is an object of this name. */
export function isAlreadyExists(error: unknown): boolean {
  return error instanceof ApiError && error.code === 409 && error.status.reason === 'AlreadyExists';
}

/** The resourceVersion or the continue token is too old: list again. */
export function isExpired(error: unknown): boolean {
  return error instanceof ApiError && error.code === 410;
}

/** The answer was cut off because of its size: ask for less. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof NoAnswer && error.reason === 'tooLarge';
}

/** What etcd, and the connection to it, say of an object. "exceeded" alone would match every deadline. */
const TOO_LARGE = /too large|larger than max/i;

/** A write that would be refused again however often it is sent (design D7): 413, 422, 403, or 500 for size. */
export function isRefusedForGood(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  if (error.code === 500) return TOO_LARGE.test(error.status.message ?? '');
  return error.code === 413 || error.code === 422 || error.code === 403;
}

/** A code where there is one: messages of the network repeat addresses, which change from try to try. */
function causeText(cause: unknown): string {
  if (!Error.isError(cause)) return '';
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  if (code === '' && Error.isError(cause.cause)) return causeText(cause.cause);
  return code;
}

function cut(message: string): string {
  return message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message;
}
