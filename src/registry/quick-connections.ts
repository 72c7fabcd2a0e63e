import type { OnReadOpts, Socket } from 'node:net';
import { type buildConnector, errors } from 'undici';
import { HEARING, type Outgoing, QuickConnection, type QuickHandler } from './quick-connection.ts';
import type { Timeouts } from './timeouts.ts';

/** A request to send. */
export interface QuickRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A character for each byte. */
  readonly body?: string;
}

export interface QuickConnectionsParts {
  /** Gives what makes connections that are ready to be written to, and that read as they are told. */
  readonly connector: (onread: OnReadOpts) => buildConnector.connector;
  /** From the request to the last byte of its answer's head, and between two pieces of its body; in milliseconds. */
  readonly timeouts: Pick<Timeouts, 'headersMs' | 'bodyIdleMs'>;
  /** Connections that are kept at once; 512 when absent. */
  readonly maxKept?: number;
}

const LOOK_EVERY_MS = 1_000;
/** Tenants name hosts without end: while there are more connections than this, one that becomes free is not kept. */
const MAX_KEPT = 512;
/** What would end a line, or is of no one byte. */
const NO_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const NO_PATH = /[^\x21-\xff]/;

/**
 * Sends requests whose answers are small over HTTP/1.1, one at a time over each connection, which is then kept. Nearly all
 * that an operator asks are HEADs of tags and the tokens for them; a client that can do all of HTTP takes several times as
 * long for one (decision 0009). How many are under way is not bounded here: that is what lanes are for.
 */
export class QuickConnections {
  readonly #connect: buildConnector.connector;
  readonly #timeouts: QuickConnectionsParts['timeouts'];
  readonly #maxKept: number;
  /** By origin, those that are free; the one used last comes first, so that few are kept. */
  readonly #free = new Map<string, QuickConnection[]>();
  readonly #all = new Set<QuickConnection>();
  /** Those that were freed in this turn of the event loop. */
  #resting: { readonly origin: string; readonly connection: QuickConnection }[] = [];
  /** Requests for one of them. */
  #waiting: (() => void)[] = [];
  #closing = false;
  #watch: NodeJS.Timeout | undefined;

  constructor({ connector, timeouts, maxKept = MAX_KEPT }: QuickConnectionsParts) {
    this.#connect = connector(HEARING);
    this.#timeouts = timeouts;
    this.#maxKept = maxKept;
  }

  /** Throws `TypeError` for what cannot be a request; all else is told to the handler. */
  dispatch(request: QuickRequest, handler: QuickHandler): void {
    const { origin, method } = request;
    const outgoing = outgoingOf(request);
    // Nobody may send it twice, so it goes over no connection that the other side may be about to close.
    if (method === 'POST') this.#sendOverNew(origin, outgoing, handler);
    else this.#send(origin, outgoing, handler);
  }

  #send(origin: string, outgoing: Outgoing, handler: QuickHandler): void {
    const free = this.#free.get(origin)?.pop();
    if (free?.isOpen === true) free.send(outgoing, handler);
    else if (this.#resting.some(resting => resting.origin === origin)) {
      this.#waiting.push(() => this.#send(origin, outgoing, handler));
    } else this.#sendOverNew(origin, outgoing, handler);
  }

  #sendOverNew(origin: string, outgoing: Outgoing, handler: QuickHandler): void {
    this.#connect(placeOf(origin), (error, socket) => {
      if (error !== null) handler.onResponseError(null, error);
      else if (socket !== null) this.#made(origin, socket).send(outgoing, handler);
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

  #made(origin: string, socket: Socket): QuickConnection {
    const connection: QuickConnection = new QuickConnection(socket, {
      freed: () => this.#rest(origin, connection),
      ended: () => this.#forget(origin, connection),
    });
    this.#all.add(connection);
    this.#watch ??= this.#look();
    return connection;
  }

  /**
   * What is freed is used again only in the next turn of the event loop: what the other side sent after its answer, and has
   * come already, is heard before that, and ends the connection instead of being taken for the next answer.
   */
  #rest(origin: string, connection: QuickConnection): void {
    this.#resting.push({ origin, connection });
    if (this.#resting.length === 1) setImmediate(() => this.#goOn());
  }

  #goOn(): void {
    const resting = this.#resting;
    const waiting = this.#waiting;
    this.#resting = [];
    this.#waiting = [];
    for (const { origin, connection } of resting) {
      const isTooMany = this.#all.size > this.#maxKept;
      if (this.#closing || isTooMany) connection.end(new errors.ClientDestroyedError());
      else if (connection.isOpen) this.#keep(origin, connection);
    }
    for (const send of waiting) send();
  }

  #keep(origin: string, connection: QuickConnection): void {
    const free = this.#free.get(origin);
    if (free === undefined) this.#free.set(origin, [connection]);
    else free.push(connection);
  }

  #forget(origin: string, connection: QuickConnection): void {
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
    const timeouts = this.#timeouts;
    const everyMs = Math.min(LOOK_EVERY_MS, timeouts.headersMs / 4, timeouts.bodyIdleMs / 4);
    const look = () => {
      for (const connection of [...this.#all]) connection.passed(everyMs, timeouts);
    };
    return setInterval(look, everyMs).unref();
  }
}

function placeOf(origin: string): buildConnector.Options {
  const { host, hostname, protocol, port } = new URL(origin);
  return { host, hostname: hostname.replace(/^\[(.*)\]$/, '$1'), protocol, port };
}

function outgoingOf({ method, origin, path, headers, body = '' }: QuickRequest): Outgoing {
  let isSafe = !NO_PATH.test(path);
  const host = origin.slice(origin.indexOf('//') + 2);
  let text = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: keep-alive\r\n`;
  for (const name in headers) {
    const value = headers[name] ?? '';
    isSafe &&= !NO_VALUE.test(value);
    text += `${name}: ${value}\r\n`;
  }
  if (body !== '' || method === 'POST') text += `Content-Length: ${body.length}\r\n`;
  // The words of a credential or a token service may be in it: they are not told.
  if (!isSafe) throw new TypeError('the request has characters that cannot be sent');
  return { method, text: `${text}\r\n${body}` };
}
