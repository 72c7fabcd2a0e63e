import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pauseFor, quotaState, readRateLimit, retryAfterMs } from '../../../src/registry/retry-after.ts';

const NOW = Date.UTC(2015, 9, 21, 7, 28, 0);

interface Answered {
  readonly status?: number;
  readonly retryAfter?: string | readonly string[];
  readonly bodyText?: string;
  readonly hub?: boolean;
}

const pause = ({ status = 429, retryAfter, bodyText = '', hub = false }: Answered) =>
  pauseFor({ status, retryAfter, bodyText, nowMs: NOW, hub });

const host = (seconds: number, slowDown = true) => ({ delayMs: seconds * 1000, scope: 'host', slowDown });
const HUB_QUOTA = JSON.stringify({
  errors: [{ code: 'TOOMANYREQUESTS', message: 'You have reached your pull rate limit.' }],
});

describe('pauseFor()', () => {
  test.each([
    { name: 'A1 seconds', answer: { retryAfter: '120' }, want: host(120) },
    { name: 'A2 zero', answer: { retryAfter: '0' }, want: host(1) },
    { name: 'A3 IMF-fixdate', answer: { retryAfter: 'Wed, 21 Oct 2015 07:29:00 GMT' }, want: host(60) },
    { name: 'A4 RFC 850 date', answer: { retryAfter: 'Wednesday, 21-Oct-15 07:29:00 GMT' }, want: host(60) },
    { name: 'A5 asctime date', answer: { retryAfter: 'Wed Oct 21 07:29:00 2015' }, want: host(60) },
    { name: 'A6 a date that is past', answer: { retryAfter: 'Wed, 21 Oct 2015 07:00:00 GMT' }, want: host(1) },
    { name: 'A8 more than 6 h', answer: { retryAfter: '99999999999' }, want: host(21_600) },
    { name: 'A9 two headers', answer: { retryAfter: ['30', '90'] }, want: host(90) },
    { name: 'A10 a 503', answer: { status: 503, retryAfter: '10' }, want: host(10) },
    {
      name: 'A11 the pull quota of Docker Hub',
      answer: { bodyText: HUB_QUOTA, hub: true },
      want: { delayMs: 1_800_000, scope: 'pull', slowDown: true },
    },
    { name: 'A12 plain text', answer: { bodyText: 'Too Many Requests', hub: true }, want: host(60) },
    {
      name: 'A13 a Go duration in the text',
      answer: { bodyText: 'toomanyrequests: retry-after: 880.092µs, allowed: 44000/minute' },
      want: host(1),
    },
    {
      name: 'R4.8 the pull quota with a header',
      answer: { bodyText: HUB_QUOTA, hub: true, retryAfter: '5' },
      want: { delayMs: 5_000, scope: 'pull', slowDown: true },
    },
    { name: 'R4.9 the words of a pull quota elsewhere', answer: { bodyText: HUB_QUOTA }, want: host(60) },
    { name: 'R4.8 a 403 with a header', answer: { status: 403, retryAfter: '10' }, want: host(10, false) },
    { name: 'R4.8 a 403 without', answer: { status: 403 }, want: undefined },
    { name: 'a 503 without', answer: { status: 503 }, want: undefined },
    { name: 'R4.8 a 500 with a header', answer: { status: 500, retryAfter: '10' }, want: undefined },
  ])('$name', ({ answer, want }) => {
    expect(pause(answer)).toEqual(want);
  });

  test.each(['-1', '1.5', '880.092µs', '2015-10-21T08:00:00Z', '120, 60', 'soon', ''])(
    'A7 "%s" counts as absent',
    retryAfter => {
      expect(pause({ retryAfter })).toEqual(host(60));
    },
  );
});

describe('retryAfterMs()', () => {
  test('R4.8 leaves out what is invalid beside what is valid', () => {
    expect(retryAfterMs(['-1', ' 30 '], NOW)).toBe(30_000);
  });

  test.each([
    'Wed, 32 Oct 2015 07:29:00 GMT',
    'Wed, 30 Feb 2016 07:29:00 GMT',
    'Wed, 21 Oct 2015 24:29:00 GMT',
    'wed, 21 oct 2015 07:29:00 gmt',
    'Wed, 21 Oct 2015 07:29:00 +0000',
    'Wed, 21 Oct 2015 07:29 GMT',
  ])('R4.8 "%s" is no HTTP date', value => {
    expect(retryAfterMs(value, NOW)).toBeUndefined();
  });

  test('an RFC 850 year of more than 50 years ahead is past', () => {
    expect(retryAfterMs('Wednesday, 21-Oct-94 07:29:00 GMT', NOW)).toBe(0);
  });

  test('reads back every date that is written', () => {
    const min = new Date(NOW);
    const max = new Date(Date.UTC(2060, 0, 1));
    fc.assert(
      fc.property(fc.date({ min, max, noInvalidDate: true }), date => {
        const want = Math.floor(date.getTime() / 1000) * 1000 - NOW;
        expect(retryAfterMs(date.toUTCString(), NOW)).toBe(Math.max(0, want));
      }),
    );
  });

  test('is a finite delay or nothing, whatever was sent', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.bigInt({ min: 0n }).map(String)), value => {
        const delay = retryAfterMs(value, NOW);
        expect(delay === undefined || (Number.isFinite(delay) && delay >= 0)).toBe(true);
      }),
    );
  });
});

describe('readRateLimit() and quotaState()', () => {
  const of = (remaining?: string, limit?: string) =>
    readRateLimit({ 'ratelimit-remaining': remaining, 'ratelimit-limit': limit });

  test('A14 the last fifth is kept for users', () => {
    const rate = of('19;w=21600', '100;w=21600');
    expect(rate).toEqual({ remaining: 19, limit: 100, windowMs: 21_600_000 });
    expect(quotaState(rate)).toBe('reserve');
    expect(quotaState(of('21;w=21600', '100;w=21600'))).toBe('free');
  });

  test('A15 nothing is left', () => {
    expect(quotaState(of('0;w=21600'))).toBe('spent');
  });

  test.each(['abc', '', '-1;w=21600', '19;w=soon', '1.5'])('A16 "%s" is ignored', value => {
    expect(of(value)).toBeUndefined();
  });

  test('A16 a limit that says nothing leaves what remains', () => {
    expect(of('19', 'many')).toEqual({ remaining: 19 });
  });

  test('A17 without headers there is no budget', () => {
    expect(of()).toBeUndefined();
    expect(quotaState(undefined)).toBe('free');
  });
});
