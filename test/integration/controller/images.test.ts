import { afterEach, describe, expect, test } from '@jest/globals';
import type { Image } from '../../../src/api/image.ts';
import { imageObjectName } from '../../../src/imagestream/image-names.ts';
import { MAX_STORED_BYTES, sizeOf } from '../../../src/imagestream/sizes.ts';
import { IMAGES } from '../../../src/kube/resource.ts';
import { digestOf, image, T0_TEXT } from '../../gen/history.ts';
import { imageAt, imageStory, listImage, markAt, storedObject } from './image-story.ts';
import { until } from './operator.ts';

const { signal } = new AbortController();
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
const setUp = () => imageStory(closers);
const created = { verb: 'create', resource: IMAGES } as const;
const name = (digit: string) => imageObjectName(digestOf(digit));

describe('ensure() (design D11)', () => {
  test('creates what is not there, under the name that a custom resource may have', async () => {
    const { server, store, writes } = await setUp();
    await store.ensure([image('1', { dockerImageManifest: '{}', dockerImageConfig: '{}' })], signal);
    const { metadata, ...fields } = imageAt(server, '1') ?? { metadata: {} };
    expect(fields).toEqual({
      apiVersion: 'image.openshift.io/v1alpha1',
      kind: 'Image',
      dockerImageReference: `quay.io/acme/app@${digestOf('1')}`,
    });
    expect(Object.keys(metadata).sort()).toEqual(['creationTimestamp', 'generation', 'name', 'resourceVersion', 'uid']);
    expect(store.has(digestOf('1'))).toBe(true);
    expect(writes).toEqual(['images written']);
  });

  test('keeps what says in which order the layers are told (api-types 7)', async () => {
    const { server, store } = await setUp();
    const annotations = { 'image.openshift.io/dockerLayersOrder': 'ascending' };
    await store.ensure([image('1', { metadata: { name: digestOf('1'), annotations } })], signal);
    expect(imageAt(server, '1')?.metadata.annotations).toEqual(annotations);
  });

  test('asks nothing for what is known', async () => {
    const { server, store } = await setUp();
    await store.ensure([image('1')], signal);
    server.forget();
    await store.ensure([image('1'), image('1')], signal);
    expect(server.requests()).toEqual([]);
  });

  test('takes what somebody else created as its own', async () => {
    const { server, store } = await setUp();
    server.put(IMAGES, storedObject('1'));
    await store.ensure([image('1')], signal);
    expect(store.has(digestOf('1'))).toBe(true);
    expect(server.count({ verb: 'patch' })).toBe(0);
  });

  test('creates children before their list, and lists before lists of them', async () => {
    const { server, store } = await setUp();
    const list = listImage('a', '1', '2');
    await store.ensure([image('1'), image('2'), list, image('3'), listImage('b', 'a', '3')], signal);
    const order = server.requests(created).map(({ body }) => (body as Image).metadata.name);
    expect(order.slice(0, 3).sort()).toEqual([name('1'), name('2'), name('3')]);
    expect(order.slice(3)).toEqual([name('a'), name('b')]);
  });

  test('does not create a list when one of its children could not be', async () => {
    const { server, store } = await setUp();
    server.fail(created, { kind: 'status', code: 500, message: 'no' });
    await expect(store.ensure([image('1'), listImage('a', '1')], signal)).rejects.toThrow('answered 500');
    expect(imageAt(server, 'a')).toBeUndefined();
    await store.ensure([image('1'), listImage('a', '1')], signal);
    expect(imageAt(server, 'a')).toBeDefined();
  });

  test('creates once what several ask for at the same time', async () => {
    const { server, store } = await setUp();
    await Promise.all(Array.from({ length: 20 }, () => store.ensure([image('1'), image('2')], signal)));
    expect(server.count(created)).toBe(2);
    expect(server.requests().length).toBe(2);
  });

  test('goes on for one caller when another, who began it, gives up', async () => {
    const { server, store, between } = await setUp();
    const first = new AbortController();
    between.create = () => first.abort(new Error('enough'));
    const gaveUp = store.ensure([image('1')], first.signal);
    const other = store.ensure([image('1')], signal);
    await expect(gaveUp).rejects.toThrow('enough');
    await other;
    expect(imageAt(server, '1')).toBeDefined();
  });

  test('never has more than sixteen writes under way', async () => {
    const { client, server, store } = await setUp();
    let [now, most] = [0, 0];
    const create = client.create;
    client.create = async (path, body, given) => {
      now += 1;
      most = Math.max(most, now);
      return create(path, body, given).finally(() => {
        now -= 1;
      });
    };
    const many = Array.from({ length: 60 }, (_, index) =>
      image('0', { metadata: { name: `sha256:${index.toString(16).padStart(64, '0')}` } }),
    );
    await Promise.all([store.ensure(many.slice(0, 30), signal), store.ensure(many.slice(30), signal)]);
    expect(server.count(created)).toBe(60);
    expect(most).toBe(16);
  });

  test('finds what it wrote although the answer was lost', async () => {
    const { server, store, newStore } = await setUp();
    server.fail(created, { kind: 'dropAnswer' });
    await expect(store.ensure([image('1')], signal)).rejects.toThrow('Cannot create images');
    await store.ensure([image('1')], signal);
    expect(store.has(digestOf('1'))).toBe(true);
    const another = newStore();
    await another.ensure([image('1')], signal);
    expect(server.objects(IMAGES)).toHaveLength(1);
  });
});

