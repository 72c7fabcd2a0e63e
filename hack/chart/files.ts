import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import manifest from '../../package.json' with { type: 'json' };
import { imageCrd, imageStreamCrd, imageStreamImportCrd } from '../../src/api/crd.ts';
import { crdTemplate } from './crd-template.ts';
import { valuesMarkdown, valuesYaml } from './print.ts';
import { valuesSchema } from './schema.ts';
import { VALUES } from './values.ts';

export const CHART = 'manifests/chart/imagestream-operator';

const MADE = 'by `make generate`: do not edit.';
const README = `${CHART}/README.md`;
const BEGIN = `<!-- values: made from hack/chart/values.ts ${MADE} -->`;
const END = '<!-- end of values -->';

/** What of the chart is made from a source elsewhere. */
export const chartFiles = [
  { path: `${CHART}/Chart.yaml`, text: chartYaml },
  { path: `${CHART}/values.yaml`, text: () => valuesYaml(VALUES, `Made from hack/chart/values.ts ${MADE}`) },
  { path: `${CHART}/values.schema.json`, text: () => `${JSON.stringify(valuesSchema(VALUES), undefined, 2)}\n` },
  { path: README, text: readme },
  { path: `${CHART}/templates/crds/imagestreams.yaml`, text: () => crdTemplate(imageStreamCrd, from('image-stream')) },
  {
    path: `${CHART}/templates/crds/imagestreamimports.yaml`,
    text: () => crdTemplate(imageStreamImportCrd, from('image-stream-import')),
  },
  { path: `${CHART}/templates/crds/images.yaml`, text: () => crdTemplate(imageCrd, from('image')) },
];

function from(source: string): string {
  return `# Made from src/api/${source}.ts ${MADE}\n`;
}

/** The chart, the operator and its image have one version. */
function chartYaml(): string {
  const { name, version, description, license } = manifest;
  const chart = {
    apiVersion: 'v2',
    type: 'application',
    name,
    version,
    appVersion: version,
    description,
    // The CRDs have validation rules with reasons and field paths.
    kubeVersion: '>=1.28.0-0',
    keywords: ['imagestream', 'openshift', 'registry', 'images', 'operator'],
    annotations: { 'artifacthub.io/license': license },
  };
  return `# Made from package.json ${MADE}\n${stringify(chart, { lineWidth: 0 })}`;
}

/** Of the README the table alone is made. */
function readme(): string {
  const text = readFileSync(join(import.meta.dirname, '../..', README), 'utf8');
  const [before, rest] = text.split(`${BEGIN}\n`);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`${README} has no place for the table: "${BEGIN}" to "${END}"`);
  return `${before}${BEGIN}\n\n${valuesMarkdown(VALUES)}\n\n${END}${after}`;
}
