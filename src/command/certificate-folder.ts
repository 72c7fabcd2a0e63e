import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hostOfTrustKey } from '../registry/host-names.ts';
import { checked, type Pems, readText } from './certificates.ts';
import { CommandFault, fileFault } from './fault.ts';

/**
 * Reads a folder that keeps certificates by host (R5.16), as container engines and OpenShift lay it out:
 *
 *   reg.example.com:5000/…    a folder: *.crt are authorities, *.cert and *.key the certificate that is shown
 *   reg.example.com..5000     a file, as a mounted ConfigMap has it: authorities
 *
 * The answer is by host in lower case. Throws `CommandFault` with the faults of all of them.
 */
export async function readCertificateFolder(folder: string): Promise<ReadonlyMap<string, Pems>> {
  const pems = new Map<string, Pems>();
  const faults: string[] = [];
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    try {
      const isFolder = (await stat(path)).isDirectory();
      const found = await checked(() => (isFolder ? readHostFolder(path) : readAuthorities([path])));
      pems.set(isFolder ? name.toLowerCase() : hostOfTrustKey(name), found);
    } catch (error) {
      const state = error instanceof CommandFault ? error : fileFault('read', path, error);
      faults.push(...state.lines.map(line => (line.includes(path) ? line : `${path}: ${line}`)));
    }
  }
  if (faults.length > 0) throw new CommandFault(faults);
  return pems;
}

async function readHostFolder(folder: string): Promise<Pems> {
  const names = await namesIn(folder);
  const ending = (end: string) => names.filter(name => name.endsWith(end)).map(name => join(folder, name));
  const authorities = await readAuthorities(ending('.crt'));
  const [[cert, ...otherCerts], [key, ...otherKeys]] = [ending('.cert'), ending('.key')];
  if (cert === undefined && key === undefined) return authorities;
  if (cert === undefined || key === undefined || otherCerts.length > 0 || otherKeys.length > 0) {
    throw new CommandFault(['expected one *.cert with one *.key at most']);
  }
  return { ...authorities, clientCert: { cert: await readText(cert), key: await readText(key) } };
}

async function readAuthorities(paths: readonly string[]): Promise<Pems> {
  const texts = await Promise.all(paths.map(readText));
  return texts.length === 0 ? {} : { ca: texts.join('\n') };
}

/** In order, without what a mount of a ConfigMap keeps for itself (`..data`). */
async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter(name => !name.startsWith('.')).sort();
  } catch (error) {
    throw fileFault('read', folder, error);
  }
}
