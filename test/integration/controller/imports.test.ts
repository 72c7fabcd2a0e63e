import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import type { ImageStreamImport } from '../../../src/api/image-stream-import.ts';
import type { Status } from '../../../src/api/status.ts';
import { IMAGE_STREAM_IMPORTS, IMAGE_STREAMS } from '../../../src/kube/resource.ts';
import { type FakeApiServer, startFakeApiServer } from '../../fake/api-server.ts';
import { fakeClock } from '../../fake/clock.ts';
import { silence, startFakeRegistry } from '../../fake/registry.ts';
import { sampleImage } from '../../gen/content.ts';
import { imageStream, imageStreamImport, specTag } from '../../gen/objects.ts';
import { startOperator, type TestOperator, type TestOperatorOptions, until } from './operator.ts';

jest.setTimeout(30_000);

const [one, two] = [sampleImage({ seed: 'one' }), sampleImage({ seed: 'two' })];

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
  registry.putContent('team/app', 'v1', one);
  registry.putContent('team/app', 'v2', two);
  const start = (again: Partial<TestOperatorOptions> = {}): TestOperator => {
    const operator = startOperator({ server, hosts: [registry.host], ...more, ...again });
    closers.push(() => operator.stop());
    return operator;
  };
  return { server, registry, start, operator: start(), at: `${registry.host}/team/app` };
}

const streamOf = (server: FakeApiServer) => server.get<ImageStream>(IMAGE_STREAMS, { namespace: 'demo', name: 'app' });
const importOf = (server: FakeApiServer, name = 'app') =>
  server.get<ImageStreamImport>(IMAGE_STREAM_IMPORTS, { namespace: 'demo', name });
const conditionsOf = (isi: ImageStreamImport | undefined) =>
  Object.fromEntries((isi?.status?.conditions ?? []).map(({ type, status, reason }) => [type, `${status} ${reason}`]));
const completed = (server: FakeApiServer, name?: string) =>
  until('completion', () => {
    const isi = importOf(server, name);
    return isi?.status?.conditions === undefined ? undefined : isi;
  });

