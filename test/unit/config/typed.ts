import type { CommandLine, Environment } from '../../../src/config/command-line.ts';

/** Command lines as they are typed, read as one command reads them. */
export function typedFor<Options>(readOptions: (argv: readonly string[], env: Environment) => CommandLine<Options>) {
  const read = (line: string, env: Environment = {}) =>
    readOptions(
      line.split(' ').filter(word => word !== ''),
      env,
    );
  return {
    read,
    /** Throws when the line is refused. */
    options(line: string, env?: Environment): Options {
      const result = read(line, env);
      if (result.kind !== 'run') throw new Error(`expected options, got ${JSON.stringify(result)}`);
      return result.options;
    },
    /** What the line is refused for; nothing when it is taken. */
    faults(line: string, env?: Environment): readonly string[] {
      const result = read(line, env);
      return result.kind === 'faults' ? result.faults : [];
    },
  };
}
