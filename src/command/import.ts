import { readImportOptions } from '../config/import-options.ts';
import { command } from './command.ts';
import { IMPORT_USAGE } from './import-usage.ts';

/** `imagestream-operator import`. */
export const importCommand = command('import', {
  usage: IMPORT_USAGE,
  read: readImportOptions,
  run: async ({ options, positionals }, surroundings) =>
    (await import('./import-run.ts')).runImport(options, positionals, surroundings),
});
