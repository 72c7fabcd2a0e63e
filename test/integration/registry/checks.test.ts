import { afterEach, describe, expect, test } from '@jest/globals';
import { ACCEPT } from '../../../src/image/media-types.ts';
import { refusal, sha256 } from '../../fake/registry.ts';
import { requestContext } from '../../fake/settings.ts';
import { sampleImage } from '../../gen/content.ts';
import { bench, closeAll } from './bench.ts';

const context = requestContext();
const MANIFEST = /\/manifests\//;
const one = sampleImage({ seed: '1' });
const two = sampleImage({ seed: '2' });

afterEach(closeAll);

describe('checkTag()', () => {
  test('G1 an unchanged tag costs one HEAD', async () => {
    const { registry, client, app } = await bench();
    const digest = registry.putContent('team/app', 'v1', one);

    expect(await client.checkTag(app, 'v1', digest, context)).toEqual({ outcome: 'unchanged', digest });

    expect(registry.requests).toHaveLength(1);
    expect(registry.requests[0]).toMatchObject({
      method: 'HEAD',
      path: '/v2/team/app/manifests/v1',
      headers: { accept: ACCEPT, 'accept-encoding': 'identity', 'user-agent': 'imagestream-operator/test' },
    });
  });

  test('G2 a changed tag is fetched by its new digest: two requests', async () => {
    const { registry, client, app } = await bench();
    registry.putContent('team/app', 'v1', two);

    const check = await client.checkTag(app, 'v1', one.digest, context);

    expect(check).toMatchObject({ outcome: 'changed', digest: two.digest, fetched: { digest: two.digest } });
    expect(registry.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'HEAD /v2/team/app/manifests/v1',
      `GET /v2/team/app/manifests/${two.digest}`,
    ]);
  });

  test('G3 other bytes than the digest says are a digestMismatch', async () => {
    const { registry, client, app } = await bench();
    registry.putContent('team/app', 'v1', two);
    registry.on({ method: 'GET', path: MANIFEST }, { headers: { 'Content-Type': one.mediaType }, body: one.bytes });

    await expect(client.checkTag(app, 'v1', one.digest, context)).rejects.toMatchObject({
      kind: 'digestMismatch',
      digests: { wanted: two.digest, got: one.digest, what: 'manifest' },
    });
  });

  test('G4 a digest that is gone meanwhile is fetched by tag, its computed digest counts', async () => {
    const { registry, client, app } = await bench();
    registry.putContent('team/app', 'v1', two);
    registry.on({ method: 'GET', path: `/v2/team/app/manifests/${two.digest}` }, refusal(404, 'MANIFEST_UNKNOWN'));

    const check = await client.checkTag(app, 'v1', one.digest, context);

    expect(check).toMatchObject({ outcome: 'changed', digest: two.digest, fetched: { digest: two.digest } });
    expect(registry.count({ path: MANIFEST })).toBe(3);
  });
});

describe('getManifest()', () => {
  test('G24 a tag without a recorded digest costs one GET by tag', async () => {
    const { registry, client, app } = await bench();
    registry.putContent('team/app', 'v1', one);

    const fetched = await client.getManifest(app, { tag: 'v1' }, context);

    expect(fetched).toMatchObject({
      digest: sha256(one.bytes),
      manifest: { kind: 'image' },
      source: { host: registry.host, repository: 'team/app', mirror: false },
    });
    expect(registry.requests.map(({ method }) => method)).toEqual(['GET']);
  });
});
