// Bundles src/main.ts for users.
import { chmodSync, rmSync } from 'node:fs';
import { build } from 'esbuild';
import { BUNDLE } from './bundle.ts';

rmSync(BUNDLE.outdir, { recursive: true, force: true });
await build(BUNDLE);
chmodSync(`${BUNDLE.outdir}/imagestream-operator.mjs`, 0o755);