describe('an Image that is marked for removal', () => {
  test('loses the mark when it is found by its name being taken', async () => {
    const { server, store } = await setUp();
    server.put(IMAGES, storedObject('1', T0_TEXT));
    await store.ensure([image('1')], signal);
    expect(markAt(server, '1')).toBeUndefined();
    expect(imageAt(server, '1')).toBeDefined();
  });

  test('loses the mark, with the version it was seen at, when the watch has shown it', async () => {
    const { server, store, watch } = await setUp();
    const { metadata } = server.put(IMAGES, storedObject('1', T0_TEXT));
    await watch();
    await store.ensure([image('1')], signal);
    expect(markAt(server, '1')).toBeUndefined();
    const [patch] = server.requests({ verb: 'patch' });
    expect(patch?.body).toMatchObject({
      metadata: { uid: metadata.uid, resourceVersion: metadata.resourceVersion },
    });
    expect(server.count(created)).toBe(0);
  });

  test('is looked at anew when somebody wrote it in between', async () => {
    const { server, store, between, writes } = await setUp();
    server.put(IMAGES, storedObject('1', T0_TEXT));
    between.patch = () => server.put(IMAGES, storedObject('1', '2026-01-01T00:00:01Z'));
    await store.ensure([image('1')], signal);
    expect(markAt(server, '1')).toBeUndefined();
    expect(writes).toEqual(['images conflict', 'images written']);
  });

  test('is created again when it goes between the look and the write', async () => {
    const { server, store, between } = await setUp();
    const { metadata } = server.put(IMAGES, storedObject('1', T0_TEXT));
    between.patch = () => server.remove(IMAGES, { name: name('1') });
    await store.ensure([image('1')], signal);
    expect(imageAt(server, '1')?.metadata.uid).not.toBe(metadata.uid);
    expect(markAt(server, '1')).toBeUndefined();
  });

  test('is created again when it goes between the create and the look', async () => {
    const { server, store } = await setUp();
    server.fail(created, { kind: 'status', code: 409, reason: 'AlreadyExists' });
    await store.ensure([image('1')], signal);
    expect(imageAt(server, '1')).toBeDefined();
  });

  test('that is written time and again lets the caller come back later', async () => {
    const { server, store, between } = await setUp();
    const again = () => {
      server.put(IMAGES, storedObject('1', `2026-01-01T00:00:00Z`));
      between.patch = again;
    };
    again();
    await expect(store.ensure([image('1')], signal)).rejects.toThrow('changes faster than it can be kept');
  });
});

