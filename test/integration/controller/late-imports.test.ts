import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import type { ImageStreamImport } from '../../../src/api/image-stream-import.ts';
import type { ControllerObserver } from '../../../src/controller/observer.ts';
import { IMAGE_STREAM_IMPORTS, IMAGE_STREAMS } from '../../../src/kube/resource.ts';
import type { WorkQueueStats } from '../../../src/queue/work-queue.ts';
import { startFakeApiServer } from '../../fake/api-server.ts';
import { startFakeRegistry } from '../../fake/registry.ts';
import { sampleImage } from '../../gen/content.ts';
import { imageStream, imageStreamImport } from '../../gen/objects.ts';
import { startOperator, until } from './operator.ts';

/** Imports that are carried out, and find the cluster another than it was when they began. */

jest.setTimeout(30_000);

const [one, two] = [sampleImage({ seed: 'one' }), sampleImage({ seed: 'two' })];

const INSECURE = 'openshift.io/image.insecureRepository';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function setUp(observer: Partial<ControllerObserver> = {}) {
  const server = await startFakeApiServer();
  const registry = await startFakeRegistry();
  closers.push(
    () => registry.close(),
    () => server.close(),
  );
  registry.putContent('team/app', 'v1', one);
  registry.putContent('team/other', 'o1', two);
  const operator = startOperator({ server, hosts: [registry.host], observer });
  closers.push(() => operator.stop());
  const stream = () => server.get<ImageStream>(IMAGE_STREAMS, { namespace: 'demo', name: 'app' });
  return { server, registry, operator, stream };
}

describe('an ImageStreamImport whose stream cannot be stored because its namespace is gone', () => {
  test('is given up once it is gone, too, and keeps no place from those that come later', async () => {
    const { server, registry, operator } = await setUp();
    const create = { verb: 'create', resource: IMAGE_STREAMS } as const;
    const message = 'namespaces "demo" not found';
    server.fail(create, { kind: 'status', code: 404, reason: 'NotFound', message }, 1_000);
    // As many as one namespace has places.
    const names = Array.from({ length: 8 }, (_each, index) => `i${index}`);
    for (const name of names) {
      const images = [`${registry.host}/team/app:v1`];
      server.put(IMAGE_STREAM_IMPORTS, imageStreamImport({ name, import: true, images }));
    }
    await server.heard(create, names.length);
    for (const name of names) server.remove(IMAGE_STREAM_IMPORTS, { namespace: 'demo', name });
    await until('no import', () => operator.controllers.imports.running === 0);

    const name = 'later';
    server.put(IMAGE_STREAM_IMPORTS, imageStreamImport({ name, images: [`${registry.host}/team/app:v1`] }));
    const later = () => server.get<ImageStreamImport>(IMAGE_STREAM_IMPORTS, { namespace: 'demo', name });
    await until('its completion', () => later()?.status?.handledUID);
    await until('nothing tried any more', () => isIdle(operator.controllers.streamQueue.stats()));
  });
});

describe('the import of a repository that waits to be recorded', () => {
  /** A stream whose repository was asked for, and that cannot be read until `mend` is called. */
  async function waiting() {
    let isBack = false;
    const scene = await setUp({
      entryImported: () => {
        isBack = true;
      },
    });
    const { server, registry } = scene;
    const read = { verb: 'get', resource: IMAGE_STREAMS } as const;
    const mend = server.fail(read, { kind: 'status', code: 500, reason: 'InternalError' }, 1_000);
    const dockerImageRepository = `${registry.host}/team/app`;
    const stored = server.put(
      IMAGE_STREAMS,
      imageStream({ dockerImageRepository, annotations: { [INSECURE]: 'true' } }),
    );
    await until('the registry’s answers', () => isBack);
    const before = server.count(read);
    await until('a try to record them', () => server.count(read) > before);
    const tagsOf = () => scene.stream()?.spec?.tags?.map(({ name }) => name);
    return { ...scene, stored, mend, tagsOf };
  }

  test('does not bring back its stream, which was deleted meanwhile', async () => {
    const { server, operator, mend } = await waiting();
    server.remove(IMAGE_STREAMS, { namespace: 'demo', name: 'app' });
    mend();
    const { streamIndex, streamQueue } = operator.controllers;
    await until('its end', () => streamIndex.size === 0 && isIdle(streamQueue.stats()));
    expect(server.count({ verb: 'create', resource: IMAGE_STREAMS })).toBe(0);
  });

  test.each([
    ['for the repository that the stream asks for now', 'team/other', 'true', 'o1', true],
    ['as it was asked for then, without a look at certificates', 'team/app', 'false', 'v1', undefined],
  ])('is not recorded %s', async (_what, path, allowed, tag, insecure) => {
    const { server, registry, stored, mend, tagsOf, stream } = await waiting();
    server.put(IMAGE_STREAMS, {
      ...stored,
      metadata: { ...stored.metadata, generation: 2, annotations: { [INSECURE]: allowed } },
      spec: { dockerImageRepository: `${registry.host}/${path}` },
    });
    mend();
    await until('tags', tagsOf);
    expect(tagsOf()).toEqual([tag]);
    expect(stream()?.spec?.tags?.map(({ importPolicy }) => importPolicy?.insecure)).toEqual([insecure]);
  });

  test('is not recorded for another stream of the name', async () => {
    const { server, operator, mend, stream } = await waiting();
    server.remove(IMAGE_STREAMS, { namespace: 'demo', name: 'app' });
    server.put(IMAGE_STREAMS, imageStream({ metadata: { uid: 'another' } }));
    mend();
    const { streamIndex, streamQueue } = operator.controllers;
    const uid = () => streamIndex.get('demo/app')?.metadata.uid;
    await until('a look at it', () => uid() === 'another' && isIdle(streamQueue.stats()));
    expect(stream()?.spec?.tags).toBeUndefined();
  });
});

function isIdle({ depth, processing }: WorkQueueStats): boolean {
  return depth + processing === 0;
}
