import { beforeAll, describe, expect, test } from '@jest/globals';
import { RELEASE, type Rendered, render } from './chart.ts';
import { MATRIX } from './chart-values.ts';
import { useControlPlane } from './control-plane.ts';
import { MONITORING_CRDS } from './monitoring-crds.ts';
import { until } from './until.ts';

const cluster = useControlPlane();
const { kubectl } = cluster;

const list = (items: readonly object[]) => ({ apiVersion: 'v1', kind: 'List', items });
/** Asks the API server what it would make of these: defaults, validation, unknown fields, admission. Stores nothing. */
const APPLY = ['apply', '--server-side', '--dry-run=server', '--validate=strict', '--warnings-as-errors', '-f', '-'];
const dryRun = (objects: readonly object[]) => kubectl.ok(APPLY, { stdin: list(objects) });
/** With `change` made to the object of this kind. */
const refusal = async (kind: string, change: (object: Rendered) => void) => {
  const object = (await render(MATRIX['everything switched on'] ?? {})).find(one => one.kind === kind);
  if (object === undefined) throw new Error(`the chart makes no ${kind}`);
  change(object);
  return kubectl.refused(APPLY, { stdin: object });
};

beforeAll(async () => {
  const namespaces = [RELEASE, 'team-a', 'team-b', 'platform', 'monitoring', '42', '43', 'on'];
  for (const name of namespaces) await cluster.createNamespace(name);
  // What does not fit the strictest level of Pod security is warned of, and a warning is an error here.
  await kubectl.ok(['label', 'namespace', RELEASE, 'pod-security.kubernetes.io/warn=restricted']);
  await kubectl.ok(['apply', '--server-side', '-f', '-'], { stdin: list(MONITORING_CRDS) });
  await until('the kinds of monitoring are served', async () => {
    const names = await kubectl.ok(['api-resources', '--api-group=monitoring.coreos.com', '--output=name']);
    return names.trim().split('\n').length === MONITORING_CRDS.length;
  });
});

describe('the API server takes every object of the chart:', () => {
  test.each(Object.entries(MATRIX))('%s', async (_, values) => {
    const objects = await render(values);
    const answered = (await dryRun(objects)).trim().split('\n');
    expect(answered).toHaveLength(objects.length);
    expect(answered.filter(line => !/ serverside-applied \(server dry run\)$/.test(line))).toEqual([]);
  });
});

describe('what the chart might get wrong would be noticed:', () => {
  const cases: [kind: string, change: (object: Rendered) => void, complaint: string][] = [
    [
      'Deployment',
      ({ spec }) => Object.assign(spec.template.spec, { nodeSelectors: {} }),
      'field not declared in schema',
    ],
    ['Deployment', ({ spec }) => delete spec.template.spec.securityContext, 'would violate PodSecurity "restricted'],
    [
      'ServiceMonitor',
      ({ spec }) => Object.assign(spec.endpoints[0], { intervall: '1m' }),
      'field not declared in schema',
    ],
    ['PodMonitor', ({ spec }) => Object.assign(spec, { endpoints: [] }), '.spec.endpoints: field not declared'],
    [
      'PrometheusRule',
      ({ spec }) => Object.assign(spec.groups[0].rules[0], { for: 'a while' }),
      'Invalid value: "a while"',
    ],
    ['PrometheusRule', ({ spec }) => spec.groups.push(spec.groups[0]), 'duplicate'],
    ['NetworkPolicy', ({ spec }) => spec.egress.push({ to: [{ ipBlock: { cidr: 'all' } }] }), 'Invalid value: "all"'],
  ];
  test.each(cases)('in a %s', async (kind, change, complaint) => {
    expect(await refusal(kind, change)).toContain(complaint);
  });
});
