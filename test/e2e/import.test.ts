import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sampleImage, sampleIndex } from '../gen/content.ts';
import { sampleSchema1 } from '../gen/schema1.ts';
import { createEngine, type Engine, image, kinds } from './harness.ts';
import { push, type RunningRegistry, SETUPS, setUp, stopAll } from './setups.ts';
import { skopeoInspect, skopeoPush } from './skopeo.ts';

const single = sampleImage({ seed: 'single', layers: 2 });
const docker = sampleImage({ seed: 'docker', format: 'docker' });
const children = ['amd64', 'arm64', 's390x'].map(architecture => sampleImage({ architecture, seed: 'index' }));
const index = sampleIndex(children);
const list = sampleIndex([docker, sampleImage({ format: 'docker', architecture: 'arm64' })], { format: 'docker' });

afterAll(stopAll);

describe.each(SETUPS)('import from a registry, $name', setup => {
  let registry: RunningRegistry;
  let engine: Engine;
  const named = (rest: string) => `${registry.host}/${rest}`;

  beforeAll(async () => {
    registry = await setUp(setup);
    for (const [tag, content] of Object.entries({ v1: single, docker, index, list })) {
      await push(registry, 'team/app', tag, content);
    }
    await push(registry, 'team/old', 'v1', sampleSchema1({ name: 'team/old', tag: 'v1' }));
    engine = createEngine(registry);
  });
  afterAll(() => engine.close());

  test('an image by tag', async () => {
    const { status, failed } = await engine.run({ images: [image(named('team/app:v1'))] });
    expect(failed).toBe(0);
    expect(status.images).toEqual([
      {
        status: expect.objectContaining({ status: 'Success' }),
        tag: 'v1',
        image: expect.objectContaining({
          metadata: expect.objectContaining({ name: single.digest }),
          dockerImageReference: named(`team/app@${single.digest}`),
          dockerImageManifestMediaType: single.mediaType,
          dockerImageLayers: [expect.anything(), expect.anything()],
          dockerImageMetadata: expect.objectContaining({
            Architecture: 'amd64',
            Config: expect.objectContaining({ Labels: { seed: 'single' } }),
            Size: [...single.blobs.values()].reduce((sum, blob) => sum + blob.length, 0),
          }),
        }),
      },
    ]);
  });

  test('an image by digest', async () => {
    const { status } = await engine.run({ images: [image(named(`team/app@${docker.digest}`))] });
    expect(status.images?.[0]?.status.status).toBe('Success');
    expect(status.images?.[0]?.image).toMatchObject({
      metadata: { name: docker.digest },
      dockerImageReference: named(`team/app@${docker.digest}`),
      dockerImageManifestMediaType: docker.mediaType,
    });
  });

  test.each([
    { tag: 'index', parent: index, want: children[0] },
    { tag: 'list', parent: list, want: docker },
  ])('the child of the platform asked for, of $tag (Legacy)', async ({ tag, parent, want }) => {
    const { status, entries } = await engine.run({ import: true, images: [image(named(`team/app:${tag}`))] });
    expect(status.images?.[0]?.image?.metadata.name).toBe(want?.digest);
    expect(entries[0]?.result.source.digest).toBe(parent.digest);
  });

  test('the child of another platform (Legacy)', async () => {
    const other = createEngine(registry, { platform: { os: 'linux', architecture: 's390x' } });
    const { status } = await other.run({ images: [image(named('team/app:index'))] });
    await other.close();
    expect(status.images?.[0]?.image?.metadata.name).toBe(children[2]?.digest);
  });

  test('a list and all its children (PreserveOriginal)', async () => {
    const { status } = await engine.run({
      images: [image(named('team/app:index'), { importMode: 'PreserveOriginal' })],
    });
    const [entry] = status.images ?? [];
    expect(entry?.image?.metadata.name).toBe(index.digest);
    expect(entry?.image?.dockerImageManifests?.map(({ digest, architecture }) => [digest, architecture])).toEqual(
      children.map(child => [child.digest, child.platform?.architecture]),
    );
    expect(entry?.manifests?.map(({ metadata }) => metadata.name)).toEqual(children.map(({ digest }) => digest));
  });

  test('a schema 1 image, its layers sized by asking for them', async () => {
    const old = sampleSchema1({ name: 'team/old', tag: 'v1' });
    const { status } = await engine.run({ images: [image(named('team/old:v1'))] });
    expect(status.images?.[0]?.image).toMatchObject({
      metadata: { name: old.digest },
      dockerImageManifestMediaType: 'application/vnd.docker.distribution.manifest.v1+json',
      dockerImageLayers: [...old.blobs].map(([name, bytes]) => ({ name, size: bytes.length })),
    });
  });

  test('a repository, its best tags first', async () => {
    for (const tag of ['latest', '1.0', '1.10']) await push(registry, 'team/many', tag, single);
    const { status } = await engine.run({ repository: image(named('team/many')) });
    expect(status.repository?.status?.status).toBe('Success');
    expect(status.repository?.images?.map(({ tag, image: found }) => [tag, found?.metadata.name])).toEqual(
      ['latest', '1.10', '1.0'].map(tag => [tag, single.digest]),
    );
  });

  test('a tag that is not there fails alone', async () => {
    const { status, failed } = await engine.run({
      images: [
        image(named('team/app:gone')),
        image(named('team/app:v1')),
        image(named(`team/app@${'sha256:'.padEnd(71, '0')}`)),
      ],
    });
    expect(failed).toBe(2);
    const name = named('team/app:gone');
    expect(status.images?.map(({ status: { code, reason, message } }) => ({ code, reason, message }))).toEqual([
      { code: 404, reason: 'NotFound', message: `dockerimage.image.openshift.io "${name}" not found` },
      { code: undefined, reason: undefined, message: undefined },
      expect.objectContaining({ code: 404, reason: 'NotFound' }),
    ]);
    expect(status.images?.[0]?.status.details).toMatchObject({
      group: 'image.openshift.io',
      kind: 'dockerimage',
      name,
    });
  });

  test('a repository that is not there', async () => {
    const { status } = await engine.run({ repository: image(named('team/nowhere')) });
    expect(status.repository?.status).toMatchObject({
      code: 404,
      reason: 'NotFound',
      message: `dockerimage.image.openshift.io "${named('team/nowhere')}" not found`,
    });
  });

  test('what skopeo pushed has the digest that skopeo sees', async () => {
    for (const form of ['oci', 'v2s2', 'v2s1'] as const) {
      const name = `team/theirs:${form}`;
      await skopeoPush(registry, name, single, form);
      const { Digest: digest, Layers: layers } = await skopeoInspect(registry, name);
      const { status } = await engine.run({ images: [image(named(name))] });
      const found = status.images?.[0]?.image;
      expect([form, found?.metadata.name]).toEqual([form, digest]);
      expect(found?.dockerImageLayers?.map(layer => layer.name)).toEqual(layers);
    }
  });

  test('an unchanged tag costs one HEAD, a moved one is seen and fetched', async () => {
    const from = named('team/moving:latest');
    const request = {
      tag: 'latest',
      from,
      importMode: 'Legacy',
      insecure: false,
      platform: { os: 'linux', architecture: 'amd64' },
      asked: { from },
    } as const;
    await push(registry, 'team/moving', 'latest', single);
    const first = await engine.check(request);
    expect(first).toMatchObject({ outcome: 'imported', source: { from, digest: single.digest } });

    await registry.forgetRequests();
    const recorded = { ...request, recorded: first.source, recordedImage: single.digest };
    expect(await engine.check(recorded)).toMatchObject({ outcome: 'unchanged', source: first.source });
    expect(kinds(await registry.requests())).toEqual(['HEAD manifests']);

    await push(registry, 'team/moving', 'latest', docker);
    await registry.forgetRequests();
    const second = await engine.check(recorded);
    expect(second).toMatchObject({ outcome: 'imported', source: { digest: docker.digest } });
    expect(kinds(await registry.requests())).toEqual(['HEAD manifests', 'GET manifests', 'GET blobs']);
  });
});
