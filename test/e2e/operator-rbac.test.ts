import { afterAll, beforeAll, expect } from '@jest/globals';
import { systemClock } from '../../src/clock.ts';
import { ImageSweep } from '../../src/controller/image-sweep.ts';
import { ImageStore } from '../../src/controller/images.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts';
import { deafObserver } from '../../src/kube/observer.ts';
import { silentLogger } from '../../src/log.ts';
import { sampleImage } from '../gen/content.ts';
import { useAudit } from './audit.ts';
import { useControlPlane } from './control-plane.ts';
import { OPERATOR, plainHttp, type RunningOperator, story, useOperators } from './operator.ts';
import { scheduledTag, stream, streamsOf, tag } from './operator-streams.ts';
import { grantedTo, usedOf } from './rights.ts';
import { push, type RunningRegistry, setUp, stopAll } from './setups.ts';
import { until } from './until.ts';

const ACCOUNT = { namespace: OPERATOR, name: OPERATOR };
const audit = useAudit(ACCOUNT);
const cluster = useControlPlane({ flags: audit.flags });
const { kubectl } = cluster;
const operators = useOperators(cluster);
const streams = streamsOf(cluster);
const IN_DEMO = '--namespace=demo';

let registry: RunningRegistry;
/** Lets in who knows the password. */
let locked: RunningRegistry;
let operator: RunningOperator;
const image = (seed: string) => sampleImage({ seed });
const objectName = (seed: string) => image(seed).digest.replace(':', '-');
const UNREFERENCED = 'imagestream-operator/unreferenced-since';

beforeAll(async () => {
  registry = await setUp({ name: 'open', auth: 'open' });
  locked = await setUp({ name: 'htpasswd', auth: 'htpasswd' });
  await operators.install();
  await cluster.createNamespace('demo');
  const args = ['--isi-ttl', '1s'];
  operator = await operators.start({ registries: [plainHttp(registry), plainHttp(locked)], args });
  await operator.says('Working');
});
afterAll(() => stopAll());

story('streams, imports, secrets and Images are worked on with what is granted', async () => {
  await push(registry, 'team/app', 'v1', image('1'));
  const moving = stream('moving', [scheduledTag('v1', `${registry.host}/team/app:v1`)], { interval: '1s' });
  await streams.create(moving);
  await streams.headIs('moving', 'v1', image('1').digest);
  // An import that makes a stream, and goes when its time is over; one that extends a stream.
  const from = { kind: 'DockerImage', name: `${registry.host}/team/app:v1` };
  for (const name of ['made', 'moving']) {
    const spec = { import: true, images: [{ from, to: { name: 'imported' } }] };
    const metadata = { name, namespace: 'demo' };
    const object = { apiVersion: 'image.openshift.io/v1', kind: 'ImageStreamImport', metadata, spec };
    await kubectl.ok(['create', '-f', '-'], { stdin: object });
    await streams.headIs(name, 'imported', image('1').digest);
  }
  await until('both are gone', async () => (await kubectl.ok(['get', 'isi', IN_DEMO, '-o=name'])) === '');
  // A pull secret that is read.
  await push(locked, 'team/app', 'v1', image('secret'));
  const { username = '', password = '' } = locked.credentials ?? {};
  const login = [`--docker-server=${locked.host}`, `--docker-username=${username}`, `--docker-password=${password}`];
  await kubectl.ok(['create', 'secret', 'docker-registry', 'pull', IN_DEMO, ...login]);
  await streams.create(stream('secret', [tag('v1', `${locked.host}/team/app:v1`)]));
  await streams.headIs('secret', 'v1', image('secret').digest);
  // An Image that was marked, and is named again.
  await kubectl.ok([
    'annotate',
    'images.image.openshift.io',
    objectName('secret'),
    `${UNREFERENCED}=2026-01-02T03:04:05Z`,
  ]);
  await until('the mark is seen', async () => {
    const seen = { resource: 'images', type: 'MODIFIED' };
    return (await operator.metrics()).sum('imagestream_operator_kube_watch_events_total', seen) > 0;
  });
  await push(registry, 'team/app', 'v1', image('secret'));
  await streams.headIs('moving', 'v1', image('secret').digest);
  const { metadata } = await cluster.get<{ metadata: object }>('images.image.openshift.io', objectName('secret'));
  expect(metadata).not.toHaveProperty(['annotations', UNREFERENCED]);
});

