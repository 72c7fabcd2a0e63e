import { invalidField } from '../api/field-error.ts';
import { type ObjectMeta, objectMeta, type TypedObject } from '../api/meta.ts';
import { checkSchema } from '../api/validate.ts';
import { badRequest, complaint, invalid } from './faults.ts';
import { isJsonObject, type JsonObject, jsonType, without } from './json.ts';
import { apiVersionOf, type Kind } from './kinds.ts';
import { type Formed, schemaForm } from './schema-form.ts';

export interface Body {
  readonly object: TypedObject;
  /** Paths of fields that the kind does not have; they are not in `object`. */
  readonly unknown: readonly string[];
}

/**
 * An object of this kind, of what a client sent: its metadata has the fields and types that metadata has, all else the
 * form of the kind's schema. Objects of a kind of Kubernetes itself need not name it, as with the real one.
 */
export function readBody(kind: Kind, body: unknown): Body {
  if (!isJsonObject(body)) {
    const found = `json: cannot unmarshal ${jsonType(body)} into Go value of type map[string]interface {}`;
    throw badRequest(`the object provided is unrecognized (must be of type ${kind.kind}): ${found}`);
  }
  checkType(kind, body);
  const { metadata, unknown } = readMetadata(kind, body['metadata']);
  const formed = formOf(kind, body);
  const object = { ...(formed.value as JsonObject), apiVersion: apiVersionOf(kind), kind: kind.kind, metadata };
  return { object, unknown: [...unknown, ...formed.unknown] };
}

function checkType(kind: Kind, body: JsonObject): void {
  const { kind: foundKind, apiVersion: foundVersion } = body;
  for (const [field, found] of Object.entries({ kind: foundKind, apiVersion: foundVersion })) {
    if (found === undefined || found === null || typeof found === 'string') continue;
    const why = `json: cannot unmarshal ${jsonType(found)} into Go struct field .${field} of type string`;
    throw badRequest(`couldn't get version/kind; json parse error: ${why}`);
  }
  const version = apiVersionOf(kind);
  if (kind.schema === undefined) {
    if ((foundKind ?? kind.kind) === kind.kind && (foundVersion ?? version) === version) return;
    const why = `no kind "${foundKind ?? kind.kind}" is registered for version "${foundVersion ?? version}"`;
    throw cannotBeHandled(kind, why, foundKind);
  }
  if (foundKind === undefined || foundKind === '') {
    throw badRequest(`the object provided is unrecognized (must be of type ${kind.kind}): Object 'Kind' is missing`);
  }
  if (foundVersion !== version) {
    const found = foundVersion ?? '';
    throw badRequest(`the API version in the data (${found}) does not match the expected API version (${version})`);
  }
  if (foundKind !== kind.kind) {
    const error = invalidField('kind', foundKind, `must be ${kind.kind}`);
    throw invalid({ ...kind, kind: String(foundKind) }, nameOf(body), [complaint(error)]);
  }
}

/** 400 `ImageStream in version "v1" cannot be handled as a ImageStream: <why>`. */
export function cannotBeHandled(kind: Pick<Kind, 'kind' | 'version'>, why: string, found: unknown = kind.kind): Error {
  return badRequest(`${found} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${why}`);
}

function readMetadata(kind: Kind, value: unknown): { metadata: ObjectMeta; unknown: readonly string[] } {
  if (value === undefined || value === null) return { metadata: {}, unknown: [] };
  if (!isJsonObject(value)) {
    throw cannotBeHandled(kind, `json: cannot unmarshal ${jsonType(value)} into Go value of type v1.ObjectMeta`);
  }
  // What is empty or null counts as not there.
  const given = Object.entries(value).filter(([, field]) => !isEmpty(field));
  const known = Object.fromEntries(given.filter(([name]) => Object.hasOwn(objectMeta.properties, name)));
  const [fault] = checkSchema(objectMeta, known, 'metadata');
  if (fault !== undefined) throw cannotBeHandled(kind, `${fault.path}: ${fault.message}`);
  const unknown = Object.keys(value).filter(name => !Object.hasOwn(objectMeta.properties, name));
  return { metadata: known, unknown: unknown.map(name => `metadata.${name}`) };
}

/** An object without its metadata in the form of its kind, and the fields that it should not have. */
export function formOf({ schema, fields }: Kind, object: JsonObject): Formed {
  const body = without(object, 'metadata');
  if (schema !== undefined) return schemaForm(schema, body);
  const names = ['apiVersion', 'kind', ...fields];
  const known = Object.entries(body).filter(([name]) => names.includes(name));
  const unknown = Object.keys(body).filter(name => !names.includes(name));
  return { value: withoutNulls(Object.fromEntries(known)), unknown: unknown.sort() };
}

/** In the kinds of Kubernetes itself a field that is null is a field that is not there. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(entries.map(([name, field]) => [name, withoutNulls(field)]));
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === 0) return true;
  return Array.isArray(value) ? value.length === 0 : isJsonObject(value) && Object.keys(value).length === 0;
}

function nameOf({ metadata }: JsonObject): string {
  const name = isJsonObject(metadata) ? metadata['name'] : undefined;
  return typeof name === 'string' ? name : '';
}
