import type { ServerResponse } from 'node:http';
import { inScope, PieceWriter, reset, type Scope, shown } from './api-server-answers.ts';
import { failureStatus, type WatchFault } from './api-server-faults.ts';
import { apiVersion } from './api-server-kinds.ts';
import type { Change, Shelf } from './api-server-store.ts';

export interface WatchOptions {
  readonly shelf: Shelf;
  readonly scope: Scope;
  readonly metadataOnly: boolean;
  readonly bookmarks: boolean;
  readonly timeoutSeconds: number | undefined;
  readonly fault: WatchFault | undefined;
  readonly pieceBytes: number | undefined;
}

/** One open watch. */
export class Watcher {
  readonly options: WatchOptions;
  readonly #response: ServerResponse;
  readonly #writer: PieceWriter;
  #fault: WatchFault | undefined;
  #sent = 0;
  #timer: NodeJS.Timeout | undefined;
  #mute = false;

  /** `gone` is called when it is over, whoever ended it. */
  constructor(response: ServerResponse, options: WatchOptions, gone: (watcher: Watcher) => void) {
    this.options = options;
    this.#response = response;
    this.#writer = new PieceWriter(response, options.pieceBytes);
    this.#fault = options.fault;
    response.on('close', () => {
      clearTimeout(this.#timer);
      gone(this);
    });
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.flushHeaders();
    if (options.timeoutSeconds !== undefined) {
      this.#timer = setTimeout(() => this.end(), options.timeoutSeconds * 1_000).unref();
    }
  }

  /** Lets a fault that needs no event happen. */
  begin(): void {
    this.#failBetween();
  }

  deliver(change: Change): void {
    const { scope, metadataOnly } = this.options;
    const isIn = inScope(scope, change.now);
    const wasIn = change.before !== undefined && inScope(scope, change.before);
    if (!isIn && !wasIn) return;
    // Leaving what a selector selects looks like a deletion, coming into it like a creation.
    const type = change.type === 'DELETED' || !isIn ? 'DELETED' : wasIn ? 'MODIFIED' : 'ADDED';
    if (type === 'DELETED' && !wasIn) return;
    this.#event(`{"type":"${type}","object":${shown(change.now, metadataOnly)}}\n`);
  }

  bookmark(version: number): void {
    if (!this.options.bookmarks) return;
    const { kind } = this.options.shelf;
    const [api, name] = this.options.metadataOnly
      ? ['meta.k8s.io/v1', 'PartialObjectMetadata']
      : [apiVersion(kind.resource), kind.kind];
    const object = {
      kind: name,
      apiVersion: api,
      metadata: { resourceVersion: String(version), creationTimestamp: null },
    };
    this.#event(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
  }

  fail(status: object): void {
    this.#write(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
    this.end();
  }

  end(): void {
    this.#mute = true;
    this.#writer.end();
  }

  #event(line: string): void {
    if (this.#mute) return;
    const fault = (this.#fault?.afterEvents ?? 0) === this.#sent ? this.#fault : undefined;
    if (fault?.kind === 'watchGarbled') {
      this.#fault = undefined;
      this.#write(fault.line ?? '{"type":"MODIFIED","object":{"meta\n');
    } else if (fault?.kind === 'watchTruncated') {
      this.#write(line.slice(0, line.length >> 1));
      this.end();
    } else {
      this.#write(line);
      this.#sent += 1;
      this.#failBetween();
    }
  }

  #failBetween(): void {
    const fault = this.#fault;
    if (fault === undefined || (fault.afterEvents ?? 0) !== this.#sent) return;
    if (fault.kind === 'watchEnd') this.end();
    if (fault.kind === 'watchSilence') this.#mute = true;
    if (fault.kind === 'watchError') this.fail(failureStatus(fault));
    // What was written must be on its way first.
    if (fault.kind === 'watchReset') {
      this.#mute = true;
      setImmediate(() => reset(this.#response));
    }
  }

  #write(text: string): void {
    if (!this.#mute) this.#writer.write(text);
  }
}
