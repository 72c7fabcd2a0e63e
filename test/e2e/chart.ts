import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { CHART } from '../../hack/chart/files.ts';
import { helmBinary } from '../../hack/tools/parts.ts';
import { ROOT } from './shipped.ts';
import { createTool, type Tool } from './tool.ts';

export const CHART_FOLDER = join(ROOT, CHART);
/** Name and namespace of the releases of tests. */
export const RELEASE = 'imagestream-operator';

/** A rendered object. Tests read from it what they are about. */
export interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: it is of any kind, and expectations say which
  readonly [field: string]: any;
}

/** Helm as its users run it. Without a cluster it renders and lints. */
export function createHelm(kubeconfig: () => string = () => ''): Tool {
  return createTool({ name: 'helm', binary: helmBinary, kubeconfig });
}

/** What `helm template` makes of these values. */
export async function render(values: object): Promise<readonly Rendered[]> {
  const text = await createHelm().ok(templateArguments, { stdin: values });
  return parseAllDocuments(text).map(document => {
    if (document.errors.length > 0) throw new Error(`${document.errors}\n${text}`);
    return document.toJS() as Rendered;
  });
}

/** For the values on standard input. */
export const templateArguments = ['template', RELEASE, CHART_FOLDER, '--namespace', RELEASE, '--values', '-'];

/** `Deployment imagestream-operator`, `Role team-a/imagestream-operator-streams`. */
export function nameOf({ kind, metadata: { namespace, name } }: Rendered): string {
  return `${kind} ${namespace === undefined || namespace === RELEASE ? '' : `${namespace}/`}${name}`;
}
