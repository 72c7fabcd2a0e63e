import { afterAll, beforeAll, expect } from '@jest/globals';
import type { ImageStreamImport } from '../../src/api/image-stream-import.ts';
import { sampleImage } from '../gen/content.ts';
import { useControlPlane } from './control-plane.ts';
import { plainHttp, type RunningOperator, story, useOperators } from './operator.ts';
import { scheduledTag, stream, streamsOf, tag } from './operator-streams.ts';
import { push, type RunningRegistry, setUp, stopAll } from './setups.ts';
import { until } from './until.ts';

const cluster = useControlPlane();
const { kubectl } = cluster;
const operators = useOperators(cluster);
const streams = streamsOf(cluster);
const IN_DEMO = '--namespace=demo';
/** Of a stored object (design D7). */
const MAX_BYTES = 1_000_000;

let registry: RunningRegistry;
/** Lets in who knows the password. */
let locked: RunningRegistry;
let operator: RunningOperator;
const image = (seed: string) => sampleImage({ seed });
const { digest } = image('1');
const bytesOf = (object: unknown) => Buffer.byteLength(JSON.stringify(object));

beforeAll(async () => {
  registry = await setUp({ name: 'open', auth: 'open' });
  locked = await setUp({ name: 'htpasswd', auth: 'htpasswd' });
  await operators.install();
  operator = await operators.start({ registries: [plainHttp(registry), plainHttp(locked)] });
  await cluster.createNamespace('demo');
  await push(registry, 'team/app', 'v1', image('1'));
  await push(locked, 'team/app', 'v1', image('1'));
  await push(registry, 'good/app', 'v1', image('0'));
  await streams.create(stream('good', [scheduledTag('v1', `${registry.host}/good/app:v1`)], { interval: '1s' }));
});
afterAll(() => stopAll());

/** Its work beside all that is bad: a stream like others still follows its tag. */
let moves = 0;
async function goesOn(): Promise<void> {
  moves += 1;
  await push(registry, 'good/app', 'v1', image(`good ${moves}`));
  await streams.headIs('good', 'v1', image(`good ${moves}`).digest);
}
/** What an Event tells; `kubectl describe` shows those of streams, but none of Secrets. */
const eventOf = (kind: string, name: string, reason: string, namespace = 'demo') =>
  until(`${kind} ${name} has an Event ${reason}`, async () => {
    const about = `--field-selector=involvedObject.kind=${kind},involvedObject.name=${name},reason=${reason}`;
    const text = await kubectl.ok([
      'get',
      'events',
      about,
      `--namespace=${namespace}`,
      '-o=jsonpath={.items[*].message}',
    ]);
    return text !== '' && text;
  });

/** A stream of these pull specs, and a good one beside them; resolves to what is said of each, once the good one is imported. */
async function told(name: string, pullSpecs: readonly string[]): Promise<readonly string[]> {
  const tags = pullSpecs.map((from, index) => tag(`bad${index}`, from));
  await streams.create(stream(name, [...tags, tag('good', `${registry.host}/team/app:v1`)]));
  await streams.headIs(name, 'good', digest);
  const conditions = tags.map(bad => streams.conditionIs(name, bad.name, 'False'));
  return (await Promise.all(conditions)).map(({ reason = '', message = '' }) => `${reason}: ${message}`);
}

story('names that nobody can read are told one by one, and the tag beside them is imported', async () => {
  const names = ['UPPER/Case:v1', 'https://example.com/team/app:v1', 'a b', 'team/app@sha256:12', ':v1'];
  const words = await told('names', names);
  for (const [index, name] of names.entries()) {
    expect(words[index]).toMatch(/^Invalid: .* invalid name: /);
    expect(words[index]).toContain(JSON.stringify(name));
  }
  await goesOn();
});

story('hosts that must not be asked, or that are none, are told one by one', async () => {
  const port = registry.host.split(':')[1] ?? '';
  const forbidden = [`localhost:${port}`, `127.0.0.2:${port}`, '169.254.169.254', '0.0.0.0'];
  const none = [
    `localhost.:${port}`,
    'example.invalid.',
    '[::1]:80',
    '256.1.1.1',
    `127.1:${port}`,
    `2130706433:${port}`,
  ];
  await registry.forgetRequests();
  const words = await told(
    'hosts',
    [...forbidden, ...none].map(host => `${host}/secret/app:v1`),
  );
  for (const text of words.slice(0, forbidden.length))
    expect(text).toContain('leads to an address that is not allowed');
  for (const text of words.slice(forbidden.length)) expect(text).toContain('invalid reference format');
  // However a host is written, nothing on this machine is asked but what the administrator has listed.
  expect((await registry.requests()).filter(({ path }) => path.includes('secret/'))).toEqual([]);
  await goesOn();
});

