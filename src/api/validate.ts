import { type FieldErrorType, fieldErrorBody, fieldErrorReason, quote } from './field-error.ts';
import { formatFits } from './formats.ts';
import type { Schema } from './schema.ts';

/** Where a value departs from its schema. */
export interface SchemaFault {
  /** `spec.tags[0].name`: lists by index, as the API server prints it. */
  readonly path: string;
  readonly kind: FaultKind;
  /** `reason` of a StatusCause, for example `FieldValueRequired`. */
  readonly reason: string;
  /** What is wrong, without the path: `Required value`. */
  readonly message: string;
}

export type FaultKind =
  | 'unknownField'
  | 'required'
  | 'type'
  | 'null'
  | 'enum'
  | 'format'
  | 'pattern'
  | 'length'
  | 'range'
  | 'items'
  | 'duplicate';

/** More faults than this help nobody, and a hostile object could hold a million. */
const MAX_FAULTS = 100;

/**
 * Compares a value as JSON has it with a structural schema, the way kube-apiserver does under strict field validation:
 * unknown fields are faults. `path` is where the value stands; "" for a whole object. CEL rules are left to the API
 * server. Never throws, however odd the value: the walk is as deep as the schema, not as the value.
 */
export function checkSchema(schema: Schema, value: unknown, path: string): SchemaFault[] {
  const faults: SchemaFault[] = [];
  check(schema, value, path, faults);
  return faults;
}

/** `spec.tags[0].name: Required value`; an unknown field is named in the message itself. */
export function formatFault(fault: SchemaFault): string {
  return fault.kind === 'unknownField' || fault.path === '' ? fault.message : `${fault.path}: ${fault.message}`;
}

function check(schema: Schema, value: unknown, path: string, faults: SchemaFault[]): void {
  if (faults.length >= MAX_FAULTS) return;
  if (value === null && schema.nullable) return;
  const found = typeOf(value);
  if (found !== schema.type) {
    const kind = value === null ? 'null' : 'type';
    const detail = `${inBody(path)} must be of type ${schema.type}: "${found}"`;
    add(faults, kind, path, 'typeInvalid', found, detail);
  } else if (typeof value === 'string') {
    checkString(schema, value, path, faults);
  } else if (typeof value === 'number') {
    checkNumber(schema, value, path, faults);
  } else if (Array.isArray(value)) {
    checkList(schema, value, path, faults);
  } else if (isObject(value)) {
    checkObject(schema, value, path, faults);
  }
}

function checkString(schema: Schema, value: string, path: string, faults: SchemaFault[]): void {
  const { enum: allowed, format, pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema;
  if (allowed !== undefined && !allowed.includes(value)) {
    const supported = allowed.map(one => JSON.stringify(one)).join(', ');
    add(faults, 'enum', path, 'unsupported', value, `supported values: ${supported}`);
  }
  // Kubernetes counts code points; no text has more of them than UTF-16 units.
  const length = value.length > maxLength || minLength > 1 ? codePoints(value) : value.length;
  if (length > maxLength) {
    // As the API server says it, though it counts characters.
    add(faults, 'length', path, 'tooLong', value, `may not be more than ${maxLength} bytes`);
  } else if (length < minLength) {
    const detail = `${inBody(path)} should be at least ${minLength} chars long`;
    add(faults, 'length', path, 'invalid', value, detail);
  } else if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) {
    add(faults, 'pattern', path, 'invalid', value, `${inBody(path)} should match '${pattern}'`);
  }
  if (format !== undefined && !formatFits(format, value)) {
    add(faults, 'format', path, 'typeInvalid', value, `${inBody(path)} must be of type ${format}: ${quote(value)}`);
  }
}

