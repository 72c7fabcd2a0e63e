import { invalidField, quote } from '../api/field-error.ts';
import type { ObjectMeta, TypedObject } from '../api/meta.ts';
import * as faults from './faults.ts';
import { isJsonObject, textOf } from './json.ts';
import { apiVersionOf, type Kind } from './kinds.ts';
import { metadataWarnings } from './metadata-rules.ts';
import { cannotBeHandled } from './object-body.ts';
import type { DeleteOptions, Target, WriteOptions } from './objects.ts';

/* What a request must agree with before anything is written. They throw `ApiFault`. */

/** What a body says of its place must be what the path says. */
export function checkPlace({ kind, namespace, name }: Target, metadata: ObjectMeta): void {
  const isElsewhere = (metadata.namespace ?? namespace) !== namespace;
  // As the real one: a client that names the default namespace for whatever it sends is forgiven.
  if (isElsewhere && (kind.namespaced || metadata.namespace !== 'default')) {
    throw faults.badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (name === '') return;
  if (metadata.name === undefined) {
    throw faults.badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  }
  if (metadata.name !== name) {
    throw faults.badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  }
}

export function checkVersion({ kind, name }: Target, found: ObjectMeta, { resourceVersion }: ObjectMeta): void {
  if (resourceVersion === undefined || resourceVersion === '0') {
    if (kind.unconditionalUpdate) return;
    const error = invalidField('metadata.resourceVersion', 0, 'must be specified for an update');
    throw faults.invalidResource(kind, name, [error]);
  }
  if (!/^\d+$/.test(resourceVersion)) {
    throw faults.internal(`strconv.ParseUint: parsing ${quote(resourceVersion)}: invalid syntax`);
  }
  if (resourceVersion === found.resourceVersion) return;
  const why = 'the object has been modified; please apply your changes to the latest version and try again';
  throw faults.conflict(kind, name, why);
}

export function checkUid({ kind, name }: Target, found: ObjectMeta, { uid }: ObjectMeta): void {
  if (uid === undefined || uid === found.uid) return;
  const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${found.uid}`;
  throw faults.conflict(kind, name, why);
}

export function checkPreconditions({ kind, name }: Target, metadata: ObjectMeta, options: DeleteOptions): void {
  const { uid, resourceVersion } = options;
  if (uid !== undefined && uid !== metadata.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`;
    throw faults.preconditionFailed(kind, name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`;
    throw faults.preconditionFailed(kind, name, why);
  }
}

/** What came of a patch must be of the kind that it was. */
export function checkPatchedType({ kind, name }: Target, after: unknown): void {
  if (!isJsonObject(after)) return;
  const { kind: foundKind, apiVersion } = after;
  if (foundKind === kind.kind && apiVersion === apiVersionOf(kind)) return;
  if (typeof foundKind !== 'string' || foundKind === '') {
    throw patchRefused(after, `Object 'Kind' is missing in '${JSON.stringify(after)}'`);
  }
  if (kind.schema === undefined) {
    throw patchRefused(after, `no kind ${quote(foundKind)} is registered for version ${quote(textOf(apiVersion))}`);
  }
  const error =
    foundKind === kind.kind
      ? invalidField('apiVersion', apiVersion, `must be ${apiVersionOf(kind)}`)
      : invalidField('kind', foundKind, `must be ${kind.kind}`);
  const [group = ''] = textOf(apiVersion).includes('/') ? textOf(apiVersion).split('/') : [];
  throw faults.invalid({ ...kind, kind: foundKind, group }, name, [faults.complaint(error)]);
}

/**
 * Warnings of a write: what the API server would rather not see, and fields that nobody knows, unless the client wants
 * those refused, or not told.
 */
export function told(
  kind: Kind,
  object: TypedObject,
  unknown: readonly string[],
  { fieldValidation }: WriteOptions,
  refused = (why: string): Error => cannotBeHandled(kind, why),
): readonly string[] {
  const texts = fieldValidation === 'Ignore' ? [] : unknown.map(path => `unknown field ${quote(path)}`);
  if (fieldValidation === 'Strict' && texts.length > 0) throw refused(`strict decoding error: ${texts.join(', ')}`);
  return [...texts, ...metadataWarnings(kind, object.metadata)];
}

/** 422 about what came of a patch: the real one quotes all of it. */
export function patchRefused(after: unknown, why: string): Error {
  return faults.invalidPatch(invalidField('patch', JSON.stringify(after), why));
}
