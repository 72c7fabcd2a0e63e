import { type FieldError, fieldErrorBody, fieldErrorReason, formatFieldError } from '../../api/field-error.ts';
import { fault } from '../faults.ts';
import type { ApiFault } from '../objects.ts';

/*
 * What the HTTP side of an API server refuses by itself, in its words. What writes mean refuses more.
 */

export function unauthorized(): ApiFault {
  return fault(401, 'Unauthorized', 'Unauthorized');
}

/** Nothing is served at this path. */
export function noSuchPath(): ApiFault {
  return fault(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function methodNotAllowed(): ApiFault {
  return fault(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
}

export function notAcceptable(message = `only the following media types are accepted: application/json`): ApiFault {
  return fault(406, 'NotAcceptable', message);
}

/** What is older is forgotten; the client must list again. */
export function expired(message: string): ApiFault {
  return fault(410, 'Expired', message);
}

/** The Host header names somebody else: a name that a web page let point here, say. */
export function misdirected(): ApiFault {
  return fault(421, 'MisdirectedRequest', 'the request is meant for another host');
}

/** 422: what the query, or the body of a deletion, asks for makes no sense. `options` is `PatchOptions` or the like. */
export function invalidOptions(options: string, errors: readonly FieldError[]): ApiFault {
  const texts = errors.map(formatFieldError);
  const list = texts.length > 1 ? `[${texts.join(', ')}]` : (texts[0] ?? '');
  const causes = errors.map(error => ({
    reason: fieldErrorReason(error.type),
    message: fieldErrorBody(error),
    field: error.path,
  }));
  const details = { group: 'meta.k8s.io', kind: options, causes };
  return fault(422, 'Invalid', `${options}.meta.k8s.io "" is invalid: ${list}`, details);
}

export function internalError(text: string): ApiFault {
  return fault(500, 'InternalError', `Internal error occurred: ${text}`, { causes: [{ message: text }] });
}

/** A version that is not reached yet. */
export function versionTooLarge(asked: number, current: number): ApiFault {
  return fault(504, 'Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}
