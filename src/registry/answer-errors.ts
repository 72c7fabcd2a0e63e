import type { Answer } from './authorization.ts';
import { type Call, failure } from './call.ts';
import type { OciError, RegistryError, RegistryErrorKind } from './errors.ts';
import { readErrorBody } from './oci-errors.ts';
import { isRedirect, singleHeader } from './transport.ts';

/** The codes registries send, and what each one means to us. A code outweighs the HTTP status. */
const KIND_BY_CODE: Readonly<Record<string, RegistryErrorKind>> = {
  UNAUTHORIZED: 'unauthorized',
  DENIED: 'denied',
  MANIFEST_UNKNOWN: 'notFound',
  NAME_UNKNOWN: 'notFound',
  BLOB_UNKNOWN: 'notFound',
  NOT_FOUND: 'notFound',
  TOOMANYREQUESTS: 'rateLimited',
  UNAVAILABLE: 'unavailable',
};

const KIND_BY_STATUS: Readonly<Record<number, RegistryErrorKind>> = {
  401: 'unauthorized',
  403: 'denied',
  404: 'notFound',
  408: 'timeout',
  429: 'rateLimited',
  499: 'unavailable',
};

/** The error of an answer that is none of the good ones (registry-client 8.1, R8.1, R8.4). */
export function answerError(answer: Answer, call: Call): RegistryError {
  const { status, from, refusal, retryAtMs } = answer;
  const errors = readErrorBody(answer.bytes, singleHeader(answer.headers, 'content-type'), status);
  const kind = kindOf(status, errors);
  const reason = reasonOf(kind, answer);
  return failure(call, {
    kind,
    status,
    from,
    ...(reason === undefined ? {} : { reason }),
    ...(errors === undefined ? {} : { errors }),
    ...(retryAtMs === undefined ? {} : { retryAtMs }),
    ...(kind === 'unauthorized' && refusal === 'noCredentials' ? { detail: 'missing, or no access to it' } : {}),
  });
}

function kindOf(status: number, errors: readonly OciError[] | undefined): RegistryErrorKind {
  const codes = errors?.map(({ code }) => code) ?? [];
  // Some products put it behind another code; anywhere it decides (R8.4).
  if (codes.includes('MANIFEST_UNKNOWN')) return 'notFound';
  if (status === 404 && errors?.some(isHiddenNotFound)) return 'notFound';
  // An error document on a 5xx is the product's last words, not its answer.
  const byCode = status >= 500 ? undefined : codes.map(code => KIND_BY_CODE[code]).find(kind => kind !== undefined);
  if (byCode !== undefined) return byCode;
  if (status >= 500) return 'unavailable';
  if (status === 404 && errors !== undefined) return 'invalidResponse';
  return KIND_BY_STATUS[status] ?? 'invalidResponse';
}

function isHiddenNotFound({ code, message }: OciError): boolean {
  return code === 'UNKNOWN' && /not found/i.test(message);
}

function reasonOf(kind: RegistryErrorKind, { status, refusal }: Answer): RegistryError['reason'] {
  if (kind === 'unauthorized') return refusal;
  if (kind === 'unavailable') return 'httpStatus';
  if (kind === 'timeout') return 'headers';
  return kind === 'invalidResponse' || isRedirect(status) ? 'status' : undefined;
}