story(
  'what takes hours goes with the same token: Images are swept, and one that another made is looked at',
  async () => {
    const kubeconfig = await cluster.kubeconfigFor({ namespace: OPERATOR, serviceAccount: OPERATOR });
    const clock = systemClock;
    const config = await loadKubeConfig({ kubeconfig, env: {}, clock });
    const parts = { clock, log: silentLogger, observer: deafObserver };
    const client = createKubeClient({ ...parts, config, userAgent: 'test' });
    const observer = { patched: () => {} };
    const { signal } = new AbortController();
    const dockerImageReference = `${registry.host}/team/app@${image('1').digest}`;
    const lonely = {
      apiVersion: 'image.openshift.io/v1alpha1',
      kind: 'Image',
      metadata: { name: objectName('left for months'), annotations: { [UNREFERENCED]: '2026-01-02T03:04:05Z' } },
      dockerImageReference,
    };
    await kubectl.ok(['create', '-f', '-'], { stdin: lonely });
    try {
      const sweep = new ImageSweep({
        ...parts,
        namespaces: [],
        client,
        observer,
        random: Math.random,
        headMissing: () => {},
      });
      expect(await sweep.sweep(signal)).toMatchObject({ deleted: 1 });
      const store = new ImageStore({ ...parts, client, observer });
      await store.ensure([{ metadata: { name: image('1').digest }, dockerImageReference }], signal);
      // One that cannot be stored would count as there, too; it would not be known.
      expect(store.count).toBe(1);
    } finally {
      await client.close();
    }
  },
);

story('an Event that is told again is counted in the first one', async () => {
  // Written again a minute later at the soonest.
  const name = 'again';
  const fails = stream(name, [tag('v1', `${registry.host}/again/app:v1`)], { interval: '1s' });
  await push(registry, 'again/app', 'other', image('other'));
  await streams.create(fails);
  await streams.conditionIs(name, 'v1', 'False');
  const set = (path: string) =>
    kubectl.ok([
      'patch',
      `is/${name}`,
      IN_DEMO,
      '--type=json',
      '-p',
      JSON.stringify([{ op: 'replace', path: '/spec/tags/0/from/name', value: `${registry.host}/again/app:${path}` }]),
    ]);
  await until(
    'the Event is written again',
    async () => {
      await set('other');
      await streams.conditionIs(name, 'v1', 'True');
      await set('v1');
      await streams.conditionIs(name, 'v1', 'False');
      return audit.has('patch', 'events');
    },
    100_000,
  );
});

story('every right is used, and every use is granted', async () => {
  const metrics = await operator.metrics();
  expect(await operator.end('SIGTERM')).toEqual({ status: 0, signal: null });
  expect(audit.refused()).toEqual([]);
  expect(metrics.sum('imagestream_operator_kube_requests_total', { code: '403' })).toBe(0);
  const granted = await grantedTo(cluster, ACCOUNT);
  expect(usedOf(audit.events(), granted)).toEqual(granted);
  // What the operator counts is what it is allowed, in the same words: resources without groups, subresources and places.
  const counted = metrics.samples
    .filter(({ name }) => name === 'imagestream_operator_kube_requests_total')
    .map(({ labels }) => `${labels['verb']} ${labels['resource']}`);
  const plain = granted.map(one => one.replace(/^(\w+) (?:[\w.]+\/)?([a-z]+).*/, '$1 $2'));
  const alone = ['delete images', 'get images'];
  expect([...new Set(counted)].sort()).toEqual([...new Set(plain)].filter(one => !alone.includes(one)).sort());
});
