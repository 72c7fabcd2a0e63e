import type { Status } from '../api/status.ts';

/** The API server answered with a failure. Its text is the server's own message; headers and bodies stay out. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status code. */
  readonly code: number;
  /** As the server gave it, or made from the code when the body was no Status. */
  readonly status: Status;
  /** From Retry-After, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(action: string, code: number, status: Status, retryAfterMs?: number) {
    super(`Cannot ${action}: the API server answered ${code}${status.message ? `: ${status.message}` : ''}`);
    this.code = code;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
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

/** The resourceVersion or the continue token is too old: list again. */
export function isExpired(error: unknown): boolean {
  return error instanceof ApiError && error.code === 410;
}

const TOO_LARGE = /too large|larger than max|exceed/i;

/** A write that would be refused again however often it is sent (design D7): 413, 422, 403, or 500 for size. */
export function isRefusedForGood(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  if (error.code === 500) return TOO_LARGE.test(error.status.message ?? '');
  return error.code === 413 || error.code === 422 || error.code === 403;
}
