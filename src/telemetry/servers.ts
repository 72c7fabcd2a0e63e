import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where to listen. Without a host, on every address of the machine; port 0 is any free one. */
export interface ServerAddress {
  readonly host?: string;
  readonly port: number;
}

export interface ServersParts {
  /** Of `/metrics`; undefined serves none. */
  readonly metricsAddress: ServerAddress | undefined;
  /** Of `/healthz` and `/readyz`; undefined serves none. May be the same. */
  readonly healthAddress: ServerAddress | undefined;
  readonly exposition: () => Promise<string>;
  /** Why not ready, one line each; empty when ready. */
  readonly ready: () => readonly string[];
}

export interface Servers {
  /** Those in force, where something is served. */
  readonly ports: { readonly metricsPort?: number; readonly healthPort?: number };
  /** Resolves when all connections are gone; may be called again. */
  close(): Promise<void>;
}

/** An address that cannot be listened on. The message is one line: which address, for what, why. */
export class ListenFault extends Error {
  override readonly name = 'ListenFault';
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
}
type Routes = Readonly<Record<string, () => Answer | Promise<Answer>>>;

/** The text format of Prometheus, as prom-client writes it. */
const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
/** Who asks is near and asks for little; whoever dawdles gives the connection back. */
const REQUEST_MS = 5_000;
const IDLE_MS = 10_000;
const CLOSE_MS = 1_000;
/** How often requests that take too long are looked for. Each look wakes a process that may have nothing else to do. */
const LOOK_MS = 30_000;
const MAX_CONNECTIONS = 512;

/** Serves metrics and probes. Throws `ListenFault` when an address cannot be had, and then listens nowhere. */
export async function startServers(parts: ServersParts): Promise<Servers> {
  const { metricsAddress, healthAddress } = parts;
  const metrics = metricsRoutes(parts);
  const health = healthRoutes(parts);
  const servers: Server[] = [];
  const serve = async (address: ServerAddress, routes: Routes, what: string) => {
    const server = await listen(address, routes, what);
    servers.push(server);
    return (server.address() as AddressInfo).port;
  };
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= Promise.all(servers.map(closeServer)).then(() => {});
    return closing;
  };
  try {
    if (metricsAddress !== undefined && isSame(metricsAddress, healthAddress)) {
      const port = await serve(metricsAddress, { ...metrics, ...health }, 'metrics and health');
      return { ports: { metricsPort: port, healthPort: port }, close };
    }
    const ports = {
      ...(metricsAddress && { metricsPort: await serve(metricsAddress, metrics, 'metrics') }),
      ...(healthAddress && { healthPort: await serve(healthAddress, health, 'health') }),
    };
    return { ports, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function isSame(one: ServerAddress, other: ServerAddress | undefined): boolean {
  return one.host === other?.host && one.port === other?.port;
}

function metricsRoutes({ exposition }: ServersParts): Routes {
  return {
    '/metrics': async () => ({ status: 200, body: await exposition(), contentType: EXPOSITION_TYPE }),
  };
}

function healthRoutes({ ready }: ServersParts): Routes {
  return {
    // Alive as long as it answers. Without the API server it must not be restarted: it would only be worse off.
    '/healthz': () => ({ status: 200, body: 'ok\n' }),
    '/readyz': () => {
      const reasons = ready();
      if (reasons.length === 0) return { status: 200, body: 'ready\n' };
      return { status: 503, body: `not ready:\n${reasons.map(reason => `- ${reason}\n`).join('')}` };
    },
  };
}

function listen(address: ServerAddress, routes: Routes, what: string): Promise<Server> {
  const server = createServer(
    {
      requestTimeout: REQUEST_MS,
      headersTimeout: REQUEST_MS,
      keepAliveTimeout: REQUEST_MS,
      connectionsCheckingInterval: LOOK_MS,
      maxHeaderSize: 8_192,
    },
    (request, response) => void respond(request, response, routes),
  );
  server.timeout = IDLE_MS;
  server.maxConnections = MAX_CONNECTIONS;
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenFault(address, what, error)));
    server.listen(address.port, address.host, () => {
      server.removeAllListeners('error');
      // Of single connections that could not be accepted: the next may be.
      server.on('error', () => {});
      resolve(server);
    });
  });
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'it is taken',
  EACCES: 'this needs more rights',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such host',
};

function listenFault({ host = '', port }: ServerAddress, what: string, error: NodeJS.ErrnoException): ListenFault {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const code = error.code ?? 'unknown';
  return new ListenFault(`Cannot serve ${what} at "${address}": ${WHY[code] ?? code}`, { cause: error });
}

async function respond(request: IncomingMessage, response: ServerResponse, routes: Routes): Promise<void> {
  const answer = await answerTo(request, routes);
  if (response.destroyed) return;
  response.writeHead(answer.status, {
    'content-type': answer.contentType ?? 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(answer.body),
    'cache-control': 'no-store',
    // A body that nobody reads would be taken for the next request.
    ...(answer.status === 405 && { allow: 'GET, HEAD', connection: 'close' }),
  });
  // To HEAD, Node sends the headers alone.
  response.end(answer.body);
}

async function answerTo({ url = '', method }: IncomingMessage, routes: Routes): Promise<Answer> {
  const [path = ''] = url.split('?');
  const route = routes[path];
  if (route === undefined) return { status: 404, body: `expected ${Object.keys(routes).join(' or ')}\n` };
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: 'expected GET or HEAD\n' };
  try {
    return await route();
  } catch {
    return { status: 500, body: 'this could not be told\n' };
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise(resolve => {
    // An answer under way may finish, but a reader that dawdles does not hold the end up.
    const late = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
    server.close(() => {
      clearTimeout(late);
      resolve();
    });
  });
}
