import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { freePort } from '../../hack/programs.ts';
import manifest from '../../package.json' with { type: 'json' };
import { sampleImage } from '../gen/content.ts';
import { CHART_FOLDER, createHelm, RELEASE } from './chart.ts';
import { useControlPlane } from './control-plane.ts';
import { plainHttp, type RunningOperator, story, useOperators } from './operator.ts';
import { scheduledTag, stream, streamsOf } from './operator-streams.ts';
import { push, type RunningRegistry, setUp, stopAll } from './setups.ts';
import { at, ROOT } from './shipped.ts';
import { until } from './until.ts';

const cluster = useControlPlane();
const { kubectl } = cluster;
const helm = createHelm(() => cluster.plane().adminKubeconfig);
const operators = useOperators(cluster);
const streams = streamsOf(cluster);
const IN = ['--namespace', RELEASE];

let registry: RunningRegistry;
let operator: RunningOperator;
let values: object;
const image = (seed: string) => sampleImage({ seed });

/** The chart as an older version had it: with a CRD that knew less. */
function olderChart(): string {
  const folder = at('older');
  mkdirSync(folder);
  cpSync(CHART_FOLDER, folder, { recursive: true });
  edit(join(folder, 'Chart.yaml'), `version: ${manifest.version}`, 'version: 0.0.9');
  edit(join(folder, 'templates/crds/imagestreams.yaml'), '    shortNames:\n      - is\n', '');
  return folder;
}

function edit(path: string, before: string, after: string): void {
  const text = readFileSync(path, 'utf8');
  if (!text.includes(before)) throw new Error(`${path} does not say ${before}`);
  writeFileSync(path, text.replace(before, after));
}

/** The Pod of the release as it is now, in place of the one that ran before. */
async function replacePod(): Promise<void> {
  if (operator !== undefined) expect(await operator.end('SIGTERM')).toEqual({ status: 0, signal: null });
  operator = await operators.startPod({ namespace: RELEASE, name: RELEASE });
  await operator.says('Working');
}

const move = async (seed: string) => {
  await push(registry, 'team/app', 'v1', image(seed));
  await streams.headIs('app', 'v1', image(seed).digest);
};
const history = async () => (await streams.history('app', 'v1'))?.items?.map(event => event.image);
const digests = (...seeds: string[]) => seeds.map(seed => image(seed).digest);
const shortNames = async () =>
  (await cluster.get<{ spec: { names: { shortNames?: string[] } } }>('crd', 'imagestreams.image.openshift.io')).spec
    .names.shortNames;
const kinds = async () => (await kubectl.ok(['get', 'crd', '-o=name'])).trim().split('\n').filter(Boolean);
const CRDS = ['images', 'imagestreamimports', 'imagestreams'].map(
  name => `customresourcedefinition.apiextensions.k8s.io/${name}.image.openshift.io`,
);
/** Objects of the release, wherever they are, CRDs aside. */
const leftovers = () =>
  kubectl.ok([
    'get',
    'deployments,services,poddisruptionbudgets,serviceaccounts,configmaps,roles,rolebindings,clusterroles,clusterrolebindings',
    '--all-namespaces',
    `--selector=app.kubernetes.io/instance=${RELEASE}`,
    '-o=name',
  ]);

beforeAll(async () => {
  registry = await setUp({ name: 'TLS', auth: 'open', tls: true });
  await cluster.createNamespace(RELEASE);
  await cluster.createNamespace('demo');
  await kubectl.ok(['create', 'configmap', 'corp-ca', ...IN, `--from-literal=ca.crt=${registry.ca}`]);
  values = {
    replicas: 1,
    metrics: { port: await freePort() },
    health: { port: await freePort() },
    options: { minInterval: '1s', logLevel: 'debug' },
    registriesFile: { registries: [{ ...plainHttp(registry), plainHttp: false, caFile: 'ca/corp.pem' }] },
    caBundles: [{ name: 'corp', configMap: { name: 'corp-ca', key: 'ca.crt' } }],
  };
});
afterAll(() => stopAll());

