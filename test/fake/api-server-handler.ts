import type { ServerResponse } from 'node:http';
import type { TypedObject } from '../../src/api/meta.ts';
import { objectKey } from '../../src/kube/resource.ts';
import { listText, PieceWriter, reset, type Scope, Snapshots, shown, wantsMetadata } from './api-server-answers.ts';
import { type Fault, failureStatus, isWatchFault } from './api-server-faults.ts';
import { qualified } from './api-server-kinds.ts';
import type { HeardCall } from './api-server-request.ts';
import type { Change, Shelf, Store, Stored } from './api-server-store.ts';
import { Watcher } from './api-server-watch.ts';
import { Refused, type Writes } from './api-server-writes.ts';

/** What an API server reads of a body at most. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** Answers requests as an API server does, unless a fault is to happen. */
export class ApiHandler {
  readonly #store: Store;
  readonly #writes: Writes;
  readonly #snapshots = new Snapshots();
  readonly #watchers = new Set<Watcher>();

  constructor(store: Store, writes: Writes) {
    this.#store = store;
    this.#writes = writes;
  }

  tell(shelf: Shelf, change: Change): void {
    for (const watcher of this.#watchers) if (watcher.options.shelf === shelf) watcher.deliver(change);
  }

  bookmark(): void {
    for (const watcher of this.#watchers) watcher.bookmark(this.#store.version);
  }

  endWatches(): void {
    for (const watcher of this.#watchers) watcher.end();
  }

  watches(shelf: Shelf | undefined): number {
    return [...this.#watchers].filter(({ options }) => shelf === undefined || options.shelf === shelf).length;
  }

  compact(): void {
    this.#snapshots.clear();
    this.#store.compact();
  }

  async handle(call: HeardCall, bodyBytes: number, response: ServerResponse, fault: Fault | undefined): Promise<void> {
    if (fault?.kind === 'delay') await new Promise(resolve => setTimeout(resolve, fault.ms));
    if (fault?.kind === 'silence') return;
    if (fault?.kind === 'reset') return reset(response);
    if (fault?.kind === 'text') return sendText(response, fault.code, fault.body, 'text/html');
    if (fault?.kind === 'status') {
      const headers = fault.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(fault.retryAfterSeconds) };
      return sendText(response, fault.code, JSON.stringify(failureStatus(fault)), 'application/json', headers);
    }
    try {
      this.#answer(call, bodyBytes, response, fault);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.refuse(response, error.code, error.reason, error.message);
    }
  }

  refuse(response: ServerResponse, code: number, reason: string, message: string): void {
    sendText(response, code, JSON.stringify(failureStatus({ code, reason, message })), 'application/json');
  }

  #answer(call: HeardCall, bodyBytes: number, response: ServerResponse, fault: Fault | undefined): void {
    const shelf = this.#store.shelf({ group: call.group, plural: call.resource });
    if (shelf === undefined) throw new Refused(404, 'NotFound', 'the server could not find the requested resource');
    if (bodyBytes > MAX_BODY_BYTES) {
      throw new Refused(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${MAX_BODY_BYTES}`);
    }
    if (call.verb === 'watch') this.#watch(shelf, call, response, fault);
    else sendAnswer(response, call.verb === 'create' ? 201 : 200, this.#do(shelf, call), fault);
  }

  /** Everything but watches. The text of the answer. */
  #do(shelf: Shelf, call: HeardCall): string {
    const metadataOnly = wantsMetadata(call.headers.accept);
    if (call.verb === 'list') return this.#list(shelf, call, metadataOnly);
    const body = (call.body ?? {}) as Record<string, unknown>;
    if (call.verb === 'create') {
      return this.#writes.create(shelf, call.namespace, body as unknown as TypedObject).text;
    }
    const before = this.#found(shelf, call);
    if (call.verb === 'get') return shown(before, metadataOnly);
    if (call.verb === 'delete') {
      this.#writes.delete(shelf, before, (body['preconditions'] ?? {}) as { readonly uid?: string });
      return JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' });
    }
    const isPatch = call.verb === 'patch';
    if (isPatch && call.headers['content-type'] !== 'application/merge-patch+json') {
      throw new Refused(415, 'UnsupportedMediaType', 'the body of the request was in an unknown format');
    }
    return this.#writes.change(shelf, before, call.subresource, body, isPatch ? 'merge' : 'replace').text;
  }

  #found(shelf: Shelf, { namespace, name = '', subresource }: HeardCall): Stored {
    const stored = shelf.objects.get(objectKey({ namespace, name }));
    if (stored === undefined)
      throw new Refused(404, 'NotFound', `${qualified(shelf.kind.resource)} "${name}" not found`);
    if (subresource !== undefined && !shelf.kind.statusSubresource) {
      throw new Refused(404, 'NotFound', 'the server could not find the requested resource');
    }
    return stored;
  }

  #list(shelf: Shelf, call: HeardCall, metadataOnly: boolean): string {
    const { query } = call;
    // Version 0 means whatever the cache holds, all at once.
    const limit = query['resourceVersion'] === '0' ? 0 : Number(query['limit'] ?? 0);
    const page = this.#snapshots.page(
      shelf,
      scopeOf(call),
      { limit, token: query['continue'] ?? '' },
      this.#store.version,
    );
    if (page === undefined) {
      throw new Refused(
        410,
        'Expired',
        'The provided continue parameter is too old to display a consistent list result.',
      );
    }
    return listText(shelf.kind, { ...page, metadataOnly });
  }

  #watch(shelf: Shelf, call: HeardCall, response: ServerResponse, fault: Fault | undefined): void {
    const { query } = call;
    const timeoutSeconds = query['timeoutSeconds'];
    const watcher = new Watcher(
      response,
      {
        shelf,
        scope: scopeOf(call),
        metadataOnly: wantsMetadata(call.headers.accept),
        bookmarks: query['allowWatchBookmarks'] === 'true',
        timeoutSeconds: timeoutSeconds === undefined ? undefined : Number(timeoutSeconds),
        fault: isWatchFault(fault) ? fault : undefined,
        pieceBytes: fault?.kind === 'split' ? fault.pieceBytes : undefined,
      },
      gone => this.#watchers.delete(gone),
    );
    const from = Number(query['resourceVersion'] ?? 0);
    const missed = from === 0 ? asAdded(shelf) : shelf.since(from);
    if (missed === undefined) {
      const message = `too old resource version: ${from} (${shelf.forgottenUpTo})`;
      watcher.fail(failureStatus({ code: 410, reason: 'Expired', message }));
      return;
    }
    watcher.begin();
    for (const change of missed) watcher.deliver(change);
    this.#watchers.add(watcher);
  }
}

function asAdded(shelf: Shelf): readonly Change[] {
  return shelf.sorted().map(now => ({ type: 'ADDED', version: now.version, now, before: undefined }));
}

function scopeOf({ namespace, query }: HeardCall): Scope {
  return { namespace, fieldSelector: query['fieldSelector'], labelSelector: query['labelSelector'] };
}

function sendAnswer(response: ServerResponse, code: number, text: string, fault: Fault | undefined): void {
  if (fault?.kind === 'dropAnswer') reset(response);
  else if (fault?.kind === 'truncated') truncate(response, code, text, fault.bytes);
  else if (fault?.kind === 'split') {
    response.writeHead(code, { 'Content-Type': 'application/json' });
    const writer = new PieceWriter(response, fault.pieceBytes);
    writer.write(text);
    writer.end();
  } else sendText(response, code, text, 'application/json');
}

function sendText(
  response: ServerResponse,
  code: number,
  text: string,
  type: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const bytes = Buffer.from(text);
  response.writeHead(code, { 'Content-Type': type, 'Content-Length': bytes.length, ...headers });
  response.end(bytes);
}

function truncate(response: ServerResponse, code: number, text: string, bytes: number): void {
  const whole = Buffer.from(text);
  response.writeHead(code, { 'Content-Type': 'application/json', 'Content-Length': whole.length });
  response.write(whole.subarray(0, bytes), () => response.socket?.end());
}
