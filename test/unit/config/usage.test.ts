import { describe, expect, test } from '@jest/globals';
import { DEV_USAGE } from '../../../src/command/dev-usage.ts';
import { OPERATOR_USAGE } from '../../../src/command/operator-usage.ts';
import { COMMANDS, rowsOf } from '../../../src/config/options.ts';
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

describe("usage('operator')", () => {
  const help = usage('operator', OPERATOR_USAGE);

  test('has the defaults of the operator, not those of import', () => {
    const line = help.replace(/\s+/g, ' ');
    expect(line).toContain('(default 1m; env IMAGESTREAM_OPERATOR_MIN_INTERVAL)');
    expect(line).toMatch(/--log-level LEVEL .*?; default info; env IMAGESTREAM_OPERATOR_LOG_LEVEL\)/);
  });

  test('tells of its own options only', () => {
    expect(help).toContain('--watch-namespaces');
    expect(help).not.toContain('--pull-secrets');
    expect(text).not.toContain('--watch-namespaces');
  });

  test('fits a terminal of 100 columns', () => {
    expect(help.split('\n').filter(line => line.length > 100)).toEqual([]);
  });
});

describe("usage('dev')", () => {
  const help = usage('dev', DEV_USAGE);

  test('has the defaults of dev', () => {
    const line = help.replace(/\s+/g, ' ');
    expect(line).toContain('(default 1s; env IMAGESTREAM_OPERATOR_MIN_INTERVAL)');
    expect(line).toContain('(default off; env IMAGESTREAM_OPERATOR_METRICS_ADDRESS)');
    expect(line).toContain('--apply FILE... ');
  });

  test('fits a terminal of 100 columns', () => {
    expect(help.split('\n').filter(line => line.length > 100)).toEqual([]);
  });
});

describe('optionsMarkdown()', () => {
  test.each(COMMANDS)('has a chapter for %s', command => {
    expect(optionsMarkdown()).toContain(`\n## ${command}\n`);
  });

  test.each(COMMANDS.flatMap(command => rowsOf(command).map(([, row]) => row.flag)))('has a row for --%s', flag => {
    expect(optionsMarkdown()).toMatch(new RegExp(`^\\| \`(-\\w, )?--${flag}[ \`]`, 'm'));
  });
});
