// Writes dist/sbom.cdx.json: what is in the image, in CycloneDX, from npm's own list and from what esbuild took in.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { BUNDLE } from '../bundle.ts';
import { billOfMaterials } from './bill-of-materials.ts';

const { packages: locked } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
const { metafile } = await build({ ...BUNDLE, write: false, metafile: true });
const taken = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
const packages = new Set(taken.flatMap(([input, { bytesInOutput }]) => (bytesInOutput > 0 ? packageOf(input) : [])));
// From the lock file, so that what lies about in node_modules plays no part. All of it: with `--omit=dev` npm leaves out
// what is needed for development, too.
const list = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'];
const npm = JSON.parse(execFileSync('npm', list, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }));
const bom = billOfMaterials(npm, { packages, node: devDependencies.node });
writeFileSync(`${BUNDLE.outdir}/sbom.cdx.json`, `${JSON.stringify(bom, undefined, 2)}\n`);
console.log(`${BUNDLE.outdir}/sbom.cdx.json names ${bom.components.length} components`);

/** `undici@8.12.4`, for a file below node_modules. */
function packageOf(input: string): string[] {
  const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input) ?? [];
  if (folder === undefined) return [];
  if (locked[folder].dev) throw new Error(`${folder} is for development, and is in the bundle`);
  const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  return [`${name}@${version}`];
}
