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
