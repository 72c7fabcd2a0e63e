import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Cluster } from './control-plane.ts';

/** What a node would start for a Pod: what follows the program on its command line, and its environment. */
export interface PodProcess {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

interface Deployment {
  readonly spec: { readonly template: { readonly spec: PodSpec } };
}

interface PodSpec {
  readonly serviceAccountName: string;
  readonly containers: readonly [Container];
  readonly volumes?: readonly Volume[];
}

interface Container {
  readonly args: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

interface Volume {
  readonly name: string;
  readonly projected?: { readonly sources: readonly { readonly configMap?: Source; readonly secret?: Source }[] };
}

interface Source {
  readonly name: string;
  readonly items: readonly { readonly key: string; readonly path: string }[];
}

/**
 * Makes of a Deployment what a node would: reads its volumes into a folder, and has the ServiceAccount's token for it. The
 * folder stands in for `/`, so paths on the command line lead there.
 */
export async function podProcess(
  cluster: Cluster,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  folder: string,
): Promise<PodProcess> {
  const { spec } = (await cluster.get<Deployment>('deployment', name, namespace)).spec.template;
  const [container] = spec.containers;
  const mounts = container.volumeMounts ?? [];
  for (const { name: mounted, mountPath } of mounts) {
    const volume = spec.volumes?.find(one => one.name === mounted);
    for (const { configMap, secret } of volume?.projected?.sources ?? []) {
      await project(
        cluster,
        namespace,
        configMap ?? secret,
        configMap ? 'configmap' : 'secret',
        join(folder, mountPath),
      );
    }
  }
  const kubeconfig = await cluster.kubeconfigFor({ namespace, serviceAccount: spec.serviceAccountName });
  const inFolder = (arg: string) =>
    mounts.reduce((text, { mountPath }) => text.replace(`=${mountPath}/`, `=${join(folder, mountPath)}/`), arg);
  return {
    args: container.args.map(inFolder),
    env: {
      ...Object.fromEntries((container.env ?? []).map(({ name: variable, value = '' }) => [variable, value])),
      KUBECONFIG: kubeconfig,
    },
  };
}

async function project(
  cluster: Cluster,
  namespace: string,
  source: Source | undefined,
  kind: 'configmap' | 'secret',
  to: string,
): Promise<void> {
  if (source === undefined) throw new Error('a source of the volume is neither a ConfigMap nor a Secret');
  const { data = {} } = await cluster.get<{ readonly data?: Record<string, string> }>(kind, source.name, namespace);
  for (const { key, path } of source.items) {
    const value = data[key];
    // A node would wait for it for ever.
    if (value === undefined) throw new Error(`${kind} ${source.name} has no key ${key}`);
    mkdirSync(dirname(join(to, path)), { recursive: true });
    writeFileSync(join(to, path), kind === 'secret' ? Buffer.from(value, 'base64') : value);
  }
}