function checkNumber(schema: Schema, value: number, path: string, faults: SchemaFault[]): void {
  const { format, minimum, maximum } = schema;
  if (format !== undefined && !formatFits(format, value)) {
    add(faults, 'format', path, 'invalid', value, `${inBody(path)} must be of type ${format}`);
  }
  if (minimum !== undefined && value < minimum) {
    add(faults, 'range', path, 'invalid', value, `${inBody(path)} should be greater than or equal to ${minimum}`);
  }
  if (maximum !== undefined && value > maximum) {
    add(faults, 'range', path, 'invalid', value, `${inBody(path)} should be less than or equal to ${maximum}`);
  }
}

function checkList(schema: Schema, value: readonly unknown[], path: string, faults: SchemaFault[]): void {
  const { items, minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  if (value.length > maxItems) {
    // The entries of a list that is too long are not looked at: its length may be the attack.
    add(faults, 'items', path, 'tooMany', value.length, `must have at most ${maxItems} items`);
    return;
  }
  if (value.length < minItems) {
    const detail = `${inBody(path)} should have at least ${minItems} items`;
    add(faults, 'items', path, 'invalid', value.length, detail);
  }
  if (items !== undefined) {
    for (const [index, item] of value.entries()) check(items, item, `${path}[${index}]`, faults);
  }
  const keys = schema['x-kubernetes-list-map-keys'];
  if (keys !== undefined) checkKeys(keys, value, path, faults);
}

/** Entries of a list-map must differ in their keys. Entries without all of them have their own faults. */
function checkKeys(keys: readonly string[], list: readonly unknown[], path: string, faults: SchemaFault[]): void {
  const seen = new Map<string, number>();
  for (const [index, item] of list.entries()) {
    if (!isObject(item) || keys.some(key => !Object.hasOwn(item, key) || typeof item[key] !== 'string')) continue;
    const key = Object.fromEntries(keys.map(name => [name, item[name]]));
    const text = JSON.stringify(key);
    const times = (seen.get(text) ?? 0) + 1;
    seen.set(text, times);
    // However often it comes again, it is told once.
    if (times === 2) add(faults, 'duplicate', `${path}[${index}]`, 'duplicate', key, '');
  }
}

function checkObject(schema: Schema, value: JsonObject, path: string, faults: SchemaFault[]): void {
  const { properties = {}, required = [], additionalProperties, maxProperties = Number.POSITIVE_INFINITY } = schema;
  const names = Object.keys(value);
  if (names.length > maxProperties) {
    add(faults, 'items', path, 'tooMany', names.length, `must have at most ${maxProperties} items`);
    return;
  }
  for (const name of required) {
    if (!Object.hasOwn(value, name) && properties[name]?.default === undefined) {
      add(faults, 'required', child(path, name), 'required', undefined, '');
    }
  }
  for (const name of names) {
    // Own properties on both sides: a field named `__proto__` or `constructor` is an unknown field like any other.
    const own = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    const at = additionalProperties === undefined ? child(path, name) : `${path}[${name}]`;
    if (own !== undefined) check(own, value[name], at, faults);
    else if (!schema['x-kubernetes-preserve-unknown-fields']) addUnknown(faults, at);
  }
}

function add(
  faults: SchemaFault[],
  kind: FaultKind,
  path: string,
  type: FieldErrorType,
  value: unknown,
  detail: string,
): void {
  if (faults.length >= MAX_FAULTS) return;
  faults.push({ path, kind, reason: fieldErrorReason(type), message: fieldErrorBody({ type, path, value, detail }) });
}

function addUnknown(faults: SchemaFault[], path: string): void {
  if (faults.length >= MAX_FAULTS) return;
  faults.push({ path, kind: 'unknownField', reason: 'FieldValueInvalid', message: `unknown field ${quote(path)}` });
}

type JsonObject = { readonly [name: string]: unknown };

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The type in the words of a schema. JSON knows no other; what is none of them is told by its JavaScript type. */
function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function child(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function inBody(path: string): string {
  return path === '' ? 'body' : `${path} in body`;
}
