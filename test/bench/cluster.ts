import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type ControlPlane, startControlPlane } from '../../hack/control-plane/start.ts';
import type { ImageStream } from '../../src/api/image-stream.ts';

const INSTALL = join(import.meta.dirname, '../../manifests/install');
const NAMESPACE = 'bench';
/** Requests to the API server side by side. */
const AT_ONCE = 16;

/** Paths of what the manifests hold and a control plane without nodes needs. */
const COLLECTIONS: Readonly<Record<string, string>> = {
  Namespace: '/api/v1/namespaces',
  ServiceAccount: '/api/v1/namespaces/imagestream-operator/serviceaccounts',
  CustomResourceDefinition: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  ClusterRole: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  ClusterRoleBinding: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  Role: '/apis/rbac.authorization.k8s.io/v1/namespaces/imagestream-operator/roles',
  RoleBinding: '/apis/rbac.authorization.k8s.io/v1/namespaces/imagestream-operator/rolebindings',
};

/** A real API server that may be asked a lot. */
export function startPlane(): Promise<ControlPlane> {
  return startControlPlane({ flags: ['--max-requests-inflight=2000', '--max-mutating-requests-inflight=1000'] });
}

/** Installs what we ship, and a namespace for the streams. Path of a kubeconfig with the operator's own rights. */
export async function applyManifests(plane: ControlPlane): Promise<string> {
  const files = readdirSync(INSTALL)
    .filter(name => name.endsWith('.yaml'))
    .toSorted();
  const documents = files.flatMap(name => parseAllDocuments(readFileSync(join(INSTALL, name), 'utf8')));
  for (const document of documents) {
    const object = document.toJS() as { kind: string };
    const path = COLLECTIONS[object.kind];
    if (path !== undefined) await plane.ask('POST', path, object);
  }
  await plane.ask('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  for (const plural of ['imagestreams', 'imagestreamimports']) await served(plane, plural);
  const account = 'imagestream-operator';
  return plane.kubeconfigFor('operator', await plane.tokenFor(account, account), account);
}

/** Creates streams, several at a time. */
export async function createAll(
  plane: ControlPlane,
  count: number,
  stream: (index: number) => ImageStream,
): Promise<void> {
  let next = 0;
  const work = async () => {
    for (let index = next; index < count; index = next) {
      next += 1;
      await plane.ask(
        'POST',
        `/apis/image.openshift.io/v1/namespaces/${NAMESPACE}/imagestreams`,
        created(stream(index)),
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

function created({ metadata, ...stream }: ImageStream): unknown {
  const { resourceVersion: _version, uid: _uid, generation: _generation, ...rest } = metadata;
  return { ...stream, metadata: { ...rest, namespace: NAMESPACE } };
}

async function served(plane: ControlPlane, plural: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    try {
      await plane.ask('GET', `/apis/image.openshift.io/v1/${plural}`);
      return;
    } catch {
      await new Promise(resolve => setTimeout(resolve, 100));
    }
  }
  throw new Error(`${plural} are not served`);
}
