import { describe, expect, test } from '@jest/globals';
import { candidatesAt, honoursInsecure } from '../../../src/registry/candidates.ts';
import type { Credential } from '../../../src/registry/credentials.ts';
import { hostSettings, keyringOf, password } from '../../fake/settings.ts';

const own = password('team', 'theirs');
const admin: Credential = { ...password('platform', 'everybody’s'), guarded: true };
const keyring = keyringOf(own, admin);
const source = { host: 'reg.example.com', repository: 'team/app', insecure: false };

const withheld = [
  { name: 'nothing where certificates are verified', input: {}, want: [own, admin] },
  { name: 'an administrator’s where a tenant does not want that', input: { insecure: true }, want: [own] },
  { name: 'nothing at a host that is listed', input: { insecure: true, listed: true }, want: [own, admin] },
  {
    name: 'nothing where the wish is denied, and so the certificate verified',
    input: { insecure: true, tenantInsecure: 'deny' },
    want: [own, admin],
  },
  {
    name: 'nothing where the wish counts for listed hosts, and this is none',
    input: { insecure: true, tenantInsecure: 'listedHosts' },
    want: [own, admin],
  },
  {
    name: 'nothing at a mirror that an administrator called insecure, whatever the tenant wishes',
    input: { insecure: true, unverified: true },
    want: [own, admin],
  },
] as const;

describe('candidatesAt() (decision 7)', () => {
  test.each(withheld)('withholds $name', ({ input, want }) => {
    const { insecure = false, unverified, listed = false, tenantInsecure = 'allow' } = { ...noInput, ...input };
    const at = { ...source, insecure, ...(unverified && { unverified }) };
    expect(candidatesAt(at, keyring, { host: () => hostSettings({ listed }), tenantInsecure })).toEqual(want);
  });

  test('looks at the host that is asked, not at the one whose credentials are shown there', () => {
    const settings = {
      host: (host: string) => hostSettings({ listed: host === 'reg.example.com' }),
      tenantInsecure: 'allow',
    } as const;
    const mirror = { ...source, host: 'mirror.example.com', insecure: true, credentialsOf: source };
    expect(candidatesAt(mirror, keyring, settings)).toEqual([own]);
    expect(candidatesAt({ ...source, insecure: true, credentialsOf: mirror }, keyring, settings)).toEqual([own, admin]);
  });

  test('asks the keyring for Docker Hub by one name', () => {
    const asked: string[] = [];
    const ring = {
      candidates: (host: string, repository: string) => {
        asked.push(`${host}/${repository}`);
        return [];
      },
    };
    const settings = { host: () => hostSettings(), tenantInsecure: 'allow' } as const;
    for (const host of ['docker.io', 'index.docker.io', 'registry-1.docker.io', 'quay.io']) {
      candidatesAt({ ...source, host }, ring, settings);
    }
    expect(asked).toEqual([...Array(3).fill('docker.io/team/app'), 'quay.io/team/app']);
  });
});

interface Input {
  readonly insecure?: boolean;
  readonly unverified?: true;
  readonly listed?: boolean;
  readonly tenantInsecure?: 'allow' | 'listedHosts' | 'deny';
}

const noInput: Input = {};

test.each([
  ['allow', false, true],
  ['allow', true, true],
  ['listedHosts', false, false],
  ['listedHosts', true, true],
  ['deny', false, false],
  ['deny', true, false],
] as const)('D25 honoursInsecure() with %s, listed %s: %s', (policy, listed, want) => {
  expect(honoursInsecure(hostSettings({ listed }), policy)).toBe(want);
});
