import { type CommandLine, type Environment, readCommandLine } from './command-line.ts';
import type { OptionsOf } from './options.ts';

export type ImportOptions = OptionsOf<'import'>;

/** The command line of `import`, with what its options say against each other found, too. */
export function readImportOptions(argv: readonly string[], env: Environment): CommandLine<ImportOptions> {
  const line = readCommandLine('import', argv, env);
  if (line.kind !== 'run') return line;
  const faults = contradictions(line.options, line.positionals);
  return faults.length > 0 ? { kind: 'faults', faults } : line;
}

/** Options that describe a request made of references; a file describes its own. */
const FOR_REFERENCES = [
  ['all', '--all'],
  ['to', '--to'],
  ['importMode', '--import-mode'],
  ['insecure', '--insecure'],
  ['scheduled', '--scheduled'],
  ['referencePolicy', '--reference-policy'],
  ['includeManifest', '--include-manifest'],
] as const satisfies readonly (readonly [keyof ImportOptions, string])[];

function contradictions(options: ImportOptions, references: readonly string[]): string[] {
  const faults = [...sourceFaults(options, references)];
  if (options.rules === 'openshift') {
    for (const [given, flag] of [
      [options.watch, '--watch'],
      [options.streamOut, '--stream-out'],
    ] as const) {
      if (given !== undefined) faults.push(`--rules: "openshift": ${flag} needs the rules of the operator`);
    }
  }
  if (options.filename === '-' && options.stream === '-') {
    faults.push('--stream: "-": standard input is read for --filename already');
  }
  return faults;
}

function* sourceFaults(options: ImportOptions, references: readonly string[]): Iterable<string> {
  if (options.filename !== undefined) {
    if (references.length > 0) {
      yield `${JSON.stringify(references[0])}: expected either --filename or references, not both`;
    }
    for (const [name, flag] of FOR_REFERENCES) {
      if (options[name] !== undefined && options[name] !== false) {
        yield `${flag}: applies to references only; say it in the file of --filename`;
      }
    }
    return;
  }
  if (references.length === 0)
    yield 'nothing to import: expected --filename FILE or references, such as quay.io/acme/app:1.2';
  if (references.includes('')) yield '"": expected a reference, such as quay.io/acme/app:1.2';
  if (options.all && references.length > 1) yield '--all: expected one reference, the repository';
  if (options.all && options.to !== undefined) yield '--to: a whole repository keeps its tags; leave it out with --all';
  if (options.to !== undefined && references.length > 1) yield '--to: expected one reference for one tag';
}
