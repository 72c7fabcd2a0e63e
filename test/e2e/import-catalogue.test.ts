import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CatalogueEntry, catalogue } from '../gen/catalogue.ts';
import { deleteManifest, sampleImage } from '../gen/content.ts';
import { createEngine, type Engine, image } from './harness.ts';
import { push, type RunningRegistry, setUp, stopAll } from './setups.ts';

let registry: RunningRegistry;
let engine: Engine;
const entries = new Map(catalogue().map(entry => [entry.name, entry]));

beforeAll(async () => {
  registry = await setUp({ name: 'open', auth: 'open' });
  engine = createEngine(registry);
});
afterAll(async () => {
  await engine.close();
  await stopAll();
});

async function pushed(name: string): Promise<CatalogueEntry> {
  const entry = entries.get(name);
  if (entry === undefined) throw new Error(`the catalogue has no "${name}"`);
  const repository = `catalogue/${name}`;
  await push(registry, repository, 'v1', entry.content);
  if (entry.sparse)
    for (const { digest } of entry.content.children) await deleteManifest(registry.url, repository, digest);
  return entry;
}

async function imported(name: string, importMode: 'Legacy' | 'PreserveOriginal') {
  const reference = `${registry.host}/catalogue/${name}:v1`;
  const { status } = await engine.run({ images: [image(reference, { importMode })] });
  return status.images?.[0];
}

describe('what is no list is imported as it is', () => {
  const names = [...entries.values()].filter(({ content }) => content.children.length === 0).map(({ name }) => name);
  test.each(names)('%s', async name => {
    const { content } = await pushed(name);
    for (const importMode of ['Legacy', 'PreserveOriginal'] as const) {
      const found = await imported(name, importMode);
      expect([found?.status.message, found?.image?.metadata.name]).toEqual([undefined, content.digest]);
      expect(found?.image?.dockerImageMetadata).toMatchObject({ Id: expect.stringMatching(/^sha(256|512):/) });
    }
  });
});

describe('of a list', () => {
  test.each(['index', 'docker-list', 'index-with-type'])(
    '%s the child is taken (Legacy), or all of them',
    async name => {
      const { content } = await pushed(name);
      expect((await imported(name, 'Legacy'))?.image?.metadata.name).toBe(content.children[0]?.digest);
      const preserved = await imported(name, 'PreserveOriginal');
      expect(preserved?.image?.metadata.name).toBe(content.digest);
      expect(preserved?.manifests?.map(({ metadata }) => metadata.name)).toEqual(
        content.children.map(({ digest }) => digest),
      );
    },
  );

  test('index-in-index is no single image (Legacy)', async () => {
    await pushed('index-in-index');
    expect((await imported('index-in-index', 'Legacy'))?.status).toMatchObject({
      code: 500,
      message: expect.stringContaining('Internal error occurred: unsupported image manifest type: '),
    });
  });

  test('sparse-index lacks the child (Legacy), and all of them', async () => {
    const { content } = await pushed('sparse-index');
    for (const importMode of ['Legacy', 'PreserveOriginal'] as const) {
      expect((await imported('sparse-index', importMode))?.status).toMatchObject({ code: 404, reason: 'NotFound' });
    }
    expect(content.children).toHaveLength(3);
  });
});

test('one that fails sinks no other', async () => {
  await pushed('sparse-index');
  await push(registry, 'team/app', 'v1', sampleImage());
  const names = ['catalogue/sparse-index:v1', 'team/app:v1'].map(name => image(`${registry.host}/${name}`));
  const { status, failed } = await engine.run({ images: names });
  expect([failed, status.images?.map(({ status: { status: outcome } }) => outcome)]).toEqual([
    1,
    ['Failure', 'Success'],
  ]);
});
