import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InvalidTokenAnswer, readTokenAnswer } from '../../../src/registry/token-answer.ts';

const REQUESTED = Date.UTC(2026, 0, 1, 12, 0, 0);
const NOW = REQUESTED + 500;

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const read = (value: unknown, flow: 'get' | 'post' = 'get') => readTokenAnswer(bytes(value), flow, REQUESTED, NOW);

const reasonOf = (value: unknown): string => {
  try {
    read(value);
  } catch (error) {
    if (error instanceof InvalidTokenAnswer) return error.reason;
    throw error;
  }
  return 'accepted';
};

describe('readTokenAnswer() token', () => {
  test('R2.24 a GET is answered with token, a POST with access_token', () => {
    const answer = { token: 'a', access_token: 'b' };
    expect(read(answer).token).toBe('a');
    expect(read(answer, 'post').token).toBe('b');
  });

  test('Z14 the other member stands in for an empty one', () => {
    expect(read({ token: '', access_token: 'y' }).token).toBe('y');
    expect(read({ token: 'y', access_token: null }, 'post').token).toBe('y');
  });

  test.each([
    ['Z13 R2.22 a member of another case', { Token: 'x' }, 'noToken'],
    ['Z15 an answer of 200 KiB', { token: 'x', pad: 'x'.repeat(200 * 1024) }, 'tooLarge'],
    ['Z16 a token with a line break', { token: 'x\r\nHost: y' }, 'unusableToken'],
    ['Z16 a token with a space', { token: 'x y' }, 'unusableToken'],
    ['a token that is not ASCII', { token: 'é' }, 'unusableToken'],
    ['a token of more than 16 KiB', { token: 'x'.repeat(16 * 1024 + 1) }, 'unusableToken'],
    ['a token that is no string', { token: { a: 1 } }, 'unusableToken'],
    ['an empty object', {}, 'noToken'],
    ['a token on the prototype', '{"__proto__":{"token":"x"}}', 'noToken'],
    ['an array', ['x'], 'notJson'],
    ['null', 'null', 'notJson'],
    ['half a document', '{"token":', 'notJson'],
    ['an empty body', '', 'notJson'],
  ])('%s is refused', (_name, answer, want) => {
    expect(reasonOf(answer)).toBe(want);
  });

  test('R2.28 a refresh token is kept when it can be sent', () => {
    expect(read({ token: 'x', refresh_token: 'r' }).refreshToken).toBe('r');
    expect(read({ token: 'x', refresh_token: '' })).not.toHaveProperty('refreshToken');
    expect(read({ token: 'x', refresh_token: 'r\n' })).not.toHaveProperty('refreshToken');
  });
});

describe('readTokenAnswer() lifetime', () => {
  test.each([
    ['absent', undefined, 60],
    ['10', 10, 60],
    ['"300"', '300', 300],
    ['86400', 86400, 3600],
    ['0', 0, 60],
    ['-5', -5, 60],
    ['"soon"', 'soon', 60],
    ['1e300', 1e300, 3600],
  ])('Z17 expires_in %s', (_name, expires_in, seconds) => {
    expect(read({ token: 'x', expires_in }).expiresAtMs - REQUESTED).toBe(seconds * 1000);
  });

  test.each([
    ['Z18 1 h in the future', '2026-01-01T13:00:00Z', 300_000],
    ['Z18 1 day in the past', '2025-12-31T12:00:00Z', 300_000],
    ['100 s in the past', '2026-01-01T11:58:20Z', 200_000],
    ['100 s in the past, with nanoseconds and a zone', '2026-01-01T13:58:20.000000001+02:00', 200_000],
    ['no time', 'yesterday', 300_000],
    ['an impossible time', '2026-13-45T99:00:00Z', 300_000],
    ['a number', 7, 300_000],
  ])('R2.25 issued_at %s', (_name, issued_at, lifetimeMs) => {
    expect(read({ token: 'x', expires_in: 300, issued_at }).expiresAtMs - REQUESTED).toBe(lifetimeMs);
  });

  test('R2.25 one of a day that was issued two hours ago is good for an hour from now', () => {
    const answer = { token: 'x', expires_in: 86_400, issued_at: '2026-01-01T10:00:00Z' };
    expect(read(answer).expiresAtMs - REQUESTED).toBe(3_600_000);
  });

  test.each([
    [60, 6_000],
    [300, 30_000],
    [86_400, 360_000],
  ])('R2.25 a token of %d s is not used in its last ms', (expires_in, marginMs) => {
    const { expiresAtMs, usableUntilMs } = read({ token: 'x', expires_in });
    expect(expiresAtMs - usableUntilMs).toBe(marginMs);
  });
});

test('readTokenAnswer() never throws anything but InvalidTokenAnswer', () => {
  const members = fc.record(
    {
      token: fc.jsonValue(),
      access_token: fc.jsonValue(),
      expires_in: fc.jsonValue(),
      issued_at: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), members.map(bytes)), body => {
      try {
        const { token, expiresAtMs, usableUntilMs } = readTokenAnswer(body, 'get', REQUESTED, NOW);
        expect(token).toMatch(/^[!-~]+$/);
        expect(usableUntilMs).toBeLessThan(expiresAtMs);
        expect(expiresAtMs).toBeLessThanOrEqual(REQUESTED + 3_600_000);
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidTokenAnswer);
      }
    }),
  );
});
