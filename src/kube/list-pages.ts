import { setImmediate } from 'node:timers/promises';
import { isTooLarge } from './api-error.ts';
import type { KubeClient, ListPage, ListQuery } from './client.ts';
import type { CollectionPath } from './resource.ts';

/** Objects of a page. */
export const PAGE_LIMIT = 500;

/**
 * A collection, page by page, from one moment's state (`resourceVersion` unset: with 0 the server ignores the limit).
 * Other work goes on between pages, and a page that is too large is asked for with fewer objects. Throws as `list` does; after
 * `isExpired` only a new start helps.
 */
export async function* listPages<T>(
  client: Pick<KubeClient, 'list'>,
  path: CollectionPath,
  query: Omit<ListQuery, 'limit' | 'continue'>,
  signal: AbortSignal,
): AsyncGenerator<ListPage<T>> {
  let limit = PAGE_LIMIT;
  let next: string | undefined;
  for (;;) {
    const asked = { ...query, limit, ...(next === undefined ? {} : { continue: next }) };
    const page = await client.list<T>(path, asked, signal).catch((error: unknown) => {
      if (limit === 1 || !isTooLarge(error)) throw error;
      return undefined;
    });
    if (page === undefined) {
      limit = Math.ceil(limit / 4);
      continue;
    }
    yield page;
    if (page.continue === undefined) return;
    next = page.continue;
    await setImmediate();
    signal.throwIfAborted();
  }
}
