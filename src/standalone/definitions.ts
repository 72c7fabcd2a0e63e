import { type FieldError, invalidField, requiredField } from '../api/field-error.ts';
import type { TypedObject } from '../api/meta.ts';
import { isJsonObject, type JsonObject, textOf } from './json.ts';
import { fieldAt } from './micro-time.ts';

/* CustomResourceDefinitions: any is taken and called established. What is served is what the table of kinds says. */

/** A CustomResourceDefinition with its default names, and with what the API server says of it. */
export function completeDefinition(object: TypedObject): TypedObject {
  const { spec, status } = object as TypedObject & { readonly spec?: unknown; readonly status?: unknown };
  if (!isJsonObject(spec)) return object;
  const given = isJsonObject(spec['names']) ? spec['names'] : {};
  const { kind } = given;
  const isNamed = typeof kind === 'string' && kind !== '';
  const names = { ...(isNamed && { singular: kind.toLowerCase(), listKind: `${kind}List` }), ...given };
  return {
    ...object,
    spec: { ...spec, names, conversion: spec['conversion'] ?? { strategy: 'None' } },
    status: status ?? newStatus(object, spec, names),
  } as TypedObject;
}

function newStatus(object: TypedObject, spec: JsonObject, acceptedNames: JsonObject): JsonObject {
  const lastTransitionTime = object.metadata.creationTimestamp;
  const condition = (type: string, reason: string, message: string) => {
    return { type, status: 'True', lastTransitionTime, reason, message };
  };
  return {
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
    acceptedNames,
    storedVersions: storageVersions(spec).map(version => version['name']),
  };
}

export function definitionErrors(object: TypedObject): FieldError[] {
  const { name = '' } = object.metadata;
  const errors: FieldError[] = [];
  if (name !== `${textOf(fieldAt(object, 'spec.names.plural'))}.${textOf(fieldAt(object, 'spec.group'))}`) {
    errors.push(invalidField('metadata.name', name, 'must be spec.names.plural+"."+spec.group'));
  }
  for (const path of ['spec.group', 'spec.scope', 'spec.names.plural', 'spec.names.kind']) {
    if (typeof fieldAt(object, path) !== 'string' || fieldAt(object, path) === '') errors.push(requiredField(path));
  }
  const { spec } = object as TypedObject & { readonly spec?: unknown };
  const versions = fieldAt(spec, 'versions') ?? null;
  if (storageVersions(isJsonObject(spec) ? spec : {}).length !== 1) {
    errors.push(invalidField('spec.versions', versions, 'must have exactly one version marked as storage version'));
  }
  return errors;
}

function storageVersions(spec: JsonObject): JsonObject[] {
  const versions: readonly unknown[] = Array.isArray(spec['versions']) ? spec['versions'] : [];
  return versions.filter(isJsonObject).filter(({ storage }) => storage === true);
}