describe('an Image that the API server does not take (design D7)', () => {
  const large = (digit: string) => {
    const layer = { name: digestOf('f'), size: 1, mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' };
    const Labels = { text: 'x'.repeat(MAX_STORED_BYTES) };
    const dockerImageMetadata = {
      kind: 'DockerImage',
      apiVersion: 'image.openshift.io/1.0',
      Id: '',
      Created: null,
      ContainerConfig: { Labels },
    } as const;
    return image(digit, { dockerImageMetadata, dockerImageMetadataVersion: '1.0', dockerImageLayers: [layer] });
  };

  test('is stored without its metadata when it is too large', async () => {
    const { server, store } = await setUp();
    await store.ensure([large('1')], signal);
    const stored = imageAt(server, '1');
    expect(stored?.dockerImageMetadata).toBeUndefined();
    expect(stored?.dockerImageMetadataVersion).toBeUndefined();
    expect(stored?.dockerImageLayers).toHaveLength(1);
  });

  test('is stored without its layers, too, when it still is', async () => {
    const { server, store } = await setUp();
    const [layer] = large('1').dockerImageLayers ?? [];
    const layers = Array.from({ length: 8_000 }, () => ({ ...layer, name: digestOf('e'), size: 1, mediaType: 'x' }));
    expect(sizeOf(layers)).toBeLessThan(MAX_STORED_BYTES);
    await store.ensure([image('2', { dockerImageLayers: layers })], signal);
    expect(imageAt(server, '2')?.dockerImageLayers).toHaveLength(8_000);
    await store.ensure([{ ...large('1'), dockerImageLayers: [...layers, ...layers] }], signal);
    expect(imageAt(server, '1')).toMatchObject({ dockerImageReference: `quay.io/acme/app@${digestOf('1')}` });
    expect(imageAt(server, '1')?.dockerImageLayers).toBeUndefined();
  });

  test('is told of once; the others are created, and it counts as there for an hour', async () => {
    const { server, store, lines, writes, clock } = await setUp();
    const takeBack = server.fail(created, { kind: 'status', code: 422, message: 'it is wrong' }, 99);
    await store.ensure([image('1')], signal);
    takeBack();
    await store.ensure([image('1'), image('2')], signal);
    expect(imageAt(server, '1')).toBeUndefined();
    expect(imageAt(server, '2')).toBeDefined();
    expect(store.has(digestOf('1'))).toBe(true);
    expect(writes).toEqual(['images refused', 'images written']);
    expect(lines.filter(line => line.includes('cannot be stored'))).toHaveLength(1);

    await clock.advance(60 * 60_000);
    expect(store.has(digestOf('1'))).toBe(false);
    await store.ensure([image('1')], signal);
    expect(imageAt(server, '1')).toBeDefined();
  });

  test('for want of permission is told of once for all of them', async () => {
    const { server, store, lines } = await setUp();
    server.fail(created, { kind: 'status', code: 403, message: 'may not' }, 99);
    await store.ensure([image('1'), image('2'), listImage('a', '1', '2')], signal);
    expect(lines.filter(line => line.includes('cannot be stored'))).toHaveLength(1);
    expect(server.count(created)).toBe(3);
  });
});

describe('what the watch shows', () => {
  test('is known, and counted; what is none of ours is not', async () => {
    const { server, store, watch } = await setUp();
    server.put(IMAGES, storedObject('1'));
    server.put(IMAGES, { metadata: { name: 'by-hand' } });
    await watch();
    expect({ has: store.has(digestOf('1')), count: store.count, bytes: store.bytes }).toEqual({
      has: true,
      count: 1,
      bytes: 0,
    });
    expect(server.requests({ verb: 'list' })[0]?.headers.accept).toContain('PartialObjectMetadata');
  });

  test('an Image that goes is not there any more, and its bytes are gone', async () => {
    const { server, store, watch } = await setUp();
    await watch();
    await store.ensure([image('1')], signal);
    expect(store.bytes).toBe(
      sizeOf({ ...storedObject('1'), apiVersion: 'image.openshift.io/v1alpha1', kind: 'Image' }),
    );
    server.remove(IMAGES, { name: name('1') });
    await until('the deletion', () => !store.has(digestOf('1')));
    expect({ count: store.count, bytes: store.bytes }).toEqual({ count: 0, bytes: 0 });
    await store.ensure([image('1')], signal);
    expect(imageAt(server, '1')).toBeDefined();
  });

  test('a version before our own write is no news', async () => {
    const { server, store } = await setUp();
    const before = server.put(IMAGES, storedObject('1', T0_TEXT));
    await store.ensure([image('1')], signal);
    server.forget();
    store.upsert(before);
    await store.ensure([image('1')], signal);
    expect(server.requests()).toEqual([]);
  });

  test('a mark that comes later is seen', async () => {
    const { server, store } = await setUp();
    await store.ensure([image('1')], signal);
    store.upsert(server.put(IMAGES, storedObject('1', T0_TEXT)));
    await store.ensure([image('1')], signal);
    expect(markAt(server, '1')).toBeUndefined();
  });

  test('a mark that the watch shows before the answer to our own write is here is seen', async () => {
    const { server, client, newStore } = await setUp();
    const store = newStore({
      ...client,
      create: async (path, body, createSignal) => {
        const answer = await client.create(path, body, createSignal);
        store.upsert(server.put(IMAGES, storedObject('1', T0_TEXT)));
        return answer;
      },
    });
    await store.ensure([image('1')], signal);
    expect(markAt(server, '1')).toBeUndefined();
  });

  test('an Image that goes before the answer to our own write is here is gone', async () => {
    const { server, client, newStore } = await setUp();
    let first = true;
    const store = newStore({
      ...client,
      create: async (path, body, createSignal) => {
        const answer = await client.create(path, body, createSignal);
        if (first) {
          server.remove(IMAGES, { name: name('1') });
          store.delete({ name: name('1'), uid: answer.metadata.uid ?? '' });
        }
        first = false;
        return answer;
      },
    });
    await store.ensure([image('1')], signal);
    expect(imageAt(server, '1')).toBeDefined();
  });

  test('the end of an object whose successor we created already is no news', async () => {
    const { store } = await setUp();
    await store.ensure([image('1')], signal);
    store.delete({ name: name('1'), uid: 'of the one before' });
    expect(store.has(digestOf('1'))).toBe(true);
  });

  test('what is not in a complete list is gone', async () => {
    const { store } = await setUp();
    await store.ensure([image('1'), image('2')], signal);
    await store.replace(new Set([name('2')]));
    expect([store.has(digestOf('1')), store.has(digestOf('2'))]).toEqual([false, true]);
  });

  test('others have turns while very many are compared with a list, and what comes meanwhile stays', async () => {
    const { store } = await setUp();
    for (let i = 0; i < 2_500; i += 1) store.upsert({ metadata: { name: `sha256-${String(i).padStart(64, '0')}` } });
    const left: number[] = [];
    setImmediate(() => {
      left.push(store.count);
      store.upsert({ metadata: { name: name('f') } });
    });
    await store.replace(new Set());
    expect(left).toEqual([1_500]);
    expect([store.count, store.has(digestOf('f'))]).toEqual([1, true]);
  });
});
