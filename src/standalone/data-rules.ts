import { type FieldError, forbiddenField, invalidField, requiredField } from '../api/field-error.ts';
import type { TypedObject } from '../api/meta.ts';
import { isJsonObject, type JsonObject, jsonType, sameJson, without } from './json.ts';
import { cannotBeHandled } from './object-body.ts';

/* Secrets and ConfigMaps: named pieces of data. */

const SECRET = { kind: 'Secret', version: 'v1' };
const CONFIG_MAP = { kind: 'ConfigMap', version: 'v1' };

const MAX_BYTES = 1_048_576;
const KEY = /^[-._a-zA-Z0-9]+$/;
const KEY_TEXT =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

interface TypeKeys {
  readonly keys: readonly string[];
  readonly json?: true;
}

const NO_KEYS: TypeKeys = { keys: [] };

/** Types that need certain keys; `json` tells that the first has JSON in it. */
const TYPES: Readonly<Record<string, TypeKeys>> = {
  'kubernetes.io/dockercfg': { keys: ['.dockercfg'], json: true },
  'kubernetes.io/dockerconfigjson': { keys: ['.dockerconfigjson'], json: true },
  'kubernetes.io/basic-auth': { keys: ['username', 'password'] },
  'kubernetes.io/ssh-auth': { keys: ['ssh-privatekey'] },
  'kubernetes.io/tls': { keys: ['tls.crt', 'tls.key'] },
};

type Data = { readonly [key: string]: string };
type Secret = TypedObject & { readonly type?: unknown; readonly data?: unknown; readonly stringData?: unknown };

/** A Secret as it is stored: `stringData` is a way of writing only. */
export function completeSecret(object: TypedObject): TypedObject {
  const { stringData, type = 'Opaque' } = object as Secret;
  const plain = Object.entries(texts(SECRET, 'stringData', stringData, 'string')).map(
    ([key, value]) => [key, Buffer.from(value).toString('base64')] as const,
  );
  const encoded = Object.entries(texts(SECRET, 'data', (object as Secret).data, '[]uint8')).map(
    ([key, value]) => [key, decoded(SECRET, value).toString('base64')] as const,
  );
  const data = Object.fromEntries([...encoded, ...plain]);
  const secret = without(object as Secret, 'stringData', 'data');
  return { ...secret, ...(Object.keys(data).length > 0 && { data }), type } as TypedObject;
}

export function secretErrors(object: TypedObject, before: TypedObject | undefined): FieldError[] {
  const { type, data = {} } = object as Secret & { readonly data?: Data };
  const errors = [...keyErrors('data', data), ...immutableErrors(object, before, ['data'])];
  if (before !== undefined && (before as Secret).type !== type) {
    errors.push(invalidField('type', type, 'field is immutable'));
  }
  let bytes = 0;
  for (const value of Object.values(data)) bytes += decoded(SECRET, value).length;
  if (bytes > MAX_BYTES) errors.push(tooLong('data'));
  const { keys, json } = typeof type === 'string' && Object.hasOwn(TYPES, type) ? (TYPES[type] ?? NO_KEYS) : NO_KEYS;
  // Of a log-in one of the two is enough.
  const missing = keys.filter(key => !Object.hasOwn(data, key));
  if (type !== 'kubernetes.io/basic-auth' || missing.length === keys.length) {
    errors.push(...missing.map(key => requiredField(`data[${key}]`)));
  }
  const [key = ''] = keys;
  const value = data[key];
  if (json && value !== undefined) errors.push(...jsonErrors(key, value));
  return errors;
}

export function configMapErrors(object: TypedObject, before: TypedObject | undefined): FieldError[] {
  const { data: given, binaryData } = object as TypedObject & {
    readonly data?: unknown;
    readonly binaryData?: unknown;
  };
  const data = texts(CONFIG_MAP, 'data', given, 'string');
  const binary = texts(CONFIG_MAP, 'binaryData', binaryData, '[]uint8');
  const errors = [...keyErrors('data', data), ...keyErrors('binaryData', binary)];
  for (const key of Object.keys(data)) {
    if (Object.hasOwn(binary, key)) {
      errors.push(invalidField(`data[${key}]`, key, 'duplicate of key present in binaryData'));
    }
  }
  const sizes = [...Object.values(data).map(text => Buffer.byteLength(text))];
  for (const value of Object.values(binary)) sizes.push(decoded(CONFIG_MAP, value).length);
  if (sizes.reduce((sum, size) => sum + size, 0) > MAX_BYTES) errors.push(tooLong('[]'));
  return [...errors, ...immutableErrors(object, before, ['data', 'binaryData'])];
}

function immutableErrors(
  object: TypedObject,
  before: TypedObject | undefined,
  fields: readonly string[],
): FieldError[] {
  const [now, was] = [object, before] as unknown as readonly [JsonObject, JsonObject | undefined];
  if (was?.['immutable'] !== true) return [];
  const why = 'field is immutable when `immutable` is set';
  const changed = fields.filter(field => !sameJson(now[field] ?? {}, was[field] ?? {}));
  const isUnset = now['immutable'] !== true;
  return [...(isUnset ? ['immutable'] : []), ...changed].map(field => forbiddenField(field, why));
}

function keyErrors(path: string, data: Data): FieldError[] {
  const odd = Object.keys(data).filter(key => !KEY.test(key) || key.length > 253);
  return odd.map(key => {
    const why = KEY.test(key) ? 'must be no more than 253 characters' : KEY_TEXT;
    return invalidField(`${path}[${key}]`, key, why);
  });
}

function jsonErrors(key: string, value: string): FieldError[] {
  const why = jsonFault(decoded(SECRET, value).toString());
  return why === undefined ? [] : [invalidField(`data[${key}]`, '<secret contents redacted>', why)];
}

function jsonFault(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return undefined;
    return `json: cannot unmarshal ${jsonType(value)} into Go value of type map[string]interface {}`;
  } catch (error) {
    // What the error says else shows a piece of the secret.
    return /end of JSON/.test((error as Error).message) ? 'unexpected end of JSON input' : 'it is no JSON';
  }
}

function texts(kind: typeof SECRET, field: string, value: unknown, type: string): Data {
  if (value === undefined) return {};
  const name = `Go struct field ${kind.kind}.${field} of type`;
  if (!isJsonObject(value)) {
    throw cannotBeHandled(kind, `json: cannot unmarshal ${jsonType(value)} into ${name} map[string]${type}`);
  }
  for (const text of Object.values(value)) {
    if (typeof text !== 'string') {
      throw cannotBeHandled(kind, `json: cannot unmarshal ${jsonType(text)} into ${name} ${type}`);
    }
  }
  return value as Data;
}

function decoded(kind: typeof SECRET, text: string): Buffer {
  const clean = text.replace(/[\r\n]/g, '');
  const [good = ''] = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?/.exec(clean) ?? [];
  if (good.length === clean.length) return Buffer.from(clean, 'base64');
  throw cannotBeHandled(kind, `illegal base64 data at input byte ${good.length}`);
}

function tooLong(path: string): FieldError {
  return { type: 'tooLong', path, detail: `may not be more than ${MAX_BYTES} bytes` };
}
