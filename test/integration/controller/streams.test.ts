import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { ImageStream, TagHistory } from '../../../src/api/image-stream.ts';
import { IMAGE_STREAMS } from '../../../src/kube/resource.ts';
import { type FakeApiServer, startFakeApiServer } from '../../fake/api-server.ts';
import { type FakeRegistry, refusal, silence, startFakeRegistry } from '../../fake/registry.ts';
import { sampleImage } from '../../gen/content.ts';
import { imageStream, imageStreamImport, specTag } from '../../gen/objects.ts';
import { startOperator, type TestOperator, type TestOperatorOptions, until } from './operator.ts';

const [one, two, three] = ['one', 'two', 'three'].map(seed => sampleImage({ seed }));
if (one === undefined || two === undefined || three === undefined) throw new Error('no samples');

jest.setTimeout(120_000);

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function setUp(more: Partial<TestOperatorOptions> = {}) {
  const server = await startFakeApiServer();
  const registry = await startFakeRegistry();
  closers.push(
    () => registry.close(),
    () => server.close(),
  );
  const start = (again: Partial<TestOperatorOptions> = {}): TestOperator => {
    const operator = startOperator({ server, hosts: [registry.host], ...more, ...again });
    closers.push(() => operator.stop());
    return operator;
  };
  return { server, registry, start, operator: start() };
}

const streamOf = (server: FakeApiServer, name = 'app') =>
  server.get<ImageStream>(IMAGE_STREAMS, { namespace: 'demo', name });
const historyOf = (server: FakeApiServer, tag: string, name = 'app'): TagHistory | undefined =>
  streamOf(server, name)?.status?.tags?.find(history => history.tag === tag);
const headOf = (server: FakeApiServer, tag: string, name = 'app') => historyOf(server, tag, name)?.items?.[0]?.image;
const conditionOf = (server: FakeApiServer, tag: string) => historyOf(server, tag)?.conditions?.[0];
const patches = (server: FakeApiServer) => server.count({ verb: 'patch', resource: IMAGE_STREAMS });
const scheduled = { importPolicy: { importMode: 'Legacy', scheduled: true } } as const;
const every = (interval: string) => ({ 'imagestream-operator/interval': interval });
const heads = (registry: FakeRegistry) => registry.requests.filter(({ method }) => method === 'HEAD').length;

