import { parseArgs } from 'node:util';
import { parseDuration } from '../api/duration.ts';
import { type OptionValue, readValue } from './option-values.ts';
import { type CommandName, defaultText, type OptionRow, type OptionsOf, rowsOf, variableOf } from './options.ts';

/** What a command line and its environment say. `positionals` are the arguments that belong to no option. */
export type CommandLine<Options> =
  | { readonly kind: 'run'; readonly options: Options; readonly positionals: readonly string[] }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'faults'; readonly faults: readonly string[] };

export type Environment = Readonly<Record<string, string | undefined>>;

interface Reading {
  readonly values: Map<string, OptionValue>;
  readonly positionals: string[];
  readonly faults: string[];
}

/**
 * Reads the arguments after the command's name. A flag outweighs its environment variable, the last of two equal flags
 * the first, but for files, which add up; an empty variable counts as unset. All faults come together, each one line that names the option;
 * `argumentFaults` says what is wrong with the arguments that belong to no option.
 */
export function readCommandLine<Command extends CommandName>(
  command: Command,
  argv: readonly string[],
  env: Environment,
  argumentFaults: (positionals: readonly string[]) => readonly string[] = () => [],
): CommandLine<OptionsOf<Command>> {
  const rows = rowsOf(command);
  const reading: Reading = { values: new Map(), positionals: [], faults: [] };
  readArguments(rows, argv, reading);
  if (reading.values.get('help') === true) return { kind: 'help' };
  if (reading.values.get('version') === true) return { kind: 'version' };
  readEnvironment(rows, env, reading);
  const faults = [...reading.faults, ...argumentFaults(reading.positionals)];
  if (faults.length > 0) return { kind: 'faults', faults };
  // The types of the fields are computed from the same table as the values.
  const options = Object.fromEntries(
    rows.map(([name, row]) => [name, reading.values.has(name) ? reading.values.get(name) : defaultOf(row, command)]),
  ) as OptionsOf<Command>;
  Object.freeze(options);
  return { kind: 'run', options, positionals: reading.positionals };
}

function readArguments(rows: ReturnType<typeof rowsOf>, argv: readonly string[], reading: Reading): void {
  const byFlag = new Map(rows.map(([name, row]) => [row.flag, { name, row }]));
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(rows.map(([, row]) => [row.flag, shapeOf(row)])),
    allowPositionals: true,
    strict: false, // It would stop at the first fault.
    tokens: true,
  });
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token?.kind === 'positional') reading.positionals.push(token.value);
    if (token?.kind !== 'option') continue;
    const known = byFlag.get(token.name);
    if (known === undefined) {
      reading.faults.push(`${token.rawName}: unknown option`);
      continue;
    }
    // A value of its own that looks like an option is one: the value was forgotten. `--to=-x` is still possible.
    const forgotten = token.inlineValue === false && /^-[^\d]/.test(token.value);
    let text = forgotten ? undefined : token.value;
    if (known.row.type === 'optionalInterval' && text === undefined) {
      // What follows is its value only when it reads as one, so that `--watch redis` still names an image.
      const next = tokens[index + 1];
      if (next?.kind === 'positional' && parseDuration(next.value) !== undefined) {
        text = next.value;
        index += 1;
      }
    }
    set(reading, known.name, known.row, token.rawName, text);
    // As shells expand `--apply *.yaml`.
    for (let next = tokens[index + 1]; known.row.type === 'files' && next?.kind === 'positional'; ) {
      set(reading, known.name, known.row, token.rawName, next.value);
      index += 1;
      next = tokens[index + 1];
    }
    // The option that was taken for the value, and all after it, still count.
    if (forgotten) {
      readArguments(rows, argv.slice(token.index + 1), reading);
      return;
    }
  }
}

function shapeOf(row: OptionRow): { type: 'boolean' | 'string'; short?: string } {
  const type = row.type === 'flag' || row.type === 'optionalInterval' ? 'boolean' : 'string';
  return row.short === undefined ? { type } : { type, short: row.short };
}

function readEnvironment(rows: ReturnType<typeof rowsOf>, env: Environment, reading: Reading): void {
  for (const [name, row] of rows) {
    const text = row.env ? env[variableOf(row)] : undefined;
    if (text !== undefined && text !== '' && !reading.values.has(name)) set(reading, name, row, variableOf(row), text);
  }
}

function set(reading: Reading, name: string, row: OptionRow, source: string, text: string | undefined): void {
  const read = readValue(row, text);
  if ('value' in read) reading.values.set(name, added(row, reading.values.get(name), read.value));
  else if (text === undefined) reading.faults.push(`${source}: a value is required: ${read.expected}`);
  else reading.faults.push(`${source}: ${JSON.stringify(text)}: ${read.expected}`);
}

/** Files add up; of anything else the last one counts. */
function added(row: OptionRow, before: OptionValue, value: OptionValue): OptionValue {
  return row.type === 'files' && Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value;
}

function defaultOf(row: OptionRow, command: CommandName): OptionValue {
  const text = defaultText(row, command);
  if (text === undefined) return row.type === 'flag' ? false : undefined;
  const read = readValue(row, text);
  return 'value' in read ? read.value : undefined;
}
