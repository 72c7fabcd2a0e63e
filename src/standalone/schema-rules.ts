import { Environment } from '@marcbachmann/cel-js';
import { type FieldErrorType, fieldErrorBody, fieldErrorReason, quote } from '../api/field-error.ts';
import type { Schema, ValidationRule } from '../api/schema.ts';
import type { Complaint } from './faults.ts';
import { isJsonObject } from './json.ts';

const environment = new Environment({
  unlistedVariablesAreDyn: true,
  enableOptionalTypes: true,
  homogeneousAggregateLiterals: false,
});

type Evaluate = (variables: { readonly self: unknown; readonly oldSelf?: unknown }) => unknown;

/** Rules are compiled once: there are as many as our schemas have. */
const compiled = new WeakMap<ValidationRule, { readonly test: Evaluate; readonly tell: Evaluate | undefined }>();
const rulesBelow = new WeakMap<Schema, boolean>();

/**
 * Evaluates the CEL rules (`x-kubernetes-validations`) of a schema and of all below it. The value must fit the schema
 * otherwise. Rules about `oldSelf` are about changes: they hold where there is a value before, and it is known which.
 */
export function ruleFaults(schema: Schema, value: unknown, before: unknown): Complaint[] {
  const faults: Complaint[] = [];
  visit(schema, value, before, '', faults);
  return faults;
}

function visit(schema: Schema, value: unknown, before: unknown, path: string, faults: Complaint[]): void {
  if (value === null || value === undefined || !hasRules(schema)) return;
  const rules = schema['x-kubernetes-validations'] ?? [];
  if (rules.length > 0) {
    const self = celValue(schema, value);
    const oldSelf = before === undefined ? undefined : celValue(schema, before);
    for (const rule of rules) {
      if (!speaksOfBefore(rule) || before !== undefined) checkRule(rule, { self, oldSelf }, value, path, faults);
    }
  }
  const { properties = {}, additionalProperties, items } = schema;
  if (Array.isArray(value) && items !== undefined) {
    const befores = beforesOf(schema, before);
    for (const [at, item] of value.entries()) visit(items, item, befores(item), `${path}[${at}]`, faults);
  }
  if (!isJsonObject(value)) return;
  for (const [name, field] of Object.entries(value)) {
    const own = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    if (own === undefined) continue;
    const fieldBefore = isJsonObject(before) && Object.hasOwn(before, name) ? before[name] : undefined;
    visit(own, field, fieldBefore, path === '' ? name : `${path}.${name}`, faults);
  }
}

function checkRule(
  rule: ValidationRule,
  variables: Parameters<Evaluate>[0],
  value: unknown,
  path: string,
  faults: Complaint[],
): void {
  const { test, tell } = programs(rule);
  const at = `${path}${rule.fieldPath ?? ''}`;
  try {
    if (test(variables) === true) return;
    const told = tell?.(variables);
    const detail = typeof told === 'string' && told !== '' ? told : (rule.message ?? `failed rule: ${rule.rule}`);
    faults.push(fault(rule, at, value, detail));
  } catch (error) {
    // The library shows the place in the rule in further lines.
    const [message] = (error as Error).message.split('\n');
    faults.push(fault(rule, at, value, `${message} evaluating rule: ${rule.message ?? rule.rule}`));
  }
}

const TYPES: Readonly<Record<NonNullable<ValidationRule['reason']>, FieldErrorType>> = {
  FieldValueInvalid: 'invalid',
  FieldValueRequired: 'required',
  FieldValueForbidden: 'forbidden',
};

function fault(
  { reason = 'FieldValueInvalid', fieldPath }: ValidationRule,
  path: string,
  value: unknown,
  detail: string,
): Complaint {
  const type = TYPES[reason];
  // Objects and lists are not printed, nor what stands elsewhere than the rule.
  const isPrinted = fieldPath === undefined && (typeof value !== 'object' || value === null);
  const message =
    type === 'invalid' && !isPrinted ? `Invalid value: ${detail}` : fieldErrorBody({ type, path, value, detail });
  return { path, reason: fieldErrorReason(type), message };
}

function programs(rule: ValidationRule): { readonly test: Evaluate; readonly tell: Evaluate | undefined } {
  const known = compiled.get(rule);
  if (known !== undefined) return known;
  const parse = (text: string) => environment.parse(text) as unknown as Evaluate;
  const made = {
    test: parse(rule.rule),
    tell: rule.messageExpression === undefined ? undefined : parse(rule.messageExpression),
  };
  compiled.set(rule, made);
  return made;
}

/** Whether `oldSelf` stands in a rule, outside of its texts. */
function speaksOfBefore({ rule }: ValidationRule): boolean {
  return /\boldSelf\b/.test(rule.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, quote('')));
}

function hasRules(schema: Schema): boolean {
  const known = rulesBelow.get(schema);
  if (known !== undefined) return known;
  const { properties = {}, additionalProperties, items } = schema;
  const below = [...Object.values(properties), additionalProperties, items];
  const has =
    (schema['x-kubernetes-validations']?.length ?? 0) > 0 || below.some(one => one !== undefined && hasRules(one));
  rulesBelow.set(schema, has);
  return has;
}

/** Finds what an entry of a list was before: by the keys of a list that has some, else it is not known. */
function beforesOf(schema: Schema, before: unknown): (item: unknown) => unknown {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (keys === undefined || !Array.isArray(before)) return () => undefined;
  const keyOf = (item: unknown) => JSON.stringify(isJsonObject(item) ? keys.map(key => item[key] ?? null) : item);
  const byKey = new Map(before.map(item => [keyOf(item), item]));
  return item => byKey.get(keyOf(item));
}

/** A value in the types of CEL: integers are no doubles, times no texts. */
function celValue(schema: Schema | undefined, value: unknown): unknown {
  if (typeof value === 'number') return schema?.type === 'integer' ? BigInt(value) : value;
  if (typeof value === 'string') return schema?.format === 'date-time' ? new Date(value) : value;
  if (Array.isArray(value)) return value.map(item => celValue(schema?.items, item));
  if (!isJsonObject(value)) return value;
  const { properties = {}, additionalProperties } = schema ?? {};
  const entries = Object.entries(value).map(([name, field]) => {
    const own = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    return [name, celValue(own, field)] as const;
  });
  return Object.fromEntries(entries);
}
