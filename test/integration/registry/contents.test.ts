import { afterEach, describe, expect, test } from '@jest/globals';
import type { Descriptor } from '../../../src/image/manifest.ts';
import type { PullSource } from '../../../src/registry/types.ts';
import { type HeardRequest, refusal, tokenIssuer } from '../../fake/registry.ts';
import { password, requestContext } from '../../fake/settings.ts';
import { sampleImage } from '../../gen/content.ts';
import { bench, closeAll } from './bench.ts';

const [one, two] = [sampleImage({ seed: '1' }), sampleImage({ seed: '2' })];
const nobody = requestContext();
const alice = password('alice', 'wonder');
const MANIFEST = /\/manifests\//;
const DAY_MS = 24 * 3_600_000;
const methods = (requests: readonly HeardRequest[]) => requests.map(({ method }) => method);

afterEach(closeAll);

describe('content by digest is fetched once (R7.3)', () => {
  test('tags that move to one image cost a HEAD each, and one GET', async () => {
    const { registry, client, app } = await bench();
    for (const tag of ['1.2.3', '1.2', '1', 'latest']) {
      registry.putContent('team/app', tag, two);
      const check = await client.checkTag(app, tag, one.digest, nobody);
      expect(check).toMatchObject({ outcome: 'changed', digest: two.digest, fetched: { manifest: { kind: 'image' } } });
    }
    expect(methods(registry.requests)).toEqual(['HEAD', 'GET', 'HEAD', 'HEAD', 'HEAD']);
  });

  test('a tag that moves back brings what it had', async () => {
    const { registry, client, app } = await bench();
    registry.putContent('team/app', 'v1', one);
    await client.getManifest(app, { tag: 'v1' }, nobody);
    registry.putContent('team/app', 'v1', two);
    await client.checkTag(app, 'v1', one.digest, nobody);
    registry.putContent('team/app', 'v1', one);
    registry.forget();

    const { fetched } = Object(await client.checkTag(app, 'v1', two.digest, nobody));
    expect(Buffer.from(fetched.bytes)).toEqual(Buffer.from(one.bytes));
    expect(methods(registry.requests)).toEqual(['HEAD']);
  });

  test('also where quota would not allow to fetch it again', async () => {
    const { registry, client, app } = await bench();
    registry.putContent('team/app', 'v1', one);
    await client.getManifest(app, { tag: 'v1' }, nobody);
    registry.on({ method: 'GET' }, refusal(429, 'TOOMANYREQUESTS'));
    expect(await client.checkTag(app, 'v1', two.digest, nobody)).toMatchObject({ fetched: { digest: one.digest } });
  });

  test('children and configs are asked for once', async () => {
    const { registry, client, app } = await bench();
    registry.putContent('team/app', 'v1', one);
    const source: PullSource = { ...app, mirror: false };
    const { manifest } = await client.getChild(source, one.digest, nobody);
    const config = (manifest as { readonly config?: Descriptor }).config ?? { digest: '', size: 0, mediaType: '' };
    const first = await client.getConfig(source, config, nobody);
    registry.forget();

    expect(await client.getChild(source, one.digest, nobody)).toMatchObject({ digest: one.digest, manifest });
    expect(await client.getConfig(source, config, nobody)).toEqual(new Uint8Array(first));
    expect(registry.requests).toEqual([]);
    // Another size is another promise, which the registry has to keep.
    await expect(client.getConfig(source, { ...config, size: 1 }, nobody)).rejects.toMatchObject({ reason: 'length' });
  });
});

describe('but asked for again (R7.3, R0.10)', () => {
  const child = async (made: Awaited<ReturnType<typeof bench>>, context = nobody, more: Partial<PullSource> = {}) => {
    made.registry.forget();
    await made.client.getChild({ ...made.app, mirror: false, ...more }, one.digest, context).catch(() => {});
    return made.registry.count({ path: MANIFEST });
  };

  test('when a user asks, by tag or by digest', async () => {
    const { registry, client, app } = await bench();
    registry.putContent('team/app', 'v1', one);
    await client.getManifest(app, { tag: 'v1' }, nobody);
    await client.getManifest(app, { tag: 'v1' }, nobody);
    await client.getManifest(app, { digest: one.digest }, nobody);
    expect(registry.requests).toHaveLength(3);
  });

  test('after a day', async () => {
    const made = await bench();
    made.registry.putContent('team/app', 'v1', one);
    await child(made);
    await made.clock.advance(DAY_MS - 1);
    expect(await child(made)).toBe(0);
    await made.clock.advance(1);
    expect(await child(made)).toBe(1);
  });

  test('T6 by whoever has other credentials, and in another repository', async () => {
    const issuer = tokenIssuer({ users: { alice: 'wonder' }, access: user => user === 'alice' });
    const made = await bench({ auth: { kind: 'bearer', issuer } });
    for (const repository of ['team/app', 'team/web']) made.registry.putContent(repository, 'v1', one);
    await child(made, requestContext(alice));
    expect(await child(made, requestContext(alice))).toBe(0);

    const asked = made.client.getChild({ ...made.app, mirror: false }, one.digest, nobody);
    await expect(asked).rejects.toMatchObject({ kind: 'unauthorized' });
    expect(await child(made, requestContext(alice, password('bob', 'builder')))).toBe(1);
    expect(await child(made, requestContext(alice), { repository: 'team/web' })).toBe(1);
  });

  test('T5 once its credential has changed', async () => {
    const issuer = tokenIssuer({ users: { alice: 'wonder' } });
    const made = await bench({ auth: { kind: 'bearer', issuer } });
    made.registry.putContent('team/app', 'v1', one);
    await child(made, requestContext(alice));
    made.client.invalidateIdentity('somebody else');
    expect(await child(made, requestContext(alice))).toBe(0);
    made.client.invalidateIdentity(alice.fingerprint);
    expect(await child(made, requestContext(alice))).toBe(1);
  });

  test('when it was not what its digest says', async () => {
    const made = await bench();
    made.registry.putContent('team/app', 'v1', one);
    made.registry.on({ times: 1 }, { headers: { 'Content-Type': two.mediaType }, body: two.bytes });
    await child(made);
    expect(await child(made)).toBe(1);
  });
});
