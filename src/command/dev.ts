import { readDevOptions } from '../config/dev-options.ts';
import { usage } from '../config/usage.ts';
import { DEV_USAGE } from './dev-usage.ts';
import { type Surroundings, VERSION } from './surroundings.ts';

/** `imagestream-operator dev`. What it runs is loaded only for a real run, so that help stays fast. */
export async function devCommand(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const { stdout, stderr } = surroundings;
  const line = readDevOptions(argv, surroundings.env);
  switch (line.kind) {
    case 'help':
      stdout.write(usage('dev', DEV_USAGE));
      return 0;
    case 'version':
      stdout.write(`${VERSION}\n`);
      return 0;
    case 'faults':
      stderr.write(line.faults.map(fault => `${fault}\n`).join(''));
      return 2;
    case 'run':
      return (await import('./dev-run.ts')).runDev(line.options, surroundings);
  }
}
