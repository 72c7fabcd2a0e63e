import { type CommandLine, type Environment, readCommandLine } from './command-line.ts';
import type { OptionsOf } from './options.ts';

export type OperatorOptions = OptionsOf<'operator'>;

/** The command line of `operator`. It takes options only. */
export function readOperatorOptions(argv: readonly string[], env: Environment): CommandLine<OperatorOptions> {
  return readCommandLine('operator', argv, env, argumentFaults);
}

/** What is wrong with arguments of a command that takes options only. */
export function argumentFaults(positionals: readonly string[]): readonly string[] {
  return positionals.map(text => {
    const fault = `${JSON.stringify(text)}: expected options only`;
    // `--leader-elect false` leaves the switch on, which nobody who types it means.
    return /^(true|false)$/.test(text)
      ? `${fault}; a switch takes its value with =, as in --leader-elect=false`
      : fault;
  });
}
