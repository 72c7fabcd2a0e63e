import { type FieldError, fieldErrorBody, fieldErrorReason, quote } from '../api/field-error.ts';
import type { StatusCause, StatusDetails } from '../api/status.ts';
import { type Kind, qualifiedName } from './kinds.ts';
import { ApiFault } from './objects.ts';

/** What is wrong with one field: a cause of a 422. */
export interface Complaint {
  readonly path: string;
  /** `FieldValueInvalid`, `FieldValueRequired` and so on. */
  readonly reason: string;
  /** What is wrong, without the path. */
  readonly message: string;
}

export function complaint(error: FieldError): Complaint {
  return { path: error.path, reason: fieldErrorReason(error.type), message: fieldErrorBody(error) };
}

/* Refusals in the words of kube-apiserver, as 1.36 says them. */

/** 404 `imagestreams.image.openshift.io "app" not found`. */
export function notFound(kind: Kind, name: string): ApiFault {
  return fault(404, 'NotFound', `${qualifiedName(kind)} ${quote(name)} not found`, resource(kind, name));
}

/** 409, also while the one that is there is being deleted. */
export function alreadyExists(kind: Kind, name: string, isBeingDeleted: boolean): ApiFault {
  const why = isBeingDeleted ? 'object is being deleted: ' : '';
  const message = `${why}${qualifiedName(kind)} ${quote(name)} already exists`;
  return fault(409, 'AlreadyExists', message, resource(kind, name));
}

/** 409 `Operation cannot be fulfilled on …: <why>`. */
export function conflict(kind: Kind, name: string, why: string): ApiFault {
  const message = `Operation cannot be fulfilled on ${qualifiedName(kind)} ${quote(name)}: ${why}`;
  return fault(409, 'Conflict', message, resource(kind, name));
}

/** 409 of a delete: it speaks of the kind, not of the resource. */
export function preconditionFailed(kind: Kind, name: string, why: string): ApiFault {
  const message = `Operation cannot be fulfilled on ${kindName(kind)} ${quote(name)}: ${why}`;
  return fault(409, 'Conflict', message, object(kind, name));
}

/** 403 `namespaces "default" is forbidden: <why>`. */
export function forbidden(kind: Kind, name: string, why: string, cause?: StatusCause): ApiFault {
  const message = `${qualifiedName(kind)} ${quote(name)} is forbidden: ${why}`;
  const causes = cause === undefined ? {} : { causes: [cause] };
  return fault(403, 'Forbidden', message, { ...resource(kind, name), ...causes });
}

/** 422 `ImageStream.image.openshift.io "app" is invalid: <errors>`. */
export function invalid(kind: Kind, name: string, complaints: readonly Complaint[]): ApiFault {
  return invalidDetails(kindName(kind), object(kind, name), complaints);
}

/** The same of what is checked late, where the real one has the resource at hand, not the kind. */
export function invalidResource(kind: Kind, name: string, errors: readonly FieldError[]): ApiFault {
  return invalidDetails(qualifiedName(kind), resource(kind, name), errors.map(complaint));
}

/** 422 about a patch, which is of no kind. */
export function invalidPatch(error: FieldError): ApiFault {
  return invalidDetails('', {}, [complaint(error)]);
}

/** 422 that says no more. */
export function unprocessable(): ApiFault {
  return fault(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
}

export function badRequest(message: string): ApiFault {
  return fault(400, 'BadRequest', message);
}

export function unsupportedMediaType(accepted: readonly string[]): ApiFault {
  const types = accepted.join(', ');
  const message = `the body of the request was in an unknown format - accepted media types include: ${types}`;
  return fault(415, 'UnsupportedMediaType', message);
}

export function tooLarge(message: string): ApiFault {
  return fault(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`);
}

/** 500 without a reason: what the real one has no better word for. */
export function internal(message: string): ApiFault {
  return fault(500, '', message);
}

function invalidDetails(what: string, details: StatusDetails, complaints: readonly Complaint[]): ApiFault {
  const texts = [...new Set(complaints.map(({ path, message }) => `${path}: ${message}`))];
  const list = texts.length > 1 ? `[${texts.join(', ')}]` : texts.join();
  const causes = complaints.map(({ path, reason, message }) => ({ reason, message, field: path }));
  const message = `${what} ${quote(details.name ?? '')} is invalid: ${list}`;
  return fault(422, 'Invalid', message, { ...details, causes });
}

function resource({ plural, group }: Kind, name: string): StatusDetails {
  return details(plural, group, name);
}

function object(kind: Kind, name: string): StatusDetails {
  return details(kind.kind, groupOf(kind), name);
}

/** `ImageStream.image.openshift.io`. */
function kindName(kind: Kind): string {
  return qualifiedName({ plural: kind.kind, group: groupOf(kind) });
}

/** A kind that is stored as another is spoken of as that, unlike its resource. */
function groupOf({ group, storedAs }: Kind): string {
  return storedAs?.group ?? group;
}

/** The API server leaves out what is empty. */
function details(kind: string, group: string, name: string): StatusDetails {
  return { ...(name !== '' && { name }), ...(group !== '' && { group }), kind };
}

/** A failure with these words. */
export function fault(code: number, reason: string, message: string, details?: StatusDetails): ApiFault {
  return new ApiFault({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason !== '' && { reason }),
    ...(details && { details }),
    code,
  });
}
