import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { type Page, prose, ROOT } from './pages.ts';

export interface Link {
  readonly line: number;
  /** As written: `operator.md#schedule`. */
  readonly target: string;
}

/** Links of a page to other pages and files; what is on the network is left alone. */
export function linksOf({ text }: Pick<Page, 'text'>): readonly Link[] {
  // What is in backquotes is no link.
  const lines = prose(text)
    .replace(/`[^`\n]*`/g, code => ' '.repeat(code.length))
    .split('\n');
  return lines.flatMap((line, at) => {
    const inline = [...line.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)];
    const listed = [...line.matchAll(/^\s*\[[^\]]+\]:\s+<?([^\s>]+)>?/g)];
    return [...inline, ...listed]
      .map(([, target = '']) => ({ line: at + 1, target }))
      .filter(({ target }) => !/^[a-z][a-z0-9+.-]*:/i.test(target));
  });
}

/** What is wrong with a link; undefined when it leads somewhere. */
export function faultOf(page: Pick<Page, 'path'>, { target }: Link, pages: readonly Page[]): string | undefined {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? page.path : normalize(join(dirname(page.path), decodeURIComponent(file)));
  if (path.startsWith('..')) return 'it leads out of the repository';
  if (!existsSync(join(ROOT, path))) return 'there is no such file';
  if (anchor === undefined) return undefined;
  const found = pages.find(each => each.path === path);
  if (found === undefined) return 'only pages have headings to lead to';
  return anchorsOf(found).has(anchor) ? undefined : `"${path}" has no such heading`;
}

/** Anchors that GitHub gives the headings of a page. */
export function anchorsOf({ text }: Pick<Page, 'text'>): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of prose(text).matchAll(/^#{1,6}\s+(.*?)\s*#*$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '');
    const slug = plain
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    let anchor = slug;
    for (let again = 1; anchors.has(anchor); again += 1) anchor = `${slug}-${again}`;
    anchors.add(anchor);
  }
  return anchors;
}
