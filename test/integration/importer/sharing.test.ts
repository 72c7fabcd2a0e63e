import { afterEach, describe, expect, test } from '@jest/globals';
import { createImporter, type Importer, type ImportTag, type TagContext } from '../../../src/importer/importer.ts';
import { createSharedClient } from '../../../src/importer/shared-client.ts';
import { silentLogger } from '../../../src/log.ts';
import type { RegistryClient } from '../../../src/registry/types.ts';
import type { FakeClock } from '../../fake/clock.ts';
import { type FakeRegistryOptions, type HeardRequest, refusal, startFakeRegistry } from '../../fake/registry.ts';
import { keyringOf, password, registrySettings } from '../../fake/settings.ts';
import { keyPair } from '../../fake/tls.ts';
import { sampleImage, sampleIndex } from '../../gen/content.ts';
import { bench, clientOf, closeAll, closeLater } from '../registry/bench.ts';

afterEach(closeAll);

const LINUX_AMD64 = { os: 'linux', architecture: 'amd64' } as const;
const [before, after] = [sampleImage(), sampleImage({ seed: 'moved' })];
const alice = keyringOf(password('alice', 'wonder'));
const bob = keyringOf(password('bob', 'builder'));
const heard = (requests: readonly HeardRequest[]) => requests.map(({ method, path }) => `${method} ${path}`);

/** An importer of many streams, and a tag that all of them follow. */
async function follow(options: FakeRegistryOptions = {}) {
  const made = await bench(options);
  const { registry, clock } = made;
  const hosts = { [registry.host]: { plainHttp: true } };
  const client = createSharedClient({ client: made.client, clock, settings: registrySettings(hosts) });
  registry.putContent('team/app', 'v1', before);
  const from = `${registry.host}/team/app:v1`;
  const request: ImportTag = {
    tag: 'v1',
    from,
    importMode: 'Legacy',
    insecure: false,
    platform: LINUX_AMD64,
    asked: { from },
  };
  const importer = importerOf(client, clock);
  const recorded = (digest: string): ImportTag => ({ ...request, recorded: { from, digest, acceptVersion: 1 } });
  return { ...made, client, importer, request, recorded };
}

function importerOf(client: RegistryClient, clock: FakeClock): Importer {
  return createImporter({ client, clock, log: silentLogger, retry: action => action() });
}

function contextOf(more: Partial<TagContext> = {}): TagContext {
  const { signal } = new AbortController();
  return { keyring: keyringOf(), blockedHosts: new Set<string>(), signal, priority: 0, shareForMs: 30_000, ...more };
}

describe('a thousand streams that follow one tag', () => {
  const streams = Array.from({ length: 1_000 }, (_each, index) => `ns-${index}`);

  test('D22 cost one HEAD while nothing moved', async () => {
    const { importer, recorded, registry } = await follow();
    const results = await Promise.all(
      streams.map(tenant => importer.importTag(recorded(before.digest), contextOf({ tenant }))),
    );
    expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['unchanged']));
    expect(heard(registry.requests)).toEqual(['HEAD /v2/team/app/manifests/v1']);
  });

  test('D22 cost one HEAD, one GET by digest and one GET of the config when it moved', async () => {
    const { importer, recorded, registry } = await follow();
    registry.putContent('team/app', 'v1', after);
    const results = await Promise.all(
      streams.map(tenant => importer.importTag(recorded(before.digest), contextOf({ tenant }))),
    );
    const digests = results.map(result => (result.outcome === 'imported' ? result.source.digest : result.outcome));
    expect(new Set(digests)).toEqual(new Set([after.digest]));
    expect(heard(registry.requests)).toEqual([
      'HEAD /v2/team/app/manifests/v1',
      `GET /v2/team/app/manifests/${after.digest}`,
      expect.stringMatching(/^GET \/v2\/team\/app\/blobs\/sha256:/),
    ]);
  });

  test('D22 cost one GET by tag and one of the config at first', async () => {
    const { importer, request, registry } = await follow();
    const results = await importer.importTags(
      streams.map(() => request),
      contextOf(),
    );
    expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['imported']));
    expect(registry.requests).toHaveLength(2);
  });

  test('share the children of a list, too', async () => {
    const { importer, request, registry } = await follow();
    registry.putContent('team/app', 'v1', sampleIndex([before, sampleImage({ architecture: 'arm64' })]));
    await importer.importTags(
      streams.map(() => request),
      contextOf(),
    );
    expect(registry.requests).toHaveLength(3);
  });

  test('share a failure, and a retry asks again', async () => {
    const { importer, recorded, registry, clock } = await follow();
    registry.on({}, refusal(503, 'UNAVAILABLE'));
    const results = await importer.importTags(
      streams.map(() => recorded(before.digest)),
      contextOf(),
    );
    expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['failed']));
    expect(registry.requests).toHaveLength(1);
    await clock.advance(10_000);
    await importer.importTag(recorded(before.digest), contextOf());
    expect(registry.requests).toHaveLength(2);
  });
});

