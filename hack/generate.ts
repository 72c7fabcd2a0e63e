// Writes what is made from its source and checked in. With --check it writes nothing and says which file is stale.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { type CustomResourceDefinition, imageCrd, imageStreamCrd, imageStreamImportCrd } from '../src/api/crd.ts';
import { referencePages } from '../src/config/reference-pages.ts';
import { ratesMarkdown } from '../src/registry/defaults.ts';
import { metricsMarkdown } from '../src/telemetry/reference-page.ts';
import { alertsMarkdown } from './alerts.ts';
import { chartFiles } from './chart/files.ts';
import { DASHBOARD_FILE, dashboardJson } from './dashboard/dashboard.ts';

export interface GeneratedFile {
  /** From the root of the repository. */
  readonly path: string;
  text(): string;
}

export const generatedFiles: readonly GeneratedFile[] = [
  { path: 'crds/imagestreams.yaml', text: () => yamlOf(imageStreamCrd, 'src/api/image-stream.ts') },
  { path: 'crds/imagestreamimports.yaml', text: () => yamlOf(imageStreamImportCrd, 'src/api/image-stream-import.ts') },
  { path: 'crds/images.yaml', text: () => yamlOf(imageCrd, 'src/api/image.ts') },
  ...chartFiles,
  ...referencePages().map(({ path, text }) => ({ path, text: () => text })),
  { path: 'docs/reference/rates.md', text: ratesMarkdown },
  { path: 'docs/reference/metrics.md', text: metricsMarkdown },
  { path: 'docs/reference/alerts.md', text: alertsMarkdown },
  { path: DASHBOARD_FILE, text: dashboardJson },
];

/** Paths of the files that are not what their source says now. */
export function staleFiles(root: string, files: readonly GeneratedFile[] = generatedFiles): string[] {
  return files.filter(({ path, text }) => readOrNothing(join(root, path)) !== text()).map(({ path }) => path);
}

export function writeFiles(root: string, files: readonly GeneratedFile[] = generatedFiles): void {
  for (const { path, text } of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text());
  }
}

function yamlOf(crd: CustomResourceDefinition, source: string): string {
  const head = `# Made from ${source} by \`make generate\`: do not edit.\n`;
  // YAML 1.1, as kubectl reads it; no anchors, since the schemas share parts that a reader wants to see in place.
  return head + stringify(crd, { version: '1.1', aliasDuplicateObjects: false, lineWidth: 0 });
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function main(): void {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
  const stale = staleFiles(root);
  if (!process.argv.includes('--check')) {
    writeFiles(root);
    for (const path of stale) console.log(`wrote ${path}`);
  } else if (stale.length > 0) {
    for (const path of stale) console.error(`${path} is stale: run \`make generate\` and commit the result`);
    process.exitCode = 1;
  }
}

if (import.meta.main) main();