describe('a stream', () => {
  test('is imported: one event, a True condition, one patch, one Event', async () => {
    const { server, registry, operator } = await setUp();
    registry.putContent('team/app', 'v1', one);
    server.put(IMAGE_STREAMS, imageStream({ tags: [specTag('v1', `${registry.host}/team/app:v1`)] }));
    await until('the import', () => headOf(server, 'v1'));
    expect(historyOf(server, 'v1')).toMatchObject({
      items: [{ image: one.digest, dockerImageReference: `${registry.host}/team/app@${one.digest}`, generation: 1 }],
      conditions: [{ type: 'ImportSuccess', status: 'True' }],
      source: { from: `${registry.host}/team/app:v1`, digest: one.digest },
    });
    expect(streamOf(server)?.status?.observedGeneration).toBe(1);
    expect(patches(server)).toBe(1);
    await until('the Event', () => operator.events.length > 0);
    expect(operator.events.map(({ reason }) => reason)).toEqual(['TagImported']);
  });

  test('whose tag moves gets one new event for it, and its condition stays', async () => {
    const { server, registry } = await setUp();
    registry.putContent('team/app', 'v1', one);
    const tags = [specTag('v1', `${registry.host}/team/app:v1`, scheduled)];
    server.put(IMAGE_STREAMS, imageStream({ tags, annotations: every('250ms') }));
    await until('the import', () => headOf(server, 'v1') === one.digest);
    const told = conditionOf(server, 'v1');
    registry.putContent('team/app', 'v1', two);
    await until('the move', () => headOf(server, 'v1') === two.digest);
    expect(historyOf(server, 'v1')?.items?.map(({ image }) => image)).toEqual([two.digest, one.digest]);
    expect(conditionOf(server, 'v1')).toEqual(told);
    expect(patches(server)).toBe(2);
  });

  test('of which nothing moves is left alone: one HEAD an interval, no API call at all', async () => {
    const { server, registry } = await setUp();
    registry.putContent('team/app', 'v1', one);
    const tags = [specTag('v1', `${registry.host}/team/app:v1`, scheduled)];
    server.put(IMAGE_STREAMS, imageStream({ tags, annotations: every('250ms') }));
    await until('the import', () => headOf(server, 'v1'));
    await until('the first check', () => heads(registry) >= 1);
    const version = streamOf(server)?.metadata.resourceVersion;
    server.forget();
    const before = registry.requests.length;
    await until('ten intervals', () => registry.requests.length >= before + 10);
    expect(registry.requests.slice(before).every(({ method }) => method === 'HEAD')).toBe(true);
    expect(server.requests()).toEqual([]);
    expect(streamOf(server)?.metadata.resourceVersion).toBe(version);
  });

  test('that fails says why, once, and heals by itself', async () => {
    const { server, registry, operator } = await setUp();
    registry.putContent('team/app', 'other', two);
    const from = `${registry.host}/team/app:v1`;
    server.put(IMAGE_STREAMS, imageStream({ tags: [specTag('v1', from, scheduled)], annotations: every('250ms') }));
    await until('the failure', () => conditionOf(server, 'v1')?.status === 'False');
    expect(conditionOf(server, 'v1')).toMatchObject({ reason: 'NotFound', generation: 1 });
    const before = registry.requests.length;
    await until('two tries', () => registry.requests.length > before + 1);
    // A failure that says the same costs no write, nor a look at the stream.
    const asked = server.count({ verb: 'get' });
    await until('more tries', () => registry.requests.length > before + 6);
    expect([server.count({ verb: 'get' }), patches(server)]).toEqual([asked, 1]);
    registry.putContent('team/app', 'v1', one);
    await until('health', () => conditionOf(server, 'v1')?.status === 'True');
    expect(headOf(server, 'v1')).toBe(one.digest);
    await until('both Events', () => operator.events.length >= 2);
    expect(operator.events.map(({ reason }) => reason)).toEqual(['TagImportFailed', 'TagImported']);
  });

  test('goes on with its other tags while the registry of one hangs', async () => {
    const hanging = await startFakeRegistry();
    closers.push(() => hanging.close());
    hanging.on({}, silence);
    const { server, registry, start, operator } = await setUp();
    await operator.stop();
    start({ hosts: [registry.host, hanging.host] });
    registry.putContent('team/app', 'v1', one);
    const tags = [specTag('slow', `${hanging.host}/x/y:v1`), specTag('v1', `${registry.host}/team/app:v1`)];
    server.put(IMAGE_STREAMS, imageStream({ tags }));
    await until('the other tag', () => headOf(server, 'v1'));
    expect(historyOf(server, 'slow')).toBeUndefined();
  });

  test('whose spec changes for one tag of many asks for that tag alone', async () => {
    const { server, registry } = await setUp();
    const names = Array.from({ length: 20 }, (_each, index) => `t${index}`);
    for (const name of names) registry.putContent('team/app', name, one);
    registry.putContent('team/app', 'other', two);
    const tags = names.map(name => specTag(name, `${registry.host}/team/app:${name}`));
    const made = server.put(IMAGE_STREAMS, imageStream({ tags }));
    await until('all', () => streamOf(server)?.status?.tags?.length === 20);
    const before = registry.requests.length;
    const [first, ...rest] = tags;
    const edited = [
      { ...first, name: 't0', from: { kind: 'DockerImage', name: `${registry.host}/team/app:other` } },
      ...rest,
    ];
    server.put(IMAGE_STREAMS, {
      ...made,
      spec: { ...made.spec, tags: edited },
      ...{ status: streamOf(server)?.status },
      metadata: { ...made.metadata, generation: 2 },
    });
    await until('the edit', () => headOf(server, 't0') === two.digest);
    expect(registry.requests.slice(before).every(({ path }) => !/manifests\/t\d/.test(path))).toBe(true);
  });

  test('with two tags that moved in one interval is patched once', async () => {
    const { server, registry } = await setUp();
    registry.putContent('team/app', 'a', one);
    registry.putContent('team/app', 'b', one);
    const tags = ['a', 'b'].map(name => specTag(name, `${registry.host}/team/app:${name}`, scheduled));
    server.put(IMAGE_STREAMS, imageStream({ tags, annotations: every('2s') }));
    await until('both', () => headOf(server, 'a') && headOf(server, 'b'));
    expect(patches(server)).toBe(1);
    registry.putContent('team/app', 'a', two);
    registry.putContent('team/app', 'b', three);
    await until('both moves', () => headOf(server, 'a') === two.digest && headOf(server, 'b') === three.digest);
    expect(patches(server)).toBe(2);
  });

  test('loses no result and doubles none in a storm of conflicts', async () => {
    const { server, registry } = await setUp();
    registry.putContent('team/app', 'v1', one);
    server.fail({ verb: 'patch', resource: IMAGE_STREAMS }, { kind: 'status', code: 409, reason: 'Conflict' }, 6);
    server.put(IMAGE_STREAMS, imageStream({ tags: [specTag('v1', `${registry.host}/team/app:v1`)] }));
    await until('the import', () => headOf(server, 'v1'));
    expect(historyOf(server, 'v1')?.items).toHaveLength(1);
    expect(patches(server)).toBe(7);
    expect(registry.requests.filter(({ path }) => path.includes('/manifests/'))).toHaveLength(1);
  });

  test('that the API server will never store is told once and rests', async () => {
    const { server, registry, operator } = await setUp();
    registry.putContent('team/app', 'v1', one);
    server.fail({ verb: 'patch', resource: IMAGE_STREAMS }, { kind: 'status', code: 422, reason: 'Invalid' }, 100);
    const tags = [specTag('v1', `${registry.host}/team/app:v1`, scheduled)];
    server.put(IMAGE_STREAMS, imageStream({ tags, annotations: every('500ms') }));
    await until('two tries', () => patches(server) >= 2);
    expect(patches(server)).toBe(2);
    await until('the Event', () => operator.events.length >= 1);
    expect(operator.events.map(({ reason }) => reason)).toEqual(['StreamNotStored']);
  });

  test('whose status the API server does not keep is told once and rests', async () => {
    const { server, registry, operator } = await setUp({
      between: client => ({
        // As one whose schema knows no `source`.
        patch: (path, body, signal) => client.patch(path, withoutSources(body), signal),
      }),
    });
    registry.putContent('team/app', 'v1', one);
    const tags = [specTag('v1', `${registry.host}/team/app:v1`, scheduled)];
    server.put(IMAGE_STREAMS, imageStream({ tags, annotations: every('1s') }));
    await until('the Event', () => operator.events.some(({ reason }) => reason === 'StreamNotStored'));
    const before = registry.requests.length;
    await until('the next try', () => registry.requests.length > before);
    const asked = registry.requests.length;
    await until('one more', () => registry.requests.length > asked + 2);
    // Once for each interval, however long that is.
    expect(operator.events.filter(({ reason }) => reason === 'StreamNotStored')).toHaveLength(1);
    expect(headOf(server, 'v1')).toBe(one.digest);
  });

  test('whose answer to the patch is lost is not written twice', async () => {
    const { server, registry } = await setUp();
    registry.putContent('team/app', 'v1', one);
    server.fail({ verb: 'patch', resource: IMAGE_STREAMS }, { kind: 'dropAnswer' });
    server.put(IMAGE_STREAMS, imageStream({ tags: [specTag('v1', `${registry.host}/team/app:v1`)] }));
    await until('the import', () => headOf(server, 'v1'));
    await until('the second look', () => server.count({ verb: 'get', resource: IMAGE_STREAMS }) >= 2);
    expect(historyOf(server, 'v1')?.items).toHaveLength(1);
  });

  test('with a new value of requested-at is asked for again, and echoes it', async () => {
    const { server, registry } = await setUp();
    registry.putContent('team/app', 'v1', one);
    const made = imageStream({ tags: [specTag('v1', `${registry.host}/team/app:v1`)] });
    server.put(IMAGE_STREAMS, made);
    await until('the import', () => headOf(server, 'v1'));
    const now = streamOf(server);
    if (now === undefined) throw new Error('gone');
    const annotations = { 'imagestream-operator/requested-at': 'now' };
    server.put(IMAGE_STREAMS, { ...now, metadata: { ...now.metadata, annotations } });
    await until('the echo', () => streamOf(server)?.status?.lastHandledRequest === 'now');
    expect(heads(registry)).toBe(1);
  });

  test('tells of references, kinds nobody resolves, and names that cannot be read', async () => {
    const { server } = await setUp();
    const tags = [
      specTag('ref', 'quay.io/acme/app:1', { reference: true }),
      specTag('follows', { kind: 'ImageStreamTag', name: 'other:1' }),
      specTag('bad', 'UPPER/case'),
    ];
    server.put(IMAGE_STREAMS, imageStream({ tags }));
    await until('all three', () => streamOf(server)?.status?.tags?.length === 3);
    expect(historyOf(server, 'ref')?.items).toMatchObject([{ dockerImageReference: 'quay.io/acme/app:1', image: '' }]);
    expect(conditionOf(server, 'follows')).toMatchObject({ status: 'False', reason: 'NotSupported' });
    expect(conditionOf(server, 'bad')).toMatchObject({ status: 'False' });
  });

  test('tells once of an interval that nobody can read', async () => {
    const { server, registry, operator } = await setUp();
    registry.putContent('team/app', 'v1', one);
    const tags = [specTag('v1', `${registry.host}/team/app:v1`, { annotations: every('often') })];
    server.put(IMAGE_STREAMS, imageStream({ tags }));
    await until('the import', () => operator.events.some(({ reason }) => reason === 'TagImported'));
    expect(operator.events.filter(({ reason }) => reason === 'IntervalIgnored')).toMatchObject([
      {
        type: 'Warning',
        note: expect.stringMatching(/^spec\.tags\[v1\]\.annotations\[.*\]: "often": expected a duration/),
      },
    ]);
  });

  test('that is deleted while its tag is asked for is forgotten', async () => {
    const { server, registry, operator } = await setUp();
    registry.on({ path: '/v2/team/app/manifests/v1' }, silence);
    server.put(IMAGE_STREAMS, imageStream({ tags: [specTag('v1', `${registry.host}/team/app:v1`)] }));
    await until('the request', () => operator.controllers.streams.inFlight === 1);
    server.remove(IMAGE_STREAMS, { namespace: 'demo', name: 'app' });
    await until('nothing in flight', () => operator.controllers.streams.inFlight === 0);
    expect(patches(server)).toBe(0);
  });

  test('is imported at once when the secrets of its namespace change', async () => {
    const { server, registry, operator } = await setUp();
    const allow = registry.on({ path: '/v2/team/app/manifests/v1' }, refusal(403, 'DENIED'));
    registry.putContent('team/app', 'v1', one);
    server.put(IMAGE_STREAMS, imageStream({ tags: [specTag('v1', `${registry.host}/team/app:v1`)] }));
    await until('the failure', () => conditionOf(server, 'v1')?.status === 'False');
    allow();
    operator.controllers.streams.secretsChanged('demo');
    await until('health', () => headOf(server, 'v1'));
  });
});

