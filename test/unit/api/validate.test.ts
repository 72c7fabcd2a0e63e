import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { imageSchema } from '../../../src/api/image.ts';
import { imageStreamSchema } from '../../../src/api/image-stream.ts';
import { imageStreamImportSchema } from '../../../src/api/image-stream-import.ts';
import type { Schema } from '../../../src/api/schema.ts';
import { checkSchema, formatFault } from '../../../src/api/validate.ts';
import { imageStream, imageStreamImport, specTag } from '../../gen/objects.ts';

const schema = {
  type: 'object',
  properties: {
    text: { type: 'string', minLength: 2, maxLength: 4, pattern: '^[a-z🙂]+$' },
    mode: { type: 'string', enum: ['', 'Legacy'] },
    time: { type: 'string', format: 'date-time' },
    bytes: { type: 'string', format: 'byte' },
    count: { type: 'integer', format: 'int32', minimum: 1, maximum: 2_200_000_000 },
    big: { type: 'integer', format: 'int64', nullable: true },
    flag: { type: 'boolean' },
    labels: { type: 'object', additionalProperties: { type: 'string' }, maxProperties: 2 },
    any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    entries: {
      type: 'array',
      minItems: 1,
      maxItems: 3,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
    },
    policy: {
      type: 'object',
      properties: { local: { type: 'boolean', default: false }, type: { type: 'string' } },
      required: ['local', 'type'],
    },
  },
} as const satisfies Schema;

const check = (value: unknown) => checkSchema(schema, value, '');

describe('checkSchema()', () => {
  test.each<[name: string, value: unknown]>([
    ['an empty object', {}],
    ['null where it is nullable', { big: null }],
    ['an integer beyond 2^53', { big: 2 ** 60 }],
    ['anything below preserved fields', { any: { a: [{ b: null }] } }],
    ['characters counted, not UTF-16 units', { text: '🙂🙂🙂🙂' }],
    ['a time with fractions and offset', { time: '2026-11-20T10:00:00.123456+01:00' }],
    ['base64', { bytes: 'YWI=' }],
    ['a required field that has a default', { policy: { type: 'a' } }],
    ['entries with different keys', { entries: [{ name: 'a' }, { name: 'b' }] }],
  ])('accepts %s', (_name, value) => {
    expect(check(value)).toEqual([]);
  });

  test.each<[kind: string, value: unknown, want: string]>([
    ['unknownField', { extra: 1 }, 'unknown field "extra"'],
    ['unknownField', { entries: [{ name: 'a', nmae: 'b' }] }, 'unknown field "entries[0].nmae"'],
    ['required', { entries: [{}] }, 'entries[0].name: Required value'],
    ['type', [], 'Invalid value: "array": body must be of type object: "array"'],
    ['type', { text: 1 }, 'text: Invalid value: "integer": text in body must be of type string: "integer"'],
    ['type', { count: 1.5 }, 'count: Invalid value: "number": count in body must be of type integer: "number"'],
    ['type', { flag: 'true' }, 'flag: Invalid value: "string": flag in body must be of type boolean: "string"'],
    ['null', { flag: null }, 'flag: Invalid value: "null": flag in body must be of type boolean: "null"'],
    [
      'type',
      { labels: { a: 1 } },
      'labels[a]: Invalid value: "integer": labels[a] in body must be of type string: "integer"',
    ],
    ['enum', { mode: 'Other' }, 'mode: Unsupported value: "Other": supported values: "", "Legacy"'],
    ['length', { text: 'abcde' }, 'text: Too long: may not be more than 4 bytes'],
    ['length', { text: 'a' }, 'text: Invalid value: "a": text in body should be at least 2 chars long'],
    ['pattern', { text: 'AB' }, 'text: Invalid value: "AB": text in body should match \'^[a-z🙂]+$\''],
    [
      'format',
      { time: 'yesterday' },
      'time: Invalid value: "yesterday": time in body must be of type date-time: "yesterday"',
    ],
    [
      'format',
      { time: '2026-13-01T00:00:00Z' },
      'time: Invalid value: "2026-13-01T00:00:00Z": time in body must be of type date-time: "2026-13-01T00:00:00Z"',
    ],
    ['format', { bytes: 'a' }, 'bytes: Invalid value: "a": bytes in body must be of type byte: "a"'],
    ['format', { count: 2_147_483_648 }, 'count: Invalid value: 2147483648: count in body must be of type int32'],
    ['range', { count: 0 }, 'count: Invalid value: 0: count in body should be greater than or equal to 1'],
    ['items', { entries: [] }, 'entries: Invalid value: 0: entries in body should have at least 1 items'],
    ['items', { entries: [1, 2, 3, 4] }, 'entries: Too many: 4: must have at most 3 items'],
    ['items', { labels: { a: '', b: '', c: '' } }, 'labels: Too many: 3: must have at most 2 items'],
    [
      'duplicate',
      { entries: [{ name: 'a' }, { name: 'a' }, { name: 'a' }] },
      'entries[1]: Duplicate value: {"name":"a"}',
    ],
    ['required', { policy: {} }, 'policy.type: Required value'],
  ])('tells %s: %j', (kind, value, want) => {
    const faults = check(value);
    expect(faults.map(formatFault)).toEqual([want]);
    expect(faults[0]?.kind).toBe(kind);
  });

  test('a maximum beyond the format is told with it', () => {
    expect(check({ count: 2_200_000_001 }).map(fault => fault.kind)).toEqual(['format', 'range']);
  });

  test('fields named like those of JavaScript objects are unknown fields', () => {
    const value = JSON.parse('{"__proto__": {"text": 1}, "constructor": 1, "toString": 1}');
    expect(check(value).map(formatFault)).toEqual([
      'unknown field "__proto__"',
      'unknown field "constructor"',
      'unknown field "toString"',
    ]);
    const list = JSON.parse('{"entries": [{"__proto__": {"name": "a"}}]}');
    expect(check(list).map(fault => fault.kind)).toEqual(['required', 'unknownField']);
  });

  test('a value nested a hundred thousand times costs nothing', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect(check({ any: { deep }, text: deep }).map(fault => fault.path)).toEqual(['text']);
  });

  test('stops at a hundred faults', () => {
    expect(check(Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`f${i}`, 1])))).toHaveLength(100);
  });

  test('begins its paths where it is told to', () => {
    expect(checkSchema(schema, { flag: 1 }, 'spec.inner')[0]?.path).toBe('spec.inner.flag');
  });

  test.each<[string, Schema]>([
    ['ImageStream', imageStreamSchema],
    ['ImageStreamImport', imageStreamImportSchema],
    ['Image', imageSchema],
  ])('never throws on arbitrary JSON in place of an %s', (_kind, of) => {
    const names = fc.constantFrom('spec', 'status', 'tags', 'images', 'from', 'metadata', 'items', '__proto__', 'name');
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
        for (const fault of checkSchema(of, value, '')) expect(typeof formatFault(fault)).toBe('string');
      }),
    );
  });
});

