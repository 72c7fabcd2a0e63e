import type { TypedObject } from '../api/meta.ts';
import { checkSchema } from '../api/validate.ts';
import { type Complaint, complaint, invalid } from './faults.ts';
import { sameJson, without } from './json.ts';
import type { Kind } from './kinds.ts';
import { metadataErrors } from './metadata-rules.ts';
import { ruleFaults } from './schema-rules.ts';

/** What makes an API server leave the rules of a schema unasked. */
const BLOCKING = ['NotSupported', 'Required', 'TooLong', 'TooMany', 'TypeInvalid'].map(what => `FieldValue${what}`);
const NOT_CHECKED: Complaint = {
  path: '<nil>',
  reason: 'FieldValueInvalid',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};

/**
 * A new state as it may be stored, with what the API server itself adds. `before` is the state that it follows.
 * Throws `ApiFault` (422) with all that is wrong with it.
 */
export function acceptState(kind: Kind, object: TypedObject, before: TypedObject | undefined): TypedObject {
  const whole = kind.complete?.(object, before) ?? object;
  const errors = [...metadataErrors(kind, whole.metadata), ...(kind.check?.(whole, before) ?? [])];
  const complaints = [...errors.map(complaint), ...schemaComplaints(kind, whole)];
  if (kind.schema !== undefined) {
    const isBlocked = complaints.some(({ reason }) => BLOCKING.includes(reason));
    complaints.push(...(isBlocked ? [NOT_CHECKED] : ruleFaults(kind.schema, whole, before)));
  }
  if (complaints.length > 0) throw invalid(kind, whole.metadata.name ?? '', complaints);
  return whole;
}

function schemaComplaints({ schema }: Kind, object: TypedObject): readonly Complaint[] {
  // A CRD says no more of metadata than that it is an object.
  return schema === undefined ? [] : checkSchema(schema, without(object, 'metadata'), '');
}

/** Of a change, the part that this path may change: status and all else leave each other alone. */
export function changedPart(
  kind: Kind,
  before: TypedObject,
  after: TypedObject,
  subresource: 'status' | undefined,
): TypedObject {
  if (!kind.statusSubresource) return after;
  const [ofStatus, ofRest] = subresource === 'status' ? [after, before] : [before, after];
  const rest = without(ofRest as TypedObject & { readonly status?: unknown }, 'status');
  const { status } = ofStatus as TypedObject & { readonly status?: unknown };
  return status === undefined ? rest : ({ ...rest, status } as TypedObject);
}

/** With the generation that this change makes. */
export function counted(kind: Kind, before: TypedObject, after: TypedObject): TypedObject {
  if (!kind.generations || sameJson(countedPart(kind, before), countedPart(kind, after))) return after;
  return nextGeneration(kind, after);
}

export function nextGeneration(kind: Kind, object: TypedObject): TypedObject {
  if (!kind.generations) return object;
  const generation = (object.metadata.generation ?? 0) + 1;
  return { ...object, metadata: { ...object.metadata, generation } };
}

function countedPart({ statusSubresource }: Kind, object: TypedObject): object {
  const rest = without(object as TypedObject & { readonly status?: unknown }, 'metadata');
  return statusSubresource ? without(rest, 'status') : rest;
}
