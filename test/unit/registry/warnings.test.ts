import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { silentLogger } from '../../../src/log.ts';
import { Warnings, warningTexts } from '../../../src/registry/warnings.ts';
import { fakeClock } from '../../fake/clock.ts';

const HOUR = 3_600_000;

function listening() {
  const clock = fakeClock();
  const told: string[] = [];
  const log = { ...silentLogger, warn: (fields: object) => void told.push(Object.values(fields).join(': ')) };
  return { clock, told, warnings: new Warnings(clock, log) };
}

describe('R6.15 warningTexts()', () => {
  test.each([
    ['one', '299 - "too old"', ['too old']],
    ['several in one header', '299 - "a", 299 - "b, c"', ['a', 'b, c']],
    ['several headers', ['299 - "a"', '299 - "b"'], ['a', 'b']],
    ['quotes inside', String.raw`299 - "say \"please\""`, ['say "please"']],
    ['a code that is no notice to users', '199 - "a", 110 anderson/1.3.37 "stale"', []],
    ['an agent of its own', '299 agent "a"', []],
    ['a code that only ends so', '1299 - "a"', []],
    ['no quotes', '299 - text', []],
    ['a quote that never closes', '299 - "text', []],
    ['nothing to say', '299 - ""', []],
    ['control characters', '299 - "a\tb\u0007"', ['a b']],
  ])('reads %s', (_name, header, texts) => {
    expect(warningTexts(header)).toEqual(texts);
  });

  test('looks at 4 KiB of whatever there is', () => {
    expect(warningTexts(`299 - "a", ${'x'.repeat(4096)}, 299 - "b"`)).toEqual(['a']);
  });

  test('is quick with any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('2', '9', ' ', '-', '"', '\\', ',', 'a'), maxLength: 200 }),
        text => {
          for (const warning of warningTexts(text)) expect(warning.length).toBeLessThanOrEqual(256);
        },
      ),
    );
  });
});

describe('R6.15 Warnings', () => {
  test('tell each text of a host once a day', async () => {
    const { clock, told, warnings } = listening();
    warnings.hear('a.b', '299 - "too old"');
    warnings.hear('a.b', '299 - "too old"');
    warnings.hear('c.d', '299 - "too old"');
    warnings.hear('a.b', undefined);
    expect(told).toEqual(['a.b: too old', 'c.d: too old']);

    await clock.advance(23 * HOUR);
    warnings.hear('a.b', '299 - "too old"');
    expect(told).toHaveLength(2);
    await clock.advance(HOUR);
    warnings.hear('a.b', '299 - "too old"');
    expect(told).toHaveLength(3);
  });

  test('tell no more of a host that never runs out of texts', () => {
    const { told, warnings } = listening();
    for (let at = 0; at < 100; at += 1) warnings.hear('a.b', `299 - "no. ${at}"`);
    warnings.hear('c.d', '299 - "mine"');
    expect(told).toHaveLength(17);
  });
});
