import { defaultText, type OptionRow, rowsOf } from '../../src/config/options.ts';
import type { Value, ValueSchema, ValueTable } from './value.ts';

/** Options that other values of the chart stand for, or that make no sense in a Pod. */
const NOT_HERE = new Set([
  'kubeconfig',
  'namespace',
  'watch-namespaces',
  'default-pull-secret',
  'registries-file',
  'metrics-address',
  'health-address',
]);

const DURATION = '([0-9]+(h|ms|m|s))+';

/** Those of the operator's options that describe its work: `default-interval` as `defaultInterval`. */
export function optionValues(): ValueTable {
  const rows = rowsOf('operator').filter(([, row]) => row.env && !NOT_HERE.has(row.flag));
  return Object.fromEntries(rows.map(([, row]) => [valueName(row.flag), optionValue(row)]));
}

/** The template turns it back with `kebabcase`. */
export function valueName(flag: string): string {
  return flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function optionValue(row: OptionRow): Value {
  const preset = defaultText(row, 'operator') ?? '';
  const about = `${row.help.charAt(0).toUpperCase()}${row.help.slice(1)}.`;
  return { about, default: isText(row) ? preset : JSON.parse(preset), schema: schemaOf(row, preset) };
}

function isText({ type }: OptionRow): boolean {
  return type !== 'count' && type !== 'flag';
}

function schemaOf(row: OptionRow, preset: string): ValueSchema {
  switch (row.type) {
    case 'flag':
      return { type: 'boolean' };
    case 'count':
      return { type: 'integer', minimum: row.min ?? 0 };
    case 'choice':
      return { enum: [...choicesOf(row), ...(preset === '' ? [''] : [])] };
    case 'interval':
      return { type: 'string', pattern: `^(${row.zero ? '0|' : ''}${DURATION})?$` };
    case 'platform':
      return { type: 'string', pattern: '^([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)?$' };
    case 'registry':
      return { type: 'string' };
    default:
      throw new Error(`--${row.flag}: the chart has no schema for options of type ${row.type}`);
  }
}

/** YAML reads a bare `on` or `off` as true or false, and nobody who writes one means that. */
function choicesOf({ choices = [] }: OptionRow): unknown[] {
  return choices.flatMap(choice => (choice === 'on' ? [choice, true] : choice === 'off' ? [choice, false] : [choice]));
}
