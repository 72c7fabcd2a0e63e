import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cleanText, readErrorBody } from '../../../src/registry/oci-errors.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const read = (value: unknown, contentType: string | undefined = JSON_TYPE, status?: number) =>
  readErrorBody(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), contentType, status);

const HEX_64 = '0123456789abcdef'.repeat(4);

describe('readErrorBody()', () => {
  test('R8.4 keeps all codes in order, and whether a detail was there', () => {
    expect(
      read({
        errors: [
          { code: 'DENIED', message: 'no', detail: { secret: 'x' } },
          { code: 'MANIFEST_UNKNOWN', message: 'manifest unknown', detail: null },
          { code: 'NAME_UNKNOWN' },
        ],
      }),
    ).toEqual([
      { code: 'DENIED', message: 'no', hasDetail: true },
      { code: 'MANIFEST_UNKNOWN', message: 'manifest unknown', hasDetail: false },
      { code: 'NAME_UNKNOWN', message: '', hasDetail: false },
    ]);
  });

  test('reads a document whatever its content type, but for HTML', () => {
    const body = { errors: [{ code: 'DENIED', message: 'no' }] };
    expect(read(body, 'text/plain')).toHaveLength(1);
    expect(readErrorBody(Buffer.from(JSON.stringify(body)), undefined)).toHaveLength(1);
    expect(read(body, 'text/html; charset=utf-8')).toBeUndefined();
  });

  test.each([
    [401, 'UNAUTHORIZED'],
    [403, 'DENIED'],
    [429, 'TOOMANYREQUESTS'],
    [500, 'UNKNOWN'],
  ])('reads the short form of a token service at status %d', (status, code) => {
    expect(read({ details: 'incorrect username or password' }, JSON_TYPE, status)).toEqual([
      { code, message: 'incorrect username or password', hasDetail: false },
    ]);
  });

  test('an entry without a code is UNKNOWN', () => {
    expect(read({ errors: [{ message: 'broken' }, { code: 7, message: 'odd' }] })?.map(({ code }) => code)).toEqual([
      'UNKNOWN',
      'UNKNOWN',
    ]);
  });

  test.each([
    ['no document', 'page not found'],
    ['an array', []],
    ['a document without errors', { message: 'x' }],
    ['an empty list', { errors: [] }],
    ['entries of another shape', { errors: [null, 'x', 7, {}] }],
    ['errors that are no list', { errors: { code: 'DENIED' } }],
    ['errors on the prototype', '{"__proto__":{"errors":[{"code":"DENIED"}]}}'],
    ['a body above the cap', { errors: [{ code: 'DENIED', message: 'x'.repeat(64 * 1024) }] }],
  ])('%s is none', (_name, body) => {
    expect(read(body)).toBeUndefined();
  });

  test('never throws, and bounds what it keeps', () => {
    const entry = fc.record({ code: fc.jsonValue(), message: fc.jsonValue(), detail: fc.jsonValue() });
    const body = fc.array(entry).map(errors => Buffer.from(JSON.stringify({ errors })));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), body), bytes => {
        for (const { code, message } of readErrorBody(bytes, JSON_TYPE) ?? []) {
          expect(code.length).toBeLessThanOrEqual(64);
          expect(message.length).toBeLessThanOrEqual(256);
        }
      }),
    );
  });

  test('keeps at most 64 entries of a flood', () => {
    expect(read({ errors: Array.from({ length: 2000 }, () => ({ code: 'A' })) })).toHaveLength(64);
  });
});

describe('cleanText()', () => {
  test.each([
    ['R6.14 control characters', 'a\u0000b\u001b[31mc\u007f\u0085', 'ab[31mc'],
    ['R6.14 direction marks', 'a\u202eb\u200bc', 'abc'],
    ['line breaks', 'first\r\nsecond\tthird\u2028fourth', 'first second third fourth'],
    ['space around', '  x \n', 'x'],
    ['a UUID', 'request 7b4a1c1e-93f0-4a3b-8e55-0c7d2f0f3a11 failed', 'request … failed'],
    ['a hex run', 'trace 0123456789abcdef0 end', 'trace … end'],
    ['a hex run inside a word', 'req_0123456789ABCDEFab', 'req_…'],
    ['a run of 15', 'id 0123456789abcde', 'id 0123456789abcde'],
    ['a sha256 digest', `blob sha256:${HEX_64} unknown`, `blob sha256:${HEX_64} unknown`],
    ['a sha512 digest', `blob sha512:${HEX_64}${HEX_64}`, `blob sha512:${HEX_64}${HEX_64}`],
    ['a digest of another length', `sha256:${HEX_64}00`, 'sha256:…'],
    ['a time of day', 'at 07:28:00 GMT', 'at … GMT'],
    ['a time without seconds', 'retry at 07:28, please', 'retry at …, please'],
    ['a time stamp', 'since 2026-01-02T10:11:12.123456Z', 'since …'],
    ['a time stamp with a zone', '(2026-01-02 10:11:12+02:00)', '(…)'],
    ['a port', 'registry:5000 and 10.0.0.1:22', 'registry:5000 and 10.0.0.1:22'],
    ['a tag', 'app:10:30', 'app:10:30'],
  ])('%s', (_name, text, want) => {
    expect(cleanText(text)).toBe(want);
  });

  test('R6.14 is cut to 256 characters, and never inside a character', () => {
    expect(cleanText('x'.repeat(256))).toHaveLength(256);
    expect(cleanText('x'.repeat(257))).toBe(`${'x'.repeat(255)}…`);
    expect(cleanText(`${'x'.repeat(254)}😀😀`)).toBe(`${'x'.repeat(254)}…`);
  });

  test('is one clean line of at most 256 characters', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ minLength: 250, maxLength: 600 })), text => {
        const clean = cleanText(text);
        expect(clean.length).toBeLessThanOrEqual(256);
        expect(clean).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        expect(clean.isWellFormed()).toBe(true);
      }),
    );
  });

  test('is the same for failures that differ in what changes by itself', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), (first, second) => {
        const text = (id: string) => `internal error, request id: ${id}, trace ${id.replaceAll('-', '')}`;
        expect(cleanText(text(first))).toBe(cleanText(text(second)));
      }),
    );
  });
});
