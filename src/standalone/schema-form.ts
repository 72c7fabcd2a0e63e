import type { Schema } from '../api/schema.ts';
import { isJsonObject, type JsonObject } from './json.ts';

export interface Formed {
  readonly value: unknown;
  /** Paths of the fields that the schema does not know, sorted; they are not in `value`. */
  readonly unknown: readonly string[];
}

/**
 * A value in the form of its schema, as the API server stores it: unknown fields are left out, a null where none may be
 * counts as not there, defaults are filled in. What is of a wrong type is left for validation to tell.
 */
export function schemaForm(schema: Schema, value: unknown): Formed {
  const unknown: string[] = [];
  return { value: form(schema, value, '', unknown), unknown: unknown.sort() };
}

function form(schema: Schema, value: unknown, path: string, unknown: string[]): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item, at) => form(items, item, `${path}[${at}]`, unknown));
  }
  return isJsonObject(value) && schema.type === 'object' ? formObject(schema, value, path, unknown) : value;
}

function formObject(schema: Schema, value: JsonObject, path: string, unknown: string[]): JsonObject {
  const { properties = {}, additionalProperties } = schema;
  const formed: [string, unknown][] = [];
  for (const [name, field] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${name}`;
    // Own properties: a field named `constructor` is an unknown field like any other.
    const own = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    if (own !== undefined) {
      if (field !== null || own.nullable) formed.push([name, form(own, field, at, unknown)]);
    } else if (schema['x-kubernetes-preserve-unknown-fields']) formed.push([name, field]);
    else unknown.push(at);
  }
  const given = new Set(formed.map(([name]) => name));
  for (const [name, property] of Object.entries(properties)) {
    if (property.default !== undefined && !given.has(name)) {
      formed.push([name, structuredClone(property.default)]);
    }
  }
  return Object.fromEntries(formed);
}
