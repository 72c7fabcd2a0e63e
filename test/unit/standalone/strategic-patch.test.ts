import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { KINDS } from '../../../src/standalone/kind-table.ts';
import type { Kind } from '../../../src/standalone/kinds.ts';
import { mergePatch } from '../../../src/standalone/merge-patch.ts';
import { shapeOf } from '../../../src/standalone/shape.ts';
import { StrategicFailed, strategicPatch } from '../../../src/standalone/strategic-patch.ts';

const [deployments] = KINDS.filter(({ kind }) => kind === 'Deployment') as [Kind];
const [configMaps] = KINDS.filter(({ kind }) => kind === 'ConfigMap') as [Kind];
const patch = (live: unknown, change: unknown) => strategicPatch(shapeOf(deployments), live, change);

const pod = (spec: object) => ({ spec: { template: { spec } } });
const containers = (...list: object[]) => pod({ containers: list });
const env = (...names: string[]) => names.map(name => ({ name, value: '1' }));
const c = { name: 'c', image: 'x', env: env('A', 'B'), args: ['1', '2'] };
const d = { name: 'd', image: 'y' };
const live = { metadata: { finalizers: ['a/c', 'a/d'] }, ...containers(c, d) };
const order = (...names: string[]) => ({ '$setElementOrder/containers': names.map(name => ({ name })) });

describe('strategicPatch()', () => {
  // As kube-apiserver 1.36 answers the same patches of the same Deployment.
  test.each<[name: string, change: object, want: object]>([
    [
      'merges entries by key',
      containers({ name: 'c', env: [{ name: 'B', value: '2' }, { name: 'C' }] }),
      containers({ ...c, env: [...env('A'), { name: 'B', value: '2' }, { name: 'C' }] }, d),
    ],
    [
      'deletes an entry',
      containers({ name: 'c', env: [{ name: 'A', $patch: 'delete' }] }),
      containers({ ...c, env: env('B') }, d),
    ],
    ['deletes nothing that is not there', containers({ name: 'c', env: [{ name: 'Q', $patch: 'delete' }] }), {}],
    [
      'replaces a list',
      containers({ name: 'c', env: [{ $patch: 'replace' }, { name: 'Z' }] }),
      containers({ ...c, env: [{ name: 'Z' }] }, d),
    ],
    ['replaces a list of values', containers({ name: 'c', args: ['3'] }), containers({ ...c, args: ['3'] }, d)],
    [
      'puts entries in order',
      pod({ ...order('d', 'c'), containers: [{ name: 'd', image: 'z' }] }),
      containers({ ...d, image: 'z' }, c),
    ],
    [
      'puts entries in order, one new, one gone',
      pod({ ...order('n', 'c'), containers: [{ name: 'n' }, { name: 'd', $patch: 'delete' }] }),
      containers({ name: 'n' }, c),
    ],
    [
      'keeps what the order does not name before what it preceded',
      pod({ ...order('n', 'd'), containers: [{ name: 'n' }] }),
      containers({ name: 'n' }, c, d),
    ],
    ['puts entries in order and changes nothing else', pod(order('d', 'c')), containers(d, c)],
    [
      'removes what is null',
      containers({ name: 'c', env: null }),
      containers({ name: 'c', image: 'x', args: ['1', '2'] }, d),
    ],
    [
      'adds values to a set',
      { metadata: { finalizers: ['a/e'] } },
      { metadata: { finalizers: ['a/e', 'a/c', 'a/d'] } },
    ],
    [
      'deletes values from a set',
      { metadata: { '$deleteFromPrimitiveList/finalizers': ['a/c'] } },
      { metadata: { finalizers: ['a/d'] } },
    ],
  ])('%s', (_name, change, want) => {
    expect(patch(live, change)).toEqual({ ...live, ...want });
  });

  test.each<[name: string, change: object, want: object]>([
    ['keeps the keys named alone', { $retainKeys: ['type'], type: 'Recreate' }, { type: 'Recreate' }],
    ['replaces an object', { $patch: 'replace', type: 'Recreate' }, { type: 'Recreate' }],
    ['empties an object', { $patch: 'delete' }, {}],
    ['merges when told to', { $patch: 'merge', type: 'Recreate' }, { type: 'Recreate', rollingUpdate: {} }],
  ])('%s', (_name, strategy, want) => {
    const before = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: {} } } };
    expect(patch(before, { spec: { strategy } })).toEqual({ spec: { strategy: want } });
  });

  test.each<[name: string, change: object, want: string]>([
    [
      'an entry without its key',
      containers({ image: 'z' }),
      'map: {"image":"z"} does not contain declared merge key: name',
    ],
    ['what is no directive', { spec: { strategy: { $patch: 'foo' } } }, 'unknown patch type: foo in map'],
    [
      'an order that leaves out what is patched',
      pod({ ...order('n'), containers: [{ name: 'd' }] }),
      "The order in patch list doesn't match $setElementOrder/ list",
    ],
  ])('refuses %s', (_name, change, want) => {
    expect(() => patch(live, change)).toThrow(new StrategicFailed(want));
  });

  test('takes no longer for each entry the more there are', () => {
    const many = Array.from({ length: 20_000 }, (_, at) => ({ name: `c${at}` }));
    const before = pod({ containers: many });
    const change = pod({ containers: many.toReversed().map(one => ({ ...one, image: 'n' })) });
    // Were each looked for among all others, this would take many minutes.
    expect(patch(before, change)).toEqual(change);
  });

  test('is a merge patch where no list has a key', () => {
    const key = fc.constantFrom('data', 'a', 'b', 'c');
    const values = [fc.integer(), fc.string(), fc.constant(null), fc.array(fc.integer())];
    const tree = fc.object({ key, values, maxDepth: 3, maxKeys: 3 });
    fc.assert(
      fc.property(tree, tree, (one, change) => {
        expect(strategicPatch(shapeOf(configMaps), one, change)).toEqual(mergePatch(one, change));
      }),
    );
  });
});