describe('an operator that is told to stop', () => {
  test('finishes the write that is under way, and asks registries for nothing more', async () => {
    const { server, registry, operator } = await setUp();
    registry.putContent('team/app', 'v1', one);
    const slow = { path: '/v2/team/app/manifests/slow' };
    registry.on(slow, silence);
    server.fail({ verb: 'patch', resource: IMAGE_STREAMS }, { kind: 'delay', ms: 300 });
    const tags = ['v1', 'slow'].map(name => specTag(name, `${registry.host}/team/app:${name}`));
    server.put(IMAGE_STREAMS, imageStream({ tags }));
    await until('the write', () => patches(server) === 1);
    await operator.stop();
    expect(headOf(server, 'v1')).toBe(one.digest);
    expect(registry.count(slow)).toBe(1);
    expect(operator.controllers.streams.inFlight).toBe(0);
  });

  test('lets nobody wait for what it will not record any more', async () => {
    const { operator } = await setUp();
    await operator.stop();
    const isi = imageStreamImport({ import: true });
    const outcome = { status: {}, entries: [], failed: 0 };
    const { signal } = new AbortController();
    const recording = operator.controllers.streams.recordImport('demo/app', { isi, outcome }, signal);
    await expect(recording).rejects.toThrow('the operator does not lead');
  });
});

