/** JSON Schema (draft 7), as far as the chart's values need it. */
export interface ValueSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: true;
  readonly properties?: Readonly<Record<string, ValueSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | ValueSchema;
  readonly items?: ValueSchema;
  readonly oneOf?: readonly ValueSchema[];
}

/** One value that a user of the chart can set. */
export interface Value {
  /** What it is for: a comment of values.yaml, a cell of the README's table, a description of the schema. */
  readonly about: string;
  readonly default: unknown;
  readonly schema: ValueSchema;
}

/** Values that belong together, under one key. */
export interface ValueGroup {
  readonly about: string;
  readonly values: ValueTable;
}

export type ValueTable = Readonly<Record<string, Value | ValueGroup>>;

export function isGroup(entry: Value | ValueGroup): entry is ValueGroup {
  return 'values' in entry;
}

export function text(about: string, preset = '', rest: ValueSchema = {}): Value {
  return { about, default: preset, schema: { type: 'string', ...rest } };
}

export function flag(about: string, preset: boolean): Value {
  return { about, default: preset, schema: { type: 'boolean' } };
}

export function count(about: string, preset: number, rest: ValueSchema = {}): Value {
  return { about, default: preset, schema: { type: 'integer', minimum: 0, ...rest } };
}

export function choice(about: string, preset: string, choices: readonly unknown[]): Value {
  return { about, default: preset, schema: { enum: choices } };
}

/** Labels or annotations: any keys, texts as values. */
export function texts(about: string, preset: Readonly<Record<string, string>> = {}): Value {
  return { about, default: preset, schema: { type: 'object', additionalProperties: { type: 'string' } } };
}

export function list(about: string, items: ValueSchema, preset: readonly unknown[] = []): Value {
  return { about, default: preset, schema: { type: 'array', items } };
}

/** A closed object that the chart passes on, or reads, as it is. */
export function object(about: string, schema: ValueSchema, preset: object = {}): Value {
  return { about, default: preset, schema };
}

/** An object with these keys and no others. */
export function closed(
  properties: Readonly<Record<string, ValueSchema>>,
  required: readonly string[] = [],
): ValueSchema {
  return {
    type: 'object',
    properties,
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}
