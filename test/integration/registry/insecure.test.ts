import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import tls, { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { silentLogger } from '../../../src/log.ts';
import type { RegistrySettings } from '../../../src/registry/settings.ts';
import { type FakeRegistry, hangUp, reset, startFakeRegistry } from '../../fake/registry.ts';
import { password, requestContext } from '../../fake/settings.ts';
import { keyPair, testCa } from '../../fake/tls.ts';
import { sampleImage } from '../../gen/content.ts';
import { bench, clientOf, closeAll, closeLater } from './bench.ts';

const image = sampleImage();
const context = requestContext();
const repository = 'team/app';
const name = { tag: 'v1' };

afterEach(closeAll);

async function registryWith(pair: Parameters<typeof keyPair>[0] | undefined): Promise<FakeRegistry> {
  const tls = pair === undefined ? {} : { tls: keyPair(pair) };
  const registry = closeLater(await startFakeRegistry(tls));
  registry.putContent(repository, 'v1', image);
  return registry;
}

describe('certificates (12.7)', () => {
  test('P7 an authority of a host is trusted for that host alone', async () => {
    const [trusted, other] = [await registryWith('server'), await registryWith('server')];
    const { client } = clientOf({ [trusted.host]: { ca: testCa } });

    expect(await client.getManifest({ host: trusted.host, repository, insecure: false }, name, context)).toMatchObject({
      digest: image.digest,
    });
    await expect(
      client.getManifest({ host: other.host, repository, insecure: false }, name, context),
    ).rejects.toMatchObject({ kind: 'tls', reason: 'unknownAuthority' });
    expect(other.requests).toEqual([]);
  });

  test.each([
    ['P9', 'wrong-name', 'wrongName'],
    ['', 'expired', 'expired'],
  ] as const)('%s a certificate that is %s is refused, without a try in plaintext', async (_id, pair, reason) => {
    const registry = await registryWith(pair);
    const { client } = clientOf({ [registry.host]: { ca: testCa } });

    const asked = client.getManifest({ host: registry.host, repository, insecure: false }, name, context);
    await expect(asked).rejects.toMatchObject({ kind: 'tls', reason });
    expect(registry.requests).toEqual([]);
  });

  test('P7 R5.15 besides the default roots, which stay', async () => {
    const registry = await registryWith('server');
    const roots = getCACertificates('default');
    setDefaultCACertificates([...roots, testCa]);
    try {
      const { client } = clientOf({ [registry.host]: { ca: roots[0] ?? '' } });
      const asked = client.getManifest({ host: registry.host, repository, insecure: false }, name, context);
      expect(await asked).toMatchObject({ digest: image.digest });
    } finally {
      setDefaultCACertificates(roots);
    }
  });

  test.each([
    ['the default roots', {}],
    ['an authority of the host', { ca: testCa }],
  ])('R5.15 nothing older than TLS 1.2 is spoken with %s', async (_name, host) => {
    // What keeps Node itself from it, which an option or a build of it may lift.
    const usual = { ciphers: tls.DEFAULT_CIPHERS, minVersion: tls.DEFAULT_MIN_VERSION };
    Object.assign(tls, { DEFAULT_CIPHERS: 'DEFAULT@SECLEVEL=0', DEFAULT_MIN_VERSION: 'TLSv1' });
    try {
      const old = { ...keyPair('server'), maxVersion: 'TLSv1.1', minVersion: 'TLSv1' } as const;
      const registry = closeLater(await startFakeRegistry({ tls: old }));
      registry.putContent(repository, 'v1', image);
      const { client } = clientOf({ [registry.host]: { insecureSkipVerify: true, ...host } });
      const asked = client.getManifest({ host: registry.host, repository, insecure: false }, name, context);
      await expect(asked).rejects.toMatchObject({ kind: 'tls', reason: 'handshake' });
    } finally {
      Object.assign(tls, { DEFAULT_CIPHERS: usual.ciphers, DEFAULT_MIN_VERSION: usual.minVersion });
    }
  });

  test('insecureSkipVerify of the host takes any certificate', async () => {
    const registry = await registryWith('expired');
    const { client } = clientOf({ [registry.host]: { insecureSkipVerify: true } });

    const asked = client.getManifest({ host: registry.host, repository, insecure: false }, name, context);
    expect(await asked).toMatchObject({ digest: image.digest });
  });

  test('a client certificate is shown where the host wants one', async () => {
    const { cert, key } = keyPair('client');
    const tls = { ...keyPair('server'), ca: testCa, requestCert: true, rejectUnauthorized: true };
    const registry = closeLater(await startFakeRegistry({ tls }));
    registry.putContent(repository, 'v1', image);
    const { client } = clientOf({ [registry.host]: { ca: testCa, clientCert: { cert, key } } });

    const asked = client.getManifest({ host: registry.host, repository, insecure: false }, name, context);
    expect(await asked).toMatchObject({ digest: image.digest });
  });

  test('a registry that speaks http is never spoken to over http unasked', async () => {
    const registry = await registryWith(undefined);
    const { client } = clientOf({});

    const asked = client.getManifest({ host: registry.host, repository, insecure: false }, name, context);
    await expect(asked).rejects.toMatchObject({ kind: 'tls', reason: 'plainHttpAnswer' });
    expect(registry.requests).toEqual([]);
  });
});

describe('a tenant’s insecure (R0.12, D25)', () => {
  const insecurely = (registry: FakeRegistry, settings: Partial<RegistrySettings> = {}, listed = false) => {
    const hosts = { [registry.host]: { listed, rate: { perSecond: 10, burst: 20, inFlight: 1 } } };
    const { client, clock } = clientOf(hosts, settings);
    return {
      get: () => client.getManifest({ host: registry.host, repository, insecure: true }, name, context),
      client,
      clock,
    };
  };

  test('takes any certificate', async () => {
    const registry = await registryWith('expired');
    expect(await insecurely(registry).get()).toMatchObject({ digest: image.digest });
  });

  test('G27 falls back to http where https can’t be spoken, and remembers it for 24 hours', async () => {
    const registry = await registryWith(undefined);
    const { get, clock } = insecurely(registry);

    expect(await get()).toMatchObject({ digest: image.digest });
    const before = registry.connections;
    await get();
    // Over the connection that is kept: none was spent on https.
    expect(registry.connections).toBe(before);
    expect(registry.requests).toHaveLength(2);
    await clock.advance(24 * 3_600_000);
    expect(await get()).toMatchObject({ digest: image.digest });
  });

  test('R0.12 http is believed for 24 hours, not 24 hours from its last answer', async () => {
    const registry = await registryWith(undefined);
    const { get, clock } = insecurely(registry);
    await get();
    await clock.advance(23 * 3_600_000);
    const before = registry.connections;
    await get();
    expect(registry.connections).toBe(before);
    await clock.advance(3_600_000);
    await get();
    // The one that tried https.
    expect(registry.connections).toBe(before + 1);
  });

  test.each([
    ['sends us on to https', 301, { Location: 'https://127.0.0.1:9/v2/team/app/manifests/v1' }],
    ['wants https', 400, {}],
  ])('R0.12 a server that %s is not believed to speak http', async (_name, status, headers) => {
    const registry = await registryWith(undefined);
    const { get } = insecurely(registry);
    const restore = registry.on({}, { status, headers });
    await expect(get()).rejects.toMatchObject({ name: 'RegistryError' });
    restore();
    const before = registry.connections;
    expect(await get()).toMatchObject({ digest: image.digest });
    expect(registry.connections).toBe(before + 1);
  });

  test('R0.12 a host that has come to speak https is asked over https again', async () => {
    const registry = await registryWith(undefined);
    const { get } = insecurely(registry);
    await get();
    const restore = registry.on({}, { status: 308, headers: { Location: 'https://127.0.0.1:9/' } });
    await expect(get()).rejects.toMatchObject({ name: 'RegistryError' });
    restore();
    const before = registry.connections;
    await get();
    expect(registry.connections).toBe(before + 1);
  });

  test('G27 not after an answer: https that answers 500 is the answer', async () => {
    const registry = await registryWith('expired');
    registry.on({}, { status: 500 });

    await expect(insecurely(registry).get()).rejects.toMatchObject({
      kind: 'unavailable',
      reason: 'httpStatus',
      request: { url: expect.stringMatching(/^https:/) },
    });
    expect(registry.requests).toHaveLength(1);
  });

  test('G27 nor when the connection fails after an answer', async () => {
    const registry = await registryWith('expired');
    const { client } = clientOf({});
    registry.on({}, (_request, response) => {
      response.on('finish', () => void registry.close());
      return { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"', Connection: 'close' } };
    });

    const asked = client.getManifest(
      { host: registry.host, repository, insecure: true },
      name,
      requestContext(password('alice', 'wonder')),
    );
    await expect(asked).rejects.toMatchObject({
      kind: 'unavailable',
      reason: 'refused',
      request: { url: expect.stringMatching(/^https:/) },
    });
  });

  test.each([
    ['is reset', reset, 'reset'],
    ['is closed', hangUp, 'closed'],
  ])('G27 nor when the connection %s that was made, before there is any answer', async (_name, answer, reason) => {
    const registry = await registryWith('expired');
    registry.on({}, answer);
    await expect(insecurely(registry).get()).rejects.toMatchObject({
      kind: 'unavailable',
      reason,
      request: { url: expect.stringMatching(/^https:/) },
    });
    expect(registry.requests).toHaveLength(1);
  });

  test('an error of both names http, which was tried last', async () => {
    const registry = await registryWith(undefined);
    await registry.close();

    await expect(insecurely(registry).get()).rejects.toMatchObject({
      kind: 'unavailable',
      reason: 'refused',
      request: { url: expect.stringMatching(/^http:/) },
    });
  });

  test('a name that is none is not tried over http, which cannot know it better', async () => {
    const asked: string[] = [];
    const lookup = async (hostname: string) => {
      asked.push(hostname);
      throw Object.assign(new Error('no such host'), { code: 'ENOTFOUND' });
    };
    const { client } = clientOf({}, {}, { lookup });
    const got = client.getManifest({ host: 'reg.example.com', repository, insecure: true }, name, context);
    await expect(got).rejects.toMatchObject({ reason: 'dns', request: { url: expect.stringMatching(/^https:/) } });
    expect(asked).toEqual(['reg.example.com']);
  });

  test.each([
    ['deny', true],
    ['listedHosts', false],
  ] as const)(
    'G26 with tenantInsecure %s (listed: %s) the certificate counts and http is not tried',
    async (policy, listed) => {
      const [untrusted, plain] = [await registryWith('server'), await registryWith(undefined)];

      await expect(insecurely(untrusted, { tenantInsecure: policy }, listed).get()).rejects.toMatchObject({
        kind: 'tls',
      });
      await expect(insecurely(plain, { tenantInsecure: policy }, listed).get()).rejects.toMatchObject({ kind: 'tls' });
      expect([...untrusted.requests, ...plain.requests]).toEqual([]);
    },
  );

  test('G26 that it is not honoured is logged once an hour', async () => {
    const registry = await registryWith('expired');
    const warned: unknown[] = [];
    const log = { ...silentLogger, warn: (fields: object) => void warned.push(fields) };
    const { client, clock } = clientOf({}, { tenantInsecure: 'deny' }, { log });
    const get = () =>
      client.getManifest({ host: registry.host, repository, insecure: true }, name, context).catch(() => undefined);
    await get();
    await get();
    expect(warned).toEqual([{ host: registry.host, policy: 'deny' }]);
    await clock.advance(3_600_000);
    await get();
    expect(warned).toHaveLength(2);
  });

  test('G26 listedHosts honours it for a host that is listed', async () => {
    const registry = await registryWith('expired');
    expect(await insecurely(registry, { tenantInsecure: 'listedHosts' }, true).get()).toMatchObject({
      digest: image.digest,
    });
  });

  describe('a password at a registry whose certificate nobody verified (decision 7)', () => {
    const own = password('alice', 'wonder');
    const platform = { ...password('platform', 'everybody'), guarded: true } as const;
    const shownTo = ({ requests }: FakeRegistry) =>
      new Set(requests.map(({ headers }) => headers.authorization).filter(value => value !== undefined));
    const basicOf = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;

    async function privateRegistry(users: Readonly<Record<string, string>>) {
      const auth = { kind: 'basic', users } as const;
      const registry = closeLater(await startFakeRegistry({ auth, tls: keyPair('expired') }));
      registry.putContent(repository, 'v1', image);
      return { registry, app: { host: registry.host, repository, insecure: true } };
    }

    test('is a tenant’s own; an administrator’s is not shown there', async () => {
      const { registry, app } = await privateRegistry({ platform: 'everybody' });
      const { client } = clientOf({ [registry.host]: { listed: false } });
      const asked = client.getManifest(app, name, requestContext(own, platform));
      await expect(asked).rejects.toMatchObject({ kind: 'unauthorized', reason: 'rejected' });
      expect(shownTo(registry)).toEqual(new Set([basicOf('alice:wonder')]));

      const alone = client.getManifest(app, name, requestContext(platform));
      await expect(alone).rejects.toMatchObject({ kind: 'unauthorized', reason: 'noCredentials' });
      expect(shownTo(registry)).not.toContain(basicOf('platform:everybody'));
    });

    test('is an administrator’s, too, where the registries file lists the host', async () => {
      const { registry, app } = await privateRegistry({ platform: 'everybody' });
      const { client } = clientOf({ [registry.host]: { listed: true } });
      expect(await client.getManifest(app, name, requestContext(platform))).toMatchObject({ digest: image.digest });
    });

    test('is withheld from checks, tag lists and content as from manifests', async () => {
      const { registry, app } = await privateRegistry({ platform: 'everybody' });
      const { client } = clientOf({ [registry.host]: { listed: false } });
      const source = { ...app, mirror: false };
      const config = { digest: image.digest, size: 2, mediaType: 'application/vnd.oci.image.config.v1+json' };
      const context = requestContext(platform);
      for (const ask of [
        () => client.checkTag(app, 'v1', image.digest, context),
        () => client.listTags(app, context),
        () => client.getChild(source, image.digest, context),
        () => client.getConfig(source, config, context),
        () => client.blobSize(source, image.digest, context),
      ]) {
        await expect(ask()).rejects.toMatchObject({ kind: 'unauthorized' });
      }
      expect(shownTo(registry)).toEqual(new Set());
    });

    test('that it is withheld is logged once an hour, and only where it was offered', async () => {
      const { registry, app } = await privateRegistry({ alice: 'wonder' });
      const warned: unknown[] = [];
      const log = { ...silentLogger, warn: (fields: object) => void warned.push(fields) };
      const { client, clock } = clientOf({ [registry.host]: { listed: false } }, {}, { log });
      await client.getManifest(app, name, requestContext(own));
      expect(warned).toEqual([]);
      await client.getManifest(app, name, requestContext(own, platform));
      await client.getManifest(app, name, requestContext(own, platform));
      expect(warned).toEqual([{ host: registry.host }]);
      await clock.advance(3_600_000);
      await client.getManifest(app, name, requestContext(own, platform));
      expect(warned).toHaveLength(2);
    });
  });

  test('D25 no credential goes over http that the host does not allow', async () => {
    const registry = await registryWith(undefined);
    registry.on({ path: /manifests/ }, { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } });
    const { client } = clientOf({});

    await expect(
      client.getManifest(
        { host: registry.host, repository, insecure: true },
        name,
        requestContext(password('alice', 'wonder')),
      ),
    ).rejects.toMatchObject({ kind: 'unauthorized', reason: 'noCredentials' });
    expect(registry.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });
});

describe('proxies (5.5)', () => {
  /** One connection: undici hands a kept one out again a turn of the loop after its answer, and opens another till then. */
  const single = { perSecond: 10, burst: 20, inFlight: 1 };

  /** A proxy that tunnels and forwards, wherever it is asked to, to one server. */
  async function startProxy(target: FakeRegistry) {
    const heard: string[] = [];
    /** What it answers next instead of doing as it is told. */
    const next: ((response: ServerResponse) => void)[] = [];
    const sockets = new Set<Socket>();
    const server = createServer((incoming: IncomingMessage, response) => {
      heard.push(`${incoming.method} ${incoming.url}`);
      const instead = next.shift();
      if (instead !== undefined) return instead(response);
      const path = new URL(incoming.url ?? '').pathname;
      fetch(`${target.url}${path}`).then(async answer => {
        response.writeHead(answer.status, { 'Content-Type': answer.headers.get('content-type') ?? '' });
        response.end(Buffer.from(await answer.arrayBuffer()));
      });
    });
    server.on('connection', socket => sockets.add(socket));
    server.on('connect', (incoming, socket: Socket) => {
      heard.push(`CONNECT ${incoming.url} ${incoming.headers['proxy-authorization'] ?? ''}`.trim());
      const onward = connect(target.port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      sockets.add(onward);
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    closeLater({
      close: () =>
        new Promise<void>(resolve => {
          server.close(() => resolve());
          for (const socket of sockets) socket.destroy();
        }),
    });
    return { heard, next, host: `127.0.0.1:${port}` };
  }

  test('R5.24 https goes through a tunnel, the certificate is checked at its end', async () => {
    const registry = await registryWith('server');
    const proxy = await startProxy(registry);
    const { client } = clientOf(
      { 'reg.example.com': { ca: testCa } },
      { proxy: { https: `http://user:pass@${proxy.host}`, trust: 'untrusted' } },
    );

    const app = { host: 'reg.example.com', repository, insecure: false };
    expect(await client.getManifest(app, name, context)).toMatchObject({ digest: image.digest });
    expect(await client.checkTag(app, 'v1', image.digest, context)).toMatchObject({ outcome: 'unchanged' });
    expect(new Set(proxy.heard)).toEqual(new Set([`CONNECT reg.example.com:443 Basic ${btoa('user:pass')}`]));
    expect(registry.requests.map(({ method }) => method)).toEqual(['GET', 'HEAD']);
    expect(registry.requests[0]?.headers['proxy-authorization']).toBeUndefined();
  });

  test('R5.24 so do tokens', async () => {
    const auth = { kind: 'bearer', realm: 'https://reg.example.com/token' } as const;
    const registry = closeLater(await startFakeRegistry({ tls: keyPair('server'), auth }));
    registry.putContent(repository, 'v1', image);
    const proxy = await startProxy(registry);
    const { client } = clientOf(
      { 'reg.example.com': { ca: testCa } },
      { proxy: { https: `http://${proxy.host}`, trust: 'untrusted' } },
    );
    const app = { host: 'reg.example.com', repository, insecure: false };
    expect(await client.checkTag(app, 'v1', image.digest, context)).toMatchObject({ outcome: 'unchanged' });
    expect(new Set(proxy.heard)).toEqual(new Set(['CONNECT reg.example.com:443']));
    expect(registry.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `HEAD /v2/${repository}/manifests/v1`,
      'GET /token',
      `HEAD /v2/${repository}/manifests/v1`,
    ]);
  });

  test('http is forwarded', async () => {
    const registry = await registryWith(undefined);
    const proxy = await startProxy(registry);
    const { client } = clientOf(
      { 'reg.example.com': { plainHttp: true } },
      { proxy: { http: `http://${proxy.host}`, trust: 'untrusted' } },
    );

    const asked = client.getManifest({ host: 'reg.example.com', repository, insecure: false }, name, context);
    expect(await asked).toMatchObject({ digest: image.digest });
    expect(proxy.heard).toEqual([`GET http://reg.example.com/v2/team/app/manifests/v1`]);
  });

  test('R4.6 a kept tunnel that is reset is followed by one second try', async () => {
    const registry = await registryWith('server');
    const proxy = await startProxy(registry);
    const { client } = clientOf(
      { 'reg.example.com': { ca: testCa, rate: single } },
      { proxy: { https: `http://${proxy.host}`, trust: 'untrusted' } },
    );
    const get = () => client.getManifest({ host: 'reg.example.com', repository, insecure: false }, name, context);
    await get();
    registry.on({ times: 1 }, reset);
    expect(await get()).toMatchObject({ digest: image.digest });
    expect(proxy.heard).toHaveLength(2);
    // One that was made for the request is nobody's leftover.
    registry.on({}, reset);
    await expect(get()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(proxy.heard).toHaveLength(3);
  });

  describe('http that is forwarded', () => {
    async function forwarding() {
      const proxy = await startProxy(await registryWith(undefined));
      const { client } = clientOf(
        { 'reg.example.com': { plainHttp: true, rate: single } },
        { proxy: { http: `http://${proxy.host}`, trust: 'untrusted' } },
      );
      const app = { host: 'reg.example.com', repository, insecure: false };
      return {
        proxy,
        get: () => client.getManifest(app, name, context),
        head: () => client.checkTag(app, 'v1', image.digest, context),
      };
    }

    test('R4.6 has a second try when the kept connection to the proxy was reset', async () => {
      const { proxy, get } = await forwarding();
      await get();
      proxy.next.push(response => response.socket?.resetAndDestroy());
      expect(await get()).toMatchObject({ digest: image.digest });
      expect(proxy.heard).toHaveLength(3);
    });

    test('is unavailable because of a proxy that wants credentials', async () => {
      const { proxy, get, head } = await forwarding();
      for (const ask of [get, head]) {
        proxy.next.push(response => response.writeHead(407, { 'Proxy-Authenticate': 'Basic realm="p"' }).end('no'));
        await expect(ask()).rejects.toMatchObject({ kind: 'unavailable', reason: 'proxy' });
      }
      expect(proxy.heard).toHaveLength(2);
    });
  });

  test('P6 loopback is asked directly', async () => {
    const { registry, client, app } = await bench({
      settings: { proxy: { http: 'http://127.0.0.1:9', trust: 'untrusted' } },
    });
    registry.putContent(repository, 'v1', image);
    expect(await client.getManifest(app, name, context)).toMatchObject({ digest: image.digest });
  });

  test('R5.23 names of the inside are refused through an untrusted proxy', async () => {
    const registry = await registryWith('server');
    const proxy = await startProxy(registry);
    const { client } = clientOf({}, { proxy: { https: `http://${proxy.host}`, trust: 'untrusted' } });

    const asked = client.getManifest({ host: 'reg.team.svc', repository, insecure: false }, name, context);
    await expect(asked).rejects.toMatchObject({ kind: 'blockedAddress' });
    expect(proxy.heard).toEqual([]);
  });

  test('R5.23 address literals are held against the policy behind a proxy, too', async () => {
    const registry = await registryWith('server');
    const proxy = await startProxy(registry);
    const { client } = clientOf({}, { proxy: { https: `http://${proxy.host}`, trust: 'trusted' } });

    const asked = client.getManifest({ host: '169.254.169.254', repository, insecure: false }, name, context);
    await expect(asked).rejects.toMatchObject({ kind: 'blockedAddress' });
    expect(proxy.heard).toEqual([]);
  });

  test('a proxy that is not there is unavailable because of the proxy', async () => {
    // Nobody listens on port 9.
    const { client } = clientOf({}, { proxy: { https: 'http://127.0.0.1:9', trust: 'untrusted' } });

    const asked = client.getManifest({ host: 'reg.example.com', repository, insecure: false }, name, context);
    await expect(asked).rejects.toMatchObject({ kind: 'unavailable', reason: 'proxy' });
  });
});
