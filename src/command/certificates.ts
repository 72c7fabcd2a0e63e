import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { RegistryDefaults, RegistryEntry } from '../config/registries-schema.ts';
import type { HostSettings } from '../registry/settings.ts';
import { CommandFault, fileFault } from './fault.ts';

/** What one source says of the certificates of a host, as PEM texts. */
export type Pems = Pick<HostSettings, 'ca' | 'clientCert'>;

/** Reads what an entry of the registries file names; files are looked for in `folder`. Throws `CommandFault`. */
export function readEntryPems(entry: RegistryDefaults | RegistryEntry, folder: string): Promise<Pems> {
  const read = (name: string) => readText(resolve(folder, name));
  return checked(async () => {
    const ca = entry.caFile === undefined ? entry.ca : await read(entry.caFile);
    const named = 'clientCert' in entry ? entry.clientCert : undefined;
    const clientCert = named && { cert: await read(named.certFile), key: await read(named.keyFile) };
    return { ...(ca !== undefined && { ca }), ...(clientCert && { clientCert }) };
  });
}

/** The PEM texts that `read` finds, which Node can use. Throws `CommandFault`. */
export async function checked(read: () => Promise<Pems>): Promise<Pems> {
  const pems = await read();
  try {
    if (pems.ca !== undefined) checkAuthorities(pems.ca);
    if (pems.clientCert !== undefined) createSecureContext(pems.clientCert);
  } catch {
    throw new CommandFault(['expected certificates and keys in PEM']);
  }
  return pems;
}

/** Authorities that were found good: files are looked at twice a minute, seldom change, and may hold all there are. */
const GOOD = new Set<string>();
const MAX_GOOD = 100;

function checkAuthorities(pem: string): void {
  if (GOOD.has(pem)) return;
  checkCertificates(pem);
  if (GOOD.size >= MAX_GOOD) GOOD.clear();
  GOOD.add(pem);
}

// A TLS context takes whatever it is given as `ca` and leaves out what it cannot read: that would be noticed late.
function checkCertificates(pem: string): void {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  if (blocks === null) throw new TypeError('no certificate');
  for (const block of blocks) new X509Certificate(block);
}

/** What several sources say of one host (R5.16): all their authorities, and the client certificate of the last that has one. */
export function mergePems(sources: readonly (Pems | undefined)[]): Pems {
  const cas = sources.flatMap(source => source?.ca ?? []);
  const clientCert = sources.findLast(source => source?.clientCert !== undefined)?.clientCert;
  return { ...(cas.length > 0 && { ca: cas.join('\n') }), ...(clientCert && { clientCert }) };
}

export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw fileFault('read', path, error);
  }
}
