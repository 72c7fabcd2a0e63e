import type { ServerResponse } from 'node:http';
import { drained } from './answer.ts';
import type { Lines } from './watch.ts';

/** What a client may have left unread before it counts as full, in bytes. */
const FULL_BYTES = 64 * 1024;

/** Lines that are written in one turn of the event loop are sent together. */
export class ResponseLines implements Lines {
  readonly #response: ServerResponse;
  readonly #patienceMs: number;
  #pending = '';

  /** `patienceMs`: how long a client that has much to read may read nothing. One that has read all may wait for ever. */
  constructor(response: ServerResponse, patienceMs: number) {
    this.#response = response;
    this.#patienceMs = patienceMs;
    response.socket?.setTimeout(0);
  }

  write(line: string): void {
    if (this.#pending === '') setImmediate(() => this.#flush());
    this.#pending += line;
  }

  get isFull(): boolean {
    return this.#pending.length + this.#response.writableLength > FULL_BYTES;
  }

  async ready(): Promise<void> {
    this.#flush();
    this.#response.socket?.setTimeout(this.#patienceMs);
    await drained(this.#response);
    this.#response.socket?.setTimeout(0);
  }

  drop(): void {
    this.#response.destroy();
  }

  end(): void {
    this.#flush();
    this.#response.end();
  }

  #flush(): void {
    const text = this.#pending;
    this.#pending = '';
    if (text !== '' && !this.#response.destroyed) this.#response.write(text);
  }
}
