import { afterEach, describe, expect, test } from '@jest/globals';
import { openLanes } from '../../fake/lanes.ts';
import { tokenIssuer } from '../../fake/registry.ts';
import { password, requestContext } from '../../fake/settings.ts';
import { sampleImage } from '../../gen/content.ts';
import { bench, closeAll } from './bench.ts';
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
