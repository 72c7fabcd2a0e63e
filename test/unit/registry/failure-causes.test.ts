import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { causeOf } from '../../../src/registry/failure-causes.ts';

const coded = (code: string, message = 'x', more: object = {}) => Object.assign(new Error(message), { code, ...more });

/** `kind reason`, with `!` when nothing can have been sent. */
function meaning(error: unknown, at?: Parameters<typeof causeOf>[1]): string {
  const { init, neverConnected } = causeOf(error, at);
  return `${init.kind} ${init.reason ?? '-'}${neverConnected ? ' !' : ''}`;
}

describe('causeOf()', () => {
  test.each([
    ['ECONNREFUSED', 'unavailable refused !'],
    ['ECONNRESET', 'unavailable reset'],
    ['EPIPE', 'unavailable reset'],
    ['EHOSTUNREACH', 'unavailable unreachable !'],
    ['ENETUNREACH', 'unavailable unreachable !'],
    ['ENOTFOUND', 'unavailable dns !'],
    ['EAI_AGAIN', 'unavailable dns !'],
    ['ETIMEDOUT', 'timeout connecting !'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout connecting !'],
    ['UND_ERR_HEADERS_TIMEOUT', 'timeout headers'],
    ['UND_ERR_BODY_TIMEOUT', 'timeout body'],
    ['UND_ERR_SOCKET', 'unavailable closed'],
    ['UND_ERR_ABORTED', 'aborted -'],
    ['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'tooLarge -'],
    ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'invalidResponse length'],
    ['UND_ERR_HEADERS_OVERFLOW', 'invalidResponse headerSize'],
    ['HPE_INVALID_CONSTANT', 'invalidResponse malformed'],
    ['HPE_INVALID_EOF_STATE', 'unavailable closed'],
    ['CERT_HAS_EXPIRED', 'tls expired !'],
    ['CERT_NOT_YET_VALID', 'tls expired !'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls unknownAuthority !'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'tls unknownAuthority !'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls unknownAuthority !'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls unknownAuthority !'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls wrongName !'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls plainHttpAnswer !'],
    ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'tls plainHttpAnswer !'],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'tls handshake !'],
    ['ERR_TLS_HANDSHAKE_TIMEOUT', 'tls handshake !'],
    ['EPROTO', 'tls handshake !'],
    ['ADDRESS_REFUSED', 'blockedAddress endpointAddress'],
    ['SOMETHING_NEW', 'unavailable -'],
    ['__proto__', 'unavailable -'],
  ])('%s means %s', (code, want) => {
    expect(meaning(coded(code))).toBe(want);
  });

  test("EPROTO tells a plain http answer by OpenSSL's words", () => {
    expect(
      meaning(coded('EPROTO', 'write EPROTO 0:error:0A00010B:SSL routines:ssl3_get_record:wrong version number')),
    ).toBe('tls plainHttpAnswer !');
  });

  test('a parser of HTTP that gives no code could not read the answer', () => {
    expect(meaning(Object.assign(new Error('x'), { name: 'HTTPParserError', code: undefined }))).toBe(
      'invalidResponse malformed',
    );
  });

  test('a proxy that wants credentials for what it forwards', () => {
    const error = coded('UND_ERR_INVALID_ARG', 'Proxy Authentication Required (407)');
    expect(meaning(error, { phase: 'headers', proxied: true })).toBe('unavailable proxy !');
    expect(meaning(coded('UND_ERR_INVALID_ARG', 'invalid header'))).toBe('unavailable -');
  });

  test('looks at the causes of an error that has no code of its own', () => {
    const wrapped = new TypeError('fetch failed', { cause: new Error('x', { cause: coded('ENOTFOUND') }) });
    expect(meaning(wrapped)).toBe('unavailable dns !');
  });

  test('a cause that says why outweighs that the socket was closed', () => {
    expect(meaning(coded('UND_ERR_SOCKET', 'other side closed', { cause: coded('ECONNRESET') }))).toBe(
      'unavailable reset',
    );
  });

  test('what the connector could not connect was never sent', () => {
    expect(meaning(coded('CONNECT_FAILED', 'x', { cause: coded('ECONNRESET') }))).toBe('unavailable reset !');
  });

  test.each([
    [['ENETUNREACH', 'ECONNREFUSED'], 'unavailable refused !'],
    [['ENETUNREACH', 'ETIMEDOUT'], 'timeout connecting !'],
    [['EHOSTUNREACH', 'SOMETHING_NEW'], 'unavailable unreachable !'],
  ])('of several addresses, %j, the most telling counts', (codes, want) => {
    const all = Object.assign(new AggregateError(codes.map(code => coded(code))), { code: codes[0] });
    expect(meaning(all)).toBe(want);
  });

  test.each([
    ['UND_ERR_SOCKET', 'unavailable cutOff'],
    ['ECONNRESET', 'unavailable cutOff'],
    ['ETIMEDOUT', 'timeout body'],
    ['UND_ERR_BODY_TIMEOUT', 'timeout body'],
  ])('%s inside an answer means %s', (code, want) => {
    expect(meaning(coded(code), { phase: 'body', proxied: false })).toBe(want);
  });

  test.each([
    [coded('ECONNREFUSED'), 'unavailable proxy !'],
    [coded('ENOTFOUND'), 'unavailable proxy !'],
    [coded('UND_ERR_CONNECT_TIMEOUT'), 'unavailable proxy !'],
    [coded('UND_ERR_ABORTED', 'Proxy response (407) !== 200 when HTTP Tunneling'), 'unavailable proxy !'],
    [coded('CERT_HAS_EXPIRED'), 'tls expired !'],
    [coded('ECONNRESET'), 'unavailable reset'],
  ])('through a proxy, %s means %s', (error, want) => {
    expect(meaning(error, { phase: 'headers', proxied: true })).toBe(want);
  });

  test('an abort is an abort', () => {
    expect(meaning(new DOMException('x', 'AbortError'))).toBe('aborted -');
  });

  test('survives errors that cause themselves, and anything else that is thrown', () => {
    const circle: Error & { cause?: unknown } = new Error('x');
    circle.cause = circle;
    expect(meaning(circle)).toBe('unavailable -');
    fc.assert(fc.property(fc.anything(), thrown => expect(causeOf(thrown).init.kind).toBe('unavailable')));
  });
});
