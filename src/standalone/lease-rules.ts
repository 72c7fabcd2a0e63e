import { type FieldError, invalidField } from '../api/field-error.ts';
import type { TypedObject } from '../api/meta.ts';
import { jsonType } from './json.ts';
import { checkMicroTimes, fieldAt } from './micro-time.ts';
import { cannotBeHandled } from './object-body.ts';

const LEASE = { kind: 'Lease', version: 'v1' };

/** What is wrong with a Lease. */
export function leaseErrors(lease: TypedObject): FieldError[] {
  checkMicroTimes(LEASE, lease, ['spec.acquireTime', 'spec.renewTime']);
  const errors: FieldError[] = [];
  const seconds = int32(lease, 'leaseDurationSeconds');
  const transitions = int32(lease, 'leaseTransitions');
  if (seconds !== undefined && seconds <= 0) {
    errors.push(invalidField('spec.leaseDurationSeconds', seconds, 'must be greater than 0'));
  }
  if (transitions !== undefined && transitions < 0) {
    errors.push(invalidField('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'));
  }
  return errors;
}

function int32(lease: TypedObject, name: string): number | undefined {
  const value = fieldAt(lease, `spec.${name}`);
  if (value === undefined || (typeof value === 'number' && Number.isInteger(value))) return value;
  const why = `json: cannot unmarshal ${jsonType(value)} into Go struct field LeaseSpec.spec.${name} of type int32`;
  throw cannotBeHandled(LEASE, why);
}
