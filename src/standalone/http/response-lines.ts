import type { ServerResponse } from 'node:http';
import { drained } from './answer.ts';
import type { Lines } from './watch.ts';

/** What a client may have left unread before it counts as full, in bytes. */
const FULL_BYTES = 256 * 1024;

/** Lines that are written in one turn of the event loop are sent together. */
export class ResponseLines implements Lines {
  readonly #response: ServerResponse;
  #pending = '';

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  write(line: string): void {
    if (this.#pending === '') setImmediate(() => this.#flush());
    this.#pending += line;
  }

  get isFull(): boolean {
    return this.#pending.length + this.#response.writableLength > FULL_BYTES;
  }

  ready(): Promise<void> {
    this.#flush();
    return drained(this.#response);
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
