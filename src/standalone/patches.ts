import { invalidField } from '../api/field-error.ts';
import type { TypedObject } from '../api/meta.ts';
import { ApplyFailed, applyMerge } from './apply-patch.ts';
import * as faults from './faults.ts';
import { isJsonObject, type JsonObject, jsonType, textOf } from './json.ts';
import { jsonPatch, PatchFailed } from './json-patch.ts';
import { apiVersionOf, type Kind } from './kinds.ts';
import { mergePatch } from './merge-patch.ts';
import { formOf } from './object-body.ts';
import type { Patch } from './objects.ts';
import { shapeOf } from './shape.ts';
import { StrategicFailed, strategicPatch } from './strategic-patch.ts';

const MAX_OPERATIONS = 10_000;
/** Of a custom kind. */
const ACCEPTED = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'];

/** An object after a patch, still to be read as one. Throws `ApiFault`. */
export function patched(kind: Kind, object: TypedObject, patch: Patch): unknown {
  return refusing(kind, object.metadata.name ?? '', () => {
    switch (patch.type) {
      case 'json':
        return jsonPatch(object, readOperations(patch.operations));
      case 'merge':
        return mergePatch(object, readBody(patch.body));
      case 'strategic':
        if (kind.schema !== undefined) throw faults.unsupportedMediaType(ACCEPTED);
        return strategicPatch(shapeOf(kind), object, readBody(patch.body));
      case 'apply':
        return applyMerge(shapeOf(kind), object, readApplied(kind, patch.body));
    }
  });
}

function refusing<T>(kind: Kind, name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof PatchFailed) throw faults.unprocessable();
    if (error instanceof StrategicFailed) throw faults.internal(error.message);
    if (error instanceof ApplyFailed) throw cannotApply(kind, name, error.message);
    throw error;
  }
}

/** The body to create of what is applied where nothing is yet: its name may be in the path alone. */
export function firstApplied(kind: Kind, name: string, applied: unknown): unknown {
  const body = readApplied(kind, applied);
  const { resourceVersion: _version, uid, ...metadata } = isJsonObject(body['metadata']) ? body['metadata'] : {};
  if (uid !== undefined && uid !== '') {
    const error = faults.complaint(invalidField('metadata.uid', uid, 'field is immutable'));
    throw faults.invalid(kind, name, [error]);
  }
  return refusing(kind, name, () => {
    return applyMerge(shapeOf(kind), {}, { ...body, metadata: { ...metadata, name: metadata['name'] ?? name } });
  });
}

function readApplied(kind: Kind, body: unknown): JsonObject {
  if (!isJsonObject(body)) {
    const why = `json: cannot unmarshal ${jsonType(body)} into Go value of type map[string]interface {}`;
    throw faults.badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: ${why}`);
  }
  const { apiVersion = '', kind: found = '', metadata } = body;
  if (apiVersion !== apiVersionOf(kind) || found !== kind.kind) {
    const [version = '', group = ''] = textOf(apiVersion).split('/').reverse();
    throw faults.badRequest(`invalid object type: ${group}/${version}, Kind=${textOf(found)}`);
  }
  if (isJsonObject(metadata) && metadata['managedFields'] !== undefined && metadata['managedFields'] !== null) {
    throw faults.badRequest('metadata.managedFields must be nil');
  }
  const [unknown] = formOf(kind, body).unknown;
  if (unknown !== undefined) {
    const name = isJsonObject(metadata) ? textOf(metadata['name'] ?? '') : '';
    throw cannotApply(kind, name, `.${unknown}: field not declared in schema`);
  }
  return body;
}

function cannotApply(kind: Kind, name: string, why: string): Error {
  const version = kind.group === '' ? `/${kind.version}` : apiVersionOf(kind);
  return faults.internal(`failed to create typed patch object (/${name}; ${version}, Kind=${kind.kind}): ${why}`);
}

function readOperations(operations: unknown): readonly JsonObject[] {
  if (operations === null) return [];
  if (!Array.isArray(operations)) throw cannotDecode(operations, '[]handlers.jsonPatchOp');
  if (operations.length > MAX_OPERATIONS) {
    const why = `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${operations.length}`;
    throw faults.tooLarge(why);
  }
  const odd = operations.find(one => !isJsonObject(one));
  if (odd !== undefined) throw cannotDecode(odd, 'handlers.jsonPatchOp');
  return operations;
}

function readBody(body: unknown): JsonObject {
  if (body === null) throw faults.badRequest('Invalid JSON Patch');
  if (!isJsonObject(body)) throw cannotDecode(body, 'map[string]interface {}');
  return body;
}

function cannotDecode(value: unknown, type: string): Error {
  return faults.badRequest(
    `error decoding patch: json: cannot unmarshal ${jsonType(value)} into Go value of type ${type}`,
  );
}
