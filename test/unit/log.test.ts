import { describe, expect, test } from '@jest/globals';
import { createLogger, LOG_LEVELS, type Logger, type LogLevel } from '../../src/log.ts';

/** What a log of this level writes, as texts. */
function written(level: LogLevel, tell: (log: Logger) => void): string[] {
  const lines: string[] = [];
  tell(createLogger(level, { write: line => void lines.push(line) }));
  return lines;
}

describe('the log', () => {
  test('is one line of JSON for each message: level by name, time, message and fields, nothing of the process', () => {
    const [line = '', ...others] = written('info', log => log.info({ stream: 'demo/app', why: 'a\nb' }, 'Tag moved'));
    expect(others).toEqual([]);
    expect(line).toMatch(/^\{[^\n]*\}\n$/);
    const { time, ...rest } = JSON.parse(line);
    expect(rest).toEqual({ level: 'info', message: 'Tag moved', stream: 'demo/app', why: 'a\nb' });
    expect(new Date(time).toISOString()).toBe(time);
  });

  test.each(LOG_LEVELS)('at %s tells what is as grave, or graver', level => {
    const all = ['debug', 'info', 'warn', 'error'] as const;
    const lines = written(level, log => {
      for (const each of all) log[each]({}, each);
    });
    const from = level === 'silent' ? all.length : all.indexOf(level);
    expect(lines.map(line => JSON.parse(line).level)).toEqual(all.slice(from));
  });

  test.each(['authorization', 'password', 'token'])(
    'shows no %s that got among the fields, at any depth of one',
    key => {
      const lines = written('debug', log => {
        log.debug({ [key]: 's3cret' }, 'by itself');
        log.error({ headers: { [key]: 's3cret' } }, 'in something');
      });
      expect(lines).toHaveLength(2);
      expect(lines.join('')).not.toContain('s3cret');
    },
  );
});
