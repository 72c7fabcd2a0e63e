import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { imageProperties } from '../../src/api/image.ts';
import { imageStreamProperties } from '../../src/api/image-stream.ts';
import { imageStreamImportProperties } from '../../src/api/image-stream-import.ts';
import type { Schema } from '../../src/api/schema.ts';
import { ROOT } from '../docs/pages.ts';
import { sectionsOf } from '../docs/tables.ts';

type Properties = Readonly<Record<string, Schema>>;

const sections = sectionsOf(readFileSync(join(ROOT, 'docs/compatibility.md'), 'utf8'));
const WORDS = ['same', 'different', 'not yet', 'ours'];

/** An object that has a table of its own is a row in the others. */
const statusProperties = imageStreamImportProperties.status.properties.images.items.properties.status.properties;
const TABLES: Readonly<Record<string, Properties>> = {
  ImageStream: imageStreamProperties,
  ImageStreamImport: imageStreamImportProperties,
  Status: statusProperties,
  Image: imageProperties,
};

describe.each(Object.entries(TABLES))('the table of %s', (title, properties) => {
  const rows = sections.get(title)?.flat() ?? [];

  test('has a row for every field of the schema, and for nothing else', () => {
    const told = rows.flatMap(([field = '']) => fieldsOf(field));
    expect(told.toSorted()).toEqual(leaves(properties, title).toSorted());
  });

  test('says of each what it is', () => {
    expect(rows.filter(([, word = '']) => !WORDS.includes(word))).toEqual([]);
  });
});

test('every other table says so, too, or what to do until then', () => {
  const others = [...sections].filter(([title]) => !(title in TABLES) && title !== 'Not yet');
  const rows = others.flatMap(([title, tables]) => tables.flat().map(row => [title, ...row]));
  expect(rows.length).toBeGreaterThan(50);
  expect(rows.filter(([title, , word = '']) => title !== '' && !WORDS.includes(word))).toEqual([]);
});

/** `a.{b,c}` in backquotes is `a.b` and `a.c`. */
function fieldsOf(cell: string): readonly string[] {
  const text = /^`(.*)`$/.exec(cell)?.[1] ?? cell;
  const [, head = '', list, tail = ''] = /^(.*)\{([^}]*)\}(.*)$/.exec(text) ?? [];
  return list === undefined ? [text] : list.split(',').map(name => `${head}${name}${tail}`);
}

/** Paths of all that is no object or list of objects: `spec.tags[].name`. */
function leaves(properties: Properties, title: string): readonly string[] {
  return Object.entries(properties).flatMap(([name, schema]) => leavesOf(name, schema, title));
}

function leavesOf(path: string, schema: Schema, title: string): readonly string[] {
  if (schema.type === 'array') return leavesOf(`${path}[]`, schema.items ?? { type: 'string' }, title);
  const { properties } = schema;
  if (properties === undefined || hasTable(properties, title)) return [path];
  return Object.entries(properties).flatMap(([name, each]) => leavesOf(`${path}.${name}`, each, title));
}

function hasTable(properties: Properties, title: string): boolean {
  const names = Object.keys(properties);
  return Object.entries(TABLES).some(([other, table]) => {
    const own = Object.keys(table);
    return other !== title && own.every(name => names.includes(name) && properties[name] === table[name]);
  });
}
