import { afterEach, describe, expect, test } from '@jest/globals';
import type { HostSettings, Mirror } from '../../../src/registry/settings.ts';
import { type FakeRegistry, refusal, startFakeRegistry } from '../../fake/registry.ts';
import { password, requestContext } from '../../fake/settings.ts';
import { type KeyPair, keyPair } from '../../fake/tls.ts';
import { sampleImage, sampleIndex } from '../../gen/content.ts';
import { clientOf, closeAll, closeLater } from './bench.ts';

const context = requestContext();
const image = sampleImage({ seed: '1' });
const newer = sampleImage({ seed: '2' });

afterEach(closeAll);

/** A registry with one mirror, below `copies/`. */
async function mirrored(mirror: Partial<Mirror> = {}, settings: Partial<HostSettings> = {}) {
  const registry = closeLater(await startFakeRegistry());
  const copy = closeLater(await startFakeRegistry());
  const entry: Mirror = {
    prefix: 'team',
    host: copy.host,
    pathPrefix: 'copies',
    resolveTags: true,
    insecure: false,
    credentialsFrom: 'mirror',
    proxy: false,
    ...mirror,
  };
  const plain = { plainHttp: true, allowCredentialsOverHttp: true };
  const made = clientOf({ [registry.host]: { ...plain, mirrors: [entry], ...settings }, [copy.host]: plain });
  return { registry, copy, ...made, app: { host: registry.host, repository: 'team/app', insecure: false } };
}

const total = (...servers: FakeRegistry[]) => servers.map(({ requests }) => requests.length);

