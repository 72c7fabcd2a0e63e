import { afterEach, describe, expect, test } from '@jest/globals';
import { openLanes } from '../../fake/lanes.ts';
import { startFakeTokenServer, tokenIssuer } from '../../fake/registry.ts';
import { password, requestContext } from '../../fake/settings.ts';
import { sampleImage } from '../../gen/content.ts';
import { bench, closeAll, closeLater } from './bench.ts';
import { world } from './world.ts';

const HOUR_MS = 3_600_000;
const one = sampleImage({ seed: '1' });

afterEach(closeAll);

test('Z19 a token that runs out while its request waits in the lane is renewed once', async () => {
  const lanes = openLanes();
  let beforeManifest = async () => {};
  const slow: typeof lanes = {
    ...lanes,
    run: async (admission, send) => {
      if (admission.pullIdentity !== undefined) await beforeManifest();
      return lanes.run(admission, send);
    },
  };
  const issuer = tokenIssuer({ expiresIn: 60 });
  const { registry, client, app, clock } = await bench({ auth: { kind: 'bearer', issuer }, client: { lanes: slow } });
  const digest = registry.putContent('team/app', 'v1', one);
  await client.getManifest(app, { tag: 'v1' }, requestContext());
  await clock.advance(100_000);
  beforeManifest = async () => {
    beforeManifest = async () => {};
    await clock.advance(61_000);
    issuer.revokeAll();
  };

  expect(await client.getManifest(app, { tag: 'v1' }, requestContext())).toMatchObject({ digest });
});

describe('a token about to end (R2.33)', () => {
  /** Checks of one repository, each of which goes out when it is let; its token, of one minute, comes at once. */
  async function queue() {
    const lanes = openLanes();
    const waiting: Array<() => void> = [];
    const turn = (signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        waiting.push(resolve);
        signal.addEventListener('abort', () => {
          if (waiting.includes(resolve)) waiting.splice(waiting.indexOf(resolve), 1);
          reject(signal.reason);
        });
      });
    const service = closeLater(await startFakeTokenServer(issuer));
    const slow: typeof lanes = {
      ...lanes,
      run: async (admission, send) => {
        if (admission.host !== service.host) await turn(admission.signal);
        return lanes.run(admission, send);
      },
    };
    const auth = { kind: 'bearer', issuer, realm: `${service.url}/token` } as const;
    const { registry, client, app, clock } = await bench({ auth, client: { lanes: slow } });
    const digest = registry.putContent('team/app', 'v1', one);
    const check = (signal = new AbortController().signal) =>
      client.checkTag(app, 'v1', digest, { ...requestContext(), signal });
    const stands = async (count: number) => {
      while (waiting.length < count) await new Promise(setImmediate);
    };
    /** Lets the one that waits longest go, and as many more. */
    const go = async (count = 1) => {
      await stands(count);
      for (const next of waiting.splice(0, count)) next();
    };
    const first = check();
    await go();
    await go();
    await first;
    const shown = () => registry.requests.map(({ headers }) => headers.authorization);
    registry.forget();
    const tokensAsked = () => lanes.admissions.filter(({ host }) => host === service.host).length;
    return { check, go, stands, clock, service, shown, tokensAsked };
  }
  const issuer = tokenIssuer({ expiresIn: 60 });

  test('is asked for anew while others wait to show it, once', async () => {
    const { check, go, stands, clock, service, shown } = await queue();
    const checks = Array.from({ length: 5 }, () => check());
    await stands(5);
    await clock.advance(55_000);
    await go(2);
    await Promise.all(checks.slice(0, 2));
    while (service.requests.length < 2) await new Promise(setImmediate);
    await clock.advance(5_000);
    await go(3);

    expect(await Promise.all(checks)).toEqual(Array(5).fill(expect.objectContaining({ outcome: 'unchanged' })));
    const [before, , after] = shown();
    expect(shown()).toEqual([before, before, after, after, after]);
    expect(after).not.toBe(before);
    expect(service.requests).toHaveLength(2);
  });

  test('is left to end where nobody else waits, or nobody any more', async () => {
    const { check, go, stands, clock, tokensAsked } = await queue();
    const leaving = new AbortController();
    const left = check(leaving.signal);
    const only = check();
    await stands(2);
    leaving.abort();
    await expect(left).rejects.toMatchObject({ kind: 'aborted' });
    await clock.advance(55_000);
    await go();

    expect(await only).toMatchObject({ outcome: 'unchanged' });
    expect(tokensAsked()).toBe(1);
  });
});