describe('an operator whose term ends before all has been listed', () => {
  test('takes nothing up once it is: what changes then is for whoever leads', async () => {
    const { operator } = await setUp();
    await operator.stop();
    const { controllers } = operator;
    const { promise: synced, resolve: sync } = Promise.withResolvers<void>();
    const ending = new AbortController();
    const term = { previousRenewMs: undefined, ending: ending.signal, lost: new AbortController().signal };
    const led = controllers.lead(term, synced, 0);
    ending.abort(new Error('the test is over'));
    await led;
    sync();
    await new Promise(resolve => setImmediate(resolve));
    controllers.streamIndex.upsert(imageStream({ tags: [specTag('v1', 'registry.test/team/app:v1')] }));
    expect(controllers.streamIndex.size).toBe(1);
    expect(controllers.streamQueue.stats().depth).toBe(0);
  });
});

describe('many streams of one source', () => {
  test('D22 cost one HEAD an interval', async () => {
    const { server, registry } = await setUp();
    registry.putContent('team/app', 'v1', one);
    const from = `${registry.host}/team/app:v1`;
    for (let index = 0; index < 50; index += 1) {
      const tags = [specTag('v1', from, scheduled)];
      server.put(IMAGE_STREAMS, imageStream({ name: `s${index}`, tags, annotations: every('1s') }));
    }
    const all = () => server.objects<ImageStream>(IMAGE_STREAMS).filter(({ status }) => status?.tags?.length === 1);
    await until('all', () => all().length === 50);
    registry.putContent('team/app', 'v1', two);
    const before = registry.requests.length;
    await until('all moved', () => all().every(({ status }) => status?.tags?.[0]?.items?.[0]?.image === two.digest));
    const manifests = registry.requests.slice(before).filter(({ path }) => path.includes('/manifests/'));
    expect(manifests.filter(({ method }) => method === 'GET')).toHaveLength(1);
  });
});

