import { readDevOptions } from '../config/dev-options.ts';
import { command } from './command.ts';
import { DEV_USAGE } from './dev-usage.ts';

/** `imagestream-operator dev`. */
export const devCommand = command('dev', {
  usage: DEV_USAGE,
  read: readDevOptions,
  run: async ({ options }, surroundings) => (await import('./dev-run.ts')).runDev(options, surroundings),
});
