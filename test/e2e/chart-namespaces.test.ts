import { afterAll, beforeAll, expect } from '@jest/globals';
import { freePort } from '../../hack/programs.ts';
import { systemClock } from '../../src/clock.ts';
import { ImageStore } from '../../src/controller/images.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts';
import { deafObserver } from '../../src/kube/observer.ts';
import { silentLogger } from '../../src/log.ts';
import { sampleImage } from '../gen/content.ts';
import { useAudit } from './audit.ts';
import { CHART_FOLDER, createHelm, RELEASE } from './chart.ts';
import { useControlPlane } from './control-plane.ts';
import { plainHttp, type RunningOperator, story, useOperators } from './operator.ts';
import { scheduledTag, stream, streamsOf, tag } from './operator-streams.ts';
import { grantedTo, usedOf } from './rights.ts';
import { push, type RunningRegistry, setUp, stopAll } from './setups.ts';
import { until } from './until.ts';

const ACCOUNT = { namespace: RELEASE, name: RELEASE };
const audit = useAudit(ACCOUNT);
const cluster = useControlPlane({ flags: audit.flags });
const { kubectl } = cluster;
const helm = createHelm(() => cluster.plane().adminKubeconfig);
const operators = useOperators(cluster);
const streams = streamsOf(cluster);
const WATCHED = ['team-a', 'team-b'];
const UNREFERENCED = 'imagestream-operator/unreferenced-since';

let registry: RunningRegistry;
/** Lets in who knows the password. */
let locked: RunningRegistry;
let operator: RunningOperator;
const image = (seed: string) => sampleImage({ seed });
const objectName = (seed: string) => image(seed).digest.replace(':', '-');
const pull = (name: string, namespace: string, config: object) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace },
  type: 'kubernetes.io/dockerconfigjson',
  stringData: { '.dockerconfigjson': JSON.stringify(config) },
});
const apply = (stdin: object) => kubectl.ok(['apply', '-f', '-'], { stdin });
/** A docker config that lets into the locked registry. */
const login = () => ({ auths: { [locked.host]: locked.credentials } });

beforeAll(async () => {
  registry = await setUp({ name: 'open', auth: 'open' });
  locked = await setUp({ name: 'htpasswd', auth: 'htpasswd' });
  for (const name of [RELEASE, ...WATCHED, 'team-c', 'platform']) await cluster.createNamespace(name);
  const values = {
    replicas: 1,
    watchNamespaces: WATCHED,
    defaultPullSecret: 'platform/credentials',
    metrics: { port: await freePort() },
    health: { port: await freePort() },
    options: { minInterval: '1s', isiTtl: '1s', logLevel: 'debug' },
    registriesFile: { registries: [plainHttp(registry), plainHttp(locked)] },
  };
  await helm.ok(['install', RELEASE, CHART_FOLDER, '--namespace', RELEASE, '--values', '-'], { stdin: values });
  await until('the kinds are served', async () => {
    const names = await kubectl.ok(['api-resources', '--api-group=image.openshift.io', '--output=name']);
    return names.trim().split('\n').length === 3;
  });
  operator = await operators.startPod(ACCOUNT);
  await operator.says('Working');
});
afterAll(() => stopAll());

story('in each of the namespaces streams, imports and pull secrets are worked on', async () => {
  await push(registry, 'team/app', 'v1', image('1'));
  await push(locked, 'team/app', 'v1', image('locked'));
  for (const namespace of WATCHED) {
    const options = { namespace, interval: '1s' };
    await streams.create(stream('moving', [scheduledTag('v1', `${registry.host}/team/app:v1`)], options));
    await streams.headIs('moving', 'v1', image('1').digest, namespace);
    // An import that makes a stream, and one that extends a stream; both go when their time is over.
    const from = { kind: 'DockerImage', name: `${registry.host}/team/app:v1` };
    for (const name of ['made', 'moving']) {
      const spec = { import: true, images: [{ from, to: { name: 'imported' } }] };
      await apply({
        apiVersion: 'image.openshift.io/v1',
        kind: 'ImageStreamImport',
        metadata: { name, namespace },
        spec,
      });
      await streams.headIs(name, 'imported', image('1').digest, namespace);
    }
    await apply(pull('own', namespace, login()));
    await streams.create(stream('locked', [tag('v1', `${locked.host}/team/app:v1`)], { namespace }));
    await streams.headIs('locked', 'v1', image('locked').digest, namespace);
    const imports = () => kubectl.ok(['get', 'isi', '--namespace', namespace, '-o=name']);
    await until('the imports are gone', async () => (await imports()) === '');
  }
});

story('an Image that was marked is kept, and one that another made is looked at', async () => {
  const kubeconfig = await cluster.kubeconfigFor({ namespace: RELEASE, serviceAccount: RELEASE });
  const parts = { clock: systemClock, log: silentLogger, observer: deafObserver };
  const config = await loadKubeConfig({ kubeconfig, env: {}, clock: systemClock });
  const client = createKubeClient({ ...parts, config, userAgent: 'test' });
  const marked = objectName('locked');
  try {
    await kubectl.ok(['annotate', 'images.image.openshift.io', marked, `${UNREFERENCED}=2026-01-02T03:04:05Z`]);
    const store = new ImageStore({ ...parts, client, observer: { patched: () => {} } });
    const known = { metadata: { name: image('locked').digest }, dockerImageReference: `${locked.host}/team/app` };
    await store.ensure([known], new AbortController().signal);
    expect(store.count).toBe(1);
  } finally {
    await client.close();
  }
  const { metadata } = await cluster.get<{ metadata: object }>('images.image.openshift.io', marked);
  expect(metadata).not.toHaveProperty(['annotations', UNREFERENCED]);
});

