import type { Block } from './pages.ts';

/** What a fenced block is to its reader, and so to the tests. */
export type Meaning =
  /** Commands that run wherever npm does, or with a cluster, too. */
  | { readonly kind: 'commands'; readonly needs: 'npm' | 'cluster'; readonly readyAt?: string }
  /** Commands that no test can run. */
  | { readonly kind: 'manual'; readonly why: string }
  /** What a file holds; with a name it is one that commands of the page read. */
  | { readonly kind: 'file'; readonly language: Language; readonly name?: string }
  /** Output, and the like. */
  | { readonly kind: 'shown' }
  | { readonly kind: 'fault'; readonly fault: string };

const LANGUAGES = ['yaml', 'json'] as const;
type Language = (typeof LANGUAGES)[number];
/** Languages that are only shown; their blocks are held against what they are about by other tests, if at all. */
const SHOWN: readonly string[] = ['text', 'ts', 'promql'];

export const RULES = `mark the block:
  \`\`\`sh            commands that run wherever npm does: executed in make test
  \`\`\`sh cluster    commands that need a cluster: executed in make e2e
  \`\`\`sh manual     commands that no test can run, after a comment that says why: <!-- manual: ... -->
  \`\`\`yaml [file]   what a file holds (or json); with a name, the commands of the page find it
  \`\`\`text          what is only shown
Before commands that go on until Ctrl-C: <!-- until Ctrl-C, ready at: what they print then -->`;

/** What the block says it is. */
export function meaningOf({ info, notes }: Block): Meaning {
  const [language = '', ...rest] = info.split(/\s+/);
  const more = rest.join(' ');
  if (language === 'sh') return commands(more, notes);
  if (isLanguage(language)) return { kind: 'file', language, ...(more !== '' && { name: more }) };
  if (SHOWN.includes(language) && more === '') return { kind: 'shown' };
  return { kind: 'fault', fault: info === '' ? 'it says nothing' : `"${info}" is not known` };
}

function commands(needs: string, notes: readonly string[]): Meaning {
  const why = noted(notes, /^manual: (.+)/);
  if (needs === 'manual')
    return why === undefined ? { kind: 'fault', fault: 'it does not say why' } : { kind: 'manual', why };
  if (why !== undefined) return { kind: 'fault', fault: 'a comment says that it is manual, and the block does not' };
  const readyAt = noted(notes, /^until Ctrl-C, ready at: (.+)/);
  const going = readyAt === undefined ? {} : { readyAt };
  if (needs === '') return { kind: 'commands', needs: 'npm', ...going };
  if (needs === 'cluster') return { kind: 'commands', needs, ...going };
  return { kind: 'fault', fault: `"sh ${needs}" is not known` };
}

function noted(notes: readonly string[], pattern: RegExp): string | undefined {
  return notes.map(note => pattern.exec(note)?.[1]).find(found => found !== undefined);
}

function isLanguage(text: string): text is Language {
  return LANGUAGES.some(language => language === text);
}
