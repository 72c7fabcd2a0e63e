import { prose } from './pages.ts';

/** Cells of the rows of a table, without its head. */
export type Table = readonly (readonly string[])[];

/** The tables of a page by the heading that they stand under; those before the first heading under "". */
export function sectionsOf(text: string): ReadonlyMap<string, readonly Table[]> {
  const sections = new Map<string, Table[]>();
  let title = '';
  let rows: string[][] | undefined;
  for (const line of prose(text).split('\n')) {
    const heading = /^##+\s+(.*)$/.exec(line)?.[1];
    if (heading !== undefined) title = heading;
    if (!line.startsWith('|')) rows = undefined;
    else if (/^\|(?:\s*:?-+:?\s*\|)+\s*$/.test(line)) {
      rows = [];
      sections.set(title, [...(sections.get(title) ?? []), rows]);
    } else rows?.push(cellsOf(line));
  }
  return sections;
}

/** A bar in a cell is written `\|`. */
function cellsOf(line: string): string[] {
  return line
    .replace(/^\||\|\s*$/g, '')
    .split(/(?<!\\)\|/)
    .map(cell => cell.trim().replaceAll('\\|', '|'));
}