describe('an ImageStreamImport', () => {
  test('that only looks is answered, and nothing else is written', async () => {
    const { server, at } = await setUp();
    server.put(IMAGE_STREAM_IMPORTS, imageStreamImport({ images: [`${at}:v1`] }));
    const isi = await completed(server);
    expect(conditionsOf(isi)).toEqual({ Complete: 'True Imported', Succeeded: 'True Imported' });
    expect(isi.status?.handledUID).toBe(isi.metadata.uid);
    expect(isi.status?.images).toMatchObject([
      { status: { status: 'Success' }, image: { metadata: { name: one.digest } } },
    ]);
    expect(streamOf(server)).toBeUndefined();
  });

  test('completed by a clock that is a day ahead goes once its time has passed, although the clock is set back', async () => {
    const clock = fakeClock();
    const { server, at } = await setUp({ clock, options: { isiTtlMs: 600_000 } });
    server.put(IMAGE_STREAM_IMPORTS, imageStreamImport({ images: [`${at}:v1`] }));
    await completed(server);
    clock.jumpTo(clock.now() - 24 * 3_600_000);
    await clock.advance(599_000);
    expect(importOf(server)).toBeDefined();
    // It may have been waited for already, as the clock stood then; so it is once more.
    await clock.advance(610_000);
    await until('it is gone', () => importOf(server) === undefined);
  });

  test('with import creates its stream, spec first, and returns it', async () => {
    const { server, at, operator } = await setUp();
    server.put(IMAGE_STREAM_IMPORTS, imageStreamImport({ import: true, images: [`${at}:v1`, `${at}:v2`] }));
    const isi = await completed(server);
    const stream = streamOf(server);
    expect(stream?.spec?.tags?.map(({ name }) => name)).toEqual(['v1', 'v2']);
    expect(stream?.status?.tags?.map(({ items }) => items?.[0]?.image)).toEqual([one.digest, two.digest]);
    expect(stream?.metadata.annotations).toEqual({ 'imagestream-operator/last-import': isi.metadata.uid });
    expect(isi.status?.import?.status?.tags).toHaveLength(2);
    await until('quiet', () => operator.controllers.streams.inFlight === 0);
    // The tags that it wrote are not asked for once more.
    expect(stream?.status?.observedGeneration).toBe(stream?.metadata.generation);
  });

  test('asks for nothing twice that its stream would ask for as well', async () => {
    const { server, at, registry } = await setUp();
    server.put(IMAGE_STREAM_IMPORTS, imageStreamImport({ import: true, images: [`${at}:v1`] }));
    await completed(server);
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(registry.requests.filter(({ path }) => path.endsWith('/manifests/v1'))).toHaveLength(1);
  });

  test('of which one image fails says PartlyFailed; the stream tells of the tag it asks for', async () => {
    const { server, at } = await setUp();
    server.put(IMAGE_STREAM_IMPORTS, imageStreamImport({ import: true, images: [`${at}:v1`, `${at}:gone`] }));
    const isi = await completed(server);
    expect(conditionsOf(isi)).toEqual({ Complete: 'True PartlyFailed', Succeeded: 'False PartlyFailed' });
    const gone = streamOf(server)?.status?.tags?.find(({ tag }) => tag === 'gone');
    expect(gone?.conditions).toMatchObject([{ status: 'False', reason: 'NotFound' }]);
  });

  test('waits for none of another namespace, whose hundreds wait for a registry that says nothing', async () => {
    const silent = await startFakeRegistry();
    closers.push(() => silent.close());
    silent.on({}, silence);
    const { server, registry, at, start, operator } = await setUp();
    await operator.stop();
    for (let index = 0; index < 200; index += 1) {
      const images = [`${silent.host}/x/y${index}:v1`];
      server.put(IMAGE_STREAM_IMPORTS, imageStreamImport({ namespace: 'big', name: `i${index}`, images }));
    }
    const next = start({ hosts: [silent.host, registry.host] });
    await until('many are under way', () => next.controllers.imports.running === 200);
    server.put(IMAGE_STREAM_IMPORTS, imageStreamImport({ images: [`${at}:v1`] }));
    expect(conditionsOf(await completed(server))).toMatchObject({ Succeeded: 'True Imported' });
  });

  test('that is invalid is refused with the text OpenShift would answer', async () => {
    const { server } = await setUp();
    const images = [{ from: { kind: 'ImageStreamTag', name: 'app:1' } }];
    server.put(IMAGE_STREAM_IMPORTS, imageStreamImport({ import: true, images }));
    const isi = await completed(server);
    expect(conditionsOf(isi)).toEqual({ Complete: 'True Refused', Succeeded: 'False Refused' });
    expect(isi.status?.conditions?.[0]?.message).toContain('spec.images[0].from.kind: Invalid value');
  });

  test('goes to the stream that its annotation names', async () => {
    const { server, at } = await setUp();
    const metadata = { annotations: { 'imagestream-operator/stream': 'app' } };
    server.put(
      IMAGE_STREAM_IMPORTS,
      imageStreamImport({ name: 'app-7k2', import: true, images: [`${at}:v1`], metadata }),
    );
    await completed(server, 'app-7k2');
    expect(streamOf(server)?.status?.tags).toHaveLength(1);
  });

  test('of a whole repository records its tags', async () => {
    const { server, at } = await setUp();
    server.put(IMAGE_STREAM_IMPORTS, imageStreamImport({ import: true, repository: at }));
    const isi = await completed(server);
    expect(isi.status?.repository?.images).toHaveLength(2);
    expect(
      streamOf(server)
        ?.spec?.tags?.map(({ name }) => name)
        .toSorted(),
    ).toEqual(['v1', 'v2']);
  });

  test('survives somebody else’s edit while it was carried out', async () => {
    const { server, at } = await setUp();
    server.fail(
      { verb: 'patch', resource: IMAGE_STREAM_IMPORTS },
      { kind: 'status', code: 409, reason: 'Conflict' },
      2,
    );
    server.put(IMAGE_STREAM_IMPORTS, imageStreamImport({ images: [`${at}:v1`] }));
    expect(conditionsOf(await completed(server))).toMatchObject({ Complete: 'True Imported' });
  });

  test('restored from a backup runs again', async () => {
    const { server, at } = await setUp();
    const status = {
      handledUID: 'of another life',
      conditions: [{ type: 'Complete', status: 'True', reason: 'Failed' }],
      repository: { status: { status: 'Failure', reason: 'NotFound' } as const },
    };
    server.put(IMAGE_STREAM_IMPORTS, imageStreamImport({ images: [`${at}:v1`], status }));
    const isi = await until('its own', () => {
      const now = importOf(server);
      return now?.status?.handledUID === now?.metadata.uid ? now : undefined;
    });
    expect(conditionsOf(isi)).toEqual({ Complete: 'True Imported', Succeeded: 'True Imported' });
    // Nor is anything left of what was answered then.
    expect(isi.status?.repository).toBeUndefined();
  });

  test('that is completed goes after its time to live', async () => {
    const { server, at } = await setUp({ options: { isiTtlMs: 50 } });
    server.put(IMAGE_STREAM_IMPORTS, imageStreamImport({ images: [`${at}:v1`] }));
    await until('removal', () => importOf(server) === undefined);
  });

  test('that is deleted while it is carried out is given up', async () => {
    const { server, at, registry, operator } = await setUp();
    registry.on({ path: '/v2/team/app/manifests/v1' }, silence);
    server.put(IMAGE_STREAM_IMPORTS, imageStreamImport({ images: [`${at}:v1`] }));
    await until('the request', () => registry.requests.some(({ path }) => path.endsWith('/v1')));
    server.remove(IMAGE_STREAM_IMPORTS, { namespace: 'demo', name: 'app' });
    await until('nothing under way', () => operator.controllers.imports.running === 0);
  });

  test('that a finalizer alone still holds is not begun', async () => {
    const { server, registry, at } = await setUp();
    const metadata = { deletionTimestamp: '2026-01-02T03:04:05Z', finalizers: ['example.com/keep'] };
    server.put(IMAGE_STREAM_IMPORTS, imageStreamImport({ images: [`${at}:v1`], metadata }));
    server.put(IMAGE_STREAM_IMPORTS, imageStreamImport({ name: 'later', images: [`${at}:v2`] }));
    await completed(server, 'later');
    expect(importOf(server)?.status).toBeUndefined();
    expect(registry.count({ path: '/v2/team/app/manifests/v1' })).toBe(0);
  });

  test('interrupted after the spec was written is carried on by the next leader, less what a user changed', async () => {
    const { server, at, operator, start } = await setUp();
    const undo = server.fail(
      { verb: 'patch', resource: IMAGE_STREAMS, subresource: 'status' },
      { kind: 'status', code: 500, reason: 'InternalError' },
      1_000,
    );
    server.put(IMAGE_STREAM_IMPORTS, imageStreamImport({ import: true, images: [`${at}:v1`, `${at}:v2`] }));
    await until('the spec', () => streamOf(server)?.spec?.tags?.length === 2);
    await operator.lose();
    undo();
    const stream = streamOf(server);
    if (stream === undefined) throw new Error('gone');
    const tags = [specTag('v1', `${at}:v1`), specTag('v2', `${at}:v1`)];
    server.put(IMAGE_STREAMS, { ...stream, spec: { ...stream.spec, tags } });
    start();
    await completed(server);
    await until('both', () => streamOf(server)?.status?.tags?.length === 2);
    const found = streamOf(server)?.status?.tags?.map(({ items }) => items?.map(({ image }) => image));
    expect(found).toEqual([[one.digest], [one.digest]]);
    expect(streamOf(server)?.spec?.tags?.map(({ from }) => from?.name)).toEqual([`${at}:v1`, `${at}:v1`]);
  });

  test('each entry counts once, as OpenShift counts', async () => {
    const counted: { registry: string; status: Status }[] = [];
    const { server, at, registry } = await setUp({ observer: { entryImported: event => counted.push(event) } });
    server.put(IMAGE_STREAM_IMPORTS, imageStreamImport({ images: [`${at}:v1`, `${at}:gone`], repository: at }));
    await completed(server);
    expect(counted.map(({ registry: host, status }) => [host === registry.host, status.status])).toEqual([
      [true, 'Success'],
      [true, 'Failure'],
      [true, 'Success'],
    ]);
  });
});

