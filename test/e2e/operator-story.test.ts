import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { kubectlBinary } from '../../hack/tools/parts.ts';
import { sampleImage } from '../gen/content.ts';
import { useControlPlane } from './control-plane.ts';
import { plainHttp, type RunningOperator, story, useOperators } from './operator.ts';
import { scheduledTag, stream, streamsOf, tag } from './operator-streams.ts';
import { push, type RunningRegistry, setUp, stopAll } from './setups.ts';
import { ROOT, start } from './shipped.ts';
import { until } from './until.ts';

const cluster = useControlPlane();
const { kubectl } = cluster;
const operators = useOperators(cluster);
const streams = streamsOf(cluster);
const IN_DEMO = '--namespace=demo';

let registry: RunningRegistry;
/** Serves streams of which nothing ever moves, and nothing else. */
let quiet: RunningRegistry;
let silent: Server;
let operator: RunningOperator;
const silentHost = () => `127.0.0.1:${(silent.address() as { port: number }).port}`;
const image = (seed: string) => sampleImage({ seed });
/** Pushes a sample under each of these tags. */
const pushAll = async (repository: string, tags: readonly string[], seed: string) => {
  for (const name of tags) await push(registry, repository, name, image(`${seed} ${name}`));
};
/** Requests for a repository, as `METHOD tag-or-digest`, since the log was forgotten last. */
const asked = async (from: RunningRegistry, repository: string) => {
  const prefix = `/v2/${repository}/manifests/`;
  const all = (await from.requests()).filter(({ path }) => path.startsWith(prefix));
  return all.map(({ method, path }) => `${method} ${path.slice(prefix.length)}`);
};

const FOLLOWERS = ['one', 'two', 'three', 'four', 'five'];
const QUIET_MS = 4_000;

beforeAll(async () => {
  registry = await setUp({ name: 'open', auth: 'open' });
  quiet = await setUp({ name: 'quiet', auth: 'open' });
  silent = createServer(socket => socket.on('error', () => {}));
  await new Promise<void>(listening => silent.listen(0, '127.0.0.1', listening));
  await operators.install();
  operator = await operators.start({
    registries: [plainHttp(registry), plainHttp(quiet), plainHttp({ host: silentHost() })],
  });
  await cluster.createNamespace('demo');
  await operator.says('Working');
});
afterAll(async () => {
  silent.close();
  await stopAll();
});

const versionsOfQuiet = () =>
  Promise.all(FOLLOWERS.map(async name => (await streams.read(name, 'quiet')).metadata.resourceVersion));
let quietSince = 0;
let quietVersions: readonly unknown[] = [];

story('several streams may follow one tag of one registry', async () => {
  await push(quiet, 'team/app', 'v1', image('quiet'));
  await cluster.createNamespace('quiet');
  for (const name of FOLLOWERS) {
    const tags = [scheduledTag('v1', `${quiet.host}/team/app:v1`)];
    await streams.create(stream(name, tags, { namespace: 'quiet', interval: `${QUIET_MS}ms` }));
  }
  for (const name of FOLLOWERS) await streams.headIs(name, 'v1', image('quiet').digest, 'quiet');
  // What comes with the first import is over once the schedule has begun.
  await until('all are checked on schedule', async () => {
    const metrics = await operator.metrics();
    const unchanged = { registry: quiet.host, outcome: 'unchanged', reason: 'scheduled' };
    return metrics.sum('imagestream_operator_tag_checks_total', unchanged) >= FOLLOWERS.length;
  });
  quietVersions = await versionsOfQuiet();
  await quiet.forgetRequests();
  quietSince = performance.now();
  // What came of this is looked at in the end.
  expect(new Set(quietVersions).size).toBe(FOLLOWERS.length);
});

story('the examples are applied, and what failed is told in them', async () => {
  await kubectl.ok(['apply', '--warnings-as-errors', '-f', `${ROOT}/crds/examples/stream.yaml`]);
  // Its registry is none that the administrator has listed: loopback is not asked (design D24).
  const condition = await streams.conditionIs('app', 'latest', 'False');
  expect(condition.message).not.toBe('');
  expect(await kubectl.ok(['explain', 'is.spec.tags.importPolicy.scheduled'])).toContain('Re-check the tag');
  await kubectl.ok(['delete', '-f', `${ROOT}/crds/examples/stream.yaml`]);
});

