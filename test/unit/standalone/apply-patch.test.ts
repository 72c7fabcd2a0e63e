import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { imageStreamCrd } from '../../../src/api/crd.ts';
import { ApplyFailed, applyMerge } from '../../../src/standalone/apply-patch.ts';
import { sameJson } from '../../../src/standalone/json.ts';
import { KINDS } from '../../../src/standalone/kind-table.ts';
import type { Kind } from '../../../src/standalone/kinds.ts';
import { shapeOf } from '../../../src/standalone/shape.ts';

const [streams] = KINDS.filter(({ kind }) => kind === imageStreamCrd.spec.names.kind) as [Kind];
const [deployments] = KINDS.filter(({ kind }) => kind === 'Deployment') as [Kind];
const ofStream = (live: unknown, applied: unknown) => applyMerge(shapeOf(streams), live, applied);
const tags = (...names: string[]) => ({ spec: { tags: names.map(name => ({ name })) } });

describe('applyMerge()', () => {
  test.each<[name: string, live: object, applied: object, want: object]>([
    ['keeps what is not applied', { spec: { a: 1, b: 2 } }, { spec: { b: 3 } }, { spec: { a: 1, b: 3 } }],
    [
      'merges entries by their keys',
      { spec: { tags: [{ name: 'a', reference: true }, { name: 'b' }] } },
      { spec: { tags: [{ name: 'a', generation: 1 }] } },
      { spec: { tags: [{ name: 'a', reference: true, generation: 1 }, { name: 'b' }] } },
    ],
    ['keeps the order of both', tags('a', 'b'), tags('c', 'b', 'd'), tags('a', 'c', 'b', 'd')],
    ['lets the order that is applied win', tags('a', 'b', 'c'), tags('c', 'a'), tags('c', 'a', 'b')],
    [
      'merges below what was found by key',
      { status: { tags: [{ tag: 'a', conditions: [{ type: 'X', status: 'True' }] }] } },
      { status: { tags: [{ tag: 'a', conditions: [{ type: 'Y', status: 'True' }] }] } },
      {
        status: {
          tags: [
            {
              tag: 'a',
              conditions: [
                { type: 'X', status: 'True' },
                { type: 'Y', status: 'True' },
              ],
            },
          ],
        },
      },
    ],
    [
      'replaces a list that is one value',
      { status: { tags: [{ tag: 'a', items: [{ image: 'x' }, { image: 'y' }] }] } },
      { status: { tags: [{ tag: 'a', items: [{ image: 'z' }] }] } },
      { status: { tags: [{ tag: 'a', items: [{ image: 'z' }] }] } },
    ],
    [
      'replaces an object that is one value',
      { status: { tags: [{ tag: 'a', source: { from: 'x', digest: 'y' } }] } },
      { status: { tags: [{ tag: 'a', source: { from: 'z' } }] } },
      { status: { tags: [{ tag: 'a', source: { from: 'z' } }] } },
    ],
    [
      'takes nothing away by a null, but a value',
      { spec: { dockerImageRepository: 'a', tags: [{ name: 'a', annotations: { x: '1' }, generation: 1 }] } },
      { spec: { tags: [{ name: 'a', annotations: null, generation: null }] } },
      { spec: { dockerImageRepository: 'a', tags: [{ name: 'a', annotations: { x: '1' }, generation: null }] } },
    ],
    ['takes a list for what it was when null is applied', tags('a'), { spec: { tags: null } }, tags('a')],
    [
      'adds finalizers, and owners by their uid',
      { metadata: { finalizers: ['a', 'b'], ownerReferences: [{ uid: '1', name: 'x' }] } },
      { metadata: { finalizers: ['c', 'b'], ownerReferences: [{ uid: '1', controller: true }, { uid: '2' }] } },
      {
        metadata: {
          finalizers: ['a', 'b', 'c'],
          ownerReferences: [{ uid: '1', name: 'x', controller: true }, { uid: '2' }],
        },
      },
    ],
  ])('%s', (_name, live, applied, want) => {
    expect(ofStream(live, applied)).toEqual(want);
  });

  test('merges the lists of kinds that have no schema by the keys of their table', () => {
    const pod = (...containers: object[]) => ({ spec: { template: { spec: { containers } } } });
    const env = (...names: string[]) => names.map(name => ({ name, value: name }));
    const live = pod({ name: 'a', image: 'x', args: ['1', '2'], env: env('A') }, { name: 'b' });
    const applied = pod({ name: 'a', args: ['3'], env: env('B') });
    expect(applyMerge(shapeOf(deployments), live, applied)).toEqual(
      pod({ name: 'a', image: 'x', args: ['3'], env: env('A', 'B') }, { name: 'b' }),
    );
  });

  test.each<[applied: object, want: string]>([
    [
      { spec: { tags: [{ reference: true }] } },
      '.spec.tags: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn\'t have default values for any key fields)',
    ],
    [tags('a', 'b', 'b'), '.spec.tags: duplicate entries for key [name="b"]'],
  ])('refuses %j', (applied, want) => {
    expect(() => ofStream({}, applied)).toThrow(new ApplyFailed(want));
  });

  test('takes no longer for each entry the more there are', () => {
    const names = Array.from({ length: 100_000 }, (_, at) => `t${at}`);
    // Were each looked for among all others, this would take minutes.
    expect(ofStream(tags(...names), tags(...names.toReversed()))).toEqual(tags(...names.toReversed()));
  });

  test('done again changes nothing, and what was applied first stays unless it is applied again', () => {
    const tag = fc.record(
      { name: fc.constantFrom('a', 'b', 'c', 'd'), reference: fc.boolean(), generation: fc.nat(3) },
      { requiredKeys: ['name'] },
    );
    const stream = fc.record({ spec: fc.record({ tags: fc.uniqueArray(tag, { selector: ({ name }) => name }) }) });
    type Tag = { readonly name: string };
    fc.assert(
      fc.property(stream, stream, (one, other) => {
        const merged = ofStream(one, other) as { spec: { tags: Tag[] } };
        expect(ofStream(merged, other)).toEqual(merged);
        const names = merged.spec.tags.map(({ name }) => name);
        expect(new Set(names).size).toBe(names.length);
        for (const { tags: list } of [other.spec, one.spec]) {
          for (const { name } of list) expect(names).toContain(name);
        }
        for (const given of other.spec.tags) {
          const found = merged.spec.tags.find(({ name }) => name === given.name);
          expect(sameJson({ ...found, ...given }, found)).toBe(true);
        }
      }),
    );
  });
});