describe('what is learned of a registry (2.1)', () => {
  const told = (requests: readonly { method: string; path: string }[]) =>
    requests.map(({ method, path }) => (path === '/token' ? 'token' : path === '/v2/' ? 'ping' : method));

  test('holds for 24 hours, then it is asked without authorization again', async () => {
    const { registry, client, app, clock } = await bench({ auth: { kind: 'bearer', issuer: tokenIssuer() } });
    const digest = registry.putContent('team/app', 'v1', one);
    const check = async () => {
      registry.forget();
      await client.checkTag(app, 'v1', digest, requestContext());
      return told(registry.requests);
    };
    expect(await check()).toEqual(['HEAD', 'token', 'HEAD']);
    await clock.advance(23 * HOUR_MS);
    expect(await check()).toEqual(['token', 'HEAD']);
    await clock.advance(HOUR_MS);
    expect(await check()).toEqual(['HEAD', 'token', 'HEAD']);
  });

  test('R2.15 at one realm says nothing of the scopes of another', async () => {
    const { registry, client, app } = await bench();
    registry.putContent('team/app', 'v1', one);
    const wants = (more: string) => ({
      status: 401,
      headers: { 'WWW-Authenticate': `Bearer realm="${registry.url}/token${more}` },
    });
    const scopesAsked = () => {
      const asked = registry.requests.findLast(({ path }) => path === '/token');
      return new URLSearchParams(asked?.query).getAll('scope');
    };
    const [pull, metadata] = ['repository:team/app:pull', 'repository:team/app:metadata_read'];

    registry.on({ method: 'HEAD', times: 1 }, wants(`",scope="${metadata}"`));
    await client.checkTag(app, 'v1', one.digest, requestContext());
    expect(scopesAsked()).toEqual([metadata, pull]);
    registry.on({ method: 'HEAD', times: 1 }, wants('?v=2"'));
    await client.checkTag(app, 'v1', one.digest, requestContext());
    expect(scopesAsked()).toEqual([pull]);
  });

  test('R1.12 a registry without challenge is asked for one once a minute', async () => {
    const { registry, client, app, clock } = await bench();
    registry.on({}, { status: 401 });
    const pings = async () => {
      registry.forget();
      await client.getManifest(app, { tag: 'v1' }, requestContext()).catch(() => {});
      return registry.count({ path: '/v2/' });
    };
    expect([await pings(), await pings()]).toEqual([1, 0]);
    await clock.advance(60_000);
    expect(await pings()).toBe(1);
  });
});

describe('a registry and its token service at another address', () => {
  const app = { host: 'reg.example.com', repository: 'team/app', insecure: false };

  test('R6.3 a private realm stays allowed, however long ago the registry was looked up', async () => {
    const { addresses, registry, client } = world();
    addresses['reg.example.com'] = ['10.0.0.5'];
    addresses['auth.example.com'] = ['10.0.0.6'];
    const issuer = tokenIssuer({ expiresIn: 60 });
    const reg = await registry('10.0.0.5:443', {
      auth: { kind: 'bearer', issuer, realm: 'https://auth.example.com/token' },
    });
    await registry('10.0.0.6:443', { auth: { kind: 'bearer', issuer } });
    reg.putContent('team/app', 'v1', one);
    const made = client();
    for (let hours = 0; hours <= 30; hours += 1) {
      const { digest } = await made.client.getManifest(app, { tag: 'v1' }, requestContext());
      expect(digest).toBe(one.digest);
      await made.clock.advance(HOUR_MS);
    }
  });

  test('R5.18 certificate checks that are off for the registry are on for the service it names', async () => {
    const { addresses, registry, client } = world();
    addresses['reg.example.com'] = ['10.0.0.5'];
    // The certificate of the test servers does not name this host.
    addresses['auth.example.org'] = ['10.0.0.6'];
    const issuer = tokenIssuer({ users: { u: 'p' } });
    const reg = await registry('10.0.0.5:443', {
      auth: { kind: 'bearer', issuer, realm: 'https://auth.example.org/token' },
    });
    const auth = await registry('10.0.0.6:443', { auth: { kind: 'bearer', issuer } });
    reg.putContent('team/app', 'v1', one);
    const host = { insecureSkipVerify: true, listed: true, trustedRealmHosts: ['auth.example.org'] };
    const made = client({ 'reg.example.com': host });

    const asked = made.client.getManifest(app, { tag: 'v1' }, requestContext(password('u', 'p')));

    await expect(asked).rejects.toMatchObject({ kind: 'tls', reason: 'wrongName' });
    expect(auth.requests).toEqual([]);
  });
});
