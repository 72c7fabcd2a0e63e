import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import type { Environment } from '../config/command-line.ts';
import { RegistriesFault, readRegistriesFile } from '../config/registries-file.ts';
import type { RegistriesFile, RegistryDefaults, RegistryEntry } from '../config/registries-schema.ts';
import { type AllowList, parseAllowList } from '../imagestream/allow-list.ts';
import { isHubHost } from '../reference/reference.ts';
import { fitsHost, OTHER_RATE, wellKnownRate } from '../registry/defaults.ts';
import type { HostSettings, Mirror, RegistrySettings } from '../registry/settings.ts';
import { readCertificateFolder } from './certificate-folder.ts';
import { mergePems, type Pems, readEntryPems, readText } from './certificates.ts';
import { CommandFault } from './fault.ts';
import { proxySettings } from './proxy-settings.ts';
import { VERSION } from './surroundings.ts';

export interface RegistryOptions {
  readonly registriesFile: string | undefined;
  /** Outweighs what the file says. */
  readonly tenantInsecure: RegistrySettings['tenantInsecure'] | undefined;
  /** Whether registries on loopback may be asked when they are not listed (design D24); they may unless told. */
  readonly loopback?: RegistrySettings['loopback'];
  /** Host of the API server, which no registry may be. */
  readonly apiServer?: string;
}

/** What an administrator says of registries, ready for the rooms that ask. */
export interface LoadedRegistries {
  readonly settings: RegistrySettings;
  /** Registries that may be imported from; undefined allows all. */
  readonly allowed: AllowList | undefined;
  /** Hosts that are never asked, exactly as references name them (import-semantics 9). */
  readonly blockedHosts: ReadonlySet<string>;
  /** Changes with the file and with every file that it names. */
  readonly fingerprint: string;
}

const HUB = 'docker.io';
const HUB_ENDPOINT = 'https://registry-1.docker.io';
const CLIENT_ID = 'imagestream-operator';

/** Reads the text of a registries file, as `readRegistriesFile()` does. */
export type ParseRegistries = typeof readRegistriesFile;

/**
 * Joins options, registries file and environment. Throws `CommandFault` with all faults of the file, or of the files it names.
 */
export async function loadRegistrySettings(
  options: RegistryOptions,
  env: Environment,
  parse: ParseRegistries = readRegistriesFile,
): Promise<LoadedRegistries> {
  const file = options.registriesFile === undefined ? {} : await readRegistries(options.registriesFile, parse);
  const trust = await readTrust(file, options.registriesFile ?? '');
  const mirrored = new Set((file.registries ?? []).filter(hasMirrors).map(({ host }) => host.toLowerCase()));
  const blocked = (file.blocked ?? []).map(host => host.toLowerCase());
  return {
    settings: {
      host: hostLookup(file, trust, new Set(blocked)),
      userAgent: `imagestream-operator/${VERSION}`,
      clientId: CLIENT_ID,
      tenantInsecure: options.tenantInsecure ?? file.tenantInsecure ?? 'allow',
      privateAddresses: file.privateAddresses ?? 'allow',
      loopback: options.loopback ?? 'allow',
      clusterDomain: file.clusterDomain ?? 'cluster.local',
      privateCidrs: [...(file.podCIDRs ?? []), ...(file.serviceCIDRs ?? [])],
      refusedHosts: [env['KUBERNETES_SERVICE_HOST'], options.apiServer].flatMap(host => host || []),
      verifyOnChange: file.verifyOnChange ?? 'bestEffort',
      anonymousFallback: file.anonymousFallback ?? true,
      strictKubeletMatching: file.strictKubeletMatching ?? false,
      proxy: proxySettings(env, file.proxyTrust ?? 'untrusted'),
    },
    allowed: file.allowed === undefined ? undefined : parseAllowList(file.allowed),
    // A blocked registry with mirrors is one whose mirrors are to be asked instead of it.
    blockedHosts: new Set(blocked.filter(host => !mirrored.has(host))),
    fingerprint: createHash('sha256')
      .update(JSON.stringify([file, ...trust.entries.values(), ...trust.hosts]))
      .digest('hex'),
  };
}

/**
 * The same for a file that is looked at time and again: a text is parsed when it differs from the last that was
 * understood. One with faults is not remembered, so whoever puts the text before it back finds it as it was.
 */
export function parseWhenChanged(parse: ParseRegistries): ParseRegistries {
  let last: { readonly text: string; readonly source: string; readonly file: RegistriesFile } | undefined;
  return (text, source) => {
    if (last?.text !== text || last.source !== source) last = { text, source, file: parse(text, source) };
    return last.file;
  };
}

type File = Omit<RegistriesFile, 'apiVersion' | 'kind'>;

async function readRegistries(path: string, parse: ParseRegistries): Promise<File> {
  const text = await readText(path);
  try {
    return parse(text, path);
  } catch (error) {
    if (error instanceof RegistriesFault) throw new CommandFault(error.faults);
    throw error;
  }
}

/** Certificates and keys, by the entry that names them or by host. Files are read once, at the start. */
interface Trust {
  readonly entries: ReadonlyMap<object, Pems>;
  readonly hosts: ReadonlyMap<string, Pems>;
}

