import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bodyReader } from '../../../src/registry/answer-body.ts';
import type { AnswerHead } from '../../../src/registry/answer-head.ts';

function headOf(headers: AnswerHead['headers'], status = 200): AnswerHead {
  return { status, headers, keepsAlive: true };
}

/** What is read of a text that comes in pieces of these sizes, and then of one. */
function read(head: AnswerHead, text: string, sizes: readonly number[] = [], method = 'GET') {
  const reader = bodyReader(method, head);
  let content = '';
  let at = 0;
  for (const size of [...sizes, text.length]) {
    if (reader.rest !== undefined) break;
    content += reader.read(text.slice(at, at + size));
    at += size;
  }
  const rest = reader.rest === undefined ? undefined : reader.rest + text.slice(at);
  return { content, rest, endsWithConnection: reader.endsWithConnection };
}

const chunked = headOf({ 'transfer-encoding': 'chunked' });
const malformed = expect.objectContaining({ code: 'ANSWER_MALFORMED' });

describe('RFC 9112, 6.3: a body', () => {
  test.each([
    ['of a HEAD', 'HEAD', headOf({ 'content-length': '3', 'transfer-encoding': 'chunked' })],
    ['of a 204', 'GET', headOf({}, 204)],
    ['of a 304', 'GET', headOf({ 'content-length': '3' }, 304)],
    ['of no length', 'GET', headOf({ 'content-length': '0' })],
  ])('%s is over at once', (_what, method, head) => {
    expect(read(head, 'xyz', [], method)).toEqual({ content: '', rest: 'xyz', endsWithConnection: false });
    expect(read(head, '', [], method).rest).toBe('');
  });

  test('of a told length is over with it, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(6), { maxLength: 9 }), sizes => {
        expect(read(headOf({ 'content-length': '12' }), 'Hello world!more', sizes)).toEqual({
          content: 'Hello world!',
          rest: 'more',
          endsWithConnection: false,
        });
      }),
    );
    expect(read(headOf({ 'content-length': '12' }), 'Hello world').rest).toBeUndefined();
  });

  test('of no told length is all there is', () => {
    expect(read(headOf({}), 'all')).toEqual({ content: 'all', rest: undefined, endsWithConnection: true });
  });

  test.each([
    ['a length that is none', { 'content-length': '-1' }],
    ['a length of sixteen digits', { 'content-length': '1000000000000000' }],
    ['two lengths', { 'content-length': ['3', '3'] }],
    ['a length and chunks', { 'content-length': '3', 'transfer-encoding': 'chunked' }],
    ['a coding that was not asked for', { 'transfer-encoding': 'gzip, chunked' }],
    ['chunks of chunks', { 'transfer-encoding': ['chunked', 'chunked'] }],
  ])('with %s is refused', (_what, headers) => {
    expect(() => bodyReader('GET', headOf(headers))).toThrow(malformed);
  });
});

describe('RFC 9112, 7.1: chunks', () => {
  const text = '5\r\nHello\r\nA ;name="v"\r\n0123456789\r\n000\r\nTrailer: x\r\n\r\nmore';

  test('are put together, however they are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 20 }), sizes => {
        expect(read(chunked, text, sizes)).toEqual({
          content: 'Hello0123456789',
          rest: 'more',
          endsWithConnection: false,
        });
      }),
    );
  });

  test('are not over before the line after their last trailer', () => {
    const body = text.slice(0, -'more'.length);
    for (let length = 0; length < body.length; length += 1) {
      expect(read(chunked, body.slice(0, length)).rest).toBeUndefined();
    }
    expect(read(chunked, body).rest).toBe('');
  });

  test('may be named in capitals', () => {
    expect(read(headOf({ 'transfer-encoding': 'Chunked' }), '0\r\n\r\n').rest).toBe('');
  });

  test.each([
    ['no size', '\r\n'],
    ['a size that is none', '0x5\r\nHello\r\n'],
    ['a negative size', '-5\r\nHello\r\n'],
    ['a size beyond all bounds', '100000000\r\n'],
    ['a size whose line ends with a feed alone', '5\nHello\r\n'],
    ['more data than their size', '5\r\nHello!\r\n'],
    ['a size line without end', '5'.padEnd(4_097, ';')],
    ['a long size line', `${'5'.padEnd(4_097, ';')}\r\n`],
    ['trailers without end', `0\r\n${'a: b\r\n'.repeat(101)}`],
  ])('with %s are refused', (_what, wrong) => {
    expect(() => read(chunked, wrong)).toThrow(malformed);
  });

  test('may have lines of four kilobytes and a hundred trailers', () => {
    expect(read(chunked, `0${';'.repeat(4_095)}\r\n${'a: b\r\n'.repeat(99)}\r\n`).rest).toBe('');
  });
});
