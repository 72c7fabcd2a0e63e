import { badRequest } from '../faults.ts';
import { collectionOf, type Kind } from '../kinds.ts';
import type { ObjectName, Storage, StoredObject } from '../storage.ts';
import type { Answer } from './answer.ts';
import type { Shown } from './forms.ts';
import type { ListOptions } from './list-options.ts';
import { expired, versionTooLarge } from './refusals.ts';
import type { Scope } from './scope.ts';

/** Objects that are read at once where some may be left out. */
const STRIDE = 500;
/** Characters that are sent at once, about. */
const PIECE = 64 * 1024;

type Place = Omit<ObjectName, 'collection'>;

interface Page {
  readonly items: readonly StoredObject[];
  readonly version: number;
  /** Where the next one begins; undefined at the end. */
  readonly next: Place | undefined;
  /** How many follow, where that is known. */
  readonly remaining: number | undefined;
}

/** Answers a list. Throws `ApiFault`. */
export async function list(
  storage: Storage,
  kind: Kind,
  scope: Scope,
  options: ListOptions,
  shown: Shown,
): Promise<Answer> {
  const from = options.continue === '' ? undefined : readToken(options.continue);
  const page = await readPage(storage, collectionOf(kind), scope, options.limit, from?.start);
  const { resourceVersion: asked = 0, exact } = options;
  // After a restore, say.
  if (asked > page.version) throw versionTooLarge(asked, page.version);
  if (exact && asked !== page.version) {
    throw expired(`The provided resource version ${asked} is not the latest; others are not kept`);
  }
  // Later pages carry the version of the first: what changed while they were read is told by a watch from there on.
  const version = from?.version ?? page.version;
  if (version > page.version) throw expired('The continue token is of a version that is yet to come');
  const metadata = {
    resourceVersion: String(version),
    ...(page.next && { continue: token(version, page.next) }),
    ...(page.next && page.remaining !== undefined && { remainingItemCount: page.remaining }),
  };
  return listAnswer(page.items, metadata, shown);
}

/** The answer that shows these objects as a list. */
export function listAnswer(items: readonly StoredObject[], metadata: object, shown: Shown): Answer {
  return { status: 200, body: pieces(shown.list(metadata), items, shown) };
}

async function readPage(
  storage: Storage,
  collection: string,
  scope: Scope,
  limit: number,
  start: Place | undefined,
): Promise<Page> {
  const where = scope.namespace === undefined ? {} : { namespace: scope.namespace };
  if (limit === 0 || !scope.isSelective) {
    const after = start === undefined ? {} : { after: start };
    const read = await storage.list(collection, { ...where, ...after, ...(limit > 0 && { limit }) });
    const last = read.remaining > 0 ? read.items.at(-1) : undefined;
    return {
      items: read.items.filter(item => scope.includes(item)),
      version: read.version,
      next: last && placeOf(last),
      remaining: read.remaining,
    };
  }
  const items: StoredObject[] = [];
  let version: number | undefined;
  for (let after = start; ; ) {
    const read = await storage.list(collection, { ...where, ...(after && { after }), limit: STRIDE });
    version ??= read.version;
    for (const item of read.items) {
      after = placeOf(item);
      if (!scope.includes(item)) continue;
      // One more than asked for: now it is known that there is a next page, and where it begins.
      if (items.length === limit)
        return { items, version, next: placeOf(items[limit - 1] ?? item), remaining: undefined };
      items.push(item);
    }
    if (read.remaining === 0) return { items, version, next: undefined, remaining: undefined };
  }
}

function placeOf({ namespace, name }: StoredObject): Place {
  return { namespace, name };
}

function* pieces([before, after]: readonly [string, string], items: readonly StoredObject[], shown: Shown) {
  let piece = before;
  for (const [index, item] of items.entries()) {
    piece += index === 0 ? shown.item(item) : `,${shown.item(item)}`;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield piece + after;
}

const TOKEN_VERSION = 'meta.k8s.io/v1';

function token(version: number, { namespace, name }: Place): string {
  return Buffer.from(JSON.stringify({ v: TOKEN_VERSION, rv: version, start: `${namespace}/${name}` })).toString(
    'base64url',
  );
}

function readToken(text: string): { readonly version: number; readonly start: Place } {
  const { v, rv, start } = parsed(Buffer.from(text, 'base64url').toString());
  const [namespace, name] = typeof start === 'string' ? start.split('/') : [];
  if (v !== TOKEN_VERSION || !isVersion(rv) || namespace === undefined || name === undefined) {
    throw badRequest('invalid continue token: continue key is not valid');
  }
  return { version: rv, start: { namespace, name } };
}

function isVersion(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
