import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { Image } from '../../../src/api/image.ts';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import { imageObjectName } from '../../../src/imagestream/image-names.ts';
import { IMAGE_STREAMS, IMAGES } from '../../../src/kube/resource.ts';
import { startFakeRegistry } from '../../fake/registry.ts';
import { sampleImage } from '../../gen/content.ts';
import { imageStream, specTag } from '../../gen/objects.ts';
import { imageStory } from './image-story.ts';
import { startOperator, until } from './operator.ts';

jest.setTimeout(30_000);

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const one = sampleImage({ seed: 'one' });
const objectName = imageObjectName(one.digest);

async function setUp() {
  const registry = await startFakeRegistry();
  closers.push(() => registry.close());
  registry.putContent('team/app', 'v1', one);
  const story = await imageStory(closers);
  await story.watch();
  const operator = startOperator({ server: story.server, hosts: [registry.host], images: story.store });
  closers.push(() => operator.stop());
  const from = `${registry.host}/team/app:v1`;
  const scheduled = { importPolicy: { importMode: 'Legacy', scheduled: true } } as const;
  const put = (name: string, interval: string) => {
    const annotations = { 'imagestream-operator/interval': interval };
    const tags = [specTag('v1', from, scheduled)];
    story.server.put(IMAGE_STREAMS, imageStream({ name, tags, annotations }));
    return until('the import', () => headOf(name));
  };
  const headOf = (name: string) =>
    story.server.get<ImageStream>(IMAGE_STREAMS, { namespace: 'demo', name })?.status?.tags?.[0]?.items?.[0]?.image;
  const stored = () => story.server.get<Image>(IMAGES, { name: objectName });
  return { ...story, registry, put, stored };
}

describe('Images of streams (design D11)', () => {
  test('are there before the stream names them, and are shared', async () => {
    const { server, put, stored } = await setUp();
    await put('app', '1h');
    await put('other', '1h');
    expect(stored()?.dockerImageMetadata?.Architecture).toBe('amd64');
    const writes = server.requests().filter(({ verb }) => verb === 'create' || verb === 'patch');
    expect(writes.map(({ verb, resource, subresource }) => [verb, resource, subresource ?? ''])).toEqual([
      ['create', 'images', ''],
      ['patch', 'imagestreams', 'status'],
      ['patch', 'imagestreams', 'status'],
    ]);
  });

  test('that somebody deletes come back with the next look, by one fetch', async () => {
    const { server, registry, put, stored } = await setUp();
    await put('app', '300ms');
    const { uid } = stored()?.metadata ?? {};
    const already = registry.requests.length;
    server.remove(IMAGES, { name: objectName });
    await until('the Image', () => stored()?.metadata.uid !== uid && stored());
    const before = registry.requests.length;
    await until('more checks', () => registry.requests.length >= before + 4);
    const gets = registry.requests
      .slice(already)
      .filter(({ method, path }) => method === 'GET' && path.includes('/manifests/'));
    expect(gets).toHaveLength(1);
    expect(stored()).toBeDefined();
  });
});
