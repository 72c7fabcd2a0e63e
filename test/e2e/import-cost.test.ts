import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sampleImage, sampleIndex } from '../gen/content.ts';
import { AMD64, createEngine, type Engine, image, kinds } from './harness.ts';
import { push, type RunningRegistry, SETUPS, setUp, stopAll } from './setups.ts';

/** A list whose content nobody else has: what is known by its digest is not fetched again (R7.3). */
const list = (seed: string) =>
  sampleIndex(['amd64', 'arm64', 's390x'].map(architecture => sampleImage({ architecture, seed })));

afterAll(stopAll);

describe.each(SETUPS)('requests, counted at a registry, $name', setup => {
  let registry: RunningRegistry;
  let engine: Engine;

  beforeAll(async () => {
    registry = await setUp(setup);
    await push(registry, 'team/app', 'v0', sampleImage({ seed: '0' }));
    await push(registry, 'team/app', 'v1', sampleImage({ seed: '1' }));
    await push(registry, 'team/app', 'list', list('2'));
    await push(registry, 'team/app', 'kept-list', list('3'));
    engine = createEngine(registry);
    // What a registry wants is learned once, with the first request to it.
    await engine.run({ images: [image(`${registry.host}/team/app:v0`)] });
  });
  afterAll(() => engine.close());

  const cases = [
    { what: 'a single-platform tag', tag: 'v1', importMode: 'Legacy', want: ['GET manifests', 'GET blobs'] },
    {
      what: 'a list (Legacy)',
      tag: 'list',
      importMode: 'Legacy',
      want: ['GET manifests', 'GET manifests', 'GET blobs'],
    },
    {
      what: 'a list of 3 (PreserveOriginal)',
      tag: 'kept-list',
      importMode: 'PreserveOriginal',
      want: ['GET manifests', ...Array(3).fill('GET manifests'), ...Array(3).fill('GET blobs')],
    },
    { what: 'another tag of an image that is known', tag: 'v0', importMode: 'Legacy', want: ['GET manifests'] },
  ] as const;

  test.each(cases)('of $what', async ({ tag, importMode, want }) => {
    await registry.forgetRequests();
    const tokens = registry.tokenServer?.requests.length;
    await engine.run({ images: [image(`${registry.host}/team/app:${tag}`, { importMode })] });
    const requests = await registry.requests();
    expect(requests).toHaveLength(want.length);
    expect(kinds(requests).sort()).toEqual([...want].sort());
    expect(registry.tokenServer?.requests.length).toBe(tokens);
  });
});

test('40 unchanged tags of 8 repositories behind tokens: a HEAD each and a token per repository', async () => {
  const registry = await setUp({ name: 'token', auth: 'token' });
  const engine = createEngine(registry);
  const content = sampleImage({ seed: 'unchanged' });
  const tags = Array.from({ length: 40 }, (_, at) => ({
    repository: `team/app-${at % 8}`,
    tag: `v${Math.floor(at / 8)}`,
  }));
  for (const { repository, tag } of tags) await push(registry, repository, tag, content);
  await registry.forgetRequests();
  const tokensBefore = registry.tokenServer?.requests.length ?? 0;

  const results = await Promise.all(
    tags.map(({ repository, tag }) => {
      const asked = { from: `${registry.host}/${repository}:${tag}` };
      return engine.check({
        tag,
        from: asked.from,
        importMode: 'Legacy',
        insecure: false,
        platform: AMD64,
        asked,
        recorded: { ...asked, digest: content.digest },
        recordedImage: content.digest,
      });
    }),
  );
  await engine.close();

  expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['unchanged']));
  expect(kinds(await registry.requests())).toEqual(Array(40).fill('HEAD manifests'));
  expect((registry.tokenServer?.requests.length ?? 0) - tokensBefore).toBe(8);
  const refused = (await registry.requests()).filter(({ status }) => status === 401);
  expect(refused.length).toBeLessThanOrEqual(8);
});