describe('spec.dockerImageRepository', () => {
  test('is imported as a whole, once, and its annotation says so', async () => {
    const { server, at, registry } = await setUp();
    server.put(IMAGE_STREAMS, imageStream({ dockerImageRepository: at }));
    await until('the tags', () => streamOf(server)?.status?.tags?.length === 2);
    const stream = streamOf(server);
    expect(stream?.metadata.annotations?.['openshift.io/image.dockerRepositoryCheck']).toMatch(/^\d{4}-/);
    expect(stream?.status?.conditions).toMatchObject([{ type: 'RepositoryImport', status: 'True' }]);
    await new Promise(resolve => setTimeout(resolve, 200));
    expect(registry.count({ path: '/v2/team/app/tags/list' })).toBe(1);
  });

  test('leaves the tags that the spec has as they are there', async () => {
    const { server, registry, at } = await setUp();
    registry.putContent('team/fork', 'v9', one);
    const importPolicy = { importMode: 'Legacy', scheduled: true } as const;
    const tags = [specTag('v1', `${at}:v1`, { importPolicy }), specTag('v2', `${registry.host}/team/fork:v9`)];
    const { spec } = server.put(IMAGE_STREAMS, imageStream({ dockerImageRepository: at, tags }));
    await until('the repository', () => streamOf(server)?.status?.conditions?.[0]?.status === 'True');
    await until('both tags', () => streamOf(server)?.status?.tags?.every(({ items }) => items?.length === 1));
    expect(streamOf(server)?.spec).toEqual(spec);
    expect(streamOf(server)?.status?.tags?.map(({ items }) => items?.[0]?.image)).toEqual([one.digest, one.digest]);
  });

  test('that fails is told in a condition, has no annotation, and heals', async () => {
    const { server, registry } = await setUp({ options: { defaultIntervalMs: 300 } });
    const at = `${registry.host}/late/repository`;
    server.put(IMAGE_STREAMS, imageStream({ dockerImageRepository: at }));
    const conditionOf = () => streamOf(server)?.status?.conditions?.[0];
    await until('the failure', () => conditionOf()?.status === 'False');
    expect(streamOf(server)?.metadata.annotations).toBeUndefined();
    registry.putContent('late/repository', 'v1', one);
    await until('health', () => conditionOf()?.status === 'True');
    expect(streamOf(server)?.spec?.tags).toHaveLength(1);
  });
});

