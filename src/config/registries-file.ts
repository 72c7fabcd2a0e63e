import { BlockList, isIP } from 'node:net';
import { checkSchema, type SchemaFault } from '../api/validate.ts';
import { type RegistriesFile, type RegistryEntry, registriesSchema } from './registries-schema.ts';
import { readYaml, type YamlDocument, YamlFault } from './yaml.ts';

/** A registries file that cannot be used. Each fault is one line with its place: `registries.yaml:4:5: registries[0]…`. */
export class RegistriesFault extends Error {
  override readonly name = 'RegistriesFault';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.faults = faults;
  }
}

/** The keys that lead to a value, and what is wrong with it. */
interface Fault {
  readonly keys: readonly (string | number)[];
  readonly text: string;
}

/**
 * Reads a registries file; `source` is how it is called in messages. Files it names are not read. All faults are
 * reported together, as a `RegistriesFault`.
 */
export function readRegistriesFile(text: string, source: string): RegistriesFile {
  const document = parse(text, source);
  const schemaFaults = checkSchema(registriesSchema, document.value, '');
  if (schemaFaults.length > 0) {
    throw new RegistriesFault(schemaFaults.map(fault => `${document.position(keysOf(fault.path))}: ${told(fault)}`));
  }
  const file = document.value as RegistriesFile;
  const faults = [...fileFaults(file)];
  if (faults.length > 0) {
    throw new RegistriesFault(
      faults.map(({ keys, text: state }) => `${document.position(keys)}: ${pathOf(keys)}: ${state}`),
    );
  }
  return file;
}

function parse(text: string, source: string): YamlDocument {
  try {
    return readYaml(text, source);
  } catch (error) {
    if (error instanceof YamlFault) throw new RegistriesFault([error.message]);
    throw error;
  }
}

/** What the schema cannot say. */
function* fileFaults(file: RegistriesFile): Iterable<Fault> {
  yield* caFaults(file.defaults ?? {}, ['defaults']);
  const seen = new Set<string>();
  for (const [index, entry] of (file.registries ?? []).entries()) {
    const keys = ['registries', index] as const;
    const host = entry.host.toLowerCase();
    if (seen.has(host))
      yield { keys: [...keys, 'host'], text: `${quoted(entry.host)}: there is an entry of this host already` };
    seen.add(host);
    yield* entryFaults(entry, keys);
  }
  for (const [index, { domainName }] of (file.allowed ?? []).entries()) {
    if (domainName.split(':').length > 2) {
      const text = `failed to parse allowed registry ${quoted(domainName)}: too many colons`;
      yield { keys: ['allowed', index, 'domainName'], text };
    }
  }
  // An entry with a path or a wildcard would block nothing (import-semantics 9), and nobody would notice.
  for (const [index, host] of (file.blocked ?? []).entries()) yield* hostFaults(host, ['blocked', index], false);
  for (const name of ['podCIDRs', 'serviceCIDRs'] as const) {
    for (const [index, cidr] of (file[name] ?? []).entries()) {
      if (!isCidr(cidr)) yield { keys: [name, index], text: `${quoted(cidr)}: expected a network, such as 10.0.0.0/8` };
    }
  }
}

function* entryFaults(entry: RegistryEntry, keys: readonly (string | number)[]): Iterable<Fault> {
  yield* hostFaults(entry.host, [...keys, 'host'], true);
  yield* caFaults(entry, keys);
  if (entry.endpoint !== undefined) yield* endpointFaults(entry, entry.endpoint, [...keys, 'endpoint']);
  for (const name of ['trustedRealmHosts', 'trustedRedirectHosts'] as const) {
    for (const [index, host] of (entry[name] ?? []).entries()) yield* hostFaults(host, [...keys, name, index], false);
  }
  const mirrors = entry.mirrors ?? [];
  if (entry.mirrorOnly && mirrors.length === 0)
    yield { keys: [...keys, 'mirrorOnly'], text: 'true: there is no mirror' };
  for (const [index, mirror] of mirrors.entries()) {
    const at = [...keys, 'mirrors', index];
    yield* hostFaults(mirror.host, [...at, 'host'], false);
    for (const name of ['prefix', 'pathPrefix'] as const) {
      const path = mirror[name] ?? '';
      if (path !== '' && !PATH.test(path)) {
        yield { keys: [...at, name], text: `${quoted(path)}: expected a repository path, such as acme/app` };
      }
    }
  }
}

function* caFaults(entry: { readonly ca?: string; readonly caFile?: string }, keys: readonly (string | number)[]) {
  if (entry.ca !== undefined && entry.caFile !== undefined) {
    yield { keys: [...keys, 'caFile'], text: 'expected either ca or caFile, not both' };
  }
}

function* endpointFaults(entry: RegistryEntry, endpoint: string, keys: readonly (string | number)[]): Iterable<Fault> {
  const url = URL.parse(endpoint);
  if (url === null || !['http:', 'https:'].includes(url.protocol) || `${url.origin}/` !== url.href) {
    yield {
      keys,
      text: `${quoted(endpoint)}: expected scheme, host and port alone, such as https://registry.example.com:5000`,
    };
  } else if (entry.host.includes('*')) {
    yield { keys, text: `${quoted(endpoint)}: an entry for several hosts cannot have one endpoint` };
  } else if ((url.protocol === 'http:') !== (entry.plainHttp ?? false)) {
    yield {
      keys,
      text: `${quoted(endpoint)}: expected ${entry.plainHttp ? 'http, as plainHttp says' : 'https, or plainHttp: true'}`,
    };
  }
}

const PATH = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/;
const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/;

function* hostFaults(host: string, keys: readonly (string | number)[], wildcards: boolean): Iterable<Fault> {
  const expected = wildcards ? 'host or host:port, where a whole label may be *' : 'host or host:port';
  if (!isHost(host, wildcards)) yield { keys, text: `${quoted(host)}: expected ${expected}` };
}

function isHost(text: string, wildcards: boolean): boolean {
  const [, name = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return false;
  if (name.startsWith('[')) return isIP(name.slice(1, -1)) === 6;
  return name.split('.').every(label => LABEL.test(label) || (wildcards && label === '*'));
}

function isCidr(text: string): boolean {
  const [, address = '', prefix = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIP(address);
  if (family === 0) return false;
  try {
    new BlockList().addSubnet(address, Number(prefix), family === 6 ? 'ipv6' : 'ipv4');
    return true;
  } catch {
    return false;
  }
}

function told({ path, kind, message }: SchemaFault): string {
  return kind === 'unknownField' || path === '' ? message : `${path}: ${message}`;
}

function pathOf(keys: readonly (string | number)[]): string {
  return keys.reduce<string>((path, key) => {
    if (typeof key === 'number') return `${path}[${key}]`;
    return path === '' ? key : `${path}.${key}`;
  }, '');
}

/** The keys of `registries[0].rate.burst`. A key with a dot in it is none of ours: its place is the value around it. */
function keysOf(path: string): (string | number)[] {
  return [...path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map(([, name = '', index]) =>
    index === undefined ? name : Number(index),
  );
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
