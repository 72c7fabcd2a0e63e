import { afterAll, beforeAll, jest } from '@jest/globals';
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from '../../hack/control-plane/start.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';
import { ROOT } from './shipped.ts';
import { until } from './until.ts';

/** For a start, and for each test: programs are run, and the machine may be busy. */
const WITHIN_MS = 120_000;

const KINDS = ['images', 'imagestreamimports', 'imagestreams'].map(name => `${name}.image.openshift.io`);

/** A real control plane of the test file's own. */
export interface Cluster {
  /** Throws before the first test. */
  plane(): ControlPlane;
  readonly kubectl: Kubectl;
  /** Applies `crds/*.yaml`, and waits until kubectl knows the kinds. */
  applyCrds(): Promise<void>;
  createNamespace(name: string): Promise<void>;
  /** Path of a kubeconfig with a token of a ServiceAccount, which must be there. */
  kubeconfigFor(account: { readonly namespace: string; readonly serviceAccount: string }): Promise<string>;
  /** Reads an object: `get('imagestream', 'app', 'demo')`. */
  get<Kind>(resource: string, name: string, namespace?: string): Promise<Kind>;
}

/** Starts one before the first test of the file, and ends it after the last. */
export function useControlPlane(options: ControlPlaneOptions = {}): Cluster {
  jest.setTimeout(WITHIN_MS);
  let started: ControlPlane | undefined;
  beforeAll(async () => {
    started = await startControlPlane(options);
  });
  afterAll(() => started?.stop());

  const plane = () => {
    if (started === undefined) throw new Error('the control plane of this file has not started yet');
    return started;
  };
  const kubectl = createKubectl(() => plane().adminKubeconfig);
  return {
    plane,
    kubectl,
    async applyCrds() {
      await kubectl.ok(['apply', '--warnings-as-errors', '-f', `${ROOT}/crds`]);
      await kubectl.ok(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
      // What is served, and how it is described, follows a moment later.
      await until('the kinds are served', async () => {
        const names = await kubectl.ok(['api-resources', '--api-group=image.openshift.io', '--output=name']);
        return KINDS.every(kind => names.includes(kind));
      });
      await until('the kinds are explained', async () => {
        const runs = await Promise.all(KINDS.map(kind => kubectl.run(['explain', kind])));
        return runs.every(({ status }) => status === 0);
      });
    },
    async createNamespace(name) {
      await kubectl.ok(['create', 'namespace', name]);
    },
    async kubeconfigFor({ namespace, serviceAccount }) {
      const token = await plane().tokenFor(namespace, serviceAccount);
      return plane().kubeconfigFor(`${namespace}-${serviceAccount}`, token, namespace);
    },
    async get(resource, name, namespace = 'default') {
      return JSON.parse(await kubectl.ok(['get', resource, name, '--namespace', namespace, '--output=json']));
    },
  };
}
