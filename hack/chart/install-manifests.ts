import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GeneratedFile } from '../generate.ts';
import { CHART } from './files.ts';

const NAME = 'imagestream-operator';
const HEAD = '# Made from manifests/chart by `make manifests`: do not edit.\n';

/** What the chart says with its own values, without what is true of a release of Helm alone. */
const VALUES = ['--set=crds.keep=false'];
const OF_HELM = /^ +(helm\.sh\/chart|app\.kubernetes\.io\/managed-by): .*\n/gm;

/** Which templates make which file; kubectl applies the files of a folder in the order of their names. */
const FILES: readonly (readonly [file: string, templates: readonly string[]])[] = [
  ['10-crds.yaml', ['crds/imagestreams', 'crds/imagestreamimports', 'crds/images']],
  ['20-rbac.yaml', ['serviceaccount', 'clusterrole', 'role-lease']],
  ['25-user-roles.yaml', ['user-roles']],
  ['30-operator.yaml', ['deployment', 'service', 'poddisruptionbudget']],
];

/** Helm leaves namespaces to whoever installs. */
const NAMESPACE = `apiVersion: v1
kind: Namespace
metadata:
  name: ${NAME}
  labels:
    app.kubernetes.io/name: ${NAME}
    # The operator asks for nothing that the strictest level forbids.
    pod-security.kubernetes.io/enforce: restricted
`;

/** The files of `manifests/install`, rendered by this helm from the chart below `root`. */
export function installManifests(root: string, helm: string): readonly GeneratedFile[] {
  const documents = rendered(root, helm);
  const texts: (readonly [string, string])[] = [
    ['00-namespace.yaml', NAMESPACE],
    ...FILES.map(
      ([file, templates]) => [file, templates.flatMap(name => take(documents, name)).join('---\n')] as const,
    ),
  ];
  if (documents.size > 0) throw new Error(`no file of manifests/install takes ${[...documents.keys()].join(', ')}`);
  return texts.map(([file, text]) => ({ path: `manifests/install/${file}`, text: () => `${HEAD}${text}` }));
}

/** Documents by the template that made them, each with the template's comments and without those of Helm. */
function rendered(root: string, helm: string): Map<string, string[]> {
  const args = ['template', NAME, join(root, CHART), '--namespace', NAME, ...VALUES];
  const documents = new Map<string, string[]>();
  for (const text of runHelm(helm, args)
    .split(/^---\n/m)
    .slice(1)) {
    const [source = '', ...lines] = text.split('\n');
    const [, name] = /^# Source: .*\/templates\/(.*)\.yaml$/.exec(source) ?? [];
    if (name === undefined) throw new Error(`"${source}" does not say which template it is of`);
    documents.set(name, [...(documents.get(name) ?? []), lines.join('\n').replace(OF_HELM, '')]);
  }
  return documents;
}

function take(documents: Map<string, string[]>, name: string): string[] {
  const found = documents.get(name);
  if (found === undefined) throw new Error(`the template "${name}" made nothing`);
  documents.delete(name);
  return found;
}

/** What the machine's owner set for Helm must not change what is rendered. */
function runHelm(helm: string, args: readonly string[]): string {
  const home = mkdtempSync(join(tmpdir(), 'helm-'));
  try {
    return execFileSync(helm, args, { encoding: 'utf8', env: { HOME: home }, maxBuffer: 16 * 1024 * 1024 });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
