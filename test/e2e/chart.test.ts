import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { installManifests } from '../../hack/chart/install-manifests.ts';
import { staleFiles } from '../../hack/generate.ts';
import { helmBinary } from '../../hack/tools/parts.ts';
import manifest from '../../package.json' with { type: 'json' };
import { addressClass } from '../../src/registry/safety.ts';
import { CHART_FOLDER, createHelm, nameOf, RELEASE, type Rendered, render, templateArguments } from './chart.ts';
import { MATRIX } from './chart-values.ts';
import { at, ROOT } from './shipped.ts';

/** Programs are run, and the machine may be busy. */
jest.setTimeout(120_000);

const helm = createHelm();
const refusal = async (values: object) => (await helm.refused(templateArguments, { stdin: values })).trim();
const one = (objects: readonly Rendered[], kind: string) => {
  const found = objects.filter(object => object.kind === kind);
  if (found.length !== 1) throw new Error(`${found.length} objects are of kind ${kind}`);
  return found[0] as Rendered;
};
const podOf = (objects: readonly Rendered[]) => one(objects, 'Deployment')['spec'].template.spec;
const containerOf = (objects: readonly Rendered[]) => podOf(objects).containers[0];

test('manifests/install is what the chart says (else run `make manifests`)', () => {
  expect(staleFiles(ROOT, installManifests(ROOT, helmBinary() ?? ''))).toEqual([]);
});

test.each(Object.entries(MATRIX))('helm lint finds nothing: %s', async (_, values) => {
  const said = await helm.ok(['lint', '--strict', CHART_FOLDER, '--values', '-'], { stdin: values });
  expect(said).toContain('1 chart(s) linted, 0 chart(s) failed');
});

describe('an unknown or impossible value is refused:', () => {
  const cases: [values: object, complaint: string][] = [
    [{ replica: 2 }, "additional properties 'replica' not allowed"],
    [{ image: { name: 'x' } }, "additional properties 'name' not allowed"],
    [{ image: { digest: 'sha256:1' } }, 'does not match pattern'],
    [{ options: { interval: '5m' } }, "additional properties 'interval' not allowed"],
    [{ options: { defaultInterval: '5 minutes' } }, 'does not match pattern'],
    [{ options: { leaderElect: 'false' } }, 'got string, want boolean'],
    [{ options: { logLevel: 'verbose' } }, "value must be one of 'debug', 'info'"],
    [{ registriesFile: { registry: [] } }, "additional properties 'registry' not allowed"],
    [{ registriesFile: { registries: [{ host: 'a', rate: { perMinute: 1 } }] } }, "additional properties 'perMinute'"],
    [{ registriesFile: { registries: [{ plainHttp: true }] } }, "missing property 'host'"],
    [{ caBundles: [{ name: 'corp' }] }, "'oneOf' failed"],
    [{ caBundles: [{ name: '../corp', secret: { name: 'a', key: 'b' } }] }, 'does not match pattern'],
    [{ resources: { limit: {} } }, "additional properties 'limit' not allowed"],
    [{ tolerations: [{ keys: 'a' }] }, "additional properties 'keys' not allowed"],
    [{ affinity: { podAffinities: {} } }, "additional properties 'podAffinities' not allowed"],
    [{ securityContext: { runAsRoot: true } }, "additional properties 'runAsRoot' not allowed"],
    [{ watchNamespaces: ['Team A'] }, 'does not match pattern'],
    [{ defaultPullSecret: 'credentials' }, 'does not match pattern'],
    [{ serviceMonitor: { enable: true } }, "additional properties 'enable' not allowed"],
    [{ networkPolicy: { metricsFrom: [{ podSelectors: {} }] } }, "additional properties 'podSelectors' not allowed"],
    [{ crds: { kept: true } }, "additional properties 'kept' not allowed"],
    [{ replicas: 2, options: { leaderElect: false } }, 'replicas: expected 1 at most without options.leaderElect'],
    [{ serviceMonitor: { enabled: true }, service: { enabled: false } }, 'serviceMonitor.enabled: there is nothing'],
    [{ prometheusRule: { enabled: true, without: ['Gone'] } }, 'prometheusRule.without: there is no alert "Gone"'],
    [{ serviceAccount: { create: false } }, 'serviceAccount.name: expected the name of one that is there'],
    [{ registriesFile: { blocked: [] }, registriesFileFrom: { configMap: 'a' } }, 'expected one of them'],
    [{ fullnameOverride: '7' }, 'does not match pattern'],
    [{ metrics: { port: 8081 } }, 'health.port: expected another one than metrics.port'],
    [{ resources: { limits: { memory: '1Ei' } } }, 'resources.limits.memory: "1Ei": expected a number'],
  ];
  test.each(cases)('%j', async (values, complaint) => {
    expect(await refusal(values)).toContain(complaint);
  });
});

