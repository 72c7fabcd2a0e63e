import type { Body } from './body.ts';
import type { QuickController, QuickHandler } from './quick-connection.ts';
import type { QuickRequest } from './quick-connections.ts';
import type { Headers } from './transport.ts';

/** Who sends it: connections of ours, or undici. */
export interface QuickDispatcher {
  dispatch(request: QuickRequest & { readonly reset: false }, handler: QuickAttempt): unknown;
}

export interface QuickHead {
  readonly statusCode: number;
  readonly headers: Headers;
}

export interface QuickAnswer extends QuickHead {
  readonly bytes: Uint8Array;
}

/** What is known of an answer before it is complete. */
export interface Progress {
  status: number | undefined;
}

/** Begins the body of an answer. Throws when it is not to be read. */
export type BodyOf = (head: QuickHead, tooSlow: (problem: Error) => void) => Body;

const NOTHING = new Uint8Array();

/**
 * One request on its way whose answer is small. It hears the answer itself: `undici.request` would make a stream for each
 * body, and wants an abort signal, which together cost as much as all the rest of the request.
 */
export class QuickAttempt implements QuickHandler {
  readonly #progress: Progress;
  readonly #bodyOf: BodyOf | undefined;
  readonly #outcome = Promise.withResolvers<QuickAnswer>();
  #controller: QuickController | undefined;
  #stopped: { readonly reason: unknown } | undefined;
  #head: QuickHead | undefined;
  #body: Body | undefined;

  /**
   * @param progress told the status as soon as there is one
   * @param bodyOf absent for a HEAD
   */
  constructor(progress: Progress, bodyOf?: BodyOf) {
    this.#progress = progress;
    this.#bodyOf = bodyOf;
  }

  /** Resolves when the answer is complete, so that its connection is free again. Rejects as `undici.request` does. */
  send(dispatcher: QuickDispatcher, request: QuickRequest): Promise<QuickAnswer> {
    // Without `reset: false` the connection closes after every HEAD, which over TLS is 20 to 40 times slower (D19).
    dispatcher.dispatch({ ...request, reset: false }, this);
    return this.#outcome.promise;
  }

  /** Ends it now, once it is sent: whether it is under way or still waits for a connection. */
  abort(reason: unknown): void {
    this.#stopped ??= { reason };
    this.#fail(reason);
    this.#controller?.abort(reason as Error);
  }

  onRequestStart(controller: QuickController): void {
    this.#controller = controller;
    if (this.#stopped !== undefined) controller.abort(this.#stopped.reason as Error);
  }

  onResponseStart(controller: QuickController, statusCode: number, headers: Headers): void {
    // What comes before the answer itself (103 and the like) says nothing to us.
    if (statusCode < 200) return;
    this.#progress.status = statusCode;
    this.#head = { statusCode, headers };
    const refuse = (problem: unknown): void => {
      this.#fail(problem);
      controller.abort(problem as Error);
    };
    try {
      this.#body = this.#bodyOf?.(this.#head, refuse);
    } catch (problem) {
      refuse(problem);
    }
  }

  onResponseData(controller: QuickController, piece: Buffer): void {
    if (this.#body?.add(piece) === true) return;
    // More than is to be read, or a body for a HEAD, which only HTTP/2 lets through (R5.13).
    this.onResponseEnd();
    controller.abort(new Error('no more of the answer is read'));
  }

  onResponseEnd(): void {
    const head = this.#head;
    if (head === undefined) return;
    this.#body?.end();
    try {
      this.#outcome.resolve({ ...head, bytes: this.#body?.bytes() ?? NOTHING });
    } catch (problem) {
      this.#fail(problem);
    }
  }

  onResponseError(_controller: QuickController | null, error: Error): void {
    this.#fail(error);
  }

  /** A no and its headers count whatever becomes of its words: a 429 pauses, a 401 is a challenge. */
  #fail(reason: unknown): void {
    this.#body?.end();
    const head = this.#head;
    if (head !== undefined && head.statusCode >= 300) this.#outcome.resolve({ ...head, bytes: NOTHING });
    else this.#outcome.reject(reason);
  }
}
