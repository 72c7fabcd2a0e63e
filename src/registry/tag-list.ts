import { isRepositoryPath } from '../reference/digest.ts';
import { answerError } from './answer-errors.ts';
import type { Ask, Asker, Place } from './asker.ts';
import type { Answer } from './authorization.ts';
import { type Call, failure } from './call.ts';
import { RegistryError } from './errors.ts';
import { readErrorBody } from './oci-errors.ts';
import { InvalidTagsPage, nextPage, readTagsPage } from './pages.ts';
import { singleHeader } from './transport.ts';
import type { TagList } from './types.ts';

const PAGE_CAP = { what: 'tag list', bytes: 8 * 1024 * 1024 } as const;
const MAX_TOTAL_BYTES = 32 * 1024 * 1024;
const MAX_PAGES = 50;
const MAX_TAGS = 100_000;
const FIRST_QUERY = 'n=1000';

/** Lists the tags of a repository (registry-client 1.5): page after page, under the caps of R1.27. */
export async function listTags(asker: Asker, place: Place, call: Call): Promise<TagList> {
  if (!isRepositoryPath(place.repository)) {
    throw failure(call, { kind: 'blocked', detail: 'this is no repository path' });
  }
  const tags = new Set<string>();
  const seen = new Set<string>();
  let query: string | undefined = FIRST_QUERY;
  let bytes = 0;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await nextAnswer(asker, place, query, pages, call);
    if (page === 'over') return { tags: [...tags], truncated: true };
    bytes += page.answer.bytes.length;
    for (const tag of tagsOn(page.answer, page.call)) {
      if (tags.size === MAX_TAGS && !tags.has(tag)) return { tags: [...tags], truncated: true };
      tags.add(tag);
    }
    if (query !== undefined) seen.add(query);
    const next = nextPage(page.answer.headers['link'], seen);
    if (next.kind === 'end') return { tags: [...tags], truncated: false };
    if (next.kind === 'truncated' || bytes >= MAX_TOTAL_BYTES) break;
    query = next.query;
  }
  return { tags: [...tags], truncated: true };
}

/** One page; `over` when a cap ends the listing where something is there to keep. */
async function nextAnswer(
  asker: Asker,
  place: Place,
  query: string | undefined,
  pages: number,
  call: Call,
): Promise<{ readonly answer: Answer; readonly call: Call } | 'over'> {
  try {
    const page = await asker.ask(place, pageAsk(query), call);
    if (page.answer.status === 200) return page;
    if (pages > 0 || !refusesPages(page.answer)) throw answerError(page.answer, page.call);
    // Some registries refuse page sizes, some refuse pages (R1.20).
    return await asker.get(place, pageAsk(undefined), call);
  } catch (error) {
    const over = error instanceof RegistryError && (error.kind === 'tooLarge' || error.kind === 'timeout');
    if (over && pages > 0) return 'over';
    throw error;
  }
}

function pageAsk(query: string | undefined): Ask {
  return {
    method: 'GET',
    below: 'tags/list',
    ...(query === undefined ? {} : { query }),
    headers: { Accept: 'application/json' },
    scope: 'tags',
    cap: PAGE_CAP,
    pull: false,
  };
}

function refusesPages({ status, bytes, headers }: Answer): boolean {
  if (status !== 400 && status !== 405) return false;
  const errors = readErrorBody(bytes, singleHeader(headers, 'content-type'), status) ?? [];
  return errors.some(
    ({ code, message }) => /PAGINATION|UNSUPPORTED/.test(code) || /pag(e|ination)|1000/i.test(message),
  );
}

function tagsOn(answer: Answer, call: Call): readonly string[] {
  try {
    return readTagsPage(answer.bytes).tags;
  } catch (error) {
    if (!(error instanceof InvalidTagsPage)) throw error;
    throw failure(call, { kind: 'invalidResponse', reason: 'tags', detail: error.message, cause: error });
  }
}