test('values of a chart that this one is a part of are none of its business', async () => {
  expect(await render({ global: { imageRegistry: 'registry.example' } })).toEqual(await render({}));
});

test('with its own values the chart makes what an installation needs, and no more', async () => {
  expect((await render({})).map(nameOf).sort()).toEqual([
    'ClusterRole imagestream-operator',
    'ClusterRole imagestream-operator-edit',
    'ClusterRole imagestream-operator-view',
    'ClusterRoleBinding imagestream-operator',
    'CustomResourceDefinition images.image.openshift.io',
    'CustomResourceDefinition imagestreamimports.image.openshift.io',
    'CustomResourceDefinition imagestreams.image.openshift.io',
    'Deployment imagestream-operator',
    'PodDisruptionBudget imagestream-operator',
    'Role imagestream-operator',
    'RoleBinding imagestream-operator',
    'Service imagestream-operator-metrics',
    'ServiceAccount imagestream-operator',
  ]);
});

test('for some namespaces there are Roles in these, and no ClusterRole for Secrets', async () => {
  const objects = await render(MATRIX['namespaces, and a default pull secret elsewhere'] ?? {});
  const roles = objects.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');
  const readers = roles.filter(({ rules }) => JSON.stringify(rules).includes('secrets'));
  expect(readers.map(nameOf)).toEqual([
    'Role platform/imagestream-operator-pull-secret',
    'Role team-a/imagestream-operator-streams',
    'Role team-b/imagestream-operator-streams',
  ]);
  const ofCluster = roles.filter(
    ({ kind, metadata }) => kind === 'ClusterRole' && !/-(view|edit)$/.test(metadata.name),
  );
  expect(ofCluster.map(({ metadata, rules }) => [metadata.name, rules])).toEqual([
    [
      'imagestream-operator-imagestream-operator',
      [
        {
          apiGroups: ['image.openshift.io'],
          resources: ['images'],
          verbs: ['get', 'list', 'watch', 'create', 'patch'],
        },
      ],
    ],
  ]);
});

test('for some namespaces and without Images nothing of the operator is valid in the whole cluster', async () => {
  const objects = await render(MATRIX['namespaces without Images, and a default pull secret of one of them'] ?? {});
  const kinds = objects.map(nameOf).filter(name => name.startsWith('ClusterRole'));
  expect(kinds).toEqual([expect.stringMatching(/-view$/), expect.stringMatching(/-edit$/)]);
  expect(objects.map(nameOf)).not.toContain('Role imagestream-operator-pull-secret');
  expect(containerOf(objects).args).toContain('--images=off');
});

test('what is said of the operator stands on its command line, what is said last at the end', async () => {
  const { args } = containerOf(await render(MATRIX['everything switched on'] ?? {}));
  expect(args.slice(0, 3)).toEqual(['operator', '--metrics-address=:9090', '--health-address=:9091']);
  expect(args).toEqual(
    expect.arrayContaining([
      '--default-pull-secret=platform/credentials',
      '--registries-file=/etc/imagestream-operator/registries.yaml',
      '--isi-ttl=0',
      '--max-images-per-repository=1000000',
      '--public-registry=registry.example:5000',
      '--tenant-insecure=listedHosts',
    ]),
  );
  expect(args).not.toEqual(expect.arrayContaining([expect.stringContaining('--internal-registry')]));
  expect(args.at(-1)).toBe('--history-limit=5');
});

test('a variable of the user replaces the own one of the name', async () => {
  const { env } = containerOf(await render(MATRIX['everything switched on'] ?? {}));
  expect(env.map(({ name }: { name: string }) => name).sort()).toEqual([
    'HTTPS_PROXY',
    'HTTP_PROXY',
    'NODE_EXTRA_CA_CERTS',
    'NODE_OPTIONS',
    'NO_PROXY',
  ]);
  expect(env.find(({ name }: { name: string }) => name === 'HTTPS_PROXY')).toHaveProperty('valueFrom');
});

test.each([
  [{}, '--max-old-space-size=320'],
  [{ resources: { limits: { memory: '1.5Gi' } } }, '--max-old-space-size=960'],
  [{ resources: { limits: { memory: 1_073_741_824 } } }, '--max-old-space-size=640'],
  [{ resources: { limits: { memory: '1G' } } }, '--max-old-space-size=596'],
  [{ resources: { limits: null }, heapMiB: 200 }, '--max-old-space-size=200'],
  [{ resources: { limits: null } }, undefined],
])('the heap leaves room below the memory limit: %j', async (values, want) => {
  const { env = [] } = containerOf(await render(values));
  expect(env.find(({ name }: { name: string }) => name === 'NODE_OPTIONS')?.value).toBe(want);
});

