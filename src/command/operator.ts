import { readOperatorOptions } from '../config/operator-options.ts';
import { usage } from '../config/usage.ts';
import { OPERATOR_USAGE } from './operator-usage.ts';
import { type Surroundings, VERSION } from './surroundings.ts';

/** `imagestream-operator operator`. What it runs is loaded only for a real run, so that help stays fast. */
export async function operatorCommand(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const { stdout, stderr } = surroundings;
  const line = readOperatorOptions(argv, surroundings.env);
  switch (line.kind) {
    case 'help':
      stdout.write(usage('operator', OPERATOR_USAGE));
      return 0;
    case 'version':
      stdout.write(`${VERSION}\n`);
      return 0;
    case 'faults':
      stderr.write(line.faults.map(fault => `${fault}\n`).join(''));
      return 2;
    case 'run':
      return (await import('./operator-run.ts')).runOperator(line.options, surroundings);
  }
}
