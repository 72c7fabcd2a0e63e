import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

/** A page of the documentation: any Markdown file of the repository. */
export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** A fenced block, and what stands around it for whoever tests it. */
export interface Block {
  /** Line of its opening fence, from 1 on. */
  readonly line: number;
  /** What follows the opening fence: `sh cluster`. */
  readonly info: string;
  readonly text: string;
  /** HTML comments right before it, which no reader sees. */
  readonly notes: readonly string[];
}

/** All pages, in the order of their paths. */
export function readPages(): readonly Page[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '*.md'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const paths = [...new Set(listed.split('\0'))].filter(path => path !== '').sort();
  return paths.map(path => readPage(path, readFileSync(join(ROOT, path), 'utf8')));
}

export function readPage(path: string, text: string): Page {
  return { path, text, blocks: blocksOf(text) };
}

/** Where a block stands, for messages: `docs/operator.md:12`. */
export function place(page: Pick<Page, 'path'>, { line }: Pick<Block, 'line'>): string {
  return `${page.path}:${line}`;
}

/** The text without its fenced blocks and comments, line for line. */
export function prose(text: string): string {
  const lines = text.split('\n');
  for (const { from, to } of fences(lines)) lines.fill('', from, to + 1);
  return lines.join('\n').replace(/<!--[\s\S]*?-->/g, comment => comment.replace(/[^\n]/g, ''));
}

interface Fence {
  /** Index of the line that opens it, and of the one that closes it. */
  readonly from: number;
  readonly to: number;
  readonly indent: string;
  readonly info: string;
}

function blocksOf(text: string): readonly Block[] {
  const lines = text.split('\n');
  return fences(lines).map(({ from, to, indent, info }) => ({
    line: from + 1,
    info,
    // In a list a block is indented as a whole.
    text: lines
      .slice(from + 1, to)
      .map(line => (line.startsWith(indent) ? line.slice(indent.length) : line))
      .join('\n'),
    notes: notesBefore(lines.slice(0, from)),
  }));
}

function fences(lines: readonly string[]): readonly Fence[] {
  const found: Fence[] = [];
  for (let from = 0; from < lines.length; from += 1) {
    const [, indent = '', marks, info = ''] = /^(\s*)(`{3,}|~{3,})\s*(.*?)\s*$/.exec(lines[from] ?? '') ?? [];
    if (marks === undefined) continue;
    const closing = lines.findIndex(
      (line, at) => at > from && line.trim().startsWith(marks) && /^\s*[`~]+\s*$/.test(line),
    );
    const to = closing < 0 ? lines.length : closing;
    found.push({ from, to, indent, info });
    from = to;
  }
  return found;
}

/** The comments that these lines end with, blank lines between them aside. */
function notesBefore(lines: readonly string[]): readonly string[] {
  const tail = /(?:<!--(?:(?!-->)[\s\S])*-->\s*)+$/.exec(lines.join('\n').trimEnd())?.[0] ?? '';
  return [...tail.matchAll(/<!--\s*([\s\S]*?)\s*-->/g)].map(([, note = '']) => note.replace(/\s+/g, ' '));
}
