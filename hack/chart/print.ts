import { stringify } from 'yaml';
import { isGroup, type Value, type ValueGroup, type ValueTable } from './value.ts';

const WIDTH = 116;
const STYLE = { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false } as const;

/** values.yaml: every value with its default, and above it what it is for. */
export function valuesYaml(table: ValueTable, head: string): string {
  return `# ${head}\n${entriesYaml(table, '')}`;
}

function entriesYaml(table: ValueTable, indent: string): string {
  return Object.entries(table)
    .map(([name, entry]) => {
      const gap = indent === '' ? '\n' : '';
      return `${gap}${comment(entry.about, indent)}${entryYaml(name, entry, indent)}`;
    })
    .join('');
}

function entryYaml(name: string, entry: Value | ValueGroup, indent: string): string {
  if (isGroup(entry)) return `${indent}${name}:\n${entriesYaml(entry.values, `${indent}  `)}`;
  return stringify({ [name]: entry.default }, STYLE).replace(/^(?=.)/gm, indent);
}

function comment(about: string, indent: string): string {
  const lines: string[] = [];
  for (const word of about.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || indent.length + last.length + word.length + 1 > WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map(line => `${indent}# ${line}\n`).join('');
}

/** Rows of the README's table. */
export function valuesMarkdown(table: ValueTable): string {
  const rows = rowsOf(table, '').map(([path, { about, default: preset }]) => {
    return `| \`${path}\` | ${presetText(preset)} | ${about.replaceAll('|', '\\|')} |`;
  });
  return ['| value | default | |', '|---|---|---|', ...rows].join('\n');
}

function rowsOf(table: ValueTable, path: string): (readonly [path: string, value: Value])[] {
  return Object.entries(table).flatMap(([name, entry]) => {
    const own = path === '' ? name : `${path}.${name}`;
    return isGroup(entry) ? rowsOf(entry.values, own) : [[own, entry] as const];
  });
}

function presetText(preset: unknown): string {
  if (preset === '') return '';
  return `\`${typeof preset === 'string' ? preset : JSON.stringify(preset)}\``;
}
