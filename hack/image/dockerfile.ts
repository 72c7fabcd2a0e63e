/** One instruction of a Dockerfile, its continued lines joined. */
export interface Instruction {
  /** Upper case. */
  readonly keyword: string;
  readonly text: string;
  readonly line: number;
}

/** What is between one FROM and the next. */
export interface Stage {
  /** After `AS`; else undefined. */
  readonly name: string | undefined;
  /** The image it begins with, arguments filled in. */
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  readonly stages: readonly Stage[];
}

/** As much of the format as ours uses: comments, continued lines, arguments with defaults, stages. */
export function parseDockerfile(text: string): Dockerfile {
  const globals = new Map<string, string>();
  const stages: { name: string | undefined; from: string; instructions: Instruction[] }[] = [];
  for (const instruction of instructionsOf(text)) {
    const current = stages.at(-1);
    if (instruction.keyword === 'FROM') stages.push({ ...stageOf(instruction, globals), instructions: [] });
    else if (current !== undefined) current.instructions.push(instruction);
    else if (instruction.keyword === 'ARG') globals.set(...argumentOf(instruction));
    else throw new Error(`Dockerfile:${instruction.line}: only ARG may stand before FROM`);
  }
  return { stages };
}

/** Name and default of an ARG. */
export function argumentOf({ text }: Instruction): [name: string, value: string] {
  const [name = '', value = ''] = text.split(/=(.*)/s);
  return [name, value];
}

/** `$NAME` and `${NAME}` by their values; unknown ones stay. */
export function expand(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (all, braced, plain) => values.get(braced ?? plain) ?? all);
}

/** The pairs of a LABEL or an ENV. */
export function pairsOf({ text }: Instruction): Readonly<Record<string, string>> {
  const pairs = [...text.matchAll(/([\w.-]+)=(?:"([^"]*)"|(\S*))/g)];
  return Object.fromEntries(pairs.map(([, name, quoted, bare]) => [name, quoted ?? bare ?? '']));
}

/** What the containers of the last stage begin with. */
export function processOf({ stages }: Dockerfile): {
  readonly entrypoint: readonly string[];
  readonly env: Readonly<Record<string, string>>;
} {
  const instructions = stages.at(-1)?.instructions ?? [];
  const entrypoint = instructions.findLast(({ keyword }) => keyword === 'ENTRYPOINT')?.text ?? '[]';
  const env = instructions.filter(({ keyword }) => keyword === 'ENV').map(pairsOf);
  return { entrypoint: JSON.parse(entrypoint), env: Object.assign({}, ...env) };
}

function stageOf({ text, line }: Instruction, globals: ReadonlyMap<string, string>): Omit<Stage, 'instructions'> {
  const [, from, name] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(text) ?? [];
  if (from === undefined) throw new Error(`Dockerfile:${line}: "FROM ${text}" cannot be read`);
  return { name, from: expand(from, globals) };
}

function* instructionsOf(text: string): Iterable<Instruction> {
  let begun: { readonly line: number; text: string } | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    if (/^\s*#/.test(raw) || (begun === undefined && raw.trim() === '')) continue;
    const continued = /\\\s*$/.test(raw);
    const part = raw.replace(/\\\s*$/, '').trim();
    begun = { line: begun?.line ?? index + 1, text: begun === undefined ? part : `${begun.text} ${part}` };
    if (continued) continue;
    const [, keyword = '', rest = ''] = /^(\w+)\s*(.*)$/s.exec(begun.text) ?? [];
    yield { keyword: keyword.toUpperCase(), text: rest.trim(), line: begun.line };
    begun = undefined;
  }
}
