import { describe, expect, test } from '@jest/globals';
import type { Schema, ValidationRule } from '../../../src/api/schema.ts';
import { ruleFaults } from '../../../src/standalone/schema-rules.ts';

const ruled = (schema: Schema, ...rules: ValidationRule[]): Schema => ({
  ...schema,
  'x-kubernetes-validations': rules,
});
const text: Schema = { type: 'string' };
const integer: Schema = { type: 'integer' };
const told = (schema: Schema, value: unknown, before?: unknown) =>
  ruleFaults(schema, value, before).map(({ path, message }) => `${path}: ${message}`);

describe('ruleFaults()', () => {
  const spec = (...rules: ValidationRule[]): Schema => ({
    type: 'object',
    properties: { spec: ruled({ type: 'object', properties: { a: integer, b: text } }, ...rules) },
  });

  test.each<[name: string, rule: ValidationRule, value: object, want: string[]]>([
    ['is silent when a rule holds', { rule: 'self.a > 1' }, { a: 2 }, []],
    ['tells the rule', { rule: 'self.a > 1' }, { a: 1 }, ['spec: Invalid value: failed rule: self.a > 1']],
    ['tells its message', { rule: 'self.a > 1', message: 'more!' }, { a: 1 }, ['spec: Invalid value: more!']],
    [
      'tells what its messageExpression makes',
      { rule: 'self.a > 1', message: 'more!', messageExpression: "'more than ' + string(self.a)" },
      { a: 1 },
      ['spec: Invalid value: more than 1'],
    ],
    [
      'points to its fieldPath',
      { rule: 'self.a > 1', message: 'm', fieldPath: '.a' },
      { a: 1 },
      ['spec.a: Invalid value: m'],
    ],
    [
      'speaks of its reason',
      { rule: 'has(self.b)', message: 'm', reason: 'FieldValueRequired' },
      {},
      ['spec: Required value: m'],
    ],
    [
      'forbids',
      { rule: '!has(self.b)', message: 'm', reason: 'FieldValueForbidden' },
      { b: '' },
      ['spec: Forbidden: m'],
    ],
    [
      'tells that a rule could not be evaluated',
      { rule: "self.b == 'x'", message: 'm' },
      {},
      ['spec: Invalid value: No such key: b evaluating rule: m'],
    ],
    ['knows no fields of JavaScript', { rule: '!has(self.constructor)' }, {}, []],
  ])('%s', (_name, rule, value, want) => {
    expect(told(spec(rule), { spec: value })).toEqual(want);
  });

  test('shows the value, where it is no object', () => {
    const schema: Schema = { type: 'object', additionalProperties: ruled(text, { rule: "self != 'x'", message: 'm' }) };
    expect(told(schema, { a: 'x', b: 'y' })).toEqual(['a: Invalid value: "x": m']);
  });

  test('hands in integers and times as such', () => {
    const time: Schema = { type: 'string', format: 'date-time' };
    const rules = [{ rule: 'self.n % 2 == 0' }, { rule: "self.t < timestamp('2026-01-02T00:00:00Z')" }];
    const schema = ruled({ type: 'object', properties: { n: integer, t: time } }, ...rules);
    expect(told(schema, { n: 4, t: '2026-01-01T00:00:00Z' })).toEqual([]);
    expect(told(schema, { n: 3, t: '2026-01-03T00:00:00Z' })).toHaveLength(2);
  });

  test('asks a rule about changes only where something was there before', () => {
    const schema = spec({ rule: 'self == oldSelf', message: 'm' }, { rule: "!has(self.b) || self.b != 'oldSelf'" });
    expect(told(schema, { spec: { a: 1 } })).toEqual([]);
    expect(told(schema, { spec: { a: 1 } }, {})).toEqual([]);
    expect(told(schema, { spec: { a: 1, b: 'x' } }, { spec: { b: 'x', a: 1 } })).toEqual([]);
    expect(told(schema, { spec: { a: 1 } }, { spec: { a: 2 } })).toEqual(['spec: Invalid value: m']);
    // The other one speaks of a text, not of the variable.
    expect(told(schema, { spec: { b: 'oldSelf' } })).toHaveLength(1);
  });

  test('finds what an entry was before by its keys, or not at all', () => {
    const entry = ruled(
      { type: 'object', properties: { k: text, v: integer } },
      { rule: 'self.v >= oldSelf.v', message: 'm' },
    );
    const list: Schema = { type: 'array', items: entry };
    const map: Schema = { ...list, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] };
    const before = [
      { k: 'a', v: 5 },
      { k: 'b', v: 1 },
    ];
    const after = [
      { k: 'b', v: 2 },
      { k: 'c', v: 0 },
      { k: 'a', v: 4 },
    ];
    expect(told(map, after, before)).toEqual(['[2]: Invalid value: m']);
    expect(told(list, after, before)).toEqual([]);
  });
});
