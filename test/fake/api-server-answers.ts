import type { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { apiVersion, type FakeKind } from './api-server-kinds.ts';
import { selects } from './api-server-request.ts';
import { parse, type Shelf, type Stored } from './api-server-store.ts';

/** Writes a body, in small pieces when told to. */
export class PieceWriter {
  readonly #response: ServerResponse;
  readonly #pieceBytes: number | undefined;
  #queue: Promise<void> = Promise.resolve();

  constructor(response: ServerResponse, pieceBytes: number | undefined) {
    this.#response = response;
    this.#pieceBytes = pieceBytes;
  }

  write(text: string): void {
    const { length } = text;
    if (this.#pieceBytes === undefined || length === 0) {
      this.#response.write(text);
      return;
    }
    const bytes = Buffer.from(text);
    this.#queue = this.#queue.then(() => this.#inPieces(bytes, this.#pieceBytes ?? length));
  }

  end(): void {
    this.#queue.then(() => this.#response.end());
  }

  async #inPieces(bytes: Buffer, size: number): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#response.destroyed; at += size) {
      this.#response.write(bytes.subarray(at, at + size));
      await setImmediate();
    }
  }
}

/** Ends a connection as a crash does. */
export function reset({ socket }: ServerResponse): void {
  // What TLS is spoken over can't be reset from above.
  if (socket !== null && 'encrypted' in socket) socket.destroy();
  else socket?.resetAndDestroy();
}

/** Whether a request wants names and labels only. */
export function wantsMetadata(accept: string | undefined): boolean {
  return /as=PartialObjectMetadata/.test(accept ?? '');
}

/** An object's text as it is sent. */
export function shown(stored: Stored, metadataOnly: boolean): string {
  if (!metadataOnly) return stored.text;
  const { metadata } = parse(stored);
  return JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata });
}

export interface ListAnswer {
  readonly items: readonly Stored[];
  readonly version: number;
  readonly continue: string | undefined;
  readonly remaining: number;
  readonly metadataOnly: boolean;
}

/** A list by joining texts: pages of 100,000 objects must cost next to nothing. */
export function listText(kind: FakeKind, answer: ListAnswer): string {
  const { items, version, metadataOnly } = answer;
  const metadata = {
    resourceVersion: String(version),
    ...(answer.continue === undefined ? {} : { continue: answer.continue, remainingItemCount: answer.remaining }),
  };
  const [api, name] = metadataOnly
    ? ['meta.k8s.io/v1', 'PartialObjectMetadataList']
    : [apiVersion(kind.resource), `${kind.kind}List`];
  const texts = items.map(item => shown(item, metadataOnly));
  return `{"kind":"${name}","apiVersion":"${api}","metadata":${JSON.stringify(metadata)},"items":[${texts.join(',')}]}`;
}

/** Which objects a list or a watch is about. */
export interface Scope {
  readonly namespace: string | undefined;
  readonly fieldSelector: string | undefined;
  readonly labelSelector: string | undefined;
}

export function inScope({ namespace, fieldSelector, labelSelector }: Scope, stored: Stored): boolean {
  if (namespace !== undefined && namespace !== stored.namespace) return false;
  if (!fieldSelector && !labelSelector) return true;
  const object = parse(stored) as unknown as Record<string, unknown>;
  const field = (path: string) => {
    let value: unknown = object;
    for (const part of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[part];
    return value === undefined ? undefined : String(value);
  };
  const labels = (object['metadata'] as { readonly labels?: Record<string, string> }).labels ?? {};
  return selects(fieldSelector, field) && selects(labelSelector, name => labels[name]);
}

/** Lists that are being read page by page, as they were when their first page was sent. */
export class Snapshots {
  readonly #kept = new Map<string, { readonly version: number; readonly items: readonly Stored[] }>();
  #made = 0;

  /** A page, or undefined when what the token stands for is gone. */
  page(
    shelf: Shelf,
    scope: Scope,
    query: { readonly limit: number; readonly token: string },
    version: number,
  ): Omit<ListAnswer, 'metadataOnly'> | undefined {
    const [id = '', at = '0'] = Buffer.from(query.token, 'base64url').toString().split(':');
    const list = query.token === '' ? { version, items: scoped(shelf, scope) } : this.#kept.get(id);
    if (list === undefined) return undefined;
    const from = query.token === '' ? 0 : Number(at);
    const to = query.limit === 0 ? list.items.length : from + query.limit;
    const remaining = Math.max(0, list.items.length - to);
    if (remaining === 0) {
      this.#kept.delete(id);
      return { items: list.items.slice(from), version: list.version, continue: undefined, remaining };
    }
    const name = query.token === '' ? this.#keep(list) : id;
    const next = Buffer.from(`${name}:${to}`).toString('base64url');
    return { items: list.items.slice(from, to), version: list.version, continue: next, remaining };
  }

  /** Makes all tokens too old. */
  clear(): void {
    this.#kept.clear();
  }

  #keep(list: { readonly version: number; readonly items: readonly Stored[] }): string {
    this.#made += 1;
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= 32 && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(String(this.#made), list);
    return String(this.#made);
  }
}

function scoped(shelf: Shelf, scope: Scope): readonly Stored[] {
  const all = shelf.sorted();
  if (scope.namespace === undefined && !scope.fieldSelector && !scope.labelSelector) return all;
  return all.filter(stored => inScope(scope, stored));
}
