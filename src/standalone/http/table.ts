import type { PrinterColumn } from '../../api/crd.ts';
import type { TypedObject } from '../../api/meta.ts';
import type { Column, Kind } from '../kinds.ts';
import { ageText } from './age.ts';
import { type JsonPath, readJsonPath } from './json-path.ts';

/** What of an object goes along with its row. */
export type IncludedObject = 'None' | 'Metadata' | 'Object';

export interface Row {
  readonly cells: readonly unknown[];
  readonly object: object | null;
}

/** Prints objects of a kind as rows, for kubectl. */
export interface Table {
  readonly columns: readonly object[];
  row(object: TypedObject, included: IncludedObject, nowMs: number): Row;
}

const NAME = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name of the object, the only one of its kind in its namespace.',
  priority: 0,
};

const AGE: Column = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'When the object was created.',
};

const tables = new WeakMap<Kind, Table>();

/** The table of a kind: its name, then its own columns, or its age where it has none. */
export function tableOf(kind: Kind): Table {
  const known = tables.get(kind);
  if (known !== undefined) return known;
  const columns = (kind.columns.length === 0 ? [AGE] : kind.columns).map(column => ({
    column,
    find: readJsonPath(column.jsonPath),
  }));
  const table: Table = {
    columns: [NAME, ...columns.map(({ column }) => definition(column))],
    row: (object, included, nowMs) => ({
      cells: [object.metadata.name ?? '', ...columns.map(({ column, find }) => cell(column, find, object, nowMs))],
      object: includedObject(object, included),
    }),
  };
  tables.set(kind, table);
  return table;
}

/** `kind: Table` around rows. The columns are told once; later events of a watch leave them out. */
export function tableObject(columns: readonly object[] | null, rows: readonly Row[], metadata: object): object {
  return { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata, columnDefinitions: columns, rows };
}

export function partialObject(object: TypedObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}

function definition({ name, type, description, priority }: PrinterColumn): object {
  return { name, type, format: '', description, priority: priority ?? 0 };
}

function includedObject(object: TypedObject, included: IncludedObject): object | null {
  if (included === 'None') return null;
  return included === 'Object' ? object : partialObject(object);
}

/** Null when there is nothing to print. Of several values the first counts, as on a cluster. */
function cell({ type, value: told }: Column, find: JsonPath, object: TypedObject, nowMs: number): unknown {
  const [value] = told === undefined ? find(object) : [told(object)];
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'date':
      return typeof value === 'string' ? ageSince(value, nowMs) : null;
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'string':
      return typeof value === 'string' ? value : JSON.stringify(value);
  }
}

function ageSince(time: string, nowMs: number): string {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? '<invalid>' : ageText(nowMs - ms);
}
