import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import type { ImageStreamImport } from '../../../src/api/image-stream-import.ts';
import { IMAGE_STREAM_IMPORTS, IMAGE_STREAMS } from '../../../src/kube/resource.ts';
import { startFakeApiServer } from '../../fake/api-server.ts';
import { startFakeRegistry } from '../../fake/registry.ts';
import { sampleImage } from '../../gen/content.ts';
import { imageStream, imageStreamImport } from '../../gen/objects.ts';
import { startOperator, until } from './operator.ts';

/** Imports that are carried out, and find the cluster another than it was when they began. */

jest.setTimeout(30_000);

const [one, two] = [sampleImage({ seed: 'one' }), sampleImage({ seed: 'two' })];

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function setUp() {
  const server = await startFakeApiServer();
  const registry = await startFakeRegistry();
  closers.push(
    () => registry.close(),
    () => server.close(),
  );
  registry.putContent('team/app', 'v1', one);
  registry.putContent('team/other', 'o1', two);
  const operator = startOperator({ server, hosts: [registry.host] });
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
    await until('nothing tried any more', () => operator.controllers.streamQueue.stats().depth === 0);
  });
});

describe('the import of a repository that waits to be recorded', () => {
  /** A stream whose repository was asked for, and that cannot be read until `mend` is called. */
  async function waiting() {
    const scene = await setUp();
    const { server, registry } = scene;
    const read = { verb: 'get', resource: IMAGE_STREAMS } as const;
    const mend = server.fail(read, { kind: 'status', code: 500, reason: 'InternalError' }, 1_000);
    const dockerImageRepository = `${registry.host}/team/app`;
    // With nothing of its own to say: whoever reads it has something to record.
    const status = { observedGeneration: 1 };
    const stored = server.put(IMAGE_STREAMS, imageStream({ dockerImageRepository, status }));
    await server.heard(read);
    const tagsOf = () => scene.stream()?.spec?.tags?.map(({ name }) => name);
    return { ...scene, stored, mend, tagsOf };
  }

  test('does not bring back its stream, which was deleted meanwhile', async () => {
    const { server, operator, mend } = await waiting();
    server.remove(IMAGE_STREAMS, { namespace: 'demo', name: 'app' });
    mend();
    await until('nothing to do', () => operator.controllers.streamQueue.stats().depth === 0);
    expect(server.count({ verb: 'create', resource: IMAGE_STREAMS })).toBe(0);
  });

  test('is not recorded for the repository that the stream asks for now', async () => {
    const { server, registry, stored, mend, tagsOf } = await waiting();
    const dockerImageRepository = `${registry.host}/team/other`;
    server.put(IMAGE_STREAMS, {
      ...stored,
      metadata: { ...stored.metadata, generation: 2 },
      spec: { dockerImageRepository },
    });
    mend();
    await until('tags', tagsOf);
    expect(tagsOf()).toEqual(['o1']);
  });

  test('is not recorded for another stream of the name', async () => {
    const { server, operator, stored, mend, stream } = await waiting();
    server.remove(IMAGE_STREAMS, { namespace: 'demo', name: 'app' });
    const { uid } = server.put(IMAGE_STREAMS, imageStream({ metadata: { uid: 'another' } })).metadata;
    expect(uid).not.toBe(stored.metadata.uid);
    mend();
    await until('nothing to do', () => operator.controllers.streamQueue.stats().depth === 0);
    expect(stream()?.spec?.tags).toBeUndefined();
  });
});
