import type { Schema } from '../../src/api/schema.ts';
import { isGroup, type ValueSchema, type ValueTable } from './value.ts';

/** values.schema.json: Helm refuses what it does not admit. */
export function valuesSchema(table: ValueTable): ValueSchema {
  const { properties } = tableSchema(table);
  return {
    // All that Helm 3 reads.
    ...{ $schema: 'http://json-schema.org/draft-07/schema#', title: 'Values of the chart imagestream-operator' },
    type: 'object',
    properties: {
      ...properties,
      // Helm itself puts it there for a chart that is a part of another one.
      global: { type: 'object', description: 'Of the chart that this one is a part of; not read.' },
    },
    additionalProperties: false,
  };
}

function tableSchema(table: ValueTable): ValueSchema {
  const properties = Object.entries(table).map(([name, entry]) => {
    const schema = isGroup(entry) ? tableSchema(entry.values) : entry.schema;
    return [name, { description: entry.about, ...schema }];
  });
  return { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false };
}

/** A schema of ours as JSON Schema, closed at every level, without these keys at the top. */
export function closedSchema(schema: Schema, without: readonly string[] = []): ValueSchema {
  const {
    properties,
    items,
    required = [],
    type,
    description,
    pattern,
    minimum,
    maximum,
    minLength,
    maxLength,
  } = schema;
  const rest = { type, description, pattern, minimum, maximum, minLength, maxLength, enum: schema.enum };
  const kept = Object.entries(properties ?? {}).filter(([name]) => !without.includes(name));
  const asked = required.filter(name => !without.includes(name));
  return {
    ...(Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as ValueSchema),
    ...(properties !== undefined && {
      properties: Object.fromEntries(kept.map(([name, child]) => [name, closedSchema(child)])),
      additionalProperties: false,
    }),
    ...(asked.length > 0 && { required: asked }),
    ...(items !== undefined && { items: closedSchema(items) }),
  };
}
