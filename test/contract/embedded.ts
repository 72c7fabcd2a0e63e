import { systemClock } from '../../src/clock.ts';
import { silentLogger } from '../../src/log.ts';
import { createObjects } from '../../src/standalone/api-objects.ts';
import { type ApiServer, type ApiServerParts, startApiServer } from '../../src/standalone/api-server.ts';
import { createAuthority, createServerCertificate } from '../../src/standalone/authority.ts';
import { createFirstObjects } from '../../src/standalone/first-objects.ts';
import { KINDS } from '../../src/standalone/kind-table.ts';
import { createSqliteStorage } from '../../src/standalone/sqlite-storage.ts';
import type { Storage } from '../../src/standalone/storage.ts';
import { type Address, type Api, connect } from './api.ts';

const authority = createAuthority('test authority', Date.now());
const serving = createServerCertificate(authority, ['127.0.0.1'], Date.now());

/** An embedded API server of a test's own. */
export interface Embedded extends Address {
  readonly server: ApiServer;
  readonly storage: Storage;
  readonly api: Api;
  /** JSON, as kubectl reads it. */
  readonly kubeconfig: string;
  close(): Promise<void>;
}

/** Starts one with what is there at first. Without a storage it keeps all in memory. */
export async function startEmbedded(parts: Partial<ApiServerParts> = {}): Promise<Embedded> {
  const { clock = systemClock, storage = createSqliteStorage(), kinds = KINDS, token = 'a-token' } = parts;
  const objects = parts.objects ?? createObjects({ storage, kinds, clock });
  await createFirstObjects(objects, kinds);
  const common = { storage, objects, kinds, token, clock, tls: serving, log: silentLogger };
  const server = await startApiServer({ ...common, ...parts });
  const address = { url: server.url, ca: authority.cert, token };
  const api = connect('embedded', address);
  return {
    ...address,
    server,
    storage,
    api,
    kubeconfig: kubeconfigOf(address),
    close: async () => {
      await api.close();
      await server.close();
      await storage.close();
    },
  };
}

function kubeconfigOf({ url, ca, token }: Address): string {
  const certificate = Buffer.from(ca).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'embedded',
    clusters: [{ name: 'embedded', cluster: { server: url, 'certificate-authority-data': certificate } }],
    users: [{ name: 'embedded', user: { token } }],
    contexts: [{ name: 'embedded', context: { cluster: 'embedded', user: 'embedded', namespace: 'demo' } }],
  });
}
