import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import { specPatch, statusPatch } from '../../../src/imagestream/patch.ts';
import { saysTheSame } from '../../../src/imagestream/sameness.ts';
import { mergePatch } from '../../fake/api-server-writes.ts';
import { digestOf, failed, imported } from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const from = 'quay.io/acme/app:1';
const well = imageStream({ tags: [specTag('1', from)], history: [imported('1', from)] });
const withStatus = (status: unknown) => ({ ...well, status }) as ImageStream;
const withSpec = (spec: unknown, annotations?: Readonly<Record<string, string>>) =>
  ({ ...well, spec, metadata: { ...well.metadata, ...(annotations && { annotations }) } }) as ImageStream;

describe('statusPatch()', () => {
  const rows: readonly { readonly name: string; readonly before: unknown; readonly after: unknown; want: unknown }[] = [
    { name: 'is undefined when both say the same', before: { a: 1 }, after: { a: 1 }, want: undefined },
    {
      name: 'is undefined when only what says nothing differs',
      before: { a: '', tags: null },
      after: { tags: [] },
      want: undefined,
    },
    { name: 'is undefined when there is no status on either side', before: undefined, after: {}, want: undefined },
    { name: 'names what is new', before: undefined, after: { a: 1 }, want: { a: 1 } },
    { name: 'names what differs, and that alone', before: { a: 1, b: 2 }, after: { a: 1, b: 3 }, want: { b: 3 } },
    { name: 'is null for what goes', before: { a: 1, b: 2 }, after: { a: 1 }, want: { b: null } },
    { name: 'is null for what is undefined', before: { b: 2 }, after: { b: undefined }, want: { b: null } },
    { name: 'says nothing of what said nothing and goes', before: { b: '', a: 1 }, after: { a: 2 }, want: { a: 2 } },
    {
      name: 'goes into objects',
      before: { o: { a: 1, b: 2, c: 3 } },
      after: { o: { a: 1, b: 4 } },
      want: { o: { b: 4, c: null } },
    },
    { name: 'replaces lists whole', before: { l: [1, 2] }, after: { l: [2] }, want: { l: [2] } },
    { name: 'knows that zero is told', before: { a: 1 }, after: { a: 1, n: 0 }, want: { n: 0 } },
  ];

  test.each(rows)('$name', ({ before, after, want }) => {
    const patch = statusPatch(withStatus(before), withStatus(after));
    expect(patch).toEqual(want === undefined ? undefined : { metadata: { resourceVersion: '1' }, status: want });
  });

  test('carries the version it was computed from, and nothing of the spec', () => {
    const after = withStatus({ tags: [imported('1', from, '2', { conditions: [failed()] })] });
    expect(statusPatch(well, { ...after, spec: {} })).toEqual({
      metadata: { resourceVersion: '1' },
      status: { tags: [imported('1', from, '2', { conditions: [failed()] })] },
    });
  });
});

describe('specPatch()', () => {
  test('is undefined when spec and annotations say the same, whatever the status says', () => {
    expect(specPatch(well, { ...well, status: { observedGeneration: 7 } })).toBeUndefined();
  });

  test('carries the spec alone when the annotations are the same', () => {
    const tags = [specTag('1', `quay.io/acme/app@${digestOf('1')}`)];
    expect(specPatch(well, withSpec({ ...well.spec, tags }))).toEqual({
      metadata: { resourceVersion: '1' },
      spec: { tags },
    });
  });

  test('carries the annotations alone when the spec is the same', () => {
    const before = withSpec(well.spec, { a: '1', b: '2' });
    expect(specPatch(before, withSpec(well.spec, { a: '1', c: '3' }))).toEqual({
      metadata: { resourceVersion: '1', annotations: { b: null, c: '3' } },
    });
  });
});

describe('properties (RFC 7386)', () => {
  const anyKey = fc.constantFrom('a', 'b', 'c');
  const { value: anyValue } = fc.letrec<{ value: unknown }>(tie => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom(undefined, null, '', 'x', 'y', 0, 1, true, false),
      fc.array(tie('value'), { maxLength: 2 }),
      fc.dictionary(anyKey, tie('value'), { maxKeys: 3 }),
    ),
  }));
  const anyMembers = fc.option(fc.dictionary(anyKey, anyValue, { maxKeys: 3, noNullPrototype: true }), {
    nil: undefined,
  });
  const anyAnnotations = fc.option(fc.dictionary(anyKey, fc.constantFrom('x', 'y'), { noNullPrototype: true }), {
    nil: undefined,
  });
  /** As the API server gets and keeps it: what is undefined is not there. */
  const sent = <T>(value: T): T => JSON.parse(JSON.stringify(value));

  test('the status, patched, says what it should', () => {
    fc.assert(
      fc.property(anyMembers, anyMembers, (was, is) => {
        const [before, after] = [sent(withStatus(was)), withStatus(is)];
        const patch = statusPatch(before, after);
        const patched = patch === undefined ? before : (mergePatch(before, sent(patch)) as ImageStream);
        expect(saysTheSame(patched.status, sent(after).status)).toBe(true);
        expect(patched.spec).toEqual(before.spec);
        expect(patch === undefined).toBe(saysTheSame(was, is));
        expect(statusPatch(patched, after)).toBeUndefined();
      }),
    );
  });

  test('spec and annotations, patched, say what they should', () => {
    fc.assert(
      fc.property(anyMembers, anyMembers, anyAnnotations, anyAnnotations, (was, is, old, next) => {
        const [before, after] = [sent(withSpec(was, old)), withSpec(is, next)];
        const patch = specPatch(before, after);
        const patched = patch === undefined ? before : (mergePatch(before, sent(patch)) as ImageStream);
        expect(saysTheSame(patched.spec, sent(after).spec)).toBe(true);
        expect(patched.metadata.annotations ?? {}).toEqual(after.metadata.annotations ?? {});
        expect(patched.status).toEqual(before.status);
      }),
    );
  });
});
