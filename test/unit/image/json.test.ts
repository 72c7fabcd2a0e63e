import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InvalidContent } from '../../../src/image/content.ts';
import { parseJson } from '../../../src/image/json.ts';
import { bytesOf } from '../../gen/manifests.ts';

const detailOf = (bytes: Uint8Array): string | undefined => {
  try {
    parseJson(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof InvalidContent) return error.detail;
    throw error;
  }
};
const nested = (depth: number) => bytesOf('['.repeat(depth) + ']'.repeat(depth));

describe('parseJson()', () => {
  test('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 8, noUnicodeString: false }),
        fc.constantFrom(undefined, 1, '\t'),
        (value, space) => {
          const text = JSON.stringify(value, undefined, space);
          expect(JSON.stringify(parseJson(bytesOf(text)))).toBe(JSON.stringify(JSON.parse(text)));
        },
      ),
    );
  });

  test('refuses what JSON.parse refuses, with InvalidContent and nothing else', () => {
    const piece = fc.constantFrom(...'{}[]:,"\\ \n-+.0e1', 'true', 'null', '"a"', '\\u00', '\u0000', '\ufeff', 'x');
    const text = fc.array(piece, { maxLength: 8 }).map(parts => parts.join(''));
    const accepts = (read: () => unknown) => {
      try {
        read();
        return true;
      } catch {
        return false;
      }
    };
    fc.assert(
      fc.property(text, json => {
        const engineAccepts = accepts(() => JSON.parse(json));
        expect(detailOf(bytesOf(json)) === undefined).toBe(engineAccepts);
      }),
      { numRuns: 2_000 },
    );
  });

  test('any bytes give a value or InvalidContent', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), bytes => void detailOf(bytes)));
  });

  test.each([
    ['bytes behind the value', '{} x', 'manifest: not valid JSON'],
    ['a byte order mark', '\ufeff{}', 'manifest: not valid JSON'],
    ['nothing', '', 'manifest: not valid JSON'],
    ['a string without end', '"abc\\', 'manifest: not valid JSON'],
    ['a control character in a string', '"a\nb"', 'manifest: not valid JSON'],
    ['a web page', '<html></html>', 'manifest: not valid JSON'],
  ])('R6.10 refuses %s', (_, text, detail) => {
    expect(detailOf(bytesOf(text))).toBe(detail);
  });

  test('R6.10 refuses what is not UTF-8', () => {
    expect(detailOf(Uint8Array.of(0x22, 0xff, 0x22))).toBe('manifest: not valid UTF-8');
  });

  test('G15 refuses depth 33, not 32', () => {
    expect(detailOf(nested(32))).toBeUndefined();
    expect(detailOf(nested(33))).toBe('manifest: nested deeper than 32 levels');
    expect(detailOf(bytesOf('{"a":'.repeat(2_000_000)))).toBe('manifest: nested deeper than 32 levels');
  });

  test('R6.10 refuses more than 500,000 structural characters', () => {
    const list = (commas: number) => bytesOf(`[${'0,'.repeat(commas)}0]`);
    expect(detailOf(list(499_999))).toBeUndefined();
    expect(detailOf(list(500_000))).toBe('manifest: more than 500000 values');
    expect(detailOf(bytesOf(`[${'{},'.repeat(300_000)}{}]`))).toBe('manifest: more than 500000 values');
    // Inside a string they are only characters.
    expect(detailOf(bytesOf(`"${'{[,:'.repeat(200_000)}"`))).toBeUndefined();
  });

  test('R6.12 a __proto__ member is a member', () => {
    const value = parseJson(bytesOf('{"__proto__": {"polluted": true}, "constructor": 1}'));
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('of members of one name the last counts', () => {
    expect(JSON.stringify(parseJson(bytesOf('{"a": 1, "a": {"b": 2}}')))).toBe('{"a":{"b":2}}');
  });

  test('names the document in its faults', () => {
    expect(() => parseJson(bytesOf('x'), 'config')).toThrow('config: not valid JSON');
  });
});