test('the image is named by its digest, its tag, or the version of the chart', async () => {
  const imageOf = async (image: object) =>
    containerOf(await render({ image: { repository: 'r.example/iso', ...image } })).image;
  expect(await imageOf({ tag: 'v1', digest: `sha256:${'a'.repeat(64)}` })).toBe(
    `r.example/iso@sha256:${'a'.repeat(64)}`,
  );
  expect(await imageOf({ tag: 'v1' })).toBe('r.example/iso:v1');
  expect(await imageOf({})).toBe(`r.example/iso:${manifest.version}`);
});

test('without an election a Pod ends before another one begins', async () => {
  const objects = await render(MATRIX['one replica without an election'] ?? {});
  expect(one(objects, 'Deployment')['spec']).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
  expect(objects.filter(({ kind }) => kind === 'Role')).toEqual([]);
});

test('of labels told several times the nearest counts, and none replaces those that objects are found by', async () => {
  const objects = await render(MATRIX['names that YAML takes for something else, and labels told several times'] ?? {});
  const own = { 'app.kubernetes.io/name': '7', 'app.kubernetes.io/instance': RELEASE };
  const found = (kind: string) => one(objects, kind).metadata.labels;
  expect(found('Deployment')).toMatchObject({ ...own, team: 'all' });
  expect(found('Service')).toMatchObject({ ...own, team: 'service' });
  expect(found('ServiceMonitor')).toMatchObject({ ...own, team: 'monitor' });
  const { selector, template } = one(objects, 'Deployment')['spec'];
  expect(selector.matchLabels).toEqual(own);
  expect(template.metadata.labels).toEqual({ ...own, team: 'pods' });
});

test('a release and a namespace may have numbers for names', async () => {
  const values = { serviceMonitor: { enabled: true }, dashboard: { enabled: true } };
  const args = ['template', '12', CHART_FOLDER, '--namespace', '34', '--values', '-'];
  const objects = parseAllDocuments(await helm.ok(args, { stdin: values })).map(one => one.toJS() as Rendered);
  for (const { metadata } of objects) {
    expect(metadata.labels['app.kubernetes.io/instance']).toBe('12');
    expect([undefined, '34']).toContain(metadata.namespace);
  }
  expect(one(objects, 'RoleBinding')['subjects'][0].namespace).toBe('34');
  expect(one(objects, 'ServiceMonitor')['spec'].namespaceSelector.matchNames).toEqual(['34']);
});

test('a network policy leaves out no address that a registry could be at', async () => {
  const blocks = one(await render({ networkPolicy: { enabled: true } }), 'NetworkPolicy')
    ['spec'].egress.flatMap(({ to = [] }: { to?: { ipBlock: { except: string[] } }[] }) => to)
    .flatMap(({ ipBlock }: { ipBlock: { except: string[] } }) => ipBlock.except);
  expect(blocks).toContain('169.254.0.0/16');
  for (const block of blocks) expect([block, addressClass(block.split('/')[0])]).toEqual([block, 'local']);
});

describe('alerts and dashboard', () => {
  const file = (name: string) => readFileSync(join(CHART_FOLDER, 'files', name), 'utf8');
  const alerts = (objects: readonly Rendered[]) => one(objects, 'PrometheusRule')['spec'];

  test('are those of the files', async () => {
    const objects = await render({ prometheusRule: { enabled: true }, dashboard: { enabled: true } });
    expect(alerts(objects)).toEqual(parse(file('alerts.yaml')));
    const { data, metadata } = one(objects, 'ConfigMap');
    expect(data['imagestream-operator.json']).toBe(file('dashboard.json'));
    expect(metadata.labels['grafana_dashboard']).toBe('1');
  });

  test('are as the user wants them', async () => {
    const all = parse(file('alerts.yaml')).groups.flatMap(({ rules }: RuleGroup) => rules);
    const rules = alerts(await render(MATRIX['everything switched on'] ?? {})).groups.flatMap(
      ({ rules: some }: RuleGroup) => some,
    );
    expect(rules.map(({ alert }: Alert) => alert)).toEqual(
      all.map(({ alert }: Alert) => alert).filter((alert: string) => alert !== 'ImageStreamOperatorDown'),
    );
    for (const { labels } of rules) expect(labels).toMatchObject({ team: 'platform', severity: 'info' });
  });
});

interface Alert {
  readonly alert: string;
  readonly labels: object;
}
interface RuleGroup {
  readonly rules: readonly Alert[];
}

test('packed, the chart says the same', async () => {
  await helm.ok(['package', CHART_FOLDER, '--destination', at('packages')]);
  const packed = join(at('packages'), `imagestream-operator-${manifest.version}.tgz`);
  const template = (chart: string) => helm.ok(['template', RELEASE, chart, '--namespace', RELEASE]);
  expect(await template(packed)).toBe(await template(CHART_FOLDER));
});
