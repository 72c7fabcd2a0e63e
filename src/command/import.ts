import { readImportOptions } from '../config/import-options.ts';
import { usage } from '../config/usage.ts';
import { IMPORT_USAGE } from './import-usage.ts';
import { type Surroundings, VERSION } from './surroundings.ts';

/** `imagestream-operator import`. What a real import needs is loaded only for one, so that help stays fast. */
export async function importCommand(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const { stdout, stderr } = surroundings;
  const line = readImportOptions(argv, surroundings.env);
  switch (line.kind) {
    case 'help':
      stdout.write(usage('import', IMPORT_USAGE));
      return 0;
    case 'version':
      stdout.write(`${VERSION}\n`);
      return 0;
    case 'faults':
      stderr.write(line.faults.map(fault => `${fault}\n`).join(''));
      return 2;
    case 'run':
      return (await import('./import-run.ts')).runImport(line.options, line.positionals, surroundings);
  }
}