story('a stream is imported, and says so where people look', async () => {
  await push(registry, 'first/app', 'v1', image('first'));
  await kubectl.ok(['create', '-f', '-'], { stdin: stream('first', [tag('v1', `${registry.host}/first/app:v1`)]) });
  const path = '--for=jsonpath={.status.tags[0].conditions[0].status}=True';
  await kubectl.ok(['wait', path, 'is/first', IN_DEMO, '--timeout=60s']);
  const { digest } = image('first');
  expect(await streams.read('first')).toMatchObject({
    status: {
      observedGeneration: 1,
      tags: [
        {
          tag: 'v1',
          items: [{ image: digest, dockerImageReference: `${registry.host}/first/app@${digest}`, generation: 1 }],
          conditions: [{ type: 'ImportSuccess', status: 'True', reason: 'Imported', generation: 1 }],
          source: { from: `${registry.host}/first/app:v1`, digest },
        },
      ],
    },
  });
  const object = await cluster.get('images.image.openshift.io', digest.replace(':', '-'));
  expect(object).toMatchObject({ apiVersion: 'image.openshift.io/v1alpha1', dockerImageMetadata: {} });
  expect(object).not.toHaveProperty('dockerImageManifest');
  const text = await until('the Event is described', async () => {
    const told = await kubectl.ok(['describe', 'is/first', IN_DEMO]);
    return told.includes('TagImported') && told;
  });
  expect(text).toContain(`Tag v1 is ${digest} (neverImported)`);
});

story('a tag that moves gets one new event, and its condition stays', async () => {
  await push(registry, 'moving/app', 'v1', image('old'));
  await streams.create(stream('moving', [scheduledTag('v1', `${registry.host}/moving/app:v1`)], { interval: '1s' }));
  const before = await streams.headIs('moving', 'v1', image('old').digest);
  await push(registry, 'moving/app', 'v1', image('new'));
  const after = await streams.headIs('moving', 'v1', image('new').digest);
  expect(after.items).toEqual([
    expect.objectContaining({ image: image('new').digest, generation: 1 }),
    ...(before.items ?? []),
  ]);
  expect(after.conditions).toEqual(before.conditions);
});

story('a failure is told once, and heals by itself', async () => {
  await push(registry, 'late/app', 'other', image('other'));
  await streams.create(stream('late', [tag('v1', `${registry.host}/late/app:v1`)], { interval: '1s' }));
  const failed = await streams.conditionIs('late', 'v1', 'False');
  expect(failed).toMatchObject({ reason: 'NotFound', generation: 1 });
  const { metadata } = await streams.read('late');
  await registry.forgetRequests();
  await until('it was tried again', async () => (await asked(registry, 'late/app')).length >= 3);
  // Equal failures are no news.
  expect((await streams.read('late')).metadata.resourceVersion).toBe(metadata.resourceVersion);
  await push(registry, 'late/app', 'v1', image('late'));
  const { items, conditions } = await streams.headIs('late', 'v1', image('late').digest);
  expect(items).toHaveLength(1);
  expect(conditions).toEqual([expect.objectContaining({ type: 'ImportSuccess', status: 'True' })]);
});

story('a tag whose registry hangs delays no other tag of its stream', async () => {
  await push(registry, 'beside/app', 'v1', image('1'));
  const tags = [tag('hangs', `${silentHost()}/team/app:v1`), scheduledTag('v1', `${registry.host}/beside/app:v1`)];
  await streams.create(stream('beside', tags, { interval: '1s' }));
  for (const seed of ['1', '2', '3']) {
    await push(registry, 'beside/app', 'v1', image(seed));
    await streams.headIs('beside', 'v1', image(seed).digest);
  }
  expect(await streams.conditionIs('beside', 'hangs', 'False')).toMatchObject({ reason: expect.any(String) });
  expect((await streams.history('beside', 'v1'))?.items).toHaveLength(3);
});

story('two tags that move in one interval share a write', async () => {
  await pushAll('pair/app', ['a', 'b'], '0');
  const tags = ['a', 'b'].map(name => scheduledTag(name, `${registry.host}/pair/app:${name}`));
  await streams.create(stream('pair', tags, { interval: '5s' }));
  const headsAre = async (seed: string) => {
    for (const name of ['a', 'b']) await streams.headIs('pair', name, image(`${seed} ${name}`).digest);
  };
  await headsAre('0');
  // All tags of a repository have their slot together: after one there is time until the next.
  const checked = async () => (await asked(registry, 'pair/app')).filter(one => /^HEAD [ab]$/.test(one)).length;
  const checkedAgain = async (checks: number) => {
    await registry.forgetRequests();
    await until('both are checked', async () => (await checked()) >= checks);
  };
  let pushedInTime = false;
  for (let round = 1; !pushedInTime; round += 1) {
    await checkedAgain(2);
    const path = ['get', 'is/pair', IN_DEMO, '-w', '-o=jsonpath={.metadata.resourceVersion}{"\\n"}'];
    const watched = kubectl.start(path);
    await watched.line(/^\d+$/);
    await registry.forgetRequests();
    await pushAll('pair/app', ['a', 'b'], String(round));
    // On a busy machine the slot may have come between the two pushes; that says nothing.
    pushedInTime = (await checked()) === 0;
    await headsAre(String(round));
    await checkedAgain(4);
    watched.child.kill('SIGTERM');
    const versions = (await watched.ended).stdout.trim().split('\n');
    const { resourceVersion } = (await streams.read('pair')).metadata;
    if (pushedInTime) expect(versions).toEqual([versions[0], resourceVersion]);
  }
});

