import { expect, test } from '@jest/globals';
import { meaningOf } from './meaning.ts';
import { type Block, type Page, place } from './pages.ts';
import type { Stage } from './stage.ts';

/** Commands of a page that a test types. */
export interface Typed {
  /** `docs/import.md:12` */
  readonly at: string;
  readonly block: Block;
  /** Set for what goes on until Ctrl-C: what it prints once it is ready. */
  readonly readyAt?: string;
}

/** The commands of a page, in order: those that npm is enough for, or all but the manual ones. */
export function commandsOf(page: Page, which: 'npm' | 'all'): readonly Typed[] {
  return page.blocks.flatMap(block => {
    const meaning = meaningOf(block);
    if (meaning.kind !== 'commands' || (which === 'npm' && meaning.needs === 'cluster')) return [];
    const { readyAt } = meaning;
    return [{ at: place(page, block), block, ...(readyAt !== undefined && { readyAt }) }];
  });
}

/** Whether a page has commands for a cluster. */
export function needsCluster(page: Page): boolean {
  return commandsOf(page, 'all').length > commandsOf(page, 'npm').length;
}

/** Programs are run, and the machine may be busy. */
const WITHIN_MS = 300_000;

/** A test for each block of commands, typed in the order of the page, and one that ends what goes on. */
export function testCommands(
  commands: readonly Typed[],
  stage: () => Stage,
  before: () => Promise<void> = async () => {},
): void {
  test.each(commands)(
    '$at works',
    async ({ at, block, readyAt }) => {
      const { terminal } = stage();
      await before();
      if (readyAt !== undefined) return terminal.begin(at, block.text, readyAt);
      const { status, text } = await terminal.run(block.text);
      expect(status === 0 ? '' : `ended with ${status}:\n${block.text}\n${text}`).toBe('');
    },
    WITHIN_MS,
  );

  test('what goes on ends with Ctrl-C', async () => {
    for (const { name, status, signal, text } of await stage().terminal.interrupt()) {
      // As make does, a program may end by the signal itself. kubectl calls it a failure.
      const isKubectl = commands.some(({ at, block }) => at === name && /^kubectl /m.test(block.text));
      const isEnded = status === 0 || status === 130 || signal === 'SIGINT' || (isKubectl && status === 1);
      expect(isEnded ? '' : `${name} ended with ${status ?? signal}:\n${text}`).toBe('');
    }
  });
}
