import {
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type Answer, send } from './answers.ts';

/** One request as it arrived. */
export interface HeardRequest {
  readonly method: string;
  /** Path as sent, without query. */
  readonly path: string;
  /** Query as sent, without the question mark; "" when there was none. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Number of the connection it came over, from 1. */
  readonly connection: number;
  /** When it had arrived, epoch milliseconds. */
  readonly atMs: number;
}

export interface Matcher {
  /** Any method when absent. */
  readonly method?: string;
  /** Exact path, or a pattern; any path when absent. */
  readonly path?: string | RegExp;
  /** Value of the Host header, for one server that plays several hosts. */
  readonly host?: string;
  /** How often it answers before it steps aside; always when absent. */
  readonly times?: number;
}

export interface ServerOptions {
  /** PEM key and certificate: the server then speaks TLS only. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Address to listen on; 127.0.0.1 when absent. */
  readonly address?: string;
}

/** An HTTP server on loopback that can be told what to answer and asked what it heard. */
export interface FakeServer {
  /** `127.0.0.1:34567`. */
  readonly host: string;
  readonly port: number;
  /** Origin: `http://127.0.0.1:34567`. */
  readonly url: string;
  /** Everything heard so far, in order. */
  readonly requests: readonly HeardRequest[];
  /** Connections accepted so far. */
  readonly connections: number;
  /** Those that are open now: this side ends none, however long it is idle. */
  readonly openConnections: number;
  /** How many requests of this kind were heard. */
  count(what?: Omit<Matcher, 'times'>): number;
  /** Answers requests of this kind so; the newest script goes first. Returns what removes it. */
  on(what: Matcher, answer: Answer): () => void;
  /** Forgets what was heard, keeps scripts and content. */
  forget(): void;
  close(): Promise<void>;
}

interface Script {
  readonly what: Matcher;
  readonly answer: Answer;
  left: number;
}

/** Starts a server that answers with `otherwise` what no script answers. */
export async function startFakeServer(
  options: ServerOptions,
  otherwise: (request: HeardRequest, response: ServerResponse) => void | Promise<void>,
): Promise<FakeServer> {
  const requests: HeardRequest[] = [];
  const scripts: Script[] = [];
  const numbers = new WeakMap<Socket, number>();
  const open = new Set<Socket>();
  /** Those below TLS, by the port they come from. */
  const raw = new Map<number | undefined, Socket>();
  let connections = 0;

  const server: Server = options.tls === undefined ? createHttpServer() : createHttpsServer({ ...options.tls });
  server.keepAliveTimeout = 0;
  server.on('connection', (socket: Socket) => {
    const { remotePort } = socket;
    open.add(socket);
    raw.set(remotePort, socket);
    socket.on('close', () => {
      open.delete(socket);
      if (raw.get(remotePort) === socket) raw.delete(remotePort);
    });
  });
  server.on(options.tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    connections += 1;
    numbers.set(socket, connections);
    const below = raw.get(socket.remotePort);
    // Only TCP knows RST: Node refuses to send one for a socket of TLS.
    if (below !== undefined && below !== socket) socket.resetAndDestroy = () => reset(below, socket);
  });
  server.on('request', async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const [path = '', ...query] = (incoming.url ?? '').split('?');
    const request: HeardRequest = {
      method: incoming.method ?? '',
      path,
      query: query.join('?'),
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString(),
      connection: numbers.get(incoming.socket) ?? 0,
      atMs: Date.now(),
    };
    requests.push(request);
    const script = scripts.find(({ what, left }) => left > 0 && matches(what, request));
    if (script === undefined) return otherwise(request, response);
    script.left -= 1;
    return send(script.answer, request, response);
  });
  await new Promise<void>(resolve => server.listen(0, options.address ?? '127.0.0.1', resolve));

  const { address, family, port } = server.address() as AddressInfo;
  const host = `${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  return {
    host,
    port,
    url: `${options.tls === undefined ? 'http' : 'https'}://${host}`,
    requests,
    get connections() {
      return connections;
    },
    get openConnections() {
      return open.size;
    },
    count: (what = {}) => requests.filter(request => matches(what, request)).length,
    on: (what, answer) => {
      const script = { what, answer, left: what.times ?? Number.POSITIVE_INFINITY };
      scripts.unshift(script);
      return () => {
        script.left = 0;
      };
    },
    forget: () => {
      requests.length = 0;
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

function reset(below: Socket, socket: Socket): Socket {
  below.resetAndDestroy();
  return socket.destroy();
}

function matches(what: Omit<Matcher, 'times'>, request: HeardRequest): boolean {
  if (what.method !== undefined && what.method !== request.method) return false;
  if (what.host !== undefined && what.host !== request.headers.host) return false;
  if (what.path === undefined) return true;
  return typeof what.path === 'string' ? what.path === request.path : what.path.test(request.path);
}
