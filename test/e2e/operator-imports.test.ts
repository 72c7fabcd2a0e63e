import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import type { ImageStreamImport } from '../../src/api/image-stream-import.ts';
import { sampleImage } from '../gen/content.ts';
import { useControlPlane } from './control-plane.ts';
import { plainHttp, type RunningOperator, story, useOperators } from './operator.ts';
import { stream, streamsOf, tag } from './operator-streams.ts';
import { push, type RunningRegistry, setUp, stopAll } from './setups.ts';
import { until } from './until.ts';

const cluster = useControlPlane();
const { kubectl } = cluster;
const operators = useOperators(cluster);
const streams = streamsOf(cluster);
const IN_DEMO = '--namespace=demo';

let registry: RunningRegistry;
/** Lets in who knows the password. */
let locked: RunningRegistry;
let operator: RunningOperator;
const image = (seed: string) => sampleImage({ seed });

beforeAll(async () => {
  registry = await setUp({ name: 'open', auth: 'open' });
  locked = await setUp({ name: 'htpasswd', auth: 'htpasswd' });
  await operators.install();
  operator = await operators.start({ registries: [plainHttp(registry), plainHttp(locked)] });
  await cluster.createNamespace('demo');
  await push(registry, 'team/app', 'v1', image('1'));
  await push(registry, 'team/app', 'v2', image('2'));
});
afterAll(() => stopAll());

const isi = (name: string, spec: ImageStreamImport['spec'], annotations: Readonly<Record<string, string>> = {}) => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStreamImport',
  metadata: { name, namespace: 'demo', annotations },
  spec,
});
const from = (repository: string) => ({ kind: 'DockerImage', name: `${registry.host}/${repository}` }) as const;
/** Creates it, waits for its end as people do, and reads it. */
async function imported(object: ReturnType<typeof isi>): Promise<ImageStreamImport> {
  await kubectl.ok(['create', '-f', '-'], { stdin: object });
  await kubectl.ok(['wait', '--for=condition=Complete', `isi/${object.metadata.name}`, IN_DEMO, '--timeout=60s']);
  return cluster.get<ImageStreamImport>('isi', object.metadata.name, 'demo');
}
const conditionsOf = ({ status }: ImageStreamImport) =>
  (status?.conditions ?? []).map(condition => `${condition.type}=${condition.status} ${condition.reason}`);

describe('an ImageStreamImport', () => {
  story('that only looks is answered, and leaves no stream', async () => {
    const images = [{ from: from('team/app:v1'), to: { name: 'v1' } }];
    const done = await imported(isi('looks', { import: false, images }));
    expect(conditionsOf(done)).toEqual(['Complete=True Imported', 'Succeeded=True Imported']);
    expect(done.status).toMatchObject({
      handledUID: done.metadata.uid,
      images: [{ tag: 'v1', status: { status: 'Success' }, image: { metadata: { name: image('1').digest } } }],
    });
    expect(await kubectl.refused(['get', 'is/looks', IN_DEMO])).toContain('NotFound');
  });

  story('with import creates the stream that it names', async () => {
    const images = [{ from: from('team/app:v1'), to: { name: 'v1' }, importPolicy: { scheduled: true } }];
    const done = await imported(isi('once', { import: true, images }, { 'imagestream-operator/stream': 'made' }));
    expect(conditionsOf(done)).toEqual(['Complete=True Imported', 'Succeeded=True Imported']);
    const made = await streams.read('made');
    expect(made.spec?.tags).toEqual([
      expect.objectContaining({
        name: 'v1',
        from: from('team/app:v1'),
        importPolicy: expect.objectContaining({ scheduled: true }),
      }),
    ]);
    expect(made.metadata.annotations).toMatchObject({ 'imagestream-operator/last-import': done.metadata.uid });
    expect((await streams.headIs('made', 'v1', image('1').digest)).items).toHaveLength(1);
    expect(done.status?.import?.metadata).toMatchObject({ name: 'made', uid: made.metadata.uid });
  });

  story('extends a stream that is there, and tells what failed beside what did not', async () => {
    await streams.create(stream('grows', [tag('v1', from('team/app:v1').name)]));
    await streams.headIs('grows', 'v1', image('1').digest);
    const images = [
      { from: from('team/app:v2'), to: { name: 'v2' } },
      { from: from('team/app:none'), to: { name: 'v3' } },
    ];
    const done = await imported(isi('grows', { import: true, images }));
    expect(conditionsOf(done)).toEqual(['Complete=True PartlyFailed', 'Succeeded=False PartlyFailed']);
    expect(done.status?.images?.map(({ status }) => status?.reason ?? status?.status)).toEqual(['Success', 'NotFound']);
    const { spec } = await streams.read('grows');
    expect(spec?.tags?.map(({ name }) => name)).toContain('v1');
    const { items } = await streams.headIs('grows', 'v2', image('2').digest);
    expect(items).toHaveLength(1);
    expect((await streams.history('grows', 'v1'))?.items).toHaveLength(1);
  });

  story('of a whole repository imports its tags', async () => {
    const done = await imported(isi('all', { import: true, repository: { from: from('team/app') } }));
    expect(done.status?.repository?.images?.map(({ tag: name }) => name).sort()).toEqual(['v1', 'v2']);
    await streams.headIs('all', 'v1', image('1').digest);
    await streams.headIs('all', 'v2', image('2').digest);
  });

  story('tells its end as an Event, too', async () => {
    await until('the Event is described', async () => {
      const told = await kubectl.ok(['describe', 'isi/grows', IN_DEMO]);
      return /Warning +PartlyFailed .* 1 of 2 images failed: /.test(told);
    });
  });
});

