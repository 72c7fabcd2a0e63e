import type { Schema } from '../api/schema.ts';
import { COMMANDS, defaultText, OPTION_GROUPS, rowsOf, variableOf } from './options.ts';
import { registriesSchema } from './registries-schema.ts';
import { signature } from './usage.ts';

/** A page that is made from a table of ours. The path is from the root of the repository. */
export interface ReferencePage {
  readonly path: string;
  readonly text: string;
}

/** The pages of this room, to be checked in. */
export function referencePages(): readonly ReferencePage[] {
  return [
    { path: 'docs/reference/options.md', text: optionsMarkdown() },
    { path: 'docs/reference/registries.md', text: registriesMarkdown() },
    { path: 'docs/reference/registries.schema.json', text: registriesJsonSchema() },
  ];
}

/** The options of every command. */
export function optionsMarkdown(): string {
  const lines = [
    '# Options',
    '',
    'Made from `src/config/options.ts` by `make generate`: do not edit.',
    '',
    'A flag outweighs its environment variable. Durations are written `90s`, `15m` or `1h30m`. Faults are reported together,',
    'one line each, and end the command with status 2. A switch that is on unless told is switched off with `=false`.',
  ];
  for (const command of COMMANDS) {
    lines.push('', `## ${command}`);
    for (const group of OPTION_GROUPS) {
      const rows = rowsOf(command).filter(([, row]) => row.group === group);
      if (rows.length === 0) continue;
      lines.push('', `### ${group}`, '', '| option | default | environment | |', '|---|---|---|---|');
      for (const [, row] of rows) {
        const variable = row.env ? `\`${variableOf(row)}\`` : '';
        const values = row.choices === undefined ? '' : `: ${row.choices.map(choice => `\`${choice}\``).join(', ')}`;
        lines.push(
          `| \`${signature(row)}\` | ${defaultText(row, command) ?? ''} | ${variable} | ${row.help}${values} |`,
        );
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The keys of the registries file. */
export function registriesMarkdown(): string {
  const lines = [
    '# Registries file',
    '',
    'Made from `src/config/registries-schema.ts` by `make generate`: do not edit. What it is for and an example are in',
    '[registries](../registries.md); editors can check it against [registries.schema.json](registries.schema.json).',
    '',
    '| key | type | |',
    '|---|---|---|',
  ];
  for (const { path, schema, required } of keysOf(registriesSchema, '')) {
    const about = `${schema.description ?? ''}${required ? ' Required.' : ''}`.replaceAll('|', '\\|');
    lines.push(`| \`${path}\` | ${typeOf(schema)} | ${about} |`);
  }
  return `${lines.join('\n')}\n`;
}

/** The same as a JSON Schema, which editors understand. */
export function registriesJsonSchema(): string {
  const document = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Registries file of imagestream-operator',
    ...jsonSchema(registriesSchema),
  };
  return `${print(document, '')}\n`;
}

interface Key {
  readonly path: string;
  readonly schema: Schema;
  readonly required: boolean;
}

function* keysOf(schema: Schema, path: string): Iterable<Key> {
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const own = path === '' ? name : `${path}.${name}`;
    const listed = child.type === 'array' ? `${own}[]` : own;
    yield { path: listed, schema: child, required: schema.required?.includes(name) ?? false };
    yield* keysOf(child.items ?? child, listed);
  }
}

function typeOf(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map(value => `\`${value}\``).join(', ');
  return schema.type === 'array' ? `list of ${schema.items?.type ?? 'any'}` : schema.type;
}

function jsonSchema({ properties, items, ...rest }: Schema): Readonly<Record<string, unknown>> {
  return {
    ...rest,
    ...(properties !== undefined && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, child]) => [name, jsonSchema(child)])),
      additionalProperties: false,
    }),
    ...(items !== undefined && { items: jsonSchema(items) }),
  };
}

/** JSON as the formatter of the repository wants it: a list of plain values stands on one line. */
function print(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(item => print(item, indent)).join(', ')}]`;
  const inner = `${indent}  `;
  const fields = Object.entries(value).map(
    ([name, field]) => `${inner}${JSON.stringify(name)}: ${print(field, inner)}`,
  );
  return `{\n${fields.join(',\n')}\n${indent}}`;
}
