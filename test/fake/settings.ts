import type { Credential } from '../../src/registry/credentials.ts';
import type { HostSettings, RegistrySettings } from '../../src/registry/settings.ts';
import type { Keyring, RequestContext } from '../../src/registry/types.ts';

/** What an administrator who said nothing of a host has said. */
export function hostSettings(changes: Partial<HostSettings> = {}): HostSettings {
  return {
    plainHttp: false,
    insecureSkipVerify: false,
    allowCredentialsOverHttp: false,
    allowH2: false,
    trustedRealmHosts: [],
    trustedRedirectHosts: [],
    mirrors: [],
    mirrorOnly: false,
    rate: { perSecond: 10, burst: 20, inFlight: 6 },
    listed: false,
    ...changes,
  };
}

/**
 * Defaults of a registry client, with the hosts that are listed. Loopback is allowed, as `import` has it; a fake
 * registry over http is reached by listing it with `plainHttp: true`.
 */
export function registrySettings(
  hosts: Readonly<Record<string, Partial<HostSettings>>> = {},
  changes: Partial<RegistrySettings> = {},
): RegistrySettings {
  return {
    host: host => hostSettings(hosts[host] === undefined ? {} : { listed: true, ...hosts[host] }),
    userAgent: 'imagestream-operator/test',
    clientId: 'imagestream-operator',
    tenantInsecure: 'allow',
    privateAddresses: 'allow',
    loopback: 'allow',
    clusterDomain: 'cluster.local',
    privateCidrs: [],
    refusedHosts: [],
    verifyOnChange: 'bestEffort',
    anonymousFallback: true,
    strictKubeletMatching: false,
    proxy: { trust: 'untrusted' },
    ...changes,
  };
}

/** A keyring that offers the same credentials everywhere. */
export function keyringOf(...credentials: readonly Credential[]): Keyring {
  return { candidates: () => credentials };
}

export function password(username: string, secret: string): Credential {
  return { kind: 'basic', username, password: secret, fingerprint: `${username}-${secret}` };
}

export function requestContext(...credentials: readonly Credential[]): RequestContext {
  return { keyring: keyringOf(...credentials), signal: new AbortController().signal, priority: 0 };
}
