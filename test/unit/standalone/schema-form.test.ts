import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { imageStreamCrd } from '../../../src/api/crd.ts';
import type { Schema } from '../../../src/api/schema.ts';
import { checkSchema } from '../../../src/api/validate.ts';
import { schemaForm } from '../../../src/standalone/schema-form.ts';

const policy: Schema = { type: 'object', properties: { local: { type: 'boolean', default: false } } };
const schema: Schema = {
  type: 'object',
  properties: {
    text: { type: 'string' },
    mode: { type: 'string', default: 'Legacy' },
    count: { type: 'integer', nullable: true },
    policy,
    whole: { ...policy, default: { local: true } },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    list: { type: 'array', items: policy },
    any: { type: 'object', properties: { known: policy }, 'x-kubernetes-preserve-unknown-fields': true },
  },
};
const defaults = { mode: 'Legacy', whole: { local: true } };

describe('schemaForm()', () => {
  test.each<[name: string, value: object, want: object]>([
    ['fills in defaults', {}, {}],
    ['fills them in below what is there, not below what is not', { policy: {} }, { policy: { local: false } }],
    [
      'fills them in in each entry of a list',
      { list: [{}, { local: true }] },
      { list: [{ local: false }, { local: true }] },
    ],
    ['leaves what is there', { mode: '', whole: { local: false } }, { mode: '', whole: { local: false } }],
    ['leaves out a null where none may be', { text: null, labels: { a: null, b: '' } }, { labels: { b: '' } }],
    [
      'puts a default in the place of such a null',
      { mode: null, policy: { local: null } },
      { policy: { local: false } },
    ],
    ['leaves a null where one may be', { count: null }, { count: null }],
    ['leaves what is of a wrong type', { text: [1], list: {}, policy: [{}] }, { text: [1], list: {}, policy: [{}] }],
    [
      'leaves what is to be preserved, and looks at what is known of it',
      { any: { foo: { bar: null }, known: { foo: 1 } } },
      { any: { foo: { bar: null }, known: { local: false } } },
    ],
  ])('%s', (_name, value, want) => {
    expect(schemaForm(schema, value).value).toEqual({ ...defaults, ...want });
  });

  test('leaves out what it does not know, and tells where it was', () => {
    const value = JSON.parse(
      '{"zzz": 1, "__proto__": {"a": 1}, "list": [{}, {"constructor": 1}], "policy": {"remote": true}, "labels": {"a": "b"}}',
    );
    const formed = schemaForm(schema, value);
    expect(formed.unknown).toEqual(['__proto__', 'list[1].constructor', 'policy.remote', 'zzz']);
    const list = [{ local: false }, { local: false }];
    expect(formed.value).toEqual({ ...defaults, list, policy: { local: false }, labels: { a: 'b' } });
  });

  test('gives no object of its own away', () => {
    const [one, other] = [schemaForm(schema, {}), schemaForm(schema, {})].map(({ value }) => value as typeof defaults);
    expect(one?.whole).not.toBe(other?.whole);
  });

  test('leaves nothing that validation would call unknown, and changes nothing when done again', () => {
    const of = imageStreamCrd.spec.versions[0]?.schema.openAPIV3Schema as Schema;
    const names = fc.constantFrom(
      'spec',
      'status',
      'tags',
      'from',
      'lookupPolicy',
      'local',
      'items',
      'name',
      '__proto__',
    );
    const { tree } = fc.letrec(tie => ({
      tree: fc.oneof(
        { maxDepth: 6 },
        fc.jsonValue(),
        fc.dictionary(fc.oneof(names, fc.string()), tie('tree')),
        fc.array(tie('tree'), { maxLength: 4 }),
      ),
    }));
    fc.assert(
      fc.property(tree, value => {
        const { value: formed } = schemaForm(of, value);
        expect(checkSchema(of, formed, '').filter(({ kind }) => kind === 'unknownField')).toEqual([]);
        expect(schemaForm(of, formed)).toEqual({ value: formed, unknown: [] });
      }),
    );
  });
});
