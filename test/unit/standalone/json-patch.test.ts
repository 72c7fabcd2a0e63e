import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../../src/standalone/json.ts';
import { jsonPatch, PatchFailed } from '../../../src/standalone/json-patch.ts';

const target = { a: { b: 1, 'c/d': 2, 'e~f': 3 }, list: ['x', 'y', 'z'], '': 'empty' };

describe('jsonPatch()', () => {
  test.each<[name: string, operations: JsonObject[], want: object]>([
    ['adds a member', [{ op: 'add', path: '/a/n', value: [1] }], { a: { ...target.a, n: [1] } }],
    ['adds in the place of a member', [{ op: 'add', path: '/a', value: null }], { a: null }],
    ['adds null when no value is given', [{ op: 'add', path: '/a' }], { a: null }],
    ['inserts into a list', [{ op: 'add', path: '/list/1', value: 'n' }], { list: ['x', 'n', 'y', 'z'] }],
    ['inserts at its end', [{ op: 'add', path: '/list/3', value: 'n' }], { list: ['x', 'y', 'z', 'n'] }],
    ['appends', [{ op: 'add', path: '/list/-', value: 'n' }], { list: ['x', 'y', 'z', 'n'] }],
    ['counts an index below 0 from the end', [{ op: 'remove', path: '/list/-1' }], { list: ['x', 'y'] }],
    ['removes', [{ op: 'remove', path: '/list/0' }], { list: ['y', 'z'] }],
    ['replaces', [{ op: 'replace', path: '/list/0', value: 'n' }], { list: ['n', 'y', 'z'] }],
    ['replaces a member that is not there', [{ op: 'replace', path: '/n', value: 1 }], { n: 1 }],
    [
      'reads ~1 and ~0',
      [
        { op: 'replace', path: '/a/c~1d', value: 0 },
        { op: 'remove', path: '/a/e~0f' },
      ],
      { a: { b: 1, 'c/d': 0 } },
    ],
    ['knows a member without a name', [{ op: 'replace', path: '/', value: 1 }], { '': 1 }],
    ['moves', [{ op: 'move', from: '/list/0', path: '/list/2' }], { list: ['y', 'z', 'x'] }],
    ['copies', [{ op: 'copy', from: '/a/b', path: '/list/0' }], { list: [1, 'x', 'y', 'z'] }],
    ['tests', [{ op: 'test', path: '/a', value: { 'e~f': 3, 'c/d': 2, b: 1 } }], {}],
    ['tests what is not there for null', [{ op: 'test', path: '/n', value: null }], {}],
    ['adds a member called __proto__', [{ op: 'add', path: '/__proto__', value: 1 }], JSON.parse('{"__proto__": 1}')],
    [
      'goes on from what it has done',
      [
        { op: 'add', path: '/n', value: {} },
        { op: 'add', path: '/n/m', value: 1 },
      ],
      { n: { m: 1 } },
    ],
  ])('%s', (_name, operations, want) => {
    const result = jsonPatch(target, operations) as object;
    expect(Object.entries(result).toSorted()).toEqual(
      Object.entries({ ...target, ...want, ...ownProto(want) }).toSorted(),
    );
  });

  test('replaces the whole', () => {
    expect(jsonPatch(target, [{ op: 'replace', path: '', value: [1] }])).toEqual([1]);
  });

  test.each<[name: string, operation: JsonObject]>([
    ['an operation that there is not', { op: 'foo', path: '/a' }],
    ['no operation', { path: '/a' }],
    ['no path', { op: 'add', value: 1 }],
    ['a path that does not begin with /', { op: 'add', path: 'a', value: 1 }],
    ['a path below nothing', { op: 'add', path: '/n/m', value: 1 }],
    ['a path below a text', { op: 'add', path: '/list/0/m', value: 1 }],
    ['an index past the end', { op: 'add', path: '/list/4', value: 1 }],
    ['an index that is no number', { op: 'add', path: '/list/one', value: 1 }],
    ['to replace past the end', { op: 'replace', path: '/list/3', value: 1 }],
    ['to remove what is not there', { op: 'remove', path: '/n' }],
    ['to remove what every object of JavaScript has', { op: 'remove', path: '/constructor' }],
    ['to remove the whole', { op: 'remove', path: '' }],
    ['to move what is not there', { op: 'move', from: '/n', path: '/m' }],
    ['to move something into itself', { op: 'move', from: '/a', path: '/a/b' }],
    ['a test that fails', { op: 'test', path: '/a/b', value: '1' }],
  ])('refuses %s, and all with it', (_name, operation) => {
    expect(() => jsonPatch(target, [{ op: 'remove', path: '/list/0' }, operation])).toThrow(PatchFailed);
    expect(target.list).toEqual(['x', 'y', 'z']);
  });

  test('refuses copies of copies before they outgrow memory', () => {
    const double = { op: 'copy', from: '/list', path: '/list/-' };
    expect(() => jsonPatch(target, new Array(60).fill(double))).toThrow(PatchFailed);
  });

  test.each<[name: string, operations: JsonObject[]]>([
    ['copies', new Array(5_000).fill({ op: 'copy', from: '/a', path: '/a/b' })],
    [
      'what is added',
      Array.from({ length: 40 }, (_, at) => ({ op: 'add', path: '/a'.repeat(at * 50 + 1), value: deep(50) })),
    ],
  ])('refuses %s that nest ever deeper', (_name, operations) => {
    expect(() => jsonPatch(target, operations)).toThrow(PatchFailed);
  });

  test('copies nothing of a large object for each of its operations', () => {
    const large = Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`k${at}`, at]));
    const operations = Array.from({ length: 5_000 }, (_, at) => ({ op: 'add', path: `/n${at}`, value: at }));
    // With a copy for each this would take minutes.
    expect(Object.keys(jsonPatch(large, operations) as object)).toHaveLength(55_000);
  });

  test('leaves the operations as they are, to be tried again', () => {
    const operations = [
      { op: 'add', path: '/n', value: {} },
      { op: 'add', path: '/n/m', value: 1 },
    ];
    expect(jsonPatch({}, operations)).toEqual(jsonPatch({}, operations));
    expect(operations[0]?.value).toEqual({});
  });

  test('what is added anywhere is found there, and its removal undoes it', () => {
    const documents = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 });
    fc.assert(
      fc.property(documents, fc.jsonValue(), fc.nat(), fc.string(), (document, value, choice, name) => {
        const before = JSON.stringify(document);
        const places = placesIn(document);
        const { path, isList } = places[choice % places.length] ?? { path: '', isList: false };
        const at = `${path}/${isList ? 0 : name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
        const added = jsonPatch(document, [
          { op: 'add', path: at, value },
          { op: 'test', path: at, value },
        ]);
        expect(JSON.stringify(document)).toBe(before);
        const isNew = (() => {
          try {
            return isList || jsonPatch(document, [{ op: 'remove', path: at }]) === undefined;
          } catch {
            return true;
          }
        })();
        if (isNew) expect(jsonPatch(added, [{ op: 'remove', path: at }])).toEqual(document);
      }),
    );
  });
});

/** Every object and list in a document. */
function placesIn(value: unknown, path = ''): { path: string; isList: boolean }[] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.entries(value).flatMap(([name, field]) => {
    return placesIn(field, `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  });
  return [{ path, isList: Array.isArray(value) }, ...below];
}

/** `{a: {a: …}}` */
function deep(levels: number): object {
  return levels === 0 ? {} : { a: deep(levels - 1) };
}

function ownProto(object: object): object {
  return Object.hasOwn(object, '__proto__') ? object : {};
}