describe('nothing older is selected', () => {
  const every = { 'imagestream-operator/interval': '250ms' };
  const scheduled = { importPolicy: { importMode: 'Legacy', scheduled: true } } as const;
  const three = sampleImage({ seed: 'three' });
  const manifest = '/v2/team/app/manifests/v1';

  /** A stream that follows `team/app:v1`, imported, and one that tells by its checks that time passes. */
  async function following() {
    const scene = await setUp();
    const { server, registry, at } = scene;
    registry.putContent('team/witness', 'v1', one);
    const tags = [specTag('v1', `${at}:v1`, scheduled)];
    const stream = server.put(IMAGE_STREAMS, imageStream({ tags, annotations: every }));
    const witness = [specTag('v1', `${registry.host}/team/witness:v1`, scheduled)];
    server.put(IMAGE_STREAMS, imageStream({ name: 'witness', tags: witness, annotations: every }));
    const history = () => streamOf(server)?.status?.tags?.[0]?.items?.map(({ image }) => image);
    await until('the import', () => history()?.length === 1);
    const checks = (path: string) => registry.count({ method: 'HEAD', path });
    const intervals = async (count: number) => {
      const path = '/v2/team/witness/manifests/v1';
      const before = checks(path);
      await until(`${count} intervals`, () => checks(path) >= before + count);
    };
    /** Holds the next such request back until the returned function is called; then it is answered with this image. */
    const hold = (method: 'GET' | 'HEAD', { mediaType, digest, bytes }: typeof one) => {
      const gate = Promise.withResolvers<void>();
      let held = false;
      registry.on({ method, path: manifest, times: 1 }, async () => {
        held = true;
        await gate.promise;
        return { headers: { 'content-type': mediaType, 'docker-content-digest': digest }, body: bytes };
      });
      return { open: gate.resolve, isHeld: () => held };
    };
    return { ...scene, stream, history, checks, intervals, hold };
  }

  test('by a check that was under way when a user’s import found something newer', async () => {
    const { server, registry, at, history, intervals, hold } = await following();
    registry.putContent('team/app', 'v1', two);
    const check = hold('HEAD', two);
    await until('the check is under way', check.isHeld);
    registry.putContent('team/app', 'v1', three);
    server.put(IMAGE_STREAM_IMPORTS, importOf1(at));
    await completed(server, 'again');
    expect(history()).toEqual([three.digest, one.digest]);
    check.open();
    await intervals(4);
    expect(history()).toEqual([three.digest, one.digest]);
  });

  test('by the import of a repository that took its time', async () => {
    const { server, registry, stream, history, checks, intervals, hold } = await following();
    const slow = hold('GET', one);
    const { metadata, spec } = stream;
    const { status } = streamOf(server) ?? {};
    server.put(IMAGE_STREAMS, {
      ...stream,
      metadata: { ...metadata, generation: 2 },
      spec: { ...spec, dockerImageRepository: `${registry.host}/team/app` },
      ...(status && { status }),
    });
    await until('the repository is imported', slow.isHeld);
    registry.putContent('team/app', 'v1', two);
    await intervals(4);
    slow.open();
    await until('the new image', () => history()?.includes(two.digest));
    const before = checks(manifest);
    await until('more checks', () => checks(manifest) >= before + 2);
    expect(history()).toEqual([two.digest, one.digest]);
  });

  test('nor is a tag forgotten that a user’s import held up, and left as it was', async () => {
    const { server, at, checks, intervals, hold } = await following();
    const slow = hold('GET', one);
    server.put(IMAGE_STREAM_IMPORTS, importOf1(at));
    await until('the import is under way', slow.isHeld);
    await intervals(4);
    slow.open();
    await completed(server, 'again');
    const before = checks(manifest);
    await until('more checks', () => checks(manifest) >= before + 2);
  });

  /** A user's import of `v1` that asks for it as the stream does. */
  function importOf1(at: string): ImageStreamImport {
    const isi = imageStreamImport({
      name: 'again',
      metadata: { annotations: { 'imagestream-operator/stream': 'app' } },
    });
    const images = [{ from: { kind: 'DockerImage', name: `${at}:v1` }, to: { name: 'v1' }, ...scheduled } as const];
    return { ...isi, spec: { import: true, images } };
  }
});