describe('schemas of whole objects', () => {
  test('what the builders make is valid', () => {
    const stream = imageStream({
      tags: [specTag('latest', 'quay.io/acme/app:1')],
      history: [{ tag: 'a', items: null }],
    });
    expect(checkSchema(imageStreamSchema, stream, '')).toEqual([]);
    const request = imageStreamImport({ images: ['a'], repository: 'b' });
    expect(checkSchema(imageStreamImportSchema, request, '')).toEqual([]);
  });

  test.each<[name: string, schema: Schema, value: unknown, want: string]>([
    [
      'a tag written twice',
      imageStreamSchema,
      imageStream({ tags: [specTag('a'), specTag('a')] }),
      'spec.tags[1]: Duplicate value: {"name":"a"}',
    ],
    [
      'a source without name',
      imageStreamSchema,
      imageStream({ tags: [specTag('a', { kind: 'DockerImage' })] }),
      'spec.tags[0].from.name: Required value',
    ],
    [
      'a kind that no tag can come from',
      imageStreamSchema,
      imageStream({ tags: [specTag('a', { kind: 'Pod', name: 'b' })] }),
      'spec.tags[0].from.kind: Unsupported value: "Pod": supported values: "DockerImage", "ImageStreamTag", "ImageStreamImage"',
    ],
    [
      'an annotation that is no text',
      imageStreamSchema,
      { metadata: { name: 'a', annotations: { 'imagestream-operator/interval': 15 } } },
      'metadata.annotations[imagestream-operator/interval]: Invalid value: "integer": metadata.annotations[imagestream-operator/interval] in body must be of type string: "integer"',
    ],
    ['a request without spec', imageStreamImportSchema, { metadata: {} }, 'spec: Required value'],
    ['an Image without reference', imageSchema, { metadata: {} }, 'dockerImageReference: Required value'],
  ])('%s is refused', (_name, of, value, want) => {
    expect(checkSchema(of, value, '').map(formatFault)).toEqual([want]);
  });

  test('an import of another kind is accepted: the controller refuses it in words (D12)', () => {
    const request = imageStreamImport({ images: [{ from: { kind: 'ImageStreamTag', name: 'app:1' } }] });
    expect(checkSchema(imageStreamImportSchema, request, '')).toEqual([]);
  });

  test('the empty reference policy that Go clients send is accepted', () => {
    const tag = specTag('a', 'b', { referencePolicy: { type: '' } });
    expect(checkSchema(imageStreamSchema, imageStream({ tags: [tag] }), '')).toEqual([]);
  });

  test('a history without history is what an exported stream has: items null', () => {
    const exported = {
      metadata: { name: 'a', creationTimestamp: null },
      status: { tags: [{ tag: 'a', items: null }] },
    };
    expect(checkSchema(imageStreamSchema, exported, '')).toEqual([]);
  });
});
