// Renders manifests/install from the chart. With --check it writes nothing and says which file is stale.
import { resolve } from 'node:path';
import { staleFiles, writeFiles } from '../generate.ts';
import { helmBinary } from '../tools/parts.ts';
import { installManifests } from './install-manifests.ts';

const root = resolve(import.meta.dirname, '../..');
const helm = helmBinary();
if (helm === undefined) {
  console.error('hack/chart/render.ts: no helm: run node hack/tools/fetch.ts helm');
  process.exitCode = 1;
} else {
  const files = installManifests(root, helm);
  const stale = staleFiles(root, files);
  if (!process.argv.includes('--check')) {
    writeFiles(root, files);
    for (const path of stale) console.log(`wrote ${path}`);
  } else if (stale.length > 0) {
    for (const path of stale) console.error(`${path} is stale: run \`make manifests\` and commit the result`);
    process.exitCode = 1;
  }
}
