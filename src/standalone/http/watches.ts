import type { ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import { JSON_TYPE, type Stream } from './answer.ts';
import { ResponseLines } from './response-lines.ts';
import { Watch, type WatchParts, type WatchStart } from './watch.ts';

/** How long a watch goes on that does not say, from and up to. */
const DEFAULT_TIMEOUT_MS = 30 * 60_000;

export interface WatchesParts {
  readonly clock: Clock;
  /** From one bookmark to the next. */
  readonly bookmarkMs: number;
  /** How long a client that has much to read may read nothing. */
  readonly patienceMs: number;
  readonly random: () => number;
}

/** The watches that are open. */
export class Watches {
  readonly #parts: WatchesParts;
  /** Each with what ends it. */
  readonly #open = new Map<Watch, () => void>();
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
    for (const end of this.#open.values()) end();
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
    if (response.destroyed || this.#closing.signal.aborted) end();
    const { clock, patienceMs, random } = this.#parts;
    const timeoutMs = timeoutSeconds ? timeoutSeconds * 1_000 : DEFAULT_TIMEOUT_MS * (1 + random());
    clock.sleep(timeoutMs, ended.signal).then(end, () => {});
    const lines = new ResponseLines(response, patienceMs);
    const watch = new Watch({ ...parts, lines, ended: ended.signal });
    this.#open.set(watch, end);
    try {
      await watch.run(start);
    } finally {
      this.#open.delete(watch);
      end();
      lines.end();
    }
  }

  async #bookmarks(): Promise<void> {
    const { clock, bookmarkMs } = this.#parts;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await clock.sleep(bookmarkMs, signal).catch(() => {});
      if (signal.aborted) return;
      // One that cannot be told how far it has come must begin anew.
      await Promise.all([...this.#open].map(([watch, end]) => watch.bookmark().catch(end)));
    }
  }
}
