import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readYaml, YamlFault } from '../config/yaml.ts';
import type { KubeConfig } from '../kube/kubeconfig.ts';
import { CommandFault, fileFault } from './fault.ts';
import { toYaml } from './output.ts';
import { replaceFile } from './replace-file.ts';

/** How to reach a cluster, and as whom. */
export interface Access {
  /** `https://127.0.0.1:8443` */
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  readonly token: string;
}

/** Of cluster, user and context in our kubeconfig. */
const NAME = 'imagestream-operator-dev';
const NAMESPACE = 'default';

/** For the operator in this process: what the file says is for others, who may replace it. */
export function operatorConfig({ url, ca, token }: Access): KubeConfig {
  const credentials = { headers: { Authorization: `Bearer ${token}` }, tls: { ca, verify: true } };
  return {
    server: url,
    namespace: NAMESPACE,
    source: 'the embedded API server',
    credentials: async () => credentials,
  };
}

/** Writes the kubeconfig for kubectl; nobody but its owner may read it. Throws `CommandFault`. */
export async function writeKubeconfig(path: string, { url, ca, token }: Access): Promise<void> {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: NAME, cluster: { server: url, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: NAME, user: { token } }],
    contexts: [{ name: NAME, context: { cluster: NAME, user: NAME, namespace: NAMESPACE } }],
    'current-context': NAME,
  };
  await replaceFile(path, toYaml(config), 0o600);
}

/**
 * Makes the folder of the kubeconfig, and sees that nothing is lost with a file that is there. Throws `CommandFault`: a
 * file that an earlier run did not write holds the way to somebody's clusters.
 */
export async function prepareKubeconfig(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (error) {
    throw fileFault('write', path, error);
  }
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return;
    throw fileFault('write', path, error);
  }
  if (text.trim() !== '' && !isOurs(text, path)) {
    throw new CommandFault([`--kubeconfig-out: "${path}": there is a file of somebody else's; expected another place`]);
  }
}

function isOurs(text: string, path: string): boolean {
  try {
    const { clusters } = readYaml(text, path).value as { readonly clusters?: unknown };
    return Array.isArray(clusters) && clusters.length === 1 && clusters[0]?.name === NAME;
  } catch (error) {
    if (error instanceof YamlFault || error instanceof TypeError) return false;
    throw error;
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
