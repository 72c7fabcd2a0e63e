import { describe, expect, test } from '@jest/globals';
import { rowsOf } from '../../../src/config/options.ts';
import { optionsMarkdown } from '../../../src/config/reference-pages.ts';
import { usage } from '../../../src/config/usage.ts';

const text = usage('import', {
  about: 'Imports.',
  forms: ['[OPTIONS] REFERENCE...'],
  examples: [{ command: 'imagestream-operator import redis', text: 'one image' }],
});
const flags = rowsOf('import').map(([, row]) => row.flag);

describe('usage()', () => {
  test.each(flags)('tells of --%s', flag => {
    expect(text).toMatch(new RegExp(`--${flag}\\b`));
  });

  test('says how the command is called, with examples', () => {
    expect(text).toMatch(/^Imports\.\n\nUsage:\n {2}imagestream-operator import \[OPTIONS\] REFERENCE\.\.\.\n/);
    expect(text).toMatch(/Examples:\n {2}# one image\n {2}imagestream-operator import redis\n$/);
  });

  test('names value, default and variable of an option', () => {
    const line = text.replace(/\s+/g, ' ');
    expect(line).toContain('-f, --filename FILE ');
    expect(line).toContain('--watch [INTERVAL] ');
    expect(line).toContain('(default 20; env IMAGESTREAM_OPERATOR_HISTORY_LIMIT)');
  });

  test('fits a terminal of 100 columns', () => {
    expect(text.split('\n').filter(line => line.length > 100)).toEqual([]);
  });
});

describe('optionsMarkdown()', () => {
  test.each(flags)('has a row for --%s', flag => {
    expect(optionsMarkdown()).toMatch(new RegExp(`^\\| \`(-\\w, )?--${flag}[ \`]`, 'm'));
  });
});
