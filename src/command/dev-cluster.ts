import { networkInterfaces } from 'node:os';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { createObjects } from '../standalone/api-objects.ts';
import { type ApiServer, startApiServer } from '../standalone/api-server.ts';
import { createServerCertificate } from '../standalone/authority.ts';
import { createFirstObjects } from '../standalone/first-objects.ts';
import { KINDS } from '../standalone/kind-table.ts';
import type { Objects } from '../standalone/objects.ts';
import { StorageFault } from '../standalone/sqlite-file.ts';
import { createSqliteStorage } from '../standalone/sqlite-storage.ts';
import type { Storage } from '../standalone/storage.ts';
import type { DevHome } from './dev-home.ts';
import type { Access } from './dev-kubeconfig.ts';
import { listenAt, type PortWish } from './dev-ports.ts';
import { CommandFault } from './fault.ts';

export interface DevClusterParts {
  readonly home: DevHome;
  /** IP address to listen at. */
  readonly address: string;
  readonly port: PortWish;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The embedded API server and what it keeps. */
export interface DevCluster {
  readonly access: Access;
  readonly objects: Objects;
  /** Whether its usual port was somebody else's. */
  readonly movedAside: boolean;
  close(): Promise<void>;
}

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

/** Throws `CommandFault` for a port or a file that cannot be had. */
export async function startCluster({ home, address, port, clock, log }: DevClusterParts): Promise<DevCluster> {
  const { authority, token } = home.identity;
  const storage = openStorage(home.objectsFile);
  try {
    const objects = createObjects({ storage, kinds: KINDS, clock });
    await createFirstObjects(objects, KINDS);
    const tls = createServerCertificate(authority, namesOf(address), clock.now());
    const parts = { storage, objects, kinds: KINDS, tls, token, host: address, clock, log };
    const { server, movedAside } = await listenAt(port, number => startApiServer({ ...parts, port: number }));
    const access = { url: urlOf(address, server.port), ca: authority.cert, token };
    return { access, objects, movedAside, close: () => closeBoth(server, storage) };
  } catch (error) {
    await storage.close();
    throw error;
  }
}

function openStorage(file: string | undefined): Storage {
  try {
    return createSqliteStorage(file === undefined ? {} : { file });
  } catch (error) {
    if (error instanceof StorageFault) throw new CommandFault([error.message]);
    throw error;
  }
}

async function closeBoth(server: ApiServer, storage: Storage): Promise<void> {
  await server.close();
  await storage.close();
}

/** Names and addresses that the server is reached by. */
function namesOf(address: string): readonly string[] {
  if (!isEverywhere(address)) return [...new Set([address, ...LOOPBACK])];
  const own = Object.values(networkInterfaces()).flatMap(all => (all ?? []).map(one => one.address));
  // Link-local addresses have a zone, which no certificate can name.
  return [...new Set([...LOOPBACK, ...own.filter(one => !/%|^fe80:/i.test(one))])];
}

/** For this machine, whoever else may come in. */
function urlOf(address: string, port: number): string {
  const host = isEverywhere(address) ? (address.includes(':') ? '::1' : '127.0.0.1') : address;
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function isEverywhere(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}
