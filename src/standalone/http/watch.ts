import type { ApiFault } from '../objects.ts';
import type { ObjectChange, ObjectName, Storage, StoredObject } from '../storage.ts';
import type { Shown } from './forms.ts';
import { expired, versionTooLarge } from './refusals.ts';
import { objectOf, type Scope } from './scope.ts';

/** Where the lines of a watch go. */
export interface Lines {
  write(line: string): void;
  /** Whether the client has much to read already. */
  readonly isFull: boolean;
  /** Resolves when more may be written, or nothing ever will. */
  ready(): Promise<void>;
  /** Breaks off, without a word. */
  drop(): void;
}

export interface WatchParts {
  readonly storage: Storage;
  readonly collection: string;
  readonly scope: Scope;
  readonly shown: Shown;
  readonly lines: Lines;
  /** Fires when the watch is to end: the client has gone, its time is over, the server closes. */
  readonly ended: AbortSignal;
  readonly bookmarks: boolean;
}

/** From which version on; or what is there first, at least as new as asked for, then what happens. */
export type WatchStart = { readonly from: number } | { readonly atLeast: number } | { readonly fromNow: true };

/** Objects that are read at once for the first events: no more are held for a client that does not read them. */
const PAGE = 100;
/** A client that has not read while so much has happened is not waited for any longer. */
export const MAX_MISSED = 1_000;

type Place = Omit<ObjectName, 'collection'>;

/** Until where the objects were read, and how new they were. */
interface ReadPage {
  readonly last: Place | undefined;
  readonly version: number;
}

/**
 * Tells a client what happens to the objects of a scope. While the client reads, changes are told as they come. A client
 * that does not is behind: nothing is kept for it, and once it reads again it is told from what the storage remembers.
 */