story('an installed release has all that its Pods need to work', async () => {
  await helm.ok(['install', RELEASE, olderChart(), ...IN, '--values', '-'], { stdin: values });
  await until('the kinds are served', async () => (await kinds()).length === 3);
  await replacePod();
  for (const probe of ['/healthz', '/readyz'] as const) {
    await until(`${probe} says yes`, async () => (await operator.probe(probe)) === 200);
  }
  await push(registry, 'team/app', 'v1', image('1'));
  await streams.create(stream('app', [scheduledTag('v1', `${registry.host}/team/app:v1`)], { interval: '1s' }));
  await streams.headIs('app', 'v1', image('1').digest);
  await move('2');
  expect(await shortNames()).toBeUndefined();
});

story('an upgrade brings the CRDs of the new version, and the values that were changed', async () => {
  const changed = { ...values, options: { minInterval: '1s', logLevel: 'debug', historyLimit: 2 } };
  await helm.ok(['upgrade', RELEASE, CHART_FOLDER, ...IN, '--values', '-'], { stdin: changed });
  expect(await shortNames()).toEqual(['is']);
  await replacePod();
  await move('3');
  expect(await history()).toEqual(digests('3', '2'));
});

story('a rollback brings the old ones back, and the same streams go on', async () => {
  await helm.ok(['rollback', RELEASE, '1', ...IN]);
  expect(JSON.parse(await helm.ok(['history', RELEASE, ...IN, '--output=json'])).at(-1)).toMatchObject({
    revision: 3,
    status: 'deployed',
    chart: 'imagestream-operator-0.0.9',
  });
  expect(await shortNames()).toBeUndefined();
  await replacePod();
  await move('4');
  expect(await history()).toEqual(digests('4', '3', '2'));
});

story('without the release nothing is left but the CRDs, the streams and the Images', async () => {
  expect(await operator.end('SIGTERM')).toEqual({ status: 0, signal: null });
  const images = await kubectl.ok(['get', 'images.image.openshift.io', '-o=name']);
  expect(await leftovers()).not.toBe('');
  expect(await helm.ok(['uninstall', RELEASE, ...IN])).toContain('kept due to the resource policy');
  expect(await leftovers()).toBe('');
  expect(await kinds()).toEqual(CRDS);
  expect(await history()).toEqual(digests('4', '3', '2'));
  expect(await kubectl.ok(['get', 'images.image.openshift.io', '-o=name'])).toBe(images);
});

story('a new release takes them up', async () => {
  await helm.ok(['install', RELEASE, CHART_FOLDER, ...IN, '--values', '-'], { stdin: values });
  operator = await operators.startPod({ namespace: RELEASE, name: RELEASE });
  await operator.says('Working');
  await move('5');
  expect(await history()).toEqual(digests('5', '4', '3', '2'));
});

story('who says so has the CRDs removed, and all streams with them', async () => {
  expect(await operator.end('SIGTERM')).toEqual({ status: 0, signal: null });
  const gone = { ...values, crds: { keep: false } };
  await helm.ok(['upgrade', RELEASE, CHART_FOLDER, ...IN, '--values', '-'], { stdin: gone });
  await helm.ok(['uninstall', RELEASE, ...IN]);
  await until('the kinds are gone', async () => (await kinds()).length === 0);
});

story(
  'CRDs that came with kubectl are left alone, or handed over to a release when it is told to take them',
  async () => {
    await kubectl.ok(['apply', '--server-side', '-f', `${ROOT}/crds`]);
    const install = ['install', RELEASE, CHART_FOLDER, ...IN];
    expect(await helm.refused(install)).toContain('invalid ownership metadata');
    await helm.ok([...install, '--set=crds.install=false']);
    await helm.ok(['uninstall', RELEASE, ...IN]);
    expect(await kinds()).toEqual(CRDS);
    await helm.ok([...install, '--take-ownership']);
    expect(await helm.ok(['get', 'manifest', RELEASE, ...IN])).toContain('name: images.image.openshift.io');
  },
);
