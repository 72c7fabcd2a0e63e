import type { OnReadOpts, Socket } from 'node:net';
import { type buildConnector, errors } from 'undici';
import { type AnswerHead, AnswerReader } from './answer-head.ts';
import type { Headers } from './transport.ts';

/** A HEAD to send. */
export interface Head {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Hears how a HEAD fares, as undici would tell it. */
export interface HeadHandler {
  /** The request goes out now, unless it is aborted in this call. */
  onRequestStart(controller: HeadController): void;
  onResponseStart(controller: HeadController, statusCode: number, headers: Headers): void;
  onResponseEnd(): void;
  onResponseError(controller: null, error: Error): void;
}

export interface HeadController {
  abort(reason: Error): void;
}

export interface HeadConnectionsParts {
  /** Gives what makes connections that are ready to be written to, and that read as they are told. */
  readonly connector: (onread: OnReadOpts) => buildConnector.connector;
  /** From the request to the last byte of its answer, in milliseconds. */
  readonly headersMs: number;
  /** Connections that are kept at once; 512 when absent. */
  readonly maxKept?: number;
}

/** How long a connection is kept for the next request, as long as the other side says nothing else. */
const IDLE_MS = 60_000;
/** So much earlier than the other side gives a connection up, it is not used any more. */
const MARGIN_MS = 2_000;
const LOOK_EVERY_MS = 1_000;
/** More than the largest head, so that whatever follows an answer unasked comes with it, or with what is too large anyway. */
const READ_BYTES = 32 * 1024;
/** Tenants name hosts without end: while there are more connections than this, one that becomes free is not kept. */
const MAX_KEPT = 512;
/** What would end a line, or is of no one byte. */
const NO_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const NO_PATH = /[^\x21-\xff]/;

/**
 * Sends HEADs over HTTP/1.1, one at a time over each connection, which is then kept. Nearly all that an operator asks of
 * registries are HEADs, whose answers end with their heads; a client that can do all of HTTP takes several times as long
 * for one (decision 0009). How many are under way is not bounded here: that is what lanes are for.
 */
export class HeadConnections {
  readonly #connect: buildConnector.connector;
  readonly #headersMs: number;
  readonly #maxKept: number;
  /** By origin, those that are free; the one used last comes first, so that few are kept. */
  readonly #free = new Map<string, Connection[]>();
  readonly #all = new Set<Connection>();
  #closing = false;
  #watch: NodeJS.Timeout | undefined;

  constructor({ connector, headersMs, maxKept = MAX_KEPT }: HeadConnectionsParts) {
    this.#connect = connector(HEARING);
    this.#headersMs = headersMs;
    this.#maxKept = maxKept;
  }

