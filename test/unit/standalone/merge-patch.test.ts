import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isJsonObject, sameJson } from '../../../src/standalone/json.ts';
import { mergePatch } from '../../../src/standalone/merge-patch.ts';

describe('mergePatch()', () => {
  // The examples of RFC 7386.
  test.each<[target: unknown, patch: unknown, want: unknown]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (target, patch, want) => {
    expect(mergePatch(target, patch)).toEqual(want);
  });

  const json = fc.jsonValue({ maxDepth: 4 }).map(withoutNulls);

  test('of what differs makes one the other, and doing it again changes nothing', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), fc.dictionary(fc.string(), json), (one, other) => {
        const patch = difference(one, other);
        const text = JSON.stringify(one);
        const merged = mergePatch(one, patch);
        expect(sameJson(merged, other)).toBe(true);
        expect(sameJson(mergePatch(merged, patch), other)).toBe(true);
        expect(JSON.stringify(one)).toBe(text);
      }),
    );
  });
});

/** The merge patch from one to the other. */
function difference(one: unknown, other: unknown): unknown {
  if (!isJsonObject(one) || !isJsonObject(other)) return other;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  const entries = [...names].filter(name => !sameJson(own(one, name), own(other, name)));
  return Object.fromEntries(
    entries.map(name => [name, Object.hasOwn(other, name) ? difference(own(one, name), own(other, name)) : null]),
  );
}

function own(object: { readonly [name: string]: unknown }, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** A merge patch cannot make a null. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value ?? 0;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, withoutNulls(field)]));
}
