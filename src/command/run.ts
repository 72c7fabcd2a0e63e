import type { Command } from './command.ts';
import { type Surroundings, VERSION } from './surroundings.ts';

export { endOnBrokenOutput, unexpectedError } from './broken-output.ts';

/** Each command is loaded when it is called, so that `--help` stays fast. */
const COMMANDS: Readonly<Record<string, { readonly help: string; readonly load: () => Promise<Command> }>> = {
  import: {
    help: 'resolve images, an ImageStreamImport or an ImageStream against their registries',
    load: async () => (await import('./import.ts')).importCommand,
  },
  operator: {
    help: 'run in a cluster: import what its ImageStreams ask for, and keep their scheduled tags fresh',
    load: async () => (await import('./operator.ts')).operatorCommand,
  },
  dev: {
    help: 'try it without a cluster: the operator with an API server and a sample registry of its own',
    load: async () => (await import('./dev.ts')).devCommand,
  },
};

const OVERVIEW = `imagestream-operator ${VERSION}: OpenShift image streams on any Kubernetes cluster

Usage: imagestream-operator COMMAND [OPTIONS]

Commands:
${Object.entries(COMMANDS)
  .map(([name, { help }]) => `  ${name.padEnd(10)}${help}`)
  .join('\n')}

imagestream-operator COMMAND --help tells the options of a command.
`;

/** Runs what the user typed. */
export async function run(argv: readonly string[], surroundings: Surroundings = process): Promise<number> {
  const [name, ...rest] = argv;
  if (name === '--version' || name === 'version') {
    surroundings.stdout.write(`${VERSION}\n`);
    return 0;
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    surroundings.stdout.write(OVERVIEW);
    return 0;
  }
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    surroundings.stderr.write(name === undefined ? OVERVIEW : `"${name}": expected a command: ${known()}\n`);
    return 2;
  }
  return (await command.load())(rest, surroundings);
}

function known(): string {
  return Object.keys(COMMANDS).join(', ');
}
