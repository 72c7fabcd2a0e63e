import { afterAll, beforeAll, expect } from '@jest/globals';
import { sampleImage } from '../gen/content.ts';
import { useControlPlane } from './control-plane.ts';
import { OPERATOR, plainHttp, type RunningOperator, story, useOperators } from './operator.ts';
import { scheduledTag, stream, streamsOf, tag } from './operator-streams.ts';
import { push, type RunningRegistry, setUp, stopAll } from './setups.ts';
import { until } from './until.ts';

const cluster = useControlPlane();
const { kubectl } = cluster;
const operators = useOperators(cluster);
const streams = streamsOf(cluster);
const LEASE_MS = 15_000;

let registry: RunningRegistry;
let first: RunningOperator;
let second: RunningOperator;
const image = (seed: string) => sampleImage({ seed });
const start = (...args: string[]) => operators.start({ registries: [plainHttp(registry)], args });
const elected = (operator: RunningOperator) => operator.says('Elected as the leader');
const move = async (seed: string) => {
  await push(registry, 'team/app', 'v1', image(seed));
  await streams.headIs('app', 'v1', image(seed).digest);
};
interface Lease {
  readonly spec: { readonly holderIdentity?: string };
}
const holder = async () => (await cluster.get<Lease>('lease', OPERATOR, OPERATOR)).spec.holderIdentity ?? '';
const imagesThere = async () => (await kubectl.ok(['get', 'images.image.openshift.io', '-o=name'])).trim().split('\n');
const historyOf = async (name: string) => (await streams.history('app', name))?.items?.map(one => one.image);

beforeAll(async () => {
  registry = await setUp({ name: 'open', auth: 'open' });
  await operators.install();
  await cluster.createNamespace('demo');
  first = await start();
  await elected(first);
  second = await start();
});
afterAll(() => stopAll());

story('of two replicas one leads, both are ready, and one writes', async () => {
  await push(registry, 'team/app', 'v1', image('0'));
  await streams.create(stream('app', [scheduledTag('v1', `${registry.host}/team/app:v1`)], { interval: '1s' }));
  await streams.headIs('app', 'v1', image('0').digest);
  await move('1');
  for (const operator of [first, second]) {
    await until('it is ready', async () => (await operator.probe('/readyz')) === 200);
    expect(await operator.probe('/healthz')).toBe(200);
  }
  const leads = await Promise.all(
    [first, second].map(async one => (await one.metrics()).sum('imagestream_operator_leader')),
  );
  expect(leads).toEqual([1, 0]);
  expect((await second.metrics()).sum('imagestream_operator_writes_total')).toBe(0);
});

story('a leader that is told to stop gives the lease back, and the other takes over at once', async () => {
  const { identity } = await elected(first);
  expect(await holder()).toBe(identity);
  expect(await first.end('SIGTERM')).toEqual({ status: 0, signal: null });
  const given = await first.says('The lease is given back');
  const taken = await elected(second);
  expect(Date.parse(taken.time) - Date.parse(given.time)).toBeLessThan(LEASE_MS);
  expect(await holder()).toBe(taken['identity']);
  await move('2');
  expect(await historyOf('v1')).toEqual(['2', '1', '0'].map(seed => image(seed).digest));
});

story('a leader that is told to stop while it works leaves nothing half done', async () => {
  await push(registry, 'team/app', 'v1', image('3'));
  expect(await second.end('SIGTERM')).toEqual({ status: 0, signal: null });
  expect(await holder()).toBe('');
  first = await start();
  await streams.headIs('app', 'v1', image('3').digest);
  expect(await historyOf('v1')).toEqual(['3', '2', '1', '0'].map(seed => image(seed).digest));
  const names = ['0', '1', '2', '3'].map(seed => `image.image.openshift.io/${image(seed).digest.replace(':', '-')}`);
  expect((await imagesThere()).sort()).toEqual(names.sort());
});

story('an operator that keeps no Images neither makes nor needs any', async () => {
  expect(await first.end('SIGTERM')).toEqual({ status: 0, signal: null });
  const before = await imagesThere();
  await kubectl.ok(['delete', 'images.image.openshift.io', '--all']);
  expect(before).not.toEqual(['']);
  const without = await start('--images=off', '--public-registry=registry.example.com');
  await push(registry, 'off/app', 'v1', image('off'));
  await streams.create(stream('off', [tag('v1', `${registry.host}/off/app:v1`)]));
  await streams.headIs('off', 'v1', image('off').digest);
  expect((await streams.read('off')).status).toMatchObject({
    dockerImageRepository: 'registry.example.com/demo/off',
    publicDockerImageRepository: 'registry.example.com/demo/off',
  });
  await move('4');
  expect(await imagesThere()).toEqual(['']);
  const asked = (await without.metrics()).samples.filter(({ labels }) => labels['resource'] === 'images');
  expect(asked).toEqual([]);
  await without.end('SIGTERM');
});

story('an operator that keeps them makes those that are missing', async () => {
  await start();
  const heads = ['4', 'off'].map(seed => `image.image.openshift.io/${image(seed).digest.replace(':', '-')}`);
  await until('the heads have their Images again', async () => {
    const there = await imagesThere();
    return heads.every(name => there.includes(name));
  });
  expect(await historyOf('v1')).toHaveLength(5);
});
