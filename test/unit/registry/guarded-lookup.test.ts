import { describe, expect, test } from '@jest/globals';
import { AddressGuard } from '../../../src/registry/guarded-lookup.ts';
import { fakeClock } from '../../fake/clock.ts';
import { hostSettings, registrySettings } from '../../fake/settings.ts';

const OUTSIDE_AND_INSIDE = { private: true, loopback: true };

function guardOf(changes: Parameters<typeof registrySettings>[1], addresses: readonly string[] = []): AddressGuard {
  const lookup = async () => addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }));
  return new AddressGuard(registrySettings({}, changes), lookup, fakeClock());
}

describe('R6.2 the API server', () => {
  test.each([
    ['10.96.0.1', 'https://10.96.0.1'],
    ['10.96.0.1', 'https://[::ffff:10.96.0.1]:6443'],
    ['10.96.0.1', 'https://[64:ff9b::10.96.0.1]'],
    ['::ffff:10.96.0.1', 'https://10.96.0.1.'],
    ['fd00:0:0:0:0:0:0:1', 'https://[fd00::1]'],
    ['[FD00::0001]', 'https://[fd00::1]'],
    ['api.corp.example.', 'https://API.corp.example'],
  ])('written %s is refused as %s', (refused, url) => {
    const guard = guardOf({ refusedHosts: [refused] });
    expect(guard.allowsHost(new URL(url), OUTSIDE_AND_INSIDE)).toBe(false);
  });

  test.each([
    ['10.96.0.1', '::ffff:10.96.0.1'],
    ['10.96.0.1', '64:ff9b::a60:1'],
    ['::ffff:a60:1', '10.96.0.1'],
    ['fd00:0:0::1', 'fd00::1'],
    ['FD00::1', 'fd00:0000:0000:0000:0000:0000:0000:0001'],
  ])('written %s is refused where a name leads to %s', async (refused, address) => {
    const guard = guardOf({ refusedHosts: [refused] }, [address]);
    await expect(guard.resolve('reg.example.com', OUTSIDE_AND_INSIDE)).rejects.toMatchObject({
      code: 'ADDRESS_REFUSED',
    });
  });

  test('its neighbours are not refused', async () => {
    const guard = guardOf({ refusedHosts: ['10.96.0.1'] }, ['10.96.0.1', '::ffff:10.96.0.2', 'fd00::1']);
    const found = await guard.resolve('reg.example.com', OUTSIDE_AND_INSIDE);
    expect(found.map(({ address }) => address)).toEqual(['::ffff:10.96.0.2', 'fd00::1']);
    expect(guard.allowsHost(new URL('https://10.96.0.11'), OUTSIDE_AND_INSIDE)).toBe(true);
  });
});

describe('R6.2 privateAddresses', () => {
  test.each([
    ['allow', true, true],
    ['listOnly', false, true],
    ['deny', false, false],
  ] as const)('%s reaches private addresses unlisted: %s, listed: %s', (privateAddresses, unlisted, listed) => {
    const guard = guardOf({ privateAddresses });
    const allows = (isListed: boolean) =>
      guard.allowsHost(new URL('https://10.0.0.5'), guard.endpointReach(hostSettings({ listed: isListed })));
    expect([allows(false), allows(true)]).toEqual([unlisted, listed]);
  });
});

describe('R6.3 what a registry may send us to', () => {
  const ALL = { private: true, loopback: true };
  const [outside, inside, here] = ['93.184.216.34', '10.0.0.5', '127.0.0.1'] as const;
  const HOUR_MS = 3_600_000;

  /** A guard that found these addresses for a registry, one look-up after the other, so many hours apart. */
  async function found(lookups: readonly (readonly string[])[], hoursApart = 0) {
    const clock = fakeClock();
    const answers = [...lookups];
    const lookup = async () => (answers.shift() ?? []).map(address => ({ address, family: 4 }));
    const guard = new AddressGuard(registrySettings(), lookup, clock);
    for (const [at] of lookups.entries()) {
      if (at > 0) await clock.advance(hoursApart * HOUR_MS);
      await guard.resolve('reg.example.com', ALL);
    }
    return guard.secondaryReach(new URL('https://reg.example.com'), ALL);
  }

  test.each([
    ['is at a public address', [[outside]], { private: false, loopback: false }],
    ['is at a private one', [[inside]], { private: true, loopback: false }],
    ['is on loopback', [[here]], ALL],
    ['has addresses of all kinds', [[here, inside, outside]], { private: false, loopback: false }],
    ['was outside and then inside', [[outside], [inside]], { private: false, loopback: false }],
    ['was inside and then outside', [[inside], [outside]], { private: false, loopback: false }],
  ] as const)('is no more internal than one that %s', async (_name, lookups, want) => {
    expect(await found(lookups)).toEqual(want);
  });

  test('where it was is forgotten after a day', async () => {
    expect(await found([[outside], [inside]], 23)).toMatchObject({ private: false });
    expect(await found([[outside], [inside]], 24)).toMatchObject({ private: true });
  });

  test('a registry that nobody looked up yet counts as public', async () => {
    expect(await found([])).toEqual({ private: false, loopback: false });
  });

  test('an administrator who denies private addresses denies them here, too', () => {
    const guard = guardOf({});
    const denied = { private: false, loopback: false };
    expect(guard.secondaryReach(new URL('https://10.0.0.5'), denied)).toEqual(denied);
    expect(guard.secondaryReach(new URL('https://127.0.0.1'), denied)).toEqual(denied);
  });
});