  /** Throws `TypeError` for what cannot be a request; all else is told to the handler. */
  dispatch(head: Head, handler: HeadHandler): void {
    const text = textOf(head);
    const free = this.#free.get(head.origin)?.pop();
    if (free?.isOpen === true) {
      free.send(text, handler);
      return;
    }
    this.#connect(placeOf(head.origin), (error, socket) => {
      if (error !== null) handler.onResponseError(null, error);
      else if (socket !== null) this.#made(head.origin, socket).send(text, handler);
    });
  }

  /** Keeps no connection any more: those in use end with their answers. */
  close(): void {
    this.#closing = true;
    for (const free of [...this.#free.values()].flat()) free.end(new errors.ClientDestroyedError());
  }

  /** Ends all connections, and what is under way on them. */
  destroy(): void {
    this.close();
    for (const connection of [...this.#all]) connection.end(new errors.ClientDestroyedError());
  }

  #made(origin: string, socket: Socket): Connection {
    const connection: Connection = new Connection(socket, {
      freed: () => {
        const isTooMany = this.#all.size > this.#maxKept;
        if (this.#closing || isTooMany) connection.end(new errors.ClientDestroyedError());
        else this.#keep(origin, connection);
      },
      ended: () => this.#forget(origin, connection),
    });
    this.#all.add(connection);
    this.#watch ??= this.#look();
    return connection;
  }

  #keep(origin: string, connection: Connection): void {
    const free = this.#free.get(origin);
    if (free === undefined) this.#free.set(origin, [connection]);
    else free.push(connection);
  }

  #forget(origin: string, connection: Connection): void {
    this.#all.delete(connection);
    const rest = (this.#free.get(origin) ?? []).filter(other => other !== connection);
    if (rest.length === 0) this.#free.delete(origin);
    else this.#free.set(origin, rest);
    if (this.#all.size > 0) return;
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  /** One timer for all: what it costs is not paid by each request. */
  #look(): NodeJS.Timeout {
    const headersMs = this.#headersMs;
    const everyMs = Math.min(LOOK_EVERY_MS, headersMs / 4);
    const look = () => {
      for (const connection of [...this.#all]) connection.passed(everyMs, headersMs);
    };
    return setInterval(look, everyMs).unref();
  }
}

const HEARD = 'heard';
/**
 * All connections read into the same piece of memory: what came is told as text before anything else is read. A stream would
 * take a piece of 64 KiB for each answer, of which it gives nearly all back, and pass it on through its own queue.
 */
const HEARING: OnReadOpts = {
  buffer: Buffer.allocUnsafeSlow(READ_BYTES),
  callback(this: Socket, length: number, bytes: Uint8Array) {
    this.emit(HEARD, (bytes as Buffer).toString('latin1', 0, length));
    // It goes on reading.
    return true;
  },
};

interface Owner {
  /** It may be used again. */
  freed(): void;
  ended(): void;
}

/** One kept connection, with at most one HEAD under way. */
class Connection {
  readonly #socket: Socket;
  readonly #owner: Owner;
  #sent: Sent | undefined;
  /** Since the request went out, or since its answer came. */
  #passedMs = 0;
  #keptMs = IDLE_MS;
  #ended = false;

  constructor(socket: Socket, owner: Owner) {
    this.#socket = socket;
    this.#owner = owner;
    // Whoever waits for an answer keeps the process alive by the deadline of its own.
    socket.unref();
    socket.on(HEARD, (piece: string) => this.#hear(piece));
    socket.on('error', error => this.end(error));
    for (const event of ['end', 'close']) socket.on(event, () => this.end(new errors.SocketError('other side closed')));
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  send(text: string, handler: HeadHandler): void {
    const sent = new Sent(this, handler);
    handler.onRequestStart(sent);
    if (sent.isAborted) {
      this.#free();
      return;
    }
    this.#sent = sent;
    this.#passedMs = 0;
    this.#socket.write(text, 'latin1');
  }

  /** Of HTTP/1.1 nothing can be given up but the connection. */
  abort(sent: Sent, reason: Error): void {
    if (this.#sent === sent) this.end(reason);
  }

  /** Ends it; what is under way fails with this error. */
  end(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    const sent = this.#sent;
    this.#sent = undefined;
    this.#socket.destroy();
    this.#owner.ended();
    sent?.handler.onResponseError(null, error);
  }

  passed(ms: number, headersMs: number): void {
    this.#passedMs += ms;
    if (this.#sent !== undefined && this.#passedMs > headersMs) this.end(new errors.HeadersTimeoutError());
    else if (this.#sent === undefined && this.#passedMs > this.#keptMs) this.end(new errors.SocketError('idle'));
  }

  #hear(piece: string): void {
    const sent = this.#sent;
    const head = this.#read(sent, piece);
    if (sent === undefined || head === undefined) return;
    this.#keptMs = keptMs(head);
    this.#free();
    sent.handler.onResponseStart(sent, head.status, head.headers);
    sent.handler.onResponseEnd();
  }

  #read(sent: Sent | undefined, piece: string): AnswerHead | undefined {
    try {
      // What nobody asked for would be taken for the answer to the next question.
      if (sent === undefined) throw new errors.SocketError('other side spoke unasked');
      return sent.reader.read(piece);
    } catch (error) {
      this.end(error as Error);
      return undefined;
    }
  }

  #free(): void {
    this.#sent = undefined;
    this.#passedMs = 0;
    if (this.#keptMs > 0) this.#owner.freed();
    else this.end(new errors.SocketError('not kept'));
  }
}

/** A HEAD that has its connection; aborting it later ends no other that the connection carries then. */
class Sent implements HeadController {
  readonly handler: HeadHandler;
  readonly reader = new AnswerReader();
  readonly #connection: Connection;
  isAborted = false;

  constructor(connection: Connection, handler: HeadHandler) {
    this.#connection = connection;
    this.handler = handler;
  }

  abort(reason: Error): void {
    this.isAborted = true;
    this.#connection.abort(this, reason);
  }
}

function keptMs({ keepsAlive, keptSeconds }: AnswerHead): number {
  if (!keepsAlive) return 0;
  return keptSeconds === undefined ? IDLE_MS : Math.min(IDLE_MS, keptSeconds * 1_000 - MARGIN_MS);
}

function placeOf(origin: string): buildConnector.Options {
  const { host, hostname, protocol, port } = new URL(origin);
  return { host, hostname: hostname.replace(/^\[(.*)\]$/, '$1'), protocol, port };
}

function textOf({ origin, path, headers }: Head): string {
  let isSafe = !NO_PATH.test(path);
  let text = `HEAD ${path} HTTP/1.1\r\nHost: ${origin.slice(origin.indexOf('//') + 2)}\r\nConnection: keep-alive\r\n`;
  for (const name in headers) {
    const value = headers[name] ?? '';
    isSafe &&= !NO_VALUE.test(value);
    text += `${name}: ${value}\r\n`;
  }
  // The words of a credential or a token service may be in it: they are not told.
  if (!isSafe) throw new TypeError('the request has characters that cannot be sent');
  return `${text}\r\n`;
}
