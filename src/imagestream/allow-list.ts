import { quote } from '../api/errors.ts';
import { isHubHost, type Reference, registryHostPort } from '../reference/reference.ts';
import { fitsWildcard } from './wildcard.ts';

/** A registry that may be imported from, as configured. */
export interface AllowedRegistry {
  /** `host[:port]`; both may contain `*` and `?`. The port is 443 unless told, or 80 when `insecure`. */
  readonly domainName: string;
  readonly insecure?: boolean;
}

/** How a registry may be spoken to: `any` when an insecure import was asked for. It decides which port is implied. */
export type Transport = 'secure' | 'insecure' | 'any';

/** Registries that may be imported from (api-types 8). An empty list allows none; having no list allows all. */
export interface AllowList {
  /** Why this host (`host[:port]`), or the registry of this reference, is refused; undefined when it is allowed. */
  check(target: string | Reference, transport: Transport): string | undefined;
}

interface Entry {
  readonly host: string;
  readonly port: string;
}

/** A refusal names at most this many entries. */
const SHOWN = 5;

/**
 * Reads the configured entries. The host of an integrated registry, where there is one, is for the caller to add.
 * @throws {RangeError} when an entry has more than one colon
 */
export function parseAllowList(entries: readonly AllowedRegistry[]): AllowList {
  const parsed = entries.map(parseEntry);
  return {
    check(target, transport) {
      const host = typeof target === 'string' ? target : hostOf(target, transport);
      return aliases(host).some(alias => isAllowed(parsed, alias, transport)) ? undefined : refusal(parsed, host);
    },
  };
}

function parseEntry({ domainName, insecure = false }: AllowedRegistry): Entry {
  const [host = '', port = insecure ? '80' : '443', ...more] = domainName.split(':');
  if (more.length > 0) throw new RangeError(`failed to parse allowed registry ${quote(domainName)}: too many colons`);
  return { host, port };
}

/** The registry as it was written; an implied one is told with its port. */
function hostOf(reference: Reference, transport: Transport): string {
  return reference.registry || registryHostPort(reference, transport === 'insecure');
}

/** Docker Hub has several names, and a list says `docker.io`. */
function aliases(hostPort: string): readonly string[] {
  const { host, port } = split(hostPort);
  if (!isHubHost(host)) return [hostPort];
  return [hostPort, port === undefined ? 'docker.io' : `docker.io:${port}`];
}

function isAllowed(entries: readonly Entry[], hostPort: string, transport: Transport): boolean {
  const { host, port } = split(hostPort);
  return entries.some(entry => fitsWildcard(entry.host, host) && portFits(entry.port, port, transport));
}

function portFits(allowed: string, port: string | undefined, transport: Transport): boolean {
  if (port !== undefined) return fitsWildcard(allowed, port);
  if (transport === 'any') return ['443', '80', '*'].includes(allowed);
  return fitsWildcard(allowed, transport === 'insecure' ? '80' : '443');
}

function refusal(entries: readonly Entry[], host: string): string {
  const refused = `registry ${quote(host)} not allowed by`;
  if (entries.length === 0) return `${refused} empty whitelist`;
  const names = entries.map(entry => quote(`${entry.host}:${entry.port}`));
  if (names.length <= SHOWN) return `${refused} whitelist: ${names.join(', ')}`;
  const shown = names.slice(0, SHOWN - 1);
  return `${refused} whitelist: ${shown.join(', ')}, and ${names.length - shown.length} more ...`;
}

function split(hostPort: string): { readonly host: string; readonly port: string | undefined } {
  const colon = hostPort.lastIndexOf(':');
  return colon < 0
    ? { host: hostPort, port: undefined }
    : { host: hostPort.slice(0, colon), port: hostPort.slice(colon + 1) };
}