/** An import of these pull specs and of a good one, once it is complete. */
async function completed(name: string, pullSpecs: readonly string[]): Promise<ImageStreamImport> {
  const images = [...pullSpecs, `${registry.host}/team/app:v1`].map((from, index) => ({
    from: { kind: 'DockerImage', name: from },
    to: { name: `t${index}` },
  }));
  const object = {
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStreamImport',
    metadata: { name, namespace: 'demo' },
    spec: { import: true, images },
  };
  await kubectl.ok(['create', '-f', '-'], { stdin: object });
  await kubectl.ok(['wait', '--for=condition=Complete', `isi/${name}`, IN_DEMO, '--timeout=60s']);
  return cluster.get<ImageStreamImport>('isi', name, 'demo');
}

story('an import of names that nobody can read is refused, and its answer names each of them', async () => {
  const { status } = await completed('unreadable', ['localhost.:5000/app:v1', 'UPPER/Case:v1', '']);
  const complete = status?.conditions?.find(({ type }) => type === 'Complete');
  expect(complete).toMatchObject({ status: 'True', reason: 'Refused' });
  for (const index of [0, 1, 2]) expect(complete?.message).toContain(`spec.images[${index}].from.name: `);
  expect(await eventOf('ImageStreamImport', 'unreadable', 'Refused')).toContain('is invalid: ');
  await goesOn();
});

story('an import from hosts that must not be asked is answered one by one, and brings the good image', async () => {
  const port = registry.host.split(':')[1] ?? '';
  const { status } = await completed('forbidden', [`localhost:${port}/app:v1`, '169.254.169.254/app:v1']);
  const complete = status?.conditions?.find(({ type }) => type === 'Complete');
  expect(complete).toMatchObject({ reason: 'PartlyFailed' });
  const [first, second, good] = status?.images?.map(image => image.status) ?? [];
  for (const failed of [first, second]) expect(failed?.message).toContain('leads to an address that is not allowed');
  expect(good).toMatchObject({ status: 'Success' });
  await streams.headIs('forbidden', 't2', digest);
  await goesOn();
});

story(
  'a repository that nobody can read, or that must not be asked, is told in a condition of its stream',
  async () => {
    for (const [name, dockerImageRepository, reason, words] of [
      ['case', 'UPPER/Case', 'Invalid', 'repository name must be lowercase'],
      ['dot', 'example.invalid./team/app', 'Invalid', 'invalid reference format'],
      ['inside', '169.254.169.254/team/app', 'InternalError', 'leads to an address that is not allowed'],
    ] as const) {
      await streams.create({ ...stream(name, []), spec: { dockerImageRepository } });
      const condition = await until(`${name} is told of`, async () => {
        const { status } = await streams.read(name);
        return status?.conditions?.find(({ type }) => type === 'RepositoryImport');
      });
      expect(condition).toMatchObject({ status: 'False', reason, message: expect.stringContaining(words) });
    }
    await goesOn();
  },
);

/** Waits until this image is the head of so many tags of a stream, and reads it. */
const allAre = (name: string, count: number, head: string) =>
  until(`all tags of ${name} are ${head}`, async () => {
    const read = await streams.read(name);
    const histories = read.status?.tags ?? [];
    return histories.length === count && histories.every(({ items }) => items?.[0]?.image === head) && read;
  });

story('a thousand tags are imported, and stored in bounds', async () => {
  const tags = Array.from({ length: 1_000 }, (_, index) => tag(`t${index}`, `${registry.host}/team/app:v1`));
  await streams.create(stream('thousand', tags));
  expect(bytesOf(await allAre('thousand', 1_000, digest))).toBeLessThan(MAX_BYTES);
  await goesOn();
});

story('a stream stays in bounds however often its tags move: the oldest events go, and no head', async () => {
  const annotations = { note: 'x'.repeat(2_000) };
  const tags = Array.from({ length: 300 }, (_, index) => ({
    ...scheduledTag(`t${index}`, `${registry.host}/moves/app:v1`),
    annotations,
  }));
  await push(registry, 'moves/app', 'v1', image('move 1'));
  await streams.create(stream('moves', tags, { interval: '3s' }));
  let stored = await allAre('moves', 300, image('move 1').digest);
  for (const seed of ['move 2', 'move 3', 'move 4', 'move 5']) {
    await push(registry, 'moves/app', 'v1', image(seed));
    stored = await allAre('moves', 300, image(seed).digest);
    expect(bytesOf(stored)).toBeLessThan(MAX_BYTES);
  }
  const events = stored.status?.tags?.flatMap(({ items }) => items ?? []) ?? [];
  expect(events.length).toBeGreaterThan(300);
  expect(events.length).toBeLessThan(5 * 300);
  await kubectl.ok(['delete', 'is/moves', IN_DEMO]);
  await goesOn();
});

/** A stream whose spec has about so many bytes. */
function bulky(name: string, bytes: number) {
  const annotations = { note: 'x'.repeat(bytes / 10) };
  const tags = Array.from({ length: 10 }, (_, index) => ({
    ...tag(`t${index}`, `${registry.host}/team/app:v1`),
    annotations,
  }));
  return stream(name, tags, { interval: '1h' });
}

