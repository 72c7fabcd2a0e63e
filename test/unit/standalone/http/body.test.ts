import { expect, test } from '@jest/globals';
import { patchType, readDeletion, readObject, readPatch } from '../../../../src/standalone/http/body.ts';
import type { Request } from '../../../../src/standalone/http/request.ts';
import { KINDS } from '../../../../src/standalone/kind-table.ts';
import type { Kind } from '../../../../src/standalone/kinds.ts';
import { ApiFault } from '../../../../src/standalone/objects.ts';

function request(body: string, type?: string): Request {
  return {
    method: 'POST',
    segments: [],
    query: new URLSearchParams(),
    headers: type === undefined ? {} : { 'content-type': type },
    readBody: async () => Buffer.from(body),
  };
}

const YAML = 'application/yaml';
const APPLY = 'application/apply-patch+yaml';
const kind = (plural: string) => KINDS.find(one => one.plural === plural) as Kind;

test.each([
  { name: 'JSON', body: '{"a":1}', type: 'application/json; charset=utf-8' },
  { name: 'JSON of who doesn’t say', body: ' {"a":1}\n', type: undefined },
  { name: 'YAML', body: 'a: 1\n', type: YAML },
  { name: 'JSON that is said to be YAML', body: '{"a":1}', type: YAML },
  { name: 'YAML in braces', body: '{a: 1}', type: YAML },
])('readObject() reads $name', async ({ body, type }) => {
  expect(await readObject(request(body, type), 'Thing')).toEqual({ a: 1 });
});

test('readObject() reads YAML as kubectl would: texts stay texts', async () => {
  const text = 'a: &x { tag: "1.0" }\nb: *x\nc: 2026-01-02\n';
  expect(await readObject(request(text, YAML), 'Thing')).toEqual({
    a: { tag: '1.0' },
    b: { tag: '1.0' },
    c: '2026-01-02',
  });
});

const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
  .concat([...'bcdefgh'].map((key, at) => `${key}: &${key} [${`*${'abcdefg'[at]}, `.repeat(8)}*${'abcdefg'[at]}]`))
  .join('\n');

test.each([
  { name: 'JSON that breaks off', body: '{"a":', type: 'application/json', code: 400, says: /json parse error/ },
  {
    name: 'JSON that goes very deep',
    body: `${'['.repeat(1e6)}${']'.repeat(1e6)}`,
    type: 'application/json',
    code: 400,
    says: /exceeded max depth/,
  },
  { name: 'YAML that goes very deep', body: '['.repeat(50_000), type: YAML, code: 400, says: /yaml: / },
  { name: 'aliases that multiply', body: bomb, type: YAML, code: 400, says: /aliases multiply/ },
  { name: 'an alias of nothing', body: 'a: *b', type: YAML, code: 400, says: /yaml: / },
  { name: 'an alias inside its own anchor', body: 'a: &a [*a, *a]', type: YAML, code: 400, says: /around themselves/ },
  { name: 'a key twice', body: 'a: 1\na: 2', type: YAML, code: 400, says: /unique/ },
  { name: 'two documents', body: 'a: 1\n---\na: 2', type: YAML, code: 400, says: /yaml: / },
  {
    name: 'YAML that is long',
    body: `a: ${'x'.repeat(70_000)}`,
    type: YAML,
    code: 413,
    says: /limit of YAML is 65536/,
  },
  { name: 'a form', body: 'a=1', type: 'application/x-www-form-urlencoded', code: 415, says: /unknown format/ },
  {
    name: 'protobuf of another kind',
    body: 'k8s\0',
    type: 'application/vnd.kubernetes.protobuf',
    code: 415,
    says: /unknown format/,
  },
])('readObject() refuses $name', async ({ body, type, code, says }) => {
  const fault = await readObject(request(body, type), 'Thing').catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(ApiFault);
  expect((fault as ApiFault).status).toMatchObject({ code, message: expect.stringMatching(says) });
});

test('readDeletion() reads options, and that there are none', async () => {
  expect(await readDeletion(request(''))).toBeUndefined();
  expect(await readDeletion(request('{"kind":"DeleteOptions"}'))).toEqual({ kind: 'DeleteOptions' });
});

test('patchType() knows the patches of each kind', () => {
  expect(patchType(request('', 'application/strategic-merge-patch+json'), kind('secrets'))).toBe('strategic');
  expect(patchType(request('', 'Application/Merge-Patch+JSON; charset=utf-8'), kind('imagestreams'))).toBe('merge');
  expect(() => patchType(request('', 'application/strategic-merge-patch+json'), kind('imagestreams'))).toThrow(
    'accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
  );
});

test('readPatch() reads an apply in YAML', async () => {
  expect(await readPatch(request('kind: Thing', APPLY), 'apply')).toEqual({ type: 'apply', body: { kind: 'Thing' } });
});
