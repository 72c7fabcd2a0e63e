#!/usr/bin/env node
// The composition root. It stays small and old-fashioned on purpose: an older Node must be able to load it to say that
// it is too old, and `--help` must not pay for what a command needs.

/** As `sysexits` numbers an error inside the program; 0 to 2 are answers. */
const UNEXPECTED = 70;
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`imagestream-operator needs Node 22.19 or newer; this is ${process.versions.node}\n`);
  process.exitCode = 2;
} else {
  // The language has it since Node 24.
  Error.isError ??= (value): value is Error => value instanceof Error;
  import('./command/run.ts').then(async ({ run, endOnBrokenOutput, unexpectedError }) => {
    endOnBrokenOutput(process);
    // Whoever types a command is told what happened, never a stack trace.
    process.on('uncaughtException', error => {
      process.stderr.write(unexpectedError(error));
      process.exit(UNEXPECTED);
    });
    process.exitCode = await run(process.argv.slice(2));
  });
}
