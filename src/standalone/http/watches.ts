import type { ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import { drained, JSON_TYPE, type Stream } from './answer.ts';
import { type Lines, Watch, type WatchParts, type WatchStart } from './watch.ts';

/** What a client may have left unread before it counts as full, in bytes. */
const FULL_BYTES = 256 * 1024;
/** How long a watch goes on that does not say, from and up to. */
const DEFAULT_TIMEOUT_MS = 30 * 60_000;

export interface WatchesParts {
  readonly clock: Clock;
  /** From one bookmark to the next. */
  readonly bookmarkMs: number;
  readonly random: () => number;
}

/** The watches that are open. */
export class Watches {
  readonly #parts: WatchesParts;
  readonly #open = new Set<Watch>();
  readonly #closing = new AbortController();

  constructor(parts: WatchesParts) {
    this.#parts = parts;
    void this.#bookmarks();
  }

  get size(): number {
    return this.#open.size;
  }

  /** A response that is a watch. */
  stream(parts: Omit<WatchParts, 'lines' | 'ended'>, start: WatchStart, timeoutSeconds: number | undefined): Stream {
    return { run: response => this.#run(parts, start, timeoutSeconds, response) };
  }

  /** Ends them all. */
  close(): void {
    this.#closing.abort();
  }

  async #run(
    parts: Omit<WatchParts, 'lines' | 'ended'>,
    start: WatchStart,
    timeoutSeconds: number | undefined,
    response: ServerResponse,
  ): Promise<void> {
    response.writeHead(200, { 'Content-Type': JSON_TYPE, 'Cache-Control': 'no-cache, private' });
    // The head alone: a client must know that it is being told, though there may be nothing to tell yet.
    response.flushHeaders();
    const ended = new AbortController();
    const end = () => ended.abort();
    response.on('close', end);
    this.#closing.signal.addEventListener('abort', end, { once: true });
    if (this.#closing.signal.aborted) end();
    const { clock, random } = this.#parts;
    const timeoutMs = timeoutSeconds ? timeoutSeconds * 1_000 : DEFAULT_TIMEOUT_MS * (1 + random());
    clock.sleep(timeoutMs, ended.signal).then(end, () => {});
    const lines = new ResponseLines(response);
    const watch = new Watch({ ...parts, lines, ended: ended.signal });
    this.#open.add(watch);
    try {
      await watch.run(start);
    } finally {
      this.#open.delete(watch);
      this.#closing.signal.removeEventListener('abort', end);
      end();
      lines.end();
    }
  }

  async #bookmarks(): Promise<void> {
    const { clock, bookmarkMs } = this.#parts;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await clock.sleep(bookmarkMs, signal).catch(() => {});
      if (!signal.aborted) await Promise.all([...this.#open].map(watch => watch.bookmark()));
    }
  }
}

/** Lines that are written in one turn of the event loop are sent together. */
class ResponseLines implements Lines {
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
