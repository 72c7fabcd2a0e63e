import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CompactJson } from '../../../src/imagestream/compact-json.ts';

const keys = ['metadata', 'name', 'items'];
const form = new CompactJson(keys, ['DockerImage', 'True']);

test('known keys are letters; known texts and those that came before are numbers', () => {
  const value = { metadata: { name: 'quay.io' }, items: ['DockerImage', 'quay.io', 'short', 'short', '~1'] };
  const text = form.write(value);
  expect(text).toBe('{"a":{"b":"quay.io"},"c":["~0","~2","short","short","~~1"]}');
  expect(form.read(text)).toEqual(value);
});

test('what is undefined is left out, null is kept', () => {
  expect(form.write({ name: undefined, items: null })).toBe('{"c":null}');
});

test('what is read is what was written', () => {
  const anyText = fc.oneof(
    fc.constantFrom('True', 'DockerImage', '~', '~0', '~~1', '~long text', 'a long text'),
    fc.string(),
  );
  const { value: anyValue } = fc.letrec<{ value: never }>(tie => ({
    value: fc.oneof(
      { depthSize: 'small' },
      anyText,
      fc.constantFrom(null, true, 0, 7),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom(...keys, 'other/key'), tie('value'), { noNullPrototype: true }),
    ) as fc.Arbitrary<never>,
  }));
  fc.assert(fc.property(anyValue, value => expect(form.read(form.write(value))).toEqual(value)));
});
