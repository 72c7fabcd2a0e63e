import { expect, test } from '@jest/globals';
import type { TypedObject } from '../../../../src/api/meta.ts';
import { tableOf } from '../../../../src/standalone/http/table.ts';
import { KINDS } from '../../../../src/standalone/kind-table.ts';
import type { Column, Kind } from '../../../../src/standalone/kinds.ts';

const NOW_MS = Date.parse('2026-01-02T03:04:05Z');
const streams = KINDS.find(one => one.plural === 'imagestreams') as Kind;

const object = {
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name: 'one', creationTimestamp: '2026-01-02T03:02:05Z' },
  spec: { text: 'x', count: 7, flag: true, part: { a: 'b' }, list: ['c', 'd'], none: null, time: 'soon' },
} as TypedObject;

function cells(columns: readonly Column[]): readonly unknown[] {
  return tableOf({ ...streams, columns }).row(object, 'None', NOW_MS).cells;
}

const column = (type: Column['type'], jsonPath: string, more: Partial<Column> = {}): Column => {
  return { name: 'Some', type, jsonPath, description: '', ...more };
};

test.each([
  { name: 'a text', column: column('string', '.spec.text'), want: 'x' },
  { name: 'a number as text', column: column('string', '.spec.count'), want: '7' },
  { name: 'a flag as text', column: column('string', '.spec.flag'), want: 'true' },
  { name: 'an object as JSON', column: column('string', '.spec.part'), want: '{"a":"b"}' },
  { name: 'the first of several', column: column('string', '.spec.list[*]'), want: 'c' },
  { name: 'nothing for what is missing', column: column('string', '.spec.missing.more'), want: null },
  { name: 'nothing for null', column: column('string', '.spec.none'), want: null },
  { name: 'a number', column: column('integer', '.spec.count'), want: 7 },
  { name: 'nothing for a text that should be a number', column: column('integer', '.spec.text'), want: null },
  { name: 'a time as age', column: column('date', '.metadata.creationTimestamp'), want: '2m' },
  { name: 'a time that is none', column: column('date', '.spec.time'), want: '<invalid>' },
  { name: 'nothing for a number that should be a time', column: column('date', '.spec.count'), want: null },
  {
    name: 'what the column makes of the object',
    column: column('string', '.spec', { value: ({ metadata }) => `<${metadata.name}>` }),
    want: '<one>',
  },
])('a cell shows $name', ({ column: one, want }) => {
  expect(cells([one])).toEqual(['one', want]);
});

test('a kind without columns shows names and ages', () => {
  expect(cells([])).toEqual(['one', '2m']);
});
