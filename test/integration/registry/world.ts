import type { Dial } from '../../../src/registry/agents.ts';
import type { Lookup } from '../../../src/registry/guarded-lookup.ts';
import type { HostSettings, RegistrySettings } from '../../../src/registry/settings.ts';
import { type FakeServer, startFakeServer } from '../../fake/http-server.ts';
import { type FakeRegistry, type FakeRegistryOptions, startFakeRegistry } from '../../fake/registry.ts';
import { keyPair, testCa } from '../../fake/tls.ts';
import { type Bench, clientOf, closeLater } from './bench.ts';

/** Public, and no registry of ours. */
export const PUBLIC = '93.184.216.34';
export const ELSEWHERE = '93.184.216.35';

/** Names and addresses as they might be anywhere, played by servers on loopback that speak TLS. */
export interface World {
  /** What a name resolves to; a function is asked at every look-up. */
  readonly addresses: Record<string, readonly string[] | (() => readonly string[])>;
  /** Every address and port that was connected to: `93.184.216.34:443`. */
  readonly dialled: string[];
  /** A server at `address:port`. */
  server(at: string, answer?: Parameters<typeof startFakeServer>[1]): Promise<FakeServer>;
  registry(at: string, options?: FakeRegistryOptions): Promise<FakeRegistry>;
  client(
    hosts?: Readonly<Record<string, Partial<HostSettings>>>,
    settings?: Partial<RegistrySettings>,
  ): Pick<Bench, 'client' | 'clock' | 'lanes' | 'heard'>;
}

export function world(): World {
  const ports = new Map<string, number>();
  const addresses: World['addresses'] = {};
  const dialled: string[] = [];
  const lookup: Lookup = async hostname => {
    const found = addresses[hostname];
    if (found === undefined) throw Object.assign(new Error('no such host'), { code: 'ENOTFOUND' });
    const list = typeof found === 'function' ? found() : found;
    return list.map(address => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  const dial: Dial = ({ address, port }) => {
    const at = `${address}:${port}`;
    dialled.push(at);
    // Port 9 of loopback is where nobody listens: a connection that no test server plays is refused.
    return { address: '127.0.0.1', port: ports.get(at) ?? 9 };
  };
  const tls = keyPair('server');
  return {
    addresses,
    dialled,
    server: async (at, answer = (_request, response) => void response.writeHead(404).end()) => {
      const server = closeLater(await startFakeServer({ tls }, answer));
      ports.set(at, server.port);
      return server;
    },
    registry: async (at, options = {}) => {
      const registry = closeLater(await startFakeRegistry({ tls, ...options }));
      ports.set(at, registry.port);
      return registry;
    },
    client: (hosts = {}, settings = {}) => {
      // Everybody trusts the test authority, so that certificates decide nothing here.
      const all = new Proxy(hosts, { get: (known, name: string) => ({ ca: testCa, listed: false, ...known[name] }) });
      return clientOf(all, { loopback: 'listedHosts', ...settings }, { lookup, dial });
    },
  };
}