describe('a stream that asks for a repository', () => {
  const repository = (name: string, path: string) => ({
    ...stream(name, [], { interval: '1s' }),
    spec: { dockerImageRepository: `${registry.host}/${path}` },
  });

  story('gets its tags, the annotation and a condition', async () => {
    await kubectl.ok(['create', '-f', '-'], { stdin: repository('repository', 'team/app') });
    await kubectl.ok(['wait', '--for=condition=RepositoryImport', 'is/repository', IN_DEMO, '--timeout=60s']);
    for (const [name, seed] of [
      ['v1', '1'],
      ['v2', '2'],
    ] as const) {
      await streams.headIs('repository', name, image(seed).digest);
    }
    const { metadata, spec } = await streams.read('repository');
    expect(metadata.annotations?.['openshift.io/image.dockerRepositoryCheck']).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(spec?.tags?.map(({ name }) => name).sort()).toEqual(['v1', 'v2']);
  });

  story('that is not there is told why, and gets it once it is', async () => {
    await streams.create(repository('later', 'later/app'));
    const failed = await until('the condition says why', async () => {
      const { status } = await streams.read('later');
      return status?.conditions?.find(({ type, status: is }) => type === 'RepositoryImport' && is === 'False');
    });
    expect(failed).toMatchObject({ reason: 'NotFound' });
    expect((await streams.read('later')).metadata.annotations).not.toHaveProperty([
      'openshift.io/image.dockerRepositoryCheck',
    ]);
    await push(registry, 'later/app', 'v1', image('later'));
    await streams.headIs('later', 'v1', image('later').digest);
  });
});

story('a pull secret that is added is used at once', async () => {
  await push(locked, 'secret/app', 'v1', image('secret'));
  // Its next regular try is an hour away.
  await streams.create(stream('secret', [tag('v1', `${locked.host}/secret/app:v1`)], { interval: '1h' }));
  expect(await streams.conditionIs('secret', 'v1', 'False')).toMatchObject({ reason: 'Unauthorized' });
  const { username = '', password = '' } = locked.credentials ?? {};
  const login = [`--docker-server=${locked.host}`, `--docker-username=${username}`, `--docker-password=${password}`];
  await kubectl.ok(['create', 'secret', 'docker-registry', 'pull', IN_DEMO, ...login]);
  await streams.headIs('secret', 'v1', image('secret').digest);
  expect(await streams.conditionIs('secret', 'v1', 'True')).toMatchObject({ reason: 'Imported' });
  const told = await until('the operator tells of it', () =>
    operator.lines().find(line => line.message === 'Tag imported' && line['stream'] === 'demo/secret'),
  );
  expect(told).toMatchObject({ reason: 'secretsChanged' });
  const encoded = Buffer.from(`${username}:${password}`).toString('base64');
  for (const secret of [password, encoded]) expect(operator.text()).not.toContain(secret);
});

story('completed imports go when their time is over, whoever completed them', async () => {
  expect(JSON.parse(await kubectl.ok(['get', 'isi', IN_DEMO, '-o=json'])).items).toHaveLength(4);
  expect(await operator.end('SIGTERM')).toEqual({ status: 0, signal: null });
  await operators.start({ registries: [plainHttp(registry)], args: ['--isi-ttl', '1s'] });
  await until('they are gone', async () => (await kubectl.ok(['get', 'isi', IN_DEMO, '-o=name'])) === '');
  // What they brought stays.
  await streams.headIs('made', 'v1', image('1').digest);
});