describe('mirrors (5.6)', () => {
  test('R5.25 a mirror is asked first, and all that follows is asked there', async () => {
    const { registry, copy, client, app } = await mirrored();
    copy.putContent('copies/app', 'v1', sampleIndex([image]));

    const { manifest, source } = await client.getManifest(app, { tag: 'v1' }, context);
    expect(source).toMatchObject({ host: copy.host, repository: 'copies/app', mirror: true });
    expect(manifest.kind).toBe('index');
    expect(await client.getChild(source, image.digest, context)).toMatchObject({ digest: image.digest });
    expect(total(registry, copy)).toEqual([0, 2]);
  });

  test('R5.26 one that may not resolve tags is asked for digests alone', async () => {
    const { registry, copy, client, app } = await mirrored({ resolveTags: false });
    registry.putContent('team/app', 'v1', image);
    copy.putContent('copies/app', undefined, image);

    expect(await client.getManifest(app, { tag: 'v1' }, context)).toMatchObject({ source: { mirror: false } });
    expect(await client.getManifest(app, { digest: image.digest }, context)).toMatchObject({
      source: { mirror: true },
    });
    expect(total(registry, copy)).toEqual([1, 1]);
  });

  test.each([
    ['404', refusal(404, 'MANIFEST_UNKNOWN')],
    ['500', { status: 500 }],
    ['401 without credentials for it', { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } }],
    ['other content', { body: '{}' }],
  ])('R5.28 %s goes on to the registry', async (_name, answer) => {
    const { registry, copy, client, app } = await mirrored();
    copy.on({}, answer);
    registry.putContent('team/app', 'v1', image);

    expect(await client.getManifest(app, { tag: 'v1' }, context)).toMatchObject({
      digest: image.digest,
      source: { host: registry.host, mirror: false },
    });
  });

  describe('R5.25 a mirror whose certificate is not to be verified', () => {
    /** A mirror that shows `pair`, or speaks http; what the tenant wishes does not count. */
    async function insecureMirror(tls: KeyPair | undefined) {
      const copy = closeLater(await startFakeRegistry(tls === undefined ? {} : { tls }));
      copy.putContent('copies/app', 'v1', image);
      const entry = {
        prefix: 'team',
        pathPrefix: 'copies',
        resolveTags: true,
        credentialsFrom: 'mirror',
        proxy: false,
      } as const;
      const { client } = clientOf(
        { 'reg.example.com': { mirrors: [{ ...entry, host: copy.host, insecure: true }], mirrorOnly: true } },
        { tenantInsecure: 'deny' },
      );
      return { copy, client, app: { host: 'reg.example.com', repository: 'team/app', insecure: false } };
    }

    test('is asked though tenants may not wish for that', async () => {
      const { client, app } = await insecureMirror(keyPair('expired'));
      expect(await client.getManifest(app, { tag: 'v1' }, context)).toMatchObject({ digest: image.digest });
    });

    test('R5.19 is not asked over http', async () => {
      const { client, app, copy } = await insecureMirror(undefined);
      await expect(client.getManifest(app, { tag: 'v1' }, context)).rejects.toMatchObject({ kind: 'tls' });
      expect(copy.requests).toEqual([]);
    });
  });

  test('R5.28 one that is not there goes on to the registry', async () => {
    const { registry, copy, client, app } = await mirrored();
    await copy.close();
    registry.putContent('team/app', 'v1', image);
    expect(await client.getManifest(app, { tag: 'v1' }, context)).toMatchObject({ source: { mirror: false } });
  });

  test.each([
    [
      '401 with credentials for it',
      { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } },
      'unauthorized',
    ],
    ['429', { status: 429 }, 'rateLimited'],
  ])('R5.28 %s is the answer', async (_name, answer, kind) => {
    const { registry, copy, client, app } = await mirrored();
    copy.on({}, answer);
    registry.putContent('team/app', 'v1', image);

    const asked = client.getManifest(app, { tag: 'v1' }, requestContext(password('alice', 'wonder')));
    await expect(asked).rejects.toMatchObject({ kind, host: copy.host });
    expect(registry.requests).toEqual([]);
  });

  test('R5.28 what a stand-in said once is forgotten when the mirror itself knows better', async () => {
    const { registry, copy, client, app } = await mirrored();
    copy.putContent('copies/app', 'v1', image);
    registry.putContent('team/app', 'v1', newer);
    const check = async (mirrorIsDown: boolean) => {
      const up = mirrorIsDown ? copy.on({}, { status: 500 }) : () => {};
      const { outcome } = await client.checkTag(app, 'v1', image.digest, context);
      up();
      return outcome;
    };
    expect([await check(true), await check(false), await check(true)]).toEqual(Array(3).fill('unchanged'));
    expect(await check(true)).toBe('changed');
  });

  test('when nobody has it the error of the registry is told', async () => {
    const { registry, copy, client, app } = await mirrored();
    copy.on({}, { status: 500 });
    registry.on({}, refusal(404, 'MANIFEST_UNKNOWN'));

    await expect(client.getManifest(app, { tag: 'v1' }, context)).rejects.toMatchObject({
      kind: 'notFound',
      host: registry.host,
    });
  });

  test('mirrorOnly never asks the registry', async () => {
    const { registry, copy, client, app } = await mirrored({}, { mirrorOnly: true });
    copy.on({}, refusal(404, 'MANIFEST_UNKNOWN'));

    await expect(client.getManifest(app, { tag: 'v1' }, context)).rejects.toMatchObject({
      kind: 'notFound',
      host: copy.host,
    });
    expect(registry.requests).toEqual([]);
  });

  test('mirrorOnly without a mirror is blocked', async () => {
    const { client, app } = await mirrored({ resolveTags: false }, { mirrorOnly: true });
    await expect(client.getManifest(app, { tag: 'v1' }, context)).rejects.toMatchObject({ kind: 'blocked' });
  });

  test('R1.7 one that stands in for several registries is told with every request which is meant', async () => {
    const { copy, client, app } = await mirrored({ proxy: true });
    copy.putContent('copies/app', 'v1', sampleIndex([image]));
    const { source, manifest } = await client.getManifest(app, { tag: 'v1' }, context);
    const child = await client.getChild(source, image.digest, context);
    if (child.manifest.kind === 'image') await client.getConfig(child.source, child.manifest.config, context);
    copy.putContent('copies/app', 'v1', newer);
    await client.checkTag(app, 'v1', manifest.kind, context);

    expect(new Set(copy.requests.map(({ query }) => query))).toEqual(new Set([`ns=${encodeURIComponent(app.host)}`]));
    expect(copy.requests.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET', 'HEAD', 'GET']);
  });

  test('R1.7 any other mirror is not', async () => {
    const { copy, client, app } = await mirrored();
    copy.putContent('copies/app', 'v1', image);
    await client.getManifest(app, { tag: 'v1' }, context);
    expect(copy.requests.map(({ query }) => query)).toEqual(['']);
  });

  test('R1.7 nor is the registry itself', async () => {
    const { registry, copy, client, app } = await mirrored({ proxy: true });
    registry.putContent('team/app', 'v1', image);
    await copy.close();
    await client.getManifest(app, { tag: 'v1' }, context);
    expect(registry.requests.map(({ query }) => query)).toEqual(['']);
  });

  test('R1.7 what is known of one registry’s repository says nothing of another’s of that name', async () => {
    const { copy } = await mirrored();
    const plain = { plainHttp: true, allowCredentialsOverHttp: true };
    const entry = { prefix: '', host: copy.host, pathPrefix: '', resolveTags: true, insecure: false } as const;
    const served = { mirrors: [{ ...entry, credentialsFrom: 'mirror', proxy: true }], mirrorOnly: true } as const;
    const { client } = clientOf({ 'a.example.com': served, 'b.example.com': served, [copy.host]: plain });
    copy.on({}, ({ query, headers }) => {
      if (headers.authorization === undefined)
        return { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } };
      if (query === 'ns=a.example.com') return refusal(403, 'DENIED');
      return { headers: { 'Content-Type': image.mediaType }, body: image.bytes };
    });
    const get = (host: string) => {
      const app = { host, repository: 'team/app', insecure: false };
      return client.getManifest(app, { tag: 'v1' }, requestContext(password('alice', 'wonder')));
    };

    await expect(get('a.example.com')).rejects.toMatchObject({ kind: 'denied' });
    expect(await get('b.example.com')).toMatchObject({ digest: image.digest });
  });

  test('R5.27 credentials are looked up for the mirror’s own host', async () => {
    const { copy, client, app } = await mirrored();
    copy.putContent('copies/app', 'v1', image);
    const asked: string[] = [];
    const candidates = (host: string, repository: string) => {
      asked.push(`${host}/${repository}`);
      return [];
    };
    await client.getManifest(app, { tag: 'v1' }, { ...context, keyring: { candidates } });
    expect(asked).toEqual([`${copy.host}/copies/app`]);
  });

  test('R5.27 or for what it mirrors, where the administrator says so', async () => {
    const { registry, copy, client, app } = await mirrored({ credentialsFrom: 'upstream' });
    copy.putContent('copies/app', 'v1', image);
    const asked: string[] = [];
    const candidates = (host: string, repository: string) => {
      asked.push(`${host}/${repository}`);
      return [];
    };
    await client.getManifest(app, { tag: 'v1' }, { ...context, keyring: { candidates } });
    expect(asked).toEqual([`${registry.host}/team/app`]);
  });

  test('R5.28 a mirror that turns away who had nothing to show it is passed over', async () => {
    const auth = { kind: 'basic', users: { platform: 'everybody' } } as const;
    const copy = closeLater(await startFakeRegistry({ auth, tls: keyPair('expired') }));
    const registry = closeLater(await startFakeRegistry());
    for (const each of [copy, registry]) each.putContent('team/app', 'v1', image);
    const entry = { prefix: '', pathPrefix: '', resolveTags: true, insecure: false, proxy: false } as const;
    const mirrors = [{ ...entry, host: copy.host, credentialsFrom: 'mirror' }] as const;
    const { client } = clientOf({ [registry.host]: { plainHttp: true, mirrors }, [copy.host]: { listed: false } });
    // The tenant's wish counts at the mirror, too, where the administrator's password is withheld for it (decision 7).
    const app = { host: registry.host, repository: 'team/app', insecure: true };
    const guarded = { ...password('platform', 'everybody'), guarded: true } as const;
    const { source } = await client.getManifest(app, { tag: 'v1' }, requestContext(guarded));
    expect(source.host).toBe(registry.host);
    expect(copy.requests).not.toEqual([]);
    expect(copy.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  test('tags are listed at the registry itself', async () => {
    const { registry, copy, client, app } = await mirrored();
    registry.putContent('team/app', 'v1', image);
    expect(await client.listTags(app, context)).toEqual({ tags: ['v1'], truncated: false });
    expect(copy.requests).toEqual([]);
  });

  test('R5.28 a change that only a stand-in reports is believed the second time', async () => {
    const { registry, copy, client, app } = await mirrored();
    registry.putContent('team/app', 'v1', image);
    await copy.close();

    const check = () => client.checkTag(app, 'v1', newer.digest, context);
    expect(await check()).toEqual({ outcome: 'unchanged', digest: newer.digest });
    expect(await check()).toMatchObject({ outcome: 'changed', digest: image.digest });
  });

  test('a change that the first source reports is believed at once', async () => {
    const { copy, client, app } = await mirrored();
    copy.putContent('copies/app', 'v1', newer);
    expect(await client.checkTag(app, 'v1', image.digest, context)).toMatchObject({
      outcome: 'changed',
      digest: newer.digest,
    });
  });
});
