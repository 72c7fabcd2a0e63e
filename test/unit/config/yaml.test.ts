import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readYaml, readYamlDocuments, YamlFault } from '../../../src/config/yaml.ts';

function faultOf(text: string): string {
  try {
    readYaml(text, 'isi.yaml');
  } catch (error) {
    if (error instanceof YamlFault) return error.message;
    throw error;
  }
  return 'no fault';
}

describe('readYaml()', () => {
  test.each([
    ['YAML', 'a: 1\nb: [x, true, null]\n', { a: 1, b: ['x', true, null] }],
    ['JSON', '{\n\t"a": {"b": "c"}\n}', { a: { b: 'c' } }],
    ['a byte order mark', '\ufeffa: 1', { a: 1 }],
    ['Windows line ends', 'a: 1\r\nb: 2\r\n', { a: 1, b: 2 }],
    ['anchors and merges', 'a: &x {b: 1}\nc: {<<: *x, d: *x}', { a: { b: 1 }, c: { b: 1, d: { b: 1 } } }],
    ['dates as text', 'a: 2026-01-01', { a: '2026-01-01' }],
    ['keys as text', '1: x\ntrue: y', { '1': 'x', true: 'y' }],
    ['one document among empty ones', '---\n---\na: 1\n---\n', { a: 1 }],
  ])('reads %s', (_name, text, want) => {
    expect(readYaml(text, 'isi.yaml').value).toEqual(want);
  });

  test.each([
    ['broken syntax', 'a: 1\nb: [1,\n', /^isi\.yaml:3:1: Flow sequence/],
    ['a tab as indentation', 'a:\n\t- b', /^isi\.yaml:2:1: Tabs are not allowed as indentation$/],
    ['a duplicate key', 'a: 1\na: 2', /^isi\.yaml:2:1: Map keys must be unique$/],
    ['a duplicate key in JSON', '{"a": 1,\n "a": 2}', /^isi\.yaml:2:2: Map keys must be unique$/],
    ['a key that is no text', '? [a]\n: b', /^isi\.yaml:1:3: /],
    ['a tag we do not know', 'a: !!binary aGk=', /^isi\.yaml:1:4: Unresolved tag/],
    ['an alias without anchor', 'a: *b', /^isi\.yaml: Unresolved alias/],
    ['an alias inside its own anchor', 'a: &a\n  b: *a', /^isi\.yaml: an alias stands inside its own anchor$/],
    ['nesting without end', '['.repeat(100_000), /^isi\.yaml:1:\d+: nested too deeply$/],
    ['lists in lists without end', '- '.repeat(20_000), /^isi\.yaml:1:\d+: nested too deeply$/],
    ['a text of more than 8 MiB', `a: ${'ä'.repeat(4 * 1024 * 1024)}`, /^isi\.yaml: larger than 8 MiB$/],
    ['an empty text', '\n# nothing\n', /^isi\.yaml: there is nothing in it$/],
    ['a second document', 'a: 1\n---\nb: 2', /^isi\.yaml:3:1: a second document begins here; expected one$/],
  ])('refuses %s', (_name, text, want) => {
    expect(faultOf(text)).toMatch(want);
  });

  test('refuses aliases that multiply', () => {
    const names = [...'abcdefgh'];
    const bomb = names.map((name, index) => {
      const parts = Array(9).fill(index === 0 ? 'x' : `*${names[index - 1]}`);
      return `${name}: &${name} [${parts.join(', ')}]`;
    });
    expect(faultOf(bomb.join('\n'))).toMatch(/^isi\.yaml: Excessive alias count/);
  });

  test('keeps a key named __proto__ an ordinary key', () => {
    const { value } = readYaml('__proto__: {polluted: true}', 'isi.yaml');
    expect(Object.keys(value as object)).toEqual(['__proto__']);
    expect((value as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test.each([
    [['a'], '2:4'],
    [['b', 1, 'c'], '5:8'],
    [['b', 1, 'missing', 'deeper'], '5:5'],
    [['missing'], '2:1'],
    [[], '2:1'],
  ])('position(%j) is %s: the value there or the nearest around it', (keys, want) => {
    const document = readYaml('# head\na: 1\nb:\n  - x\n  - c: 2\n', 'isi.yaml');
    expect(document.position(keys)).toBe(`isi.yaml:${want}`);
  });

  test('never throws anything but YamlFault, with a message of one line', () => {
    const piece = fc.constantFrom(
      'a',
      ': ',
      '- ',
      '\n',
      '  ',
      '{',
      '}',
      '[',
      ']',
      ',',
      '&x ',
      '*x',
      '"',
      "'",
      '|',
      '!!t ',
      '<<: ',
      '? ',
      '%',
      '---',
      '\t',
      '#',
      '\u0000',
      '\ud800',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 40 }).map(pieces => pieces.join('')),
    );
    fc.assert(
      fc.property(text, one => {
        expect(faultOf(one)).not.toMatch(/[\r\n]/);
      }),
      { numRuns: 500 },
    );
  });

  test('reads back every JSON document', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), value => {
        const text = JSON.stringify(value);
        expect(readYaml(text, 'x').value).toEqual(JSON.parse(text));
      }),
    );
  });
});

test('readYamlDocuments() reads all documents, each with positions in the whole text', () => {
  const documents = readYamlDocuments('a: 1\n---\n---\nb: 2\n', 'isi.yaml');
  expect(documents.map(({ value }) => value)).toEqual([{ a: 1 }, { b: 2 }]);
  expect(documents[1]?.position(['b'])).toBe('isi.yaml:4:4');
});
