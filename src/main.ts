#!/usr/bin/env node
// The composition root. It stays small and old-fashioned on purpose: an older Node must be able to load it to say that
// it is too old, and `--help` must not pay for what a command needs.

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`imagestream-operator needs Node 22.19 or newer; this is ${process.versions.node}\n`);
  process.exitCode = 2;
} else {
  import('./command/run.ts').then(async ({ run }) => {
    process.exitCode = await run(process.argv.slice(2));
  });
}
