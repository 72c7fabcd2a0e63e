import type { OnReadOpts, Socket } from 'node:net';
import { errors } from 'undici';
import { type BodyReader, bodyReader } from './answer-body.ts';
import { type AnswerHead, HeadReader } from './answer-head.ts';
import type { Timeouts } from './timeouts.ts';
import type { Headers } from './transport.ts';

/** Hears how a request fares, as undici would tell it. */
export interface QuickHandler {
  /** The request goes out now, unless it is aborted in this call. */
  onRequestStart(controller: QuickController): void;
  onResponseStart(controller: QuickController, statusCode: number, headers: Headers): void;
  onResponseData(controller: QuickController, piece: Buffer): void;
  onResponseEnd(): void;
  onResponseError(controller: null, error: Error): void;
}

export interface QuickController {
  abort(reason: Error): void;
}

/** A request as it goes out: a character for each byte. */
export interface Outgoing {
  readonly method: string;
  readonly text: string;
}

export interface Owner {
  /** It may be used again. */
  freed(): void;
  ended(): void;
}

/** How long a connection is kept for the next request, as long as the other side says nothing else. */
const IDLE_MS = 60_000;
/** So much earlier than the other side gives a connection up, it is not used any more. */
const MARGIN_MS = 2_000;
/** More than the largest head: mostly one piece is one answer. */
const READ_BYTES = 32 * 1024;
const HEARD = 'heard';

/**
 * All connections read into the same piece of memory: what came is told as text before anything else is read. A stream would
 * take a piece of 64 KiB for each answer, of which it gives nearly all back, and pass it on through its own queue.
 */
export const HEARING: OnReadOpts = {
  buffer: Buffer.allocUnsafeSlow(READ_BYTES),
  callback(this: Socket, length: number, bytes: Uint8Array) {
    this.emit(HEARD, (bytes as Buffer).toString('latin1', 0, length));
    // It goes on reading.
    return true;
  },
};

/** One kept connection, made with `HEARING`, with at most one request under way. */
export class QuickConnection {
  readonly #socket: Socket;
  readonly #owner: Owner;
  #sent: Sent | undefined;
  /** Since the request went out, since the last piece of its answer's body came, or since it was answered. */
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
    socket.on('end', () => this.#hearEnd());
    socket.on('close', () => this.end(closed()));
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  send({ method, text }: Outgoing, handler: QuickHandler): void {
    const sent = new Sent(this, method, handler);
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

  passed(ms: number, { headersMs, bodyIdleMs }: Pick<Timeouts, 'headersMs' | 'bodyIdleMs'>): void {
    this.#passedMs += ms;
    const sent = this.#sent;
    if (sent === undefined) {
      if (this.#passedMs > this.#keptMs) this.end(new errors.SocketError('idle'));
    } else if (sent.head === undefined) {
      if (this.#passedMs > headersMs) this.end(new errors.HeadersTimeoutError());
    } else if (this.#passedMs > bodyIdleMs) this.end(new errors.BodyTimeoutError());
  }

  #hear(piece: string): void {
    const sent = this.#sent;
    const content = this.#read(sent, piece);
    if (sent?.head === undefined || content === undefined) return;
    if (sent.isAnswered) this.#freeAfter(sent, sent.head);
    else this.#passedMs = 0;
    sent.tell(content);
  }

  /** What came of the body of the answer; undefined when nothing more is to be heard of it. */
  #read(sent: Sent | undefined, piece: string): string | undefined {
    try {
      // What nobody asked for would be taken for the answer to the next question.
      if (sent === undefined) throw new errors.SocketError('other side spoke unasked');
      return sent.read(piece);
    } catch (error) {
      sent?.tellHead();
      this.end(error as Error);
      return undefined;
    }
  }

  #hearEnd(): void {
    const sent = this.#sent;
    const isAnswered = sent?.body?.endsWithConnection === true;
    if (isAnswered) this.#sent = undefined;
    this.end(closed());
    if (isAnswered) sent.handler.onResponseEnd();
  }

  #freeAfter(sent: Sent, head: AnswerHead): void {
    // What follows an answer belongs to none; what is still to be written of its request would come before the next.
    const isClean = sent.body?.rest === '' && this.#socket.writableLength === 0;
    this.#keptMs = isClean ? keptMs(head) : 0;
    this.#free();
  }

  #free(): void {
    this.#sent = undefined;
    this.#passedMs = 0;
    if (this.#keptMs > 0) this.#owner.freed();
    else this.end(new errors.SocketError('not kept'));
  }
}

/** A request that has its connection; aborting it later ends no other that the connection carries then. */
class Sent implements QuickController {
  readonly handler: QuickHandler;
  head: AnswerHead | undefined;
  body: BodyReader | undefined;
  isAborted = false;
  readonly #connection: QuickConnection;
  readonly #method: string;
  readonly #reader = new HeadReader();
  #isTold = false;

  constructor(connection: QuickConnection, method: string, handler: QuickHandler) {
    this.#connection = connection;
    this.#method = method;
    this.handler = handler;
  }

  get isAnswered(): boolean {
    return this.body?.rest !== undefined;
  }

  /** What of a piece belongs to the body. Throws `AnswerUnreadable`. */
  read(piece: string): string {
    if (this.body !== undefined) return this.body.read(piece);
    this.head = this.#reader.read(piece);
    if (this.head === undefined) return '';
    this.body = bodyReader(this.#method, this.head);
    return this.body.read(this.#reader.rest);
  }

  /** When it is there and new: it counts whatever is wrong with what follows. */
  tellHead(): void {
    const { handler, head } = this;
    if (this.#isTold || head === undefined) return;
    this.#isTold = true;
    handler.onResponseStart(this, head.status, head.headers);
  }

  /** Tells the head, what came of the body, and whether that was all. */
  tell(content: string): void {
    const { handler } = this;
    this.tellHead();
    if (content !== '' && !this.isAborted) handler.onResponseData(this, Buffer.from(content, 'latin1'));
    if (this.isAnswered && !this.isAborted) handler.onResponseEnd();
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

function closed(): Error {
  return new errors.SocketError('other side closed');
}