describe('very many tags that are due at once', () => {
  const putStreams = (server: FakeApiServer, host: string, count: number) => {
    for (let index = 0; index < count; index += 1) {
      const tags = [specTag('v1', `${host}/team/app-${index}:v1`)];
      server.put(IMAGE_STREAMS, imageStream({ namespace: 'big', name: `s${index}`, tags }));
    }
  };

  test('are all imported, each stream in one write', async () => {
    const { server, registry, operator, start } = await setUp();
    await operator.stop();
    for (let index = 0; index < 1_500; index += 1) registry.putContent(`team/app-${index}`, 'v1', one);
    putStreams(server, registry.host, 1_500);
    const { controllers } = start();
    await until('some wait', () => controllers.streams.waiting > 500);
    await until('nothing waits', () => controllers.streams.inFlight === 0 && controllers.streams.waiting === 0, 60_000);
    const streams = server.objects<ImageStream>(IMAGE_STREAMS);
    expect(streams.every(({ status }) => status?.tags?.[0]?.items?.length === 1)).toBe(true);
    expect(patches(server)).toBe(1_500);
  });

  test('of a registry that says nothing are not all under way, and hold up no other', async () => {
    const silent = await startFakeRegistry();
    closers.push(() => silent.close());
    silent.on({}, silence);
    const { server, registry, operator, start } = await setUp();
    await operator.stop();
    putStreams(server, silent.host, 1_000);
    const { controllers } = start({ hosts: [registry.host, silent.host] });
    await until('they wait', () => controllers.streams.waiting > 900);
    registry.putContent('team/app', 'v1', one);
    server.put(IMAGE_STREAMS, imageStream({ tags: [specTag('v1', `${registry.host}/team/app:v1`)] }));
    await until('the import', () => headOf(server, 'v1'));
    await until('those alone that have a place', () => controllers.streams.inFlight <= 64);
    expect(patches(server)).toBe(1);
  });
});

describe('a restart', () => {
  test('keeps every history complete and without doubles, however often it comes', async () => {
    const { server, registry, start, operator } = await setUp();
    registry.putContent('team/app', 'v1', one);
    const tags = [specTag('v1', `${registry.host}/team/app:v1`, scheduled)];
    server.put(IMAGE_STREAMS, imageStream({ tags, annotations: every('200ms') }));
    await until('the import', () => headOf(server, 'v1'));
    await operator.stop();
    const pushed = [one.digest];
    for (let round = 0; round < 15; round += 1) {
      const next = sampleImage({ seed: `round ${round}` });
      registry.putContent('team/app', 'v1', next);
      pushed.unshift(next.digest);
      const short = start({ previousRenewMs: Date.now() });
      await new Promise(resolve => setTimeout(resolve, round * 7));
      await short.lose();
      const last = start({ previousRenewMs: Date.now() });
      await until('the newest', () => headOf(server, 'v1') === next.digest);
      await last.stop();
    }
    const found = historyOf(server, 'v1')?.items?.map(({ image }) => image);
    expect(found).toEqual(pushed);
  });
});

function withoutSources(body: object): object {
  return JSON.parse(JSON.stringify(body), (name, value) => (name === 'source' ? undefined : value));
}
