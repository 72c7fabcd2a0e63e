import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { ImageStream, SpecTag } from '../../../src/api/image-stream.ts';
import { IMAGE_STREAM_IMPORTS, IMAGE_STREAMS } from '../../../src/kube/resource.ts';
import { startFakeApiServer } from '../../fake/api-server.ts';
import { silence, startFakeRegistry } from '../../fake/registry.ts';
import { sampleImage } from '../../gen/content.ts';
import { imageStream, imageStreamImport, specTag } from '../../gen/objects.ts';
import { startOperator, until } from './operator.ts';

/** What was asked of registries, and that the stream has left behind when it comes back. */

jest.setTimeout(30_000);

const [one, two, three] = [sampleImage({ seed: '1' }), sampleImage({ seed: '2' }), sampleImage({ seed: '3' })];
const scheduled = { importPolicy: { importMode: 'Legacy', scheduled: true } } as const;
const v1 = { path: '/v2/team/app/manifests/v1' };

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function setUp() {
  const server = await startFakeApiServer();
  const registry = await startFakeRegistry();
  let checked = 0;
  const tagChecked = () => {
    checked += 1;
  };
  const operator = startOperator({ server, hosts: [registry.host], observer: { tagChecked } });
  closers.push(
    () => registry.close(),
    () => server.close(),
    () => operator.stop(),
  );
  registry.putContent('team/app', 'v1', one);
  const put = (tags: readonly SpecTag[], parts: Parameters<typeof imageStream>[0] = {}) =>
    server.put(IMAGE_STREAMS, imageStream({ tags, ...parts }));
  const history = () =>
    server
      .get<ImageStream>(IMAGE_STREAMS, { namespace: 'demo', name: 'app' })
      ?.status?.tags?.[0]?.items?.map(({ image }) => image);
  /** Nobody can read streams from now on, until the returned function is called. */
  const keepFromReading = () =>
    server.fail(
      { verb: 'get', resource: IMAGE_STREAMS },
      { kind: 'status', code: 500, reason: 'InternalError' },
      100_000,
    );
  return {
    server,
    registry,
    operator,
    put,
    history,
    keepFromReading,
    from: `${registry.host}/team/app:v1`,
    checks: () => checked,
  };
}

describe('what is asked of a registry that says nothing', () => {
  test.each([
    ['is given up when the tag leaves the spec', []],
    [
      'is given up when the tag is to record its pull spec alone',
      [specTag('v1', 'quay.io/a/b:1', { reference: true })],
    ],
  ])('%s', async (_what, tags) => {
    const { registry, operator, put, from } = await setUp();
    registry.on(v1, silence);
    put([specTag('v1', from)]);
    await until('the request', () => registry.count(v1) === 1);
    put(tags, { generation: 2 });
    await until('nothing under way', () => operator.controllers.streams.inFlight === 0, 5_000);
  });
});

describe('what is asked for a stream', () => {
  test('keeps no other of the name from being imported, though nobody saw the first one go', async () => {
    const { registry, operator, put, history, from } = await setUp();
    const gate = Promise.withResolvers<void>();
    const { mediaType, digest, bytes } = one;
    registry.on({ ...v1, times: 1 }, async () => {
      await gate.promise;
      return { headers: { 'content-type': mediaType, 'docker-content-digest': digest }, body: bytes };
    });
    put([specTag('v1', from)]);
    await until('the request', () => registry.count(v1) === 1);
    put([specTag('v1', from)], { metadata: { uid: 'another' } });
    const { streamIndex } = operator.controllers;
    await until('the other', () => streamIndex.get('demo/app')?.metadata.uid === 'another');
    gate.resolve();
    await until('the import', history);
  });
});

describe('a result that waits to be stored', () => {
  test('is not that of another stream of the name', async () => {
    const { registry, put, history, keepFromReading, from, checks } = await setUp();
    const mend = keepFromReading();
    put([specTag('v1', from)]);
    await until('the result', () => checks() === 1);
    registry.putContent('team/app', 'v1', two);
    put([specTag('v1', from)], { metadata: { uid: 'another' } });
    mend();
    await until('the import', () => history()?.includes(two.digest));
    expect(history()).toEqual([two.digest]);
  });

  test('does not come before what a user’s import found after it', async () => {
    const { server, registry, operator, put, history, keepFromReading, from, checks } = await setUp();
    put([specTag('v1', from, scheduled)], { annotations: { 'imagestream-operator/interval': '300ms' } });
    await until('the import', history);
    const mend = keepFromReading();
    const before = checks();
    registry.putContent('team/app', 'v1', two);
    const content = { method: 'GET', path: `/v2/team/app/manifests/${two.digest}` };
    await until('the check', () => registry.count(content) === 1 && checks() > before);
    registry.putContent('team/app', 'v1', three);
    const recording = jest.spyOn(operator.controllers.streams, 'recordImport');
    const isi = imageStreamImport({ import: true, images: [] });
    const images = [{ from: { kind: 'DockerImage', name: from }, to: { name: 'v1' }, ...scheduled } as const];
    server.put(IMAGE_STREAM_IMPORTS, { ...isi, spec: { import: true, images } });
    await until('its result', () => recording.mock.calls.length > 0);
    mend();
    await until('the newest', () => history()?.includes(three.digest));
    await until('all stored', () => operator.controllers.streams.inFlight === 0);
    expect(history()).toEqual([three.digest, one.digest]);
  });
});
