import { type CommandLine, type Environment, readCommandLine } from './command-line.ts';
import { argumentFaults } from './operator-options.ts';
import type { OptionsOf } from './options.ts';

export type DevOptions = OptionsOf<'dev'>;

/** The command line of `dev`, with what its options say against each other found, too. */
export function readDevOptions(argv: readonly string[], env: Environment): CommandLine<DevOptions> {
  const line = readCommandLine('dev', argv, env, argumentFaults);
  if (line.kind !== 'run') return line;
  const faults = contradictions(line.options);
  return faults.length > 0 ? { kind: 'faults', faults } : line;
}

function contradictions({ noRegistry, registryPort, port }: DevOptions): readonly string[] {
  const faults: string[] = [];
  if (noRegistry && registryPort !== undefined) faults.push('--registry-port: --no-registry starts none');
  if (port !== undefined && port !== 0 && port === registryPort) {
    faults.push(`--registry-port: "${port}": the API server has this port`);
  }
  return faults;
}
