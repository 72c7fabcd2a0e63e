import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { TypedObject } from '../../src/api/meta.ts';
import type { Credentials, KubeConfig } from '../../src/kube/kubeconfig.ts';
import { objectKey, type Resource } from '../../src/kube/resource.ts';
import { type Fault, Faults } from './api-server-faults.ts';
import { ApiHandler } from './api-server-handler.ts';
import { FAKE_KINDS, type FakeKind } from './api-server-kinds.ts';
import { type CallMatcher, type HeardCall, matchesCall, readPlace, verbOf } from './api-server-request.ts';
import { parse, type Shelf, Store } from './api-server-store.ts';
import { Writes } from './api-server-writes.ts';
import type { KeyPair } from './tls.ts';

export type { Fault } from './api-server-faults.ts';
export type { FakeKind } from './api-server-kinds.ts';
export type { CallMatcher, HeardCall } from './api-server-request.ts';

export interface FakeApiServerOptions {
  /** Speaks TLS with this pair. With `clientCa` it asks for a certificate and tells its name in `clientName`. */
  readonly tls?: KeyPair & { readonly clientCa?: string };
  /** Authority of `tls`, for `config`. */
  readonly ca?: string;
  /** Requests must carry it; anybody may ask when absent. */
  readonly token?: string;
  /** Besides those of `FAKE_KINDS`. */
  readonly kinds?: readonly FakeKind[];
  /** For creation times; the machine's clock when absent. */
  readonly now?: () => number;
  /** Changes of a kind that a watch may resume over; 10,000 when absent. */
  readonly historyLimit?: number;
  /** Between bookmarks; 60 s when absent. */
  readonly bookmarkMs?: number;
  /** Whether requests are kept, for `requests()`, `heard()` and `count()` of a kind; true when absent. */
  readonly record?: boolean;
}

interface Named {
  readonly namespace?: string;
  readonly name: string;
}

/**
 * An API server over real HTTP on loopback, with its objects in memory: list with pages, get, create, update, merge
 * patch, delete, watch. It can be told what to hold, what to do wrong, and asked what it heard.
 */