describe('sharing', () => {
  test('D22 ends with its time: the next check asks', async () => {
    const { importer, recorded, registry, clock } = await follow();
    await importer.importTag(recorded(before.digest), contextOf());
    await clock.advance(29_000);
    await importer.importTag(recorded(before.digest), contextOf());
    expect(registry.requests).toHaveLength(1);
    await clock.advance(1_000);
    await importer.importTag(recorded(before.digest), contextOf());
    expect(registry.requests).toHaveLength(2);
  });

  test('without a time to share is for what is under way alone', async () => {
    const { importer, recorded, registry } = await follow();
    const { shareForMs: _none, ...context } = contextOf();
    await importer.importTags([recorded(before.digest), recorded(before.digest)], context);
    expect(registry.requests).toHaveLength(1);
    await importer.importTag(recorded(before.digest), context);
    expect(registry.requests).toHaveLength(2);
  });

  test('R7.1 gives nobody what another identity was told', async () => {
    const { importer, request, registry } = await follow({
      auth: { kind: 'basic', users: { alice: 'wonder' } },
    });
    const [theirs, ours, nobody] = await Promise.all([
      importer.importTag(request, contextOf({ keyring: alice })),
      importer.importTag(request, contextOf({ keyring: bob })),
      importer.importTag(request, contextOf()),
    ]);
    expect([theirs, ours, nobody].map(result => result?.outcome)).toEqual(['imported', 'failed', 'failed']);
    registry.forget();
    const later = await importer.importTag(request, contextOf({ keyring: bob }));
    expect(later.outcome).toBe('failed');
  });

  test('R7.1 tells identities apart by what they show to a mirror', async () => {
    const mirror = closeLater(await startFakeRegistry({ auth: { kind: 'basic', users: { alice: 'wonder' } } }));
    const source = closeLater(await startFakeRegistry({ auth: { kind: 'basic', users: {} } }));
    mirror.putContent('team/app', 'v1', before);
    const entry = { prefix: '', host: mirror.host, pathPrefix: '', resolveTags: true, insecure: false } as const;
    const hosts = {
      [source.host]: { plainHttp: true, mirrors: [{ ...entry, credentialsFrom: 'mirror' as const, proxy: false }] },
      [mirror.host]: { plainHttp: true, allowCredentialsOverHttp: true },
    };
    const { client: plain, clock } = clientOf(hosts);
    const client = createSharedClient({ client: plain, clock, settings: registrySettings(hosts) });
    const app = { host: source.host, repository: 'team/app', insecure: false };
    const onlyAtMirror = { candidates: (host: string) => (host === mirror.host ? alice.candidates(host, '') : []) };
    const { digest } = await client.getManifest(app, { tag: 'v1' }, contextOf({ keyring: onlyAtMirror }));
    expect(digest).toBe(before.digest);
    await expect(client.getManifest(app, { tag: 'v1' }, contextOf())).rejects.toMatchObject({ kind: 'unauthorized' });
  });

  test('R7.1 tells apart whose password may be shown where nobody verified the certificate', async () => {
    const auth = { kind: 'basic', users: { alice: 'wonder' } } as const;
    const registry = closeLater(await startFakeRegistry({ auth, tls: keyPair('expired') }));
    registry.putContent('team/app', 'v1', before);
    const hosts = { [registry.host]: { listed: false } };
    const { client: plain, clock } = clientOf(hosts);
    const client = createSharedClient({ client: plain, clock, settings: registrySettings(hosts) });
    const app = { host: registry.host, repository: 'team/app', insecure: true };
    const guarded = keyringOf({ ...password('alice', 'wonder'), guarded: true });
    // The same login, but the administrator's for one and its own for the other.
    const [theirs, own] = await Promise.allSettled([
      client.getManifest(app, { tag: 'v1' }, contextOf({ keyring: guarded })),
      client.getManifest(app, { tag: 'v1' }, contextOf({ keyring: alice })),
    ]);
    expect([theirs.status, own.status]).toEqual(['rejected', 'fulfilled']);
  });

  test('answers who has another digest on record for what that means to them', async () => {
    const { importer, recorded, registry } = await follow();
    registry.putContent('team/app', 'v1', after);
    await importer.importTag(recorded(before.digest), contextOf());
    registry.forget();
    // The tag is where this stream has it already.
    const ahead = await importer.importTag(recorded(after.digest), contextOf());
    expect(ahead.outcome).toBe('unchanged');
    expect(registry.requests).toEqual([]);
  });

  test('asks anew for who has another digest when the first saw no change', async () => {
    const { importer, recorded, registry } = await follow();
    await importer.importTag(recorded(before.digest), contextOf());
    registry.forget();
    const behind = await importer.importTag(recorded(after.digest), contextOf());
    expect(behind).toMatchObject({ outcome: 'imported', source: { digest: before.digest } });
    expect(heard(registry.requests)[0]).toBe('HEAD /v2/team/app/manifests/v1');
  });

  test('R7.2 of a manual refresh is with what started after it', async () => {
    const { importer, recorded, registry, clock } = await follow();
    await importer.importTag(recorded(before.digest), contextOf());
    registry.putContent('team/app', 'v1', after);
    await clock.advance(1_000);
    const refreshed = contextOf({ freshSinceMs: clock.monotonic() });
    const results = await importer.importTags([recorded(before.digest), recorded(before.digest)], refreshed);
    expect(results.map(({ outcome }) => outcome)).toEqual(['imported', 'imported']);
    expect(registry.count({ method: 'HEAD' })).toBe(2);
  });

  test('stops for one who gives up, and for nobody else', async () => {
    const { importer, recorded } = await follow();
    const controller = new AbortController();
    const given = importer.importTag(recorded(before.digest), contextOf({ signal: controller.signal }));
    const refused = expect(given).rejects.toBe('enough');
    const other = importer.importTag(recorded(before.digest), contextOf());
    controller.abort('enough');
    await refused;
    expect((await other).outcome).toBe('unchanged');
  });

  test('passes on whose turn it is and how urgent it is', async () => {
    const { importer, recorded, lanes } = await follow();
    await importer.importTag(recorded(before.digest), contextOf({ tenant: 'team-a', priority: 10 }));
    expect(lanes.admissions).toMatchObject([{ tenant: 'team-a', priority: 10, plain: true }]);
  });

  test('forgets what an identity was told when that is no longer to count', async () => {
    const { importer, recorded, registry, client } = await follow();
    await importer.importTag(recorded(before.digest), contextOf({ keyring: alice }));
    client.invalidateIdentity('alice-wonder');
    await importer.importTag(recorded(before.digest), contextOf({ keyring: alice }));
    expect(registry.count({ method: 'HEAD' })).toBe(2);
  });

  test('has the client below forget an identity, too: it holds tokens', async () => {
    const { client: below, clock } = await bench();
    const forgotten: string[] = [];
    const client = createSharedClient({
      client: { ...below, invalidateIdentity: fingerprint => void forgotten.push(fingerprint) },
      clock,
      settings: registrySettings({}),
    });
    client.invalidateIdentity('alice-wonder');
    expect(forgotten).toEqual(['alice-wonder']);
  });
});
