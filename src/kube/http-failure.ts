import { NoAnswer, type NoAnswerReason } from './api-error.ts';
import { BodyTooLarge } from './http-body.ts';

/** What a request's failure means, by the code of the error underneath. Any other code: the connection `broke`. */
const REASON_BY_CODE: Readonly<Record<string, NoAnswerReason>> = {
  ECONNREFUSED: 'unreachable',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  UND_ERR_CONNECT_TIMEOUT: 'unreachable',
  UND_ERR_HEADERS_TIMEOUT: 'silent',
  UND_ERR_BODY_TIMEOUT: 'silent',
};
/** The connection was never agreed upon, so nothing was asked: `UNABLE_TO_VERIFY_LEAF_SIGNATURE` and its kin. */
const NO_TRUST = /^(ERR_TLS|ERR_SSL)|CERT|SELF_SIGNED|UNABLE_TO/;

/** The error of a request that failed underneath. */
export function noAnswer(action: string, cause: unknown): NoAnswer {
  if (cause instanceof NoAnswer) return cause;
  if (cause instanceof BodyTooLarge) return new NoAnswer(action, 'tooLarge', { cause, detail: cause.message });
  const code = codeOf(cause);
  const reason = REASON_BY_CODE[code] ?? (NO_TRUST.test(code) ? 'unreachable' : 'broken');
  return new NoAnswer(action, reason, { cause });
}

function codeOf(error: unknown): string {
  return Error.isError(error) && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