export interface FakeApiServer {
  readonly url: string;
  /** To reach it with. */
  readonly config: KubeConfig;
  /** Connections accepted so far. */
  readonly connections: number;
  /** Of the latest write. */
  readonly version: number;
  /** Creates an object, or puts another state in its place, status included; tells watches. Returns it as stored. */
  put<T extends TypedObject>(resource: Resource, object: T): T;
  get<T extends TypedObject>(resource: Resource, name: Named): T | undefined;
  objects<T extends TypedObject>(resource: Resource): T[];
  remove(resource: Resource, name: Named): void;
  /** Requests of this kind so far, in order. */
  requests(what?: CallMatcher): HeardCall[];
  count(what?: CallMatcher): number;
  /** Resolves when so many requests of this kind have come. */
  heard(what: CallMatcher, times?: number): Promise<void>;
  /** Forgets requests, and nothing else. */
  forget(): void;
  /** Goes wrong for the next requests of this kind (once when absent). Returns what takes it back. */
  fail(what: CallMatcher, fault: Fault, times?: number): () => void;
  /** Watches that are open. */
  watches(resource?: Resource): number;
  /** Sends a bookmark to all watches that asked for them. */
  bookmark(): void;
  /** Forgets the past: versions and continue tokens that are out are too old. */
  compact(): void;
  /** Ends all watches in good order. */
  endWatches(): void;
  /** From now on requests must carry this one. */
  setToken(token: string): void;
  /** From now on new connections get this certificate. */
  setCertificate(pair: KeyPair): void;
  /** Resets all connections. */
  disconnect(): void;
  /** Resets all connections and refuses new ones, as after a SIGKILL. */
  stop(): Promise<void>;
  /** Listens again, at the same port, with the past forgotten, as a restarted one has it. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function startFakeApiServer(options: FakeApiServerOptions = {}): Promise<FakeApiServer> {
  const faults = new Faults();
  const calls: HeardCall[] = [];
  const waiting = new Set<() => void>();
  const open = new Set<Socket>();
  const numbers = new WeakMap<Socket, number>();
  let connections = 0;
  let heardTotal = 0;
  let token = options.token;

  const kinds = [...FAKE_KINDS, ...(options.kinds ?? [])];
  const store = new Store(kinds, options.historyLimit ?? 10_000, (shelf, change) => handler.tell(shelf, change));
  const writes = new Writes(store, options.now ?? Date.now);
  const handler = new ApiHandler(store, writes);

  const server: Server = options.tls === undefined ? createHttpServer() : createHttpsServer(tlsOptions(options.tls));
  server.keepAliveTimeout = 0;
  server.on('connection', socket => open.add(socket.on('close', () => open.delete(socket))));
  server.on(options.tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    connections += 1;
    numbers.set(socket, connections);
  });
  server.on('request', async (incoming: IncomingMessage, response: ServerResponse) => {
    response.on('error', () => {});
    const body = incoming.method === 'GET' ? '' : await readBody(incoming);
    const call = understand(incoming, body, numbers.get(incoming.socket) ?? 0);
    if (call === undefined)
      return handler.refuse(response, 404, 'NotFound', 'the server could not find the requested resource');
    heardTotal += 1;
    if (options.record !== false) calls.push(call);
    for (const look of waiting) look();
    if (token !== undefined && call.headers.authorization !== `Bearer ${token}`) {
      return handler.refuse(response, 401, 'Unauthorized', 'Unauthorized');
    }
    return handler.handle(call, body.length, response, faults.take(call));
  });
  const listen = (port: number) => new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const url = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  const bookmarks = setInterval(() => handler.bookmark(), options.bookmarkMs ?? 60_000).unref();

  const shelfOf = (resource: Resource): Shelf => {
    const shelf = store.shelf(resource);
    if (shelf === undefined) throw new Error(`the fake API server does not serve ${resource.plural}`);
    return shelf;
  };
  const count = (what: CallMatcher) => calls.filter(call => matchesCall(what, call)).length;
  const disconnect = () => {
    for (const socket of open) socket.resetAndDestroy();
  };
  const stop = async () => {
    await new Promise<void>(resolve => {
      server.close(() => resolve());
      disconnect();
    });
    // The last of a connection is told after its end.
    while (handler.watches(undefined) > 0) await setImmediate();
  };

  return {
    url,
    config: configOf(url, options),
    get connections() {
      return connections;
    },
    get version() {
      return store.version;
    },
    put: <T extends TypedObject>(resource: Resource, object: T) => parse(writes.put(shelfOf(resource), object)) as T,
    get: <T extends TypedObject>(resource: Resource, name: Named) => {
      const stored = shelfOf(resource).objects.get(objectKey(name));
      return stored === undefined ? undefined : (parse(stored) as T);
    },
    objects: <T extends TypedObject>(resource: Resource) =>
      shelfOf(resource)
        .sorted()
        .map(stored => parse(stored) as T),
    remove: (resource, name) => {
      const stored = shelfOf(resource).objects.get(objectKey(name));
      if (stored !== undefined) store.remove(shelfOf(resource), stored);
    },
    requests: (what = {}) => calls.filter(call => matchesCall(what, call)),
    count: what => (what === undefined ? heardTotal : count(what)),
    heard: (what, times = 1) =>
      new Promise(resolve => {
        const look = () => {
          if (count(what) < times) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    forget: () => {
      calls.length = 0;
      heardTotal = 0;
    },
    fail: (what, fault, times = 1) => faults.add(what, fault, times),
    watches: resource => handler.watches(resource === undefined ? undefined : shelfOf(resource)),
    bookmark: () => handler.bookmark(),
    compact: () => handler.compact(),
    endWatches: () => handler.endWatches(),
    setToken: next => {
      token = next;
    },
    setCertificate: pair => {
      (server as ReturnType<typeof createHttpsServer>).setSecureContext(pair);
    },
    disconnect,
    stop,
    start: async () => {
      handler.compact();
      await listen(port);
    },
    close: async () => {
      clearInterval(bookmarks);
      if (server.listening) await stop();
    },
  };
}

function understand(incoming: IncomingMessage, body: string, connection: number): HeardCall | undefined {
  const { method = 'GET', url = '/', headers, socket } = incoming;
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  const place = readPlace(path);
  if (place === undefined) return undefined;
  const query = mark === -1 ? {} : Object.fromEntries(new URLSearchParams(url.slice(mark + 1)));
  const { version: _version, ...where } = place;
  const clientName = nameOf(socket as TLSSocket);
  return {
    verb: verbOf(method, place.name, query['watch'] === 'true' || query['watch'] === '1'),
    ...where,
    method,
    path,
    query,
    headers,
    body: parsed(body),
    connection,
    ...(clientName === undefined ? {} : { clientName }),
  };
}

function nameOf(socket: TLSSocket): string | undefined {
  const name = (socket.getPeerCertificate?.() as Partial<PeerCertificate> | undefined)?.subject?.CN;
  return Array.isArray(name) ? name[0] : name;
}

function parsed(body: string): unknown {
  try {
    return body === '' ? undefined : JSON.parse(body);
  } catch {
    return undefined;
  }
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function tlsOptions({ key, cert, clientCa }: NonNullable<FakeApiServerOptions['tls']>) {
  return {
    key,
    cert,
    ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false }),
  };
}

function configOf(url: string, { ca, token }: FakeApiServerOptions): KubeConfig {
  const credentials: Credentials = {
    headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
    tls: { verify: true, ...(ca === undefined ? {} : { ca }) },
  };
  return { server: url, namespace: 'default', source: 'the fake API server', credentials: async () => credentials };
}