story('a spec of a megabyte is imported like another', async () => {
  await streams.create(bulky('bulky', 1_000_000));
  for (const index of [0, 9]) await streams.headIs('bulky', `t${index}`, digest);
  await goesOn();
});

story('a spec that leaves no room for a status is told of once, and left alone', async () => {
  await streams.create(bulky('huge', 1_420_000));
  expect(await eventOf('ImageStream', 'huge', 'StreamNotStored')).toContain('too large to be stored');
  await registry.forgetRequests();
  for (let times = 0; times < 3; times += 1) await goesOn();
  expect((await registry.requests()).filter(({ path }) => path.startsWith('/v2/team/app/'))).toEqual([]);
  expect(operator.lines().filter(({ message }) => message === 'A stream cannot be stored')).toHaveLength(1);
  expect((await streams.read('huge')).status).toBeUndefined();
});

story('tags of one name are refused', async () => {
  const twice = stream('twice', [tag('v1', 'example.com/a:1'), tag('v1', 'example.com/b:1')]);
  expect(await kubectl.refused(['create', '-f', '-'], { stdin: twice })).toContain('spec.tags[1]: Duplicate value');
});

story('an import of 500 images ends, and is stored in bounds', async () => {
  const Labels = { note: 'x'.repeat(4_000) };
  await push(registry, 'team/fat', 'v1', sampleImage({ config: { config: { Labels } } }));
  const from = { kind: 'DockerImage', name: `${registry.host}/team/fat:v1` };
  const images = Array.from({ length: 500 }, (_, index) => ({
    from,
    to: { name: `t${index}` },
    includeManifest: true,
  }));
  const object = {
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStreamImport',
    metadata: { name: 'many', namespace: 'demo' },
    spec: { import: true, images },
  };
  await kubectl.ok(['create', '-f', '-'], { stdin: object });
  await kubectl.ok(['wait', '--for=condition=Complete', 'isi/many', IN_DEMO, '--timeout=60s']);
  const done = await cluster.get<ImageStreamImport>('isi', 'many', 'demo');
  expect(done.status?.images).toHaveLength(500);
  expect(bytesOf(done)).toBeLessThan(MAX_BYTES);
  const complete = done.status?.conditions?.find(({ type }) => type === 'Complete');
  expect(complete?.message).toMatch(/^all 500 images were imported \(left out, to be stored: /);
  expect((await streams.read('many')).status?.tags).toHaveLength(500);
  await goesOn();
});

const SECRET = 'never to be seen';
const secret = (name: string, content: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'secrets' },
  type: 'kubernetes.io/dockerconfigjson',
  data: { '.dockerconfigjson': Buffer.from(content).toString('base64') },
});

story('pull secrets that cannot be read are skipped, each by itself', async () => {
  await cluster.createNamespace('secrets');
  for (const content of [SECRET, JSON.stringify([SECRET])]) {
    const refusal = await kubectl.refused(['create', '-f', '-'], { stdin: secret('refused', content) });
    expect(refusal).toContain('data[.dockerconfigjson]: Invalid value');
  }
  const auth = (text: string) => JSON.stringify({ auths: { [locked.host]: { auth: text } } });
  const { username, password } = locked.credentials ?? {};
  const bad = {
    nested: JSON.stringify({ auths: SECRET }),
    encoded: auth(`!${SECRET}!`),
    huge: auth(Buffer.from(`${SECRET}:${'x'.repeat(600_000)}`).toString('base64')),
    'z-good': auth(Buffer.from(`${username}:${password}`).toString('base64')),
  };
  for (const [name, content] of Object.entries(bad))
    await kubectl.ok(['create', '-f', '-'], { stdin: secret(name, content) });
  await streams.create(
    stream('locked', [tag('v1', `${locked.host}/team/app:v1`)], { namespace: 'secrets', interval: '1s' }),
  );
  await streams.headIs('locked', 'v1', digest, 'secrets');
  for (const [name, words] of [
    ['nested', '"auths" is no object'],
    ['encoded', 'its auth is no base64'],
    ['huge', 'its login is too long for a header'],
  ] as const) {
    expect(await eventOf('Secret', name, 'PullSecretSkipped', 'secrets')).toContain(words);
  }
  await goesOn();
});

story('none of it is a fault of the operator, or shows a secret', async () => {
  const text = operator.text();
  expect(text).not.toMatch(/\n\s+at .+:\d+:\d+/);
  for (const told of [SECRET, Buffer.from(SECRET).toString('base64').slice(0, 20), 'xxxxxxxxxx'])
    expect(text).not.toContain(told);
  const metrics = await operator.metrics();
  expect(metrics.sum('imagestream_operator_reconcile_failures_total')).toBe(0);
  expect(metrics.sum('imagestream_operator_kube_sink_failures_total')).toBe(0);
  // The one stream that could not be stored.
  expect(operator.lines().filter(({ level }) => level === 'error')).toHaveLength(1);
});
