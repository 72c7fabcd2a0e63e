import type { Credential } from './credentials.ts';
import type { DockerConfig } from './docker-config.ts';
import type { Login } from './docker-entry.ts';
import { covers, type Location, parseLocation, splitPort } from './locations.ts';
import type { Keyring } from './types.ts';

export interface KeyringOptions {
  /** Makes a name for a credential that tells nothing about it (R2.31). */
  readonly fingerprint: (fields: readonly string[]) => string;
  /** Match exactly as the kubelet does (R3.9). */
  readonly strict?: boolean;
  /** They are an administrator's (`Credential.guarded`). */
  readonly guarded?: boolean;
}

/** More candidates than this are not tried (R3.17). */
const MAX_CANDIDATES = 10;

const HUB = 'docker.io';

interface Entry {
  readonly location: Location;
  readonly credential: Credential;
}

/** The credentials of some configs, in the order the configs are given, matched as the kubelet matches (section 3.3). */
export function createKeyring(configs: readonly DockerConfig[], options: KeyringOptions): Keyring {
  const { fingerprint, strict = false, guarded = false } = options;
  const entries: Entry[] = configs
    .flatMap(({ entries }) => entries)
    .flatMap(({ location, login }) => {
      const parsed = parseLocation(location, strict);
      if (parsed === undefined) return [];
      const credential = withFingerprint(login, fingerprint);
      return [{ location: parsed, credential: guarded ? { ...credential, guarded } : credential }];
    })
    // Longer paths come before their beginnings, names before `*`; the sort keeps the order of equal keys (R3.13).
    .sort((a, b) => descending(a.location.key, b.location.key));

  return {
    candidates(host, repository) {
      if (entries.length === 0) return [];
      const address = splitPort(strict ? host : host.toLowerCase());
      if (address === undefined) return [];
      const path = `/${repository}`;
      const found = entries.filter(({ location }) => covers(location, address.host, address.port, path));
      const isHub = address.host === HUB && address.port === '';
      return firstOfEach(found.length === 0 && isHub ? hubEntries(entries, strict) : found);
    },
  };
}

/** Several keyrings as one: all candidates of the first go before those of the next (R3.16). */
export function joinKeyrings(keyrings: readonly Keyring[]): Keyring {
  return {
    candidates: (host, repository) => distinct(keyrings.flatMap(keyring => [...keyring.candidates(host, repository)])),
  };
}

/** Names under which docker keeps Docker Hub's credential, for when nothing else matches (R3.14). */
function hubEntries(entries: readonly Entry[], strict: boolean): readonly Entry[] {
  const names = strict ? ['index.docker.io'] : ['index.docker.io', 'registry-1.docker.io'];
  return names.flatMap(name => entries.filter(({ location }) => location.key === name));
}

function firstOfEach(entries: readonly Entry[]): readonly Credential[] {
  return distinct(entries.map(({ credential }) => credential));
}

function distinct(credentials: readonly Credential[]): readonly Credential[] {
  const byFingerprint = new Map<string, Credential>();
  for (const credential of credentials) {
    if (!byFingerprint.has(credential.fingerprint)) byFingerprint.set(credential.fingerprint, credential);
  }
  return [...byFingerprint.values()].slice(0, MAX_CANDIDATES);
}

function withFingerprint(login: Login, fingerprint: KeyringOptions['fingerprint']): Credential {
  return { ...login, fingerprint: fingerprint([login.kind, ...fieldsOf(login)]) };
}

function fieldsOf(login: Login): readonly string[] {
  switch (login.kind) {
    case 'basic':
      return [login.username, login.password];
    case 'identityToken':
      return [login.token, login.basic?.username ?? '', login.basic?.password ?? ''];
    case 'registryToken':
      return [login.token];
  }
}

function descending(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? 1 : -1;
}