async function readTrust(file: File, path: string): Promise<Trust> {
  const entries = new Map<object, Pems>();
  const faults: string[] = [];
  /** What is wrong is told with the key that named it. */
  const attempt = async <T>(at: string, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof CommandFault)) throw error;
      faults.push(...error.lines.map(line => `${path}: ${at}: ${line}`));
      return undefined;
    }
  };
  const named: (readonly [string, RegistryDefaults | RegistryEntry])[] = [
    ...(file.defaults === undefined ? [] : [['defaults', file.defaults] as const]),
    ...(file.registries ?? []).map((entry, index) => [`registries[${index}]`, entry] as const),
  ];
  for (const [at, entry] of named) {
    const pems = await attempt(at, () => readEntryPems(entry, dirname(path)));
    if (pems !== undefined) entries.set(entry, pems);
  }
  const { certsDir } = file;
  const hosts = certsDir && (await attempt('certsDir', () => readCertificateFolder(resolve(dirname(path), certsDir))));
  if (faults.length > 0) throw new CommandFault(faults);
  return { entries, hosts: hosts || new Map() };
}

/** Settings are made on first use and kept for this many hosts: tenants can name hosts without end. */
const MAX_KEPT = 1_000;

function hostLookup(file: File, trust: Trust, blocked: ReadonlySet<string>): (host: string) => HostSettings {
  const entries = file.registries ?? [];
  const kept = new Map<string, HostSettings>();
  return asked => {
    const host = asked.toLowerCase();
    const known = kept.get(host);
    if (known !== undefined) return known;
    const entry = entryOf(entries, host);
    const settings = hostSettings({ file, host, entry, blocked: blocked.has(host) }, trust);
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(host, settings);
    return settings;
  };
}

/** What a host is called: as it is named, then as it is connected to. */
function namesOf(host: string): readonly string[] {
  return isHubHost(host) ? [host, HUB, new URL(HUB_ENDPOINT).host] : [host];
}

/** R5.17: the logical host with its port, then the host that is connected to, then wildcards, the more exact first. */
function entryOf(entries: readonly RegistryEntry[], host: string): RegistryEntry | undefined {
  const names = namesOf(host);
  for (const name of names) {
    const exact = entries.find(entry => entry.host.toLowerCase() === name);
    if (exact !== undefined) return exact;
  }
  const fitting = entries.filter(entry => entry.host.includes('*') && names.some(name => fitsHost(entry.host, name)));
  return fitting.toSorted((a, b) => wildcards(a) - wildcards(b))[0];
}

function wildcards({ host }: RegistryEntry): number {
  return host.split('*').length - 1;
}

interface Found {
  readonly file: File;
  readonly host: string;
  readonly entry: RegistryEntry | undefined;
  readonly blocked: boolean;
}

function hostSettings({ file, host, entry, blocked }: Found, trust: Trust): HostSettings {
  const { defaults = {} } = file;
  const endpoint = entry?.endpoint ?? (isHubHost(host) ? HUB_ENDPOINT : undefined);
  const headMode = entry?.headMode ?? defaults.headMode;
  return {
    ...(endpoint !== undefined && { endpoint }),
    plainHttp: entry?.plainHttp ?? false,
    insecureSkipVerify: entry?.insecureSkipVerify ?? false,
    allowCredentialsOverHttp: entry?.allowCredentialsOverHttp ?? false,
    ...mergePems([trust.entries.get(defaults), inFolder(trust, host, endpoint), entry && trust.entries.get(entry)]),
    ...(headMode !== undefined && { headMode }),
    allowH2: entry?.allowH2 ?? defaults.allowH2 ?? false,
    trustedRealmHosts: entry?.trustedRealmHosts ?? [],
    trustedRedirectHosts: entry?.trustedRedirectHosts ?? [],
    mirrors: (entry?.mirrors ?? []).map(mirrorSettings),
    mirrorOnly: entry?.mirrorOnly ?? (blocked && entry !== undefined && hasMirrors(entry)),
    rate: rateOf(file, host, entry, endpoint),
    listed: entry !== undefined,
  };
}

/** What the folder keeps of a host, under whatever it is called first (R5.17). */
function inFolder({ hosts }: Trust, host: string, endpoint: string | undefined): Pems | undefined {
  const names = [...namesOf(host), ...(endpoint === undefined ? [] : [new URL(endpoint).host])];
  return names.map(name => hosts.get(name)).find(pems => pems !== undefined);
}

/**
 * Pace is asked for by the host of a URL, too: one that is the endpoint of an entry goes at the entry's pace. The rate
 * of `defaults` is for hosts we know nothing about: it must not lift what Docker Hub is known to bear.
 */
function rateOf(
  file: File,
  host: string,
  entry: RegistryEntry | undefined,
  endpoint: string | undefined,
): HostSettings['rate'] {
  const connected = endpoint === undefined ? host : new URL(endpoint).host;
  const paced = entry ?? file.registries?.find(other => endpointHost(other) === connected);
  const base = wellKnownRate(connected) ?? { ...OTHER_RATE, ...file.defaults?.rate };
  return { ...base, ...paced?.rate };
}

function endpointHost({ endpoint }: RegistryEntry): string | undefined {
  return endpoint === undefined ? undefined : new URL(endpoint).host;
}

function hasMirrors({ mirrors }: RegistryEntry): boolean {
  return mirrors !== undefined && mirrors.length > 0;
}

function mirrorSettings(mirror: NonNullable<RegistryEntry['mirrors']>[number]): Mirror {
  return {
    prefix: mirror.prefix ?? '',
    host: mirror.host,
    pathPrefix: mirror.pathPrefix ?? mirror.prefix ?? '',
    resolveTags: mirror.resolveTags ?? false,
    insecure: mirror.insecure ?? false,
    credentialsFrom: mirror.credentialsFrom ?? 'mirror',
    proxy: mirror.proxy ?? false,
  };
}