story('what is told again is counted in the first Event, in every place that Events are about', async () => {
  // A tag that fails and heals in turns, in each namespace, and a default pull secret that is changed and stays malformed.
  // Events are written again a minute later at the soonest.
  await push(registry, 'again/app', 'there', image('there'));
  const from = (path: string) => `${registry.host}/again/app:${path}`;
  for (const namespace of WATCHED) await streams.create(stream('again', [tag('v1', from('gone'))], { namespace }));
  const set = async (path: string, status: 'True' | 'False') => {
    const patch = JSON.stringify([{ op: 'replace', path: '/spec/tags/0/from/name', value: from(path) }]);
    for (const namespace of WATCHED) {
      await kubectl.ok(['patch', 'is/again', '--namespace', namespace, '--type=json', '-p', patch]);
      await streams.conditionIs('again', 'v1', status, namespace);
    }
  };
  let turn = 0;
  await until(
    'the Events are written again',
    async () => {
      turn += 1;
      await apply(pull('credentials', 'platform', { auths: { [locked.host]: { auth: '?'.repeat(turn) } } }));
      await set('there', 'True');
      await set('gone', 'False');
      return [...WATCHED, 'platform'].every(namespace => audit.has('patch', 'events', namespace));
    },
    110_000,
  );
});

story('the default pull secret of another namespace serves who has none', async () => {
  await apply(pull('credentials', 'platform', login()));
  await kubectl.ok(['delete', 'secret', 'own', '--namespace=team-b']);
  await push(locked, 'team/other', 'v1', image('other'));
  await streams.create(stream('other', [tag('v1', `${locked.host}/team/other:v1`)], { namespace: 'team-b' }));
  await streams.headIs('other', 'v1', image('other').digest, 'team-b');
});

story('every right is used, and every use is granted', async () => {
  expect(await operator.end('SIGTERM')).toEqual({ status: 0, signal: null });
  expect(audit.refused()).toEqual([]);
  const granted = await grantedTo(cluster, ACCOUNT);
  expect(usedOf(audit.events(), granted)).toEqual(granted);
});

story('what lies elsewhere is out of reach', async () => {
  const kubeconfig = await cluster.kubeconfigFor({ namespace: RELEASE, serviceAccount: RELEASE });
  const may = async (...args: string[]) =>
    (await kubectl.run(['auth', 'can-i', ...args], { kubeconfig })).stdout.trim();
  expect(await may('list', 'secrets', '--namespace=team-a')).toBe('yes');
  expect(await may('get', 'secrets/credentials', '--namespace=platform')).toBe('yes');
  for (const beyond of [
    ['list', 'secrets', '--all-namespaces'],
    ['get', 'secrets', '--namespace=team-c'],
    ['get', 'secrets/another', '--namespace=platform'],
    ['list', 'secrets', '--namespace=platform'],
    ['list', 'secrets', `--namespace=${RELEASE}`],
    ['patch', 'imagestreams', '--namespace=team-c'],
    ['delete', 'images.image.openshift.io'],
    ['get', 'leases/another', `--namespace=${RELEASE}`],
  ]) {
    expect([beyond, await may(...beyond)]).toEqual([beyond, 'no']);
  }
});

story(
  'users of a namespace work with its streams as their role there lets them, and leave the status alone',
  async () => {
    for (const role of ['view', 'edit']) {
      await kubectl.ok(['create', 'serviceaccount', role, '--namespace=team-c']);
      // What a cluster's controllers would add to the roles of these names.
      const own = `--clusterrole=${RELEASE}-${RELEASE}-${role}`;
      await kubectl.ok(['create', 'rolebinding', role, own, `--serviceaccount=team-c:${role}`, '--namespace=team-c']);
    }
    const { metadata } = await cluster.get<{ metadata: { labels: object } }>(
      'clusterrole',
      `${RELEASE}-${RELEASE}-view`,
    );
    expect(metadata.labels).toMatchObject({ 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' });
    const may = async (role: string, ...args: string[]) => {
      const kubeconfig = await cluster.kubeconfigFor({ namespace: 'team-c', serviceAccount: role });
      return (await kubectl.run(['auth', 'can-i', ...args, '--namespace=team-c'], { kubeconfig })).stdout.trim();
    };
    for (const kind of ['imagestreams', 'imagestreamimports']) {
      expect([await may('view', 'watch', kind), await may('view', 'create', kind)]).toEqual(['yes', 'no']);
      expect([await may('edit', 'create', kind), await may('edit', 'delete', kind)]).toEqual(['yes', 'yes']);
    }
    expect(await may('edit', 'patch', 'imagestreams', '--subresource=status')).toBe('no');
  },
);
