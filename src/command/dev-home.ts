import { randomBytes, X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority, type KeyPair } from '../standalone/authority.ts';
import { CommandFault, fileFault } from './fault.ts';
import { replaceFile } from './replace-file.ts';

/** Who a cluster is and who may use it. With the same one, the kubeconfig of an earlier run goes on to fit. */
export interface DevIdentity {
  /** Signs the certificate of its API server. */
  readonly authority: KeyPair;
  /** May do everything. */
  readonly token: string;
}

/** What a cluster of `dev` is made from. */
export interface DevHome {
  readonly identity: DevIdentity;
  /** Absent: objects are kept in memory. */
  readonly objectsFile?: string;
}

const IDENTITY = 'identity.json';
const OBJECTS = 'objects.db';

/** The home in a folder, made where there is none; without a folder, a new one in memory. Throws `CommandFault`. */
export async function openHome(folder: string | undefined, nowMs: number): Promise<DevHome> {
  if (folder === undefined) return { identity: newIdentity(nowMs) };
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileFault('write', folder, error);
  }
  const file = join(folder, IDENTITY);
  const known = await readIdentity(file);
  const identity = known ?? newIdentity(nowMs);
  if (known === undefined) await replaceFile(file, `${JSON.stringify(identity, null, 2)}\n`, 0o600);
  return { identity, objectsFile: join(folder, OBJECTS) };
}

function newIdentity(nowMs: number): DevIdentity {
  return {
    authority: createAuthority('imagestream-operator-dev', nowMs),
    token: randomBytes(32).toString('base64url'),
  };
}

async function readIdentity(file: string): Promise<DevIdentity | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw fileFault('read', file, error);
  }
  const identity = parsed(text);
  if (identity === undefined) {
    throw new CommandFault([`Cannot read "${file}": it holds no authority and token; remove it to have new ones made`]);
  }
  return identity;
}

function parsed(text: string): DevIdentity | undefined {
  try {
    const { authority, token } = JSON.parse(text) as DevIdentity;
    const hasToken = typeof token === 'string' && token !== '';
    const isUsable = hasToken && new X509Certificate(authority.cert).ca && authority.key.includes('PRIVATE KEY');
    return isUsable ? { authority, token } : undefined;
  } catch {
    return undefined;
  }
}