export class Watch {
  readonly #parts: WatchParts;
  /** Everything up to this version is told. */
  #told = 0;
  #isLive = false;
  /** Changes since the storage was last asked for what was missed. */
  #missed = 0;
  #isFirst = true;
  readonly #over = Promise.withResolvers<void>();
  /** What the first events told already, while it was not told as of one moment. */
  #pages: readonly ReadPage[] = [];

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** Resolves when it has ended. */
  async run(start: WatchStart): Promise<void> {
    const { storage, collection, ended } = this.#parts;
    // First of all, so that nothing falls between what is read and what is told.
    const leave = storage.follow(collection, change => this.#hear(change));
    try {
      if (!(await this.#begin(start)) || !(await this.#catchUp())) return;
      this.#pages = [];
      if ('atLeast' in start && this.#parts.bookmarks) {
        this.#bookmark(this.#told, { 'k8s.io/initial-events-end': 'true' });
      }
      await Promise.race([aborted(ended), this.#over.promise]);
      // So that the next watch of this client begins where this one ends.
      await this.bookmark();
    } finally {
      leave();
    }
  }

  /** Tells how far it has come, unless the client is behind anyway. */
  async bookmark(): Promise<void> {
    const { storage, collection, bookmarks, lines } = this.#parts;
    if (!bookmarks || !this.#isLive || lines.isFull) return;
    // In this order: what is committed meanwhile has a higher version.
    const version = await storage.version();
    const changes = await storage.changesSince(collection, this.#told);
    // A client that waits for a version to come is not told that it has.
    if (version < this.#told || !this.#isLive) return;
    if (changes?.length === 0) this.#told = version;
    this.#bookmark(this.#told);
  }

  /** False when it cannot: the version asked for is yet to come. */
  async #begin(start: WatchStart): Promise<boolean> {
    if ('from' in start) {
      this.#told = start.from;
      return true;
    }
    const version = await this.#parts.storage.version();
    this.#told = version;
    if ('fromNow' in start) return true;
    if (start.atLeast > version) return this.#fail(versionTooLarge(start.atLeast, version));
    await this.#tellAll();
    return true;
  }

  async #tellAll(): Promise<void> {
    const { storage, collection, scope, lines, ended } = this.#parts;
    const where = scope.namespace === undefined ? {} : { namespace: scope.namespace };
    const pages: ReadPage[] = [];
    for (let after: Place | undefined; !ended.aborted; ) {
      const read = await storage.list(collection, { ...where, ...(after && { after }), limit: PAGE });
      const told = this.#tellSome(read.items);
      after = read.items[told - 1] ?? after;
      const isLast = told === read.items.length && read.remaining === 0;
      pages.push({ last: isLast ? undefined : after, version: read.version });
      if (isLast) break;
      if (lines.isFull) await lines.ready();
    }
    this.#pages = pages;
    this.#told = pages[0]?.version ?? 0;
  }

  /** As many as the client has room for; at least one. */
  #tellSome(items: readonly StoredObject[]): number {
    const { scope, shown, lines } = this.#parts;
    for (const [index, item] of items.entries()) {
      if (scope.includes(item)) this.#send('ADDED', shown.event(item, this.#isFirst));
      if (lines.isFull) return index + 1;
    }
    return items.length;
  }

  /** False when it cannot go on: the storage has forgotten what the client was not told, or the watch has ended. */
  async #catchUp(): Promise<boolean> {
    const { storage, collection, lines, ended } = this.#parts;
    for (;;) {
      if (lines.isFull) await lines.ready();
      if (ended.aborted) return false;
      this.#missed = 0;
      const changes = await storage.changesSince(collection, this.#told);
      if (changes === undefined) return this.#fail(expired(`too old resource version: ${this.#told}`));
      if (changes.length === 0 && this.#missed === 0) break;
      for (const change of changes) {
        if (lines.isFull) break;
        this.#tell(change);
      }
    }
    this.#isLive = true;
    return true;
  }

  #hear(change: ObjectChange): void {
    const { lines, ended } = this.#parts;
    if (ended.aborted) return;
    if (this.#isLive && !lines.isFull) {
      if (change.version > this.#told) this.#tell(change);
      return;
    }
    this.#missed += 1;
    if (this.#missed > MAX_MISSED && lines.isFull) lines.drop();
    if (!this.#isLive) return;
    this.#isLive = false;
    this.#catchUp().catch(this.#over.reject);
  }

  #tell(change: ObjectChange): void {
    this.#told = change.version;
    if (this.#wasToldFirst(change)) return;
    const { scope, shown } = this.#parts;
    const { type, now, before } = change;
    const was = before !== undefined && scope.includes(before);
    const is = type !== 'DELETED' && scope.includes(now);
    if (is) this.#send(was ? 'MODIFIED' : 'ADDED', shown.event(now, this.#isFirst));
    // The last state that the selector meant, at the version of what has changed.
    else if (was)
      this.#send('DELETED', shown.event(type === 'DELETED' ? now : reversioned(before, change.version), this.#isFirst));
  }

  #wasToldFirst({ now, version }: ObjectChange): boolean {
    const page = this.#pages.find(({ last }) => last === undefined || !isAfter(now, last));
    return page !== undefined && version <= page.version;
  }

  #bookmark(version: number, annotations?: Readonly<Record<string, string>>): void {
    this.#send('BOOKMARK', this.#parts.shown.bookmark(version, annotations, this.#isFirst));
  }

  /** Tells why it ends. */
  #fail({ status }: ApiFault): false {
    this.#send('ERROR', JSON.stringify(status));
    this.#over.resolve();
    return false;
  }

  #send(type: string, object: string): void {
    this.#isFirst = false;
    this.#parts.lines.write(`{"type":"${type}","object":${object}}\n`);
  }
}

function isAfter(one: Place, other: Place): boolean {
  return one.namespace === other.namespace ? one.name > other.name : one.namespace > other.namespace;
}

function reversioned(stored: StoredObject, version: number): StoredObject {
  const object = objectOf(stored);
  const metadata = { ...object.metadata, resourceVersion: String(version) };
  return { ...stored, version, text: JSON.stringify({ ...object, metadata }) };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
}
