import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { readOperatorOptions } from '../../src/config/operator-options.ts';
import { root } from './sources.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
}

const read = (file: string): Manifest[] =>
  parseAllDocuments(readFileSync(join(root, 'manifests/install', file), 'utf8')).map(document => document.toJS());
const operator = read('30-operator.yaml');
const one = (kind: string) => operator.find(object => object.kind === kind)?.spec ?? {};
const deployment = one('Deployment') as unknown as {
  readonly replicas: number;
  readonly template: { readonly metadata: object; readonly spec: PodSpec };
};

interface PodSpec {
  readonly containers: readonly [Container, ...Container[]];
  readonly terminationGracePeriodSeconds: number;
  readonly [field: string]: unknown;
}

interface Container {
  readonly args: readonly string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly [field: string]: unknown;
}

const pod = deployment.template.spec;
const [container] = pod.containers;
const line = readOperatorOptions(container.args.slice(1), {});
const options = line.kind === 'run' ? line.options : undefined;

/** What `manifests/install` promises of the Pods; Pod security knows nothing of half of it. */
describe('the Pods of manifests/install', () => {
  test('are one container, whose user owns nothing and may gain nothing, on a file system that nobody writes', () => {
    expect(pod.containers).toHaveLength(1);
    expect(pod['securityContext']).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container['securityContext']).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    });
    expect(pod).not.toHaveProperty('hostNetwork');
    expect(pod).not.toHaveProperty('volumes');
  });

  test('run the operator with options that it knows', () => {
    expect(container.args[0]).toBe('operator');
    expect(line).toMatchObject({ kind: 'run', positionals: [] });
  });

  test('are probed where it serves: alive on its own, ready once it knows the cluster', () => {
    expect(container['livenessProbe']).toMatchObject({ httpGet: { path: '/healthz', port: 'health' } });
    expect(container['readinessProbe']).toMatchObject({ httpGet: { path: '/readyz', port: 'health' } });
    const ports = Object.fromEntries(container.ports.map(({ name, containerPort }) => [name, containerPort]));
    expect(ports).toEqual({ metrics: options?.metricsAddress?.port, health: options?.healthAddress?.port });
    expect(one('Service')['ports']).toEqual([{ name: 'metrics', port: ports['metrics'], targetPort: 'metrics' }]);
  });

  test('have time to end: more than the operator takes for its last writes', () => {
    expect(pod.terminationGracePeriodSeconds * 1_000).toBeGreaterThan((options?.shutdownGraceMs ?? 0) + 10_000);
  });

  test('ask for what they need, and have a bound of memory and none of CPU, which would only slow them down', () => {
    const { requests, limits } = container['resources'] as Record<string, Record<string, string>>;
    expect(Object.keys(requests ?? {}).sort()).toEqual(['cpu', 'memory']);
    expect(Object.keys(limits ?? {})).toEqual(['memory']);
  });

  test('are two on different nodes where there are any, of which a drain takes one at a time', () => {
    const { labels } = deployment.template.metadata as { readonly labels: object };
    expect(deployment.replicas).toBe(2);
    expect(options?.leaderElect).toBe(true);
    const [spread] = pod['topologySpreadConstraints'] as readonly { readonly labelSelector: { matchLabels: object } }[];
    expect(spread).toMatchObject({
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'ScheduleAnyway',
    });
    const { maxUnavailable, selector } = one('PodDisruptionBudget') as {
      readonly maxUnavailable?: number;
      readonly selector?: { readonly matchLabels: object };
    };
    expect(maxUnavailable).toBe(1);
    for (const selected of [spread?.labelSelector.matchLabels, selector?.matchLabels]) {
      expect(labels).toMatchObject(selected ?? { none: true });
    }
  });
});

test('the namespace of manifests/install lets in nothing that the strictest level of Pod security forbids', () => {
  const [namespace] = read('00-namespace.yaml');
  expect(namespace?.metadata.labels?.['pod-security.kubernetes.io/enforce']).toBe('restricted');
});
