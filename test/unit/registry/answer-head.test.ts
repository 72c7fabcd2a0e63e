import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type AnswerHead, HeadReader } from '../../../src/registry/answer-head.ts';

const OK = 'HTTP/1.1 200 OK\r\nDocker-Content-Digest: sha256:ab\r\nContent-Length: 12\r\n\r\n';

/** What is read of a text that comes in pieces of these sizes, and then of one. */
function read(text: string, sizes: readonly number[] = [text.length]): AnswerHead | undefined {
  const reader = new HeadReader();
  let at = 0;
  for (const size of [...sizes, text.length]) {
    const head = reader.read(text.slice(at, at + size));
    at += size;
    if (head !== undefined || at >= text.length) return head;
  }
  return undefined;
}

describe('the head of an answer', () => {
  test('is its status and its headers, by names in lower case', () => {
    expect(read(OK)).toEqual({
      status: 200,
      headers: { 'docker-content-digest': 'sha256:ab', 'content-length': '12' },
      keepsAlive: true,
    });
  });

  test('is read however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 40 }), sizes => {
        expect(read(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`, sizes)).toEqual(read(OK));
      }),
    );
    expect(read(OK, new Array(OK.length).fill(1))).toEqual(read(OK));
  });

  test('is not there before it is complete', () => {
    for (let length = 0; length < OK.length; length += 1) expect(read(OK.slice(0, length))).toBeUndefined();
  });

  test.each([
    ['no reason', 'HTTP/1.1 404\r\n\r\n', { status: 404, headers: {} }],
    ['nothing but blanks in a value', 'HTTP/1.1 200 OK\r\nA: \t \r\n\r\n', { headers: { a: '' } }],
    ['blanks that are none of HTTP', 'HTTP/1.1 200 OK\r\nA: \xa0x\v\r\n\r\n', { headers: { a: '\xa0x\v' } }],
    ['an empty reason', 'HTTP/1.1 404 \r\n\r\n', { status: 404, headers: {} }],
    ['blanks around a value', 'HTTP/1.1 200 OK\r\nA: \t x y\t \r\nB:\r\n\r\n', { headers: { a: 'x y', b: '' } }],
    ['a value of Latin-1', 'HTTP/1.1 200 OK\r\nA: \xe9\r\n\r\n', { headers: { a: '\xe9' } }],
    [
      'a header that comes twice',
      'HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\nA: 3\r\n\r\n',
      { headers: { a: ['1', '2', '3'] } },
    ],
    ['hints before it', `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\n${OK}`, { status: 200 }],
  ])('may have %s', (_what, text, head) => {
    expect(read(text)).toMatchObject(head);
  });

  test('names nothing that every object has', () => {
    const headers = read('HTTP/1.1 200 OK\r\n__proto__: a\r\n__proto__: b\r\n\r\n')?.headers ?? {};
    expect(Object.entries(headers)).toEqual([['__proto__', ['a', 'b']]]);
    expect(headers['constructor']).toBeUndefined();
  });
});

describe('a connection', () => {
  test.each([
    ['is used again', 'HTTP/1.1 200 OK\r\n\r\n', { keepsAlive: true }],
    ['is not when the answer says so', 'HTTP/1.1 200 OK\r\nConnection: x, Close\r\n\r\n', { keepsAlive: false }],
    [
      'is not when one of several headers says so',
      'HTTP/1.1 200 OK\r\nConnection: x\r\nConnection: close\r\n\r\n',
      { keepsAlive: false },
    ],
    ['is when something else is named so', 'HTTP/1.1 200 OK\r\nConnection: not-close\r\n\r\n', { keepsAlive: true }],
    ['is not with HTTP/1.0', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n', { keepsAlive: false }],
    ['is for so long', 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=1000\r\n\r\n', { keptSeconds: 5 }],
  ])('%s', (_what, text, head) => {
    expect(read(text)).toMatchObject(head);
  });

  test.each(['max=100', '', 'timeout=', 'timeout=x'])('is kept as long as we like where only "%s" is said', said => {
    expect(read(`HTTP/1.1 200 OK\r\nKeep-Alive: ${said}\r\n\r\n`)).not.toHaveProperty('keptSeconds');
  });
});

describe('what is no answer', () => {
  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
    ['a TLS record', '\x15\x03\x01\x00\x02\x02\x46\r\n\r\n'],
    ['another version', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 99 Odd\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 Odd\r\n\r\n'],
    ['a switch to another protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
    ['a line without a name', 'HTTP/1.1 200 OK\r\n: x\r\n\r\n'],
    ['a line without a colon', 'HTTP/1.1 200 OK\r\nfoo\r\n\r\n'],
    ['a blank before the colon', 'HTTP/1.1 200 OK\r\nA : x\r\n\r\n'],
    ['a line that goes on', 'HTTP/1.1 200 OK\r\nA: x\r\n y\r\n\r\n'],
    ['a line that ends with a feed alone', 'HTTP/1.1 200 OK\nA: x\r\n\r\n'],
    ['a value with a return', 'HTTP/1.1 200 OK\r\nA: x\ry\r\n\r\n'],
    ['a value with a null', 'HTTP/1.1 200 OK\r\nA: x\0y\r\n\r\n'],
  ])('is %s', (_what, text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'ANSWER_MALFORMED' }));
  });

  test('is more than sixteen kilobytes, ended or not', () => {
    const long = `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(16 * 1024)}`;
    for (const text of [long, `${long}\r\n\r\n`]) {
      expect(() => read(text)).toThrow(expect.objectContaining({ code: 'ANSWER_TOO_LARGE' }));
    }
    expect(read(`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(16_000)}\r\n\r\n`)).toMatchObject({ status: 200 });
  });

  test('is more than eight heads before that of the answer', () => {
    const hint = 'HTTP/1.1 103 Early Hints\r\n\r\n';
    expect(read(`${hint.repeat(8)}${OK}`)).toMatchObject({ status: 200 });
    expect(() => read(`${hint.repeat(9)}${OK}`)).toThrow(expect.objectContaining({ code: 'ANSWER_MALFORMED' }));
  });

  test('is found out in linear time', () => {
    const lines = 'a: b\r\n'.repeat(2_700);
    expect(() => read(`HTTP/1.1 200 OK\r\n${lines}\0: c\r\n\r\n`)).toThrow(
      expect.objectContaining({ code: 'ANSWER_MALFORMED' }),
    );
  });
});
