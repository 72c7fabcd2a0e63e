import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, isIP, type Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { KeyPair } from './authority.ts';
import { badRequest } from './faults.ts';
import { readAddress } from './http/address.ts';
import { type Answer, type Stream, send, statusAnswer } from './http/answer.ts';
import { Discovery } from './http/discovery.ts';
import { OpenApi } from './http/openapi.ts';
import { Places } from './http/places.ts';
import { probeAnswer } from './http/probes.ts';
import { internalError, methodNotAllowed, misdirected, noSuchPath, unauthorized } from './http/refusals.ts';
import { type Request, requestOf } from './http/request.ts';
import { Resources } from './http/resources.ts';
import { QUESTIONS, reviewAnswer } from './http/reviews.ts';
import { Watches } from './http/watches.ts';
import type { Kind } from './kinds.ts';
import { ApiFault, type Objects } from './objects.ts';
import type { Storage } from './storage.ts';

export interface ApiServerParts {
  readonly storage: Storage;
  readonly objects: Objects;
  readonly kinds: readonly Kind[];
  readonly tls: KeyPair;
  /** Whoever has it may do everything; whoever has not, may ask for health and version. */
  readonly token: string;
  /** Absent: 127.0.0.1. */
  readonly host?: string;
  /** Absent or 0: any that is free. */
  readonly port?: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long a client may take over a request, or leave an answer unread; absent: a minute. */
  readonly patienceMs?: number;
  /** From one bookmark of a watch to the next; absent: a minute, as on a cluster. */
  readonly bookmarkMs?: number;
  readonly random?: () => number;
}

/** A kube-style API server that listens. */
export interface ApiServer {
  readonly url: string;
  readonly port: number;
  /** Watches that are open. */
  readonly watches: number;
  /** Ends watches, lets answers under way finish, and resolves when all connections are gone. */
  close(): Promise<void>;
}

const MINUTE_MS = 60_000;
const LOOPBACK = '127.0.0.1';
/** Whoever dawdles over a request, a handshake or an answer gives the connection back. */
const HEAD_MS = 10_000;
const CLOSE_MS = 2_000;
const MAX_CONNECTIONS = 4_096;

/** Rejects when the address cannot be had. */
export async function startApiServer(parts: ApiServerParts): Promise<ApiServer> {
  const { host = LOOPBACK, port = 0, patienceMs = MINUTE_MS, tls } = parts;
  const server = createServer({
    key: tls.key,
    cert: tls.cert,
    handshakeTimeout: HEAD_MS,
    headersTimeout: Math.min(HEAD_MS, patienceMs),
    requestTimeout: patienceMs,
    keepAliveTimeout: MINUTE_MS,
    ALPNProtocols: ['http/1.1'],
  });
  server.timeout = patienceMs;
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return new ListeningServer(parts, server, host);
}

class ListeningServer implements ApiServer {
  readonly url: string;
  readonly port: number;
  readonly #parts: ApiServerParts;
  readonly #server: Server;
  readonly #address: string;
  readonly #isLoopback: boolean;
  readonly #watches: Watches;
  readonly #places: Places;
  readonly #discovery: Discovery;
  readonly #openApi: OpenApi;
  readonly #resources: Resources;
  #closing: Promise<void> | undefined;

  constructor(parts: ApiServerParts, server: Server, host: string) {
    const { storage, objects, kinds, clock, random = Math.random } = parts;
    const { bookmarkMs = MINUTE_MS, patienceMs = MINUTE_MS } = parts;
    this.#parts = parts;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.#address = `${isIP(host) === 6 ? `[${host}]` : host}:${this.port}`;
    this.url = `https://${this.#address}`;
    this.#isLoopback = isLoopback(host);
    this.#watches = new Watches({ clock, bookmarkMs, patienceMs, random });
    this.#places = new Places(kinds);
    this.#discovery = new Discovery(kinds, QUESTIONS);
    this.#openApi = new OpenApi(kinds);
    this.#resources = new Resources({ storage, objects, watches: this.#watches, clock });
    // Of single connections: the next may be better.
    server.on('error', () => {});
    server.on('timeout', socket => this.#giveUp(socket));
    server.on('request', (incoming, response) => void this.#respond(incoming, response));
  }

  get watches(): number {
    return this.#watches.size;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const closed = new AbortController();
    const late = this.#parts.clock.sleep(CLOSE_MS, closed.signal);
    late.then(
      () => this.#server.closeAllConnections(),
      () => {},
    );
    await new Promise<void>(resolve => {
      this.#server.close(() => resolve());
      this.#watches.close();
    });
    closed.abort();
  }

  async #respond(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {});
    incoming.on('error', () => {});
    try {
      const answer = await this.#answer(incoming).catch((error: unknown) => this.#refuse(error, incoming));
      if ('run' in answer) await answer.run(response);
      else await send(response, answer);
    } catch (error) {
      this.#refuse(error, incoming);
      response.destroy();
    } finally {
      // Nobody is to ask anything more over this connection.
      if (this.#closing !== undefined) incoming.socket.destroySoon();
    }
  }

  async #answer(incoming: IncomingMessage): Promise<Answer | Stream> {
    const { headers, url = '' } = incoming;
    if (this.#isLoopback && !namesLoopback(headers.host)) throw misdirected();
    const address = readAddress(url);
    if (address === undefined) throw badRequest('the path of the request cannot be read');
    const request = requestOf(incoming, address);
    const authorized = this.#isAuthorized(headers.authorization);
    if (!authorized && headers.authorization !== undefined) throw unauthorized();
    const probe = probeAnswer(request);
    if (probe !== undefined) return probe;
    if (!authorized) throw unauthorized();
    return this.#route(request);
  }

  async #route(request: Request): Promise<Answer | Stream> {
    const told = this.#discovery.answer(request, this.#address) ?? this.#openApi.answer(request);
    if (told !== undefined) {
      if (request.method !== 'GET') throw methodNotAllowed();
      return told;
    }
    const reviewed = await reviewAnswer(request);
    if (reviewed !== undefined) return reviewed;
    const place = this.#places.find(request.segments);
    if (place === undefined) throw noSuchPath();
    return this.#resources.answer(request, place);
  }

  /** Neither side has said anything for long: an answer that nobody reads is not kept. */
  #giveUp(socket: Socket): void {
    this.#parts.log.debug({}, 'A client has not read on; its connection ends');
    socket.destroy();
  }

  #isAuthorized(authorization: string | undefined): boolean {
    const [, token] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
    // Hashes are of one length, and comparing them tells nothing of how much was right.
    return token !== undefined && timingSafeEqual(hash(token), hash(this.#parts.token));
  }

  #refuse(error: unknown, { method, url = '', socket }: IncomingMessage): Answer {
    if (error instanceof ApiFault) return statusAnswer(error.status);
    const [path] = url.split('?');
    const text = Error.isError(error) ? error.message : String(error);
    // A client that goes away in the middle is no fault of anybody's.
    if (!socket.destroyed) this.#parts.log.error({ method, path, error: text }, 'The API server could not answer');
    return statusAnswer(internalError(text).status);
  }
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** A web page may have a name of its own point to loopback; the Host header then says that name. */
function namesLoopback(header: string | undefined): boolean {
  const host = (header ?? '')
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
  return isLoopback(host);
}
