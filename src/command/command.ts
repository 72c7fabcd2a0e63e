import type { CommandLine, Environment } from '../config/command-line.ts';
import type { CommandName } from '../config/options.ts';
import { type UsageText, usage } from '../config/usage.ts';
import { type Surroundings, VERSION } from './surroundings.ts';

/** Runs a command with its arguments and resolves to the exit status: 0, 1 (something failed) or 2 (wrong usage). */
export type Command = (argv: readonly string[], surroundings: Surroundings) => Promise<number>;

interface CommandParts<Options> {
  readonly usage: UsageText;
  readonly read: (argv: readonly string[], env: Environment) => CommandLine<Options>;
  /** Loads what it runs: only here, so that help stays fast. */
  readonly run: (line: CommandLine<Options> & { kind: 'run' }, surroundings: Surroundings) => Promise<number>;
}

/** A command that tells its usage and version, and refuses a line with faults, all of them together. */
export function command<Options>(name: CommandName, parts: CommandParts<Options>): Command {
  return async (argv, surroundings) => {
    const { stdout, stderr } = surroundings;
    const line = parts.read(argv, surroundings.env);
    switch (line.kind) {
      case 'help':
        stdout.write(usage(name, parts.usage));
        return 0;
      case 'version':
        stdout.write(`${VERSION}\n`);
        return 0;
      case 'faults':
        stderr.write(line.faults.map(fault => `${fault}\n`).join(''));
        return 2;
      case 'run':
        return parts.run(line, surroundings);
    }
  };
}
