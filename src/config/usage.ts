import { type CommandName, defaultText, OPTION_GROUPS, type OptionRow, rowsOf, variableOf } from './options.ts';

/** What the help of a command says besides its options. */
export interface UsageText {
  /** One sentence. */
  readonly about: string;
  /** What follows the command's name: `[OPTIONS] REFERENCE...`. */
  readonly forms: readonly string[];
  readonly examples: readonly { readonly command: string; readonly text: string }[];
}

const WIDTH = 100;
/** Where the text of an option begins. Longer options stand on a line of their own. */
const TEXT_COLUMN = 34;

/** The help of a command, ending in a line break. */
export function usage(command: CommandName, { about, forms, examples }: UsageText): string {
  const lines = [...wrap(about, WIDTH), '', 'Usage:'];
  for (const form of forms) lines.push(`  imagestream-operator ${command} ${form}`);
  for (const group of OPTION_GROUPS) {
    const rows = rowsOf(command).filter(([, row]) => row.group === group);
    if (rows.length > 0) lines.push('', `${group}:`, ...rows.flatMap(([, row]) => optionLines(row, command)));
  }
  if (examples.length > 0) lines.push('', 'Examples:');
  for (const { command: typed, text } of examples) lines.push(`  # ${text}`, `  ${typed}`);
  return `${lines.join('\n')}\n`;
}

/** `-f, --filename FILE` */
export function signature(row: OptionRow): string {
  const short = row.short === undefined ? '' : `-${row.short}, `;
  if (row.value === undefined) return `${short}--${row.flag}`;
  return row.type === 'optionalInterval'
    ? `${short}--${row.flag} [${row.value}]`
    : `${short}--${row.flag} ${row.value}`;
}

function optionLines(row: OptionRow, command: CommandName): string[] {
  const unlessTold = defaultText(row, command);
  const head = `  ${row.short === undefined ? '    ' : ''}${signature(row)}`;
  const notes = [
    ...(row.choices === undefined ? [] : [row.choices.join(' | ')]),
    ...(unlessTold === undefined ? [] : [`default ${unlessTold}`]),
    ...(row.env ? [`env ${variableOf(row)}`] : []),
  ];
  const text = notes.length === 0 ? row.help : `${row.help} (${notes.join('; ')})`;
  const indented = wrap(text, WIDTH - TEXT_COLUMN).map(line => ' '.repeat(TEXT_COLUMN) + line);
  if (head.length >= TEXT_COLUMN - 1) return [head, ...indented];
  const [first = '', ...rest] = indented;
  return [head + first.slice(head.length), ...rest];
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
