import { type FieldError, fieldErrorBody, fieldErrorReason, formatFieldError, quote } from './field-error.ts';
import { GROUP } from './names.ts';
import type { Status, StatusDetails } from './status.ts';

export {
  type FieldError,
  type FieldErrorType,
  forbiddenField,
  formatFieldError,
  internalField,
  invalidField,
  notFoundField,
  quote,
  requiredField,
} from './field-error.ts';

/*
 * Statuses as OpenShift answers them, in the form they have inside another object: no `kind` and `apiVersion`, but an
 * empty `metadata`. `standalone` adds the first two where the status is the whole answer.
 */

export const successStatus: Status = { metadata: {}, status: 'Success' };

/** Makes an embedded status one that can be printed or answered by itself. */
export function standalone(status: Status): Status {
  return { kind: 'Status', apiVersion: 'v1', ...status };
}

/**
 * 422 `<Kind>.image.openshift.io "<name>" is invalid: <errors>`. Without a kind the message begins with a space, as
 * OpenShift's does (import-semantics 3). Several errors stand in brackets; equal ones are printed once.
 */
export function invalidStatus(kind: string, name: string, errors: readonly FieldError[]): Status {
  const texts = [...new Set(errors.map(formatFieldError))];
  const list = texts.length > 1 ? `[${texts.join(', ')}]` : (texts[0] ?? '');
  const causes = errors.map(error => ({
    reason: fieldErrorReason(error.type),
    message: fieldErrorBody(error),
    field: error.path,
  }));
  const message = `${qualified(kind)} ${quote(name)} is invalid${list === '' ? '' : `: ${list}`}`;
  return failure(422, 'Invalid', message, { ...about(kind, name), causes });
}

/** 404 `<resource>.image.openshift.io "<name>" not found`. For an image at a registry the resource is `dockerimage`. */
export function notFoundStatus(resource: string, name: string): Status {
  return failure(404, 'NotFound', `${qualified(resource)} ${quote(name)} not found`, about(resource, name));
}

/** 409 `Operation cannot be fulfilled on <resource>.image.openshift.io "<name>": <detail>`. */
export function conflictStatus(resource: string, name: string, detail: string): Status {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} ${quote(name)}: ${detail}`;
  return failure(409, 'Conflict', message, about(resource, name));
}

/** 403 `forbidden: <detail>`. It speaks of no resource: `details` is empty. */
export function forbiddenStatus(detail: string): Status {
  return failure(403, 'Forbidden', `forbidden: ${detail}`, {});
}

/** 401 with this message; it has no `details`. */
export function unauthorizedStatus(message: string): Status {
  return failure(401, 'Unauthorized', message);
}

/**
 * 500 `Internal error occurred: <text>`; `text` is what follows the colon. `causeMessage` is
 * `details.causes[0].message`, by default the same text.
 */
export function internalErrorStatus(text: string, causeMessage: string = text): Status {
  const details = { causes: [{ message: causeMessage }] };
  return failure(500, 'InternalError', `Internal error occurred: ${text}`, details);
}

function failure(code: number, reason: string, message: string, details?: StatusDetails): Status {
  return { metadata: {}, status: 'Failure', message, reason, ...(details && { details }), code };
}

function qualified(kind: string): string {
  return kind === '' ? '' : `${kind}.${GROUP}`;
}

/** The API server leaves out what is empty. */
function about(kind: string, name: string): StatusDetails {
  return { ...(name !== '' && { name }), ...(kind !== '' && { group: GROUP, kind }) };
}
