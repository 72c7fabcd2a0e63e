import { readOperatorOptions } from '../config/operator-options.ts';
import { command } from './command.ts';
import { OPERATOR_USAGE } from './operator-usage.ts';

/** `imagestream-operator operator`. */
export const operatorCommand = command('operator', {
  usage: OPERATOR_USAGE,
  read: readOperatorOptions,
  run: async ({ options }, surroundings) => (await import('./operator-run.ts')).runOperator(options, surroundings),
});