story('an edit of one tag of many asks for that tag alone', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `t${index}`);
  await pushAll('many/app', [...names, 'edited'], 'many');
  await streams.create(
    stream(
      'many',
      names.map(name => tag(name, `${registry.host}/many/app:${name}`)),
    ),
  );
  for (const name of names) await streams.headIs('many', name, image(`many ${name}`).digest);
  await registry.forgetRequests();
  const editor = start(['edit', 'is/many', IN_DEMO], {
    program: kubectlBinary() ?? '',
    env: { KUBECONFIG: cluster.plane().adminKubeconfig, KUBE_EDITOR: `sed -i 's|/many/app:t7$|/many/app:edited|'` },
  });
  expect((await editor.ended).stdout).toContain('edited');
  const { items } = await streams.headIs('many', 't7', image('many edited').digest);
  expect(items?.map(({ generation }) => generation)).toEqual([2, 1]);
  expect(new Set(await asked(registry, 'many/app'))).toEqual(
    new Set(['HEAD edited', `GET ${image('many edited').digest}`]),
  );
  // The others are not as if imported again.
  expect((await streams.history('many', 't8'))?.items?.map(({ generation }) => generation)).toEqual([1]);
});

story('a request by annotation re-checks all tags, and is answered', async () => {
  await pushAll('asked/app', ['a', 'b', 'c'], 'asked');
  await streams.create(
    stream(
      'asked',
      ['a', 'b', 'c'].map(name => tag(name, `${registry.host}/asked/app:${name}`)),
    ),
  );
  for (const name of ['a', 'b', 'c']) await streams.headIs('asked', name, image(`asked ${name}`).digest);
  await registry.forgetRequests();
  await kubectl.ok(['annotate', 'is/asked', IN_DEMO, 'imagestream-operator/requested-at=now']);
  await until('it is answered', async () => (await streams.read('asked')).status?.lastHandledRequest === 'now');
  expect((await asked(registry, 'asked/app')).sort()).toEqual(['HEAD a', 'HEAD b', 'HEAD c']);
});

story('what the operator does not do yet has a word for it, and what it need not ask is recorded at once', async () => {
  const follows = { name: 'follows', from: { kind: 'ImageStreamTag', name: 'first:v1' } };
  const only = { ...tag('only', 'example.com/team/app:v1'), reference: true };
  await streams.create(stream('kinds', [follows, only]));
  expect(await streams.conditionIs('kinds', 'follows', 'False')).toMatchObject({ reason: 'NotSupported' });
  const recorded = await until('the reference is recorded', () => streams.history('kinds', 'only'));
  expect(recorded.items).toEqual([
    expect.objectContaining({ image: '', dockerImageReference: 'example.com/team/app:v1' }),
  ]);
});

story('where nothing moves nothing is written, and one HEAD an interval serves all who follow', async () => {
  const heads = await until('ten intervals are over', async () => {
    const requests = await asked(quiet, 'team/app');
    return requests.length >= 10 && requests;
  });
  // Slots are on the clock: no more than one lies in each interval that has passed, and one may have been under way.
  const intervals = Math.floor((performance.now() - quietSince) / QUIET_MS) + 2;
  expect(new Set(heads)).toEqual(new Set(['HEAD v1']));
  expect(heads.length).toBeLessThanOrEqual(intervals);
  expect(await versionsOfQuiet()).toEqual(quietVersions);
});

story(
  'the log of all this has no stack trace, no refusal by the API server and nothing that it calls a fault',
  async () => {
    const metrics = await operator.metrics();
    expect(metrics.sum('imagestream_operator_kube_requests_total', { code: '403' })).toBe(0);
    expect(metrics.sum('imagestream_operator_kube_sink_failures_total')).toBe(0);
    expect(operator.text()).not.toMatch(/\n\s+at .+:\d+:\d+/);
    expect(operator.lines().filter(({ level }) => level === 'error')).toEqual([]);
  },
);
