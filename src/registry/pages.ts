import { InvalidContent } from '../image/content.ts';
import { parseJson } from '../image/json.ts';
import { isTag } from '../reference/digest.ts';

/** What a page of a tag list says of the pages after it. */
export type NextPage =
  /** To be put on our own URL, as it is. */
  | { readonly kind: 'next'; readonly query: string }
  /** That was all; `malformed` when a `Link` was there that nobody can read. */
  | { readonly kind: 'end'; readonly malformed: boolean }
  /** There is more, and no safe way to it. */
  | { readonly kind: 'truncated' };

const MAX_QUERY_CHARACTERS = 4 * 1024;

/**
 * The query of the next page (R1.22 to R1.25). Of a link only the query is used, byte for byte, so wherever it points
 * to, we stay at our registry and our path. `seen` holds the queries asked so far.
 */
export function nextPage(link: string | readonly string[] | undefined, seen: ReadonlySet<string>): NextPage {
  const values = link === undefined ? [] : typeof link === 'string' ? [link] : link;
  const parsed = values.map(parseLinks);
  const next = parsed.flatMap(({ links }) => links).find(({ relations }) => relations.includes('next'));
  if (next === undefined) return { kind: 'end', malformed: parsed.some(({ malformed }) => malformed) };

  const [resource = ''] = next.target.split('#', 1);
  const mark = resource.indexOf('?');
  const query = mark < 0 ? '' : resource.slice(mark + 1);
  const usable = /^[\x21-\x7e]+$/.test(query) && query.length <= MAX_QUERY_CHARACTERS && !seen.has(query);
  return usable ? { kind: 'next', query } : { kind: 'truncated' };
}

interface Link {
  readonly target: string;
  /** Lower case. */
  readonly relations: readonly string[];
}

const SEPARATORS = /[ \t,]*/y;
const TARGET = /<([^>]*)>/y;
/** Some products leave the angle brackets out. */
const BARE_TARGET = /[^ \t,;<>"]+/y;
const PARAM = /[ \t]*;[ \t]*([^ \t=;,"]*)[ \t]*(?:=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^ \t;,"]*)))?/sy;
const END = /[ \t]*(?=,|$)/y;

/** The links of one header value; what comes after something unreadable is not believed. */
function parseLinks(text: string): { readonly links: readonly Link[]; readonly malformed: boolean } {
  const links: Link[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    at += found?.[0].length ?? 0;
    return found;
  };

  for (take(SEPARATORS); at < text.length; take(SEPARATORS)) {
    const target = take(TARGET)?.[1] ?? take(BARE_TARGET)?.[0];
    if (target === undefined) return { links, malformed: true };
    let relations: readonly string[] | undefined;
    for (let param = take(PARAM); param !== null; param = take(PARAM)) {
      const [, name = '', quoted, plain = ''] = param;
      if (name.toLowerCase() === 'rel') relations ??= (quoted ?? plain).toLowerCase().split(/\s+/);
    }
    if (take(END) === null) return { links, malformed: true };
    links.push({ target, relations: relations ?? [] });
  }
  return { links, malformed: false };
}

/** A page that is no list of tags. `message` says what was expected. */
export class InvalidTagsPage extends Error {
  override readonly name = 'InvalidTagsPage';
}

export interface TagsPage {
  /** Valid and distinct, in the registry's order. */
  readonly tags: readonly string[];
  /** Entries that are no tags, which some registries list. */
  readonly skipped: number;
}

/** Reads the body of a page (R1.26). Throws `InvalidTagsPage`. */
export function readTagsPage(bytes: Uint8Array): TagsPage {
  const document = parsePage(bytes);
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new InvalidTagsPage('tag list: expected an object');
  }
  const entries: unknown = Reflect.get(document, 'tags') ?? [];
  if (!Array.isArray(entries)) throw new InvalidTagsPage('tags: expected an array');
  const tags = entries.filter((entry): entry is string => typeof entry === 'string' && isTag(entry));
  return { tags: [...new Set(tags)], skipped: entries.length - tags.length };
}

function parsePage(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes);
  } catch (error) {
    if (!(error instanceof InvalidContent)) throw error;
    throw new InvalidTagsPage('tag list: expected JSON of reasonable depth and size', { cause: error });
  }
}
