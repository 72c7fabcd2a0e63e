import type { TypedObject } from '../api/meta.ts';
import { invalid } from './faults.ts';
import { sameJson, without } from './json.ts';
import type { Kind } from './kinds.ts';
import { metadataErrors } from './metadata-rules.ts';

/** An object in which nothing but its metadata is left to do. Throws `ApiFault` (422) where it may not be so. */
export function acceptState(kind: Kind, object: TypedObject, before: TypedObject | undefined): TypedObject {
  const whole = kind.complete?.(object, before) ?? object;
  const errors = [...metadataErrors(kind, whole.metadata), ...(kind.check?.(whole, before) ?? [])];
  if (errors.length > 0) throw invalid(kind, whole.metadata.name ?? '', errors);
  return whole;
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
