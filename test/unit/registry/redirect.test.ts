import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { judgeRedirect, type RedirectQuestion } from '../../../src/registry/redirect.ts';

const FIRST = 'https://reg.example.com/v2/team/app/manifests/v1';

/** `same <url>`, `cross <url>` or `refused <why>`. */
function judged(location: RedirectQuestion['location'], more: Partial<RedirectQuestion> = {}): string {
  const first = new URL(FIRST);
  const judgement = judgeRedirect({ location, current: first, first, hops: 0, seen: new Set([FIRST]), ...more });
  if ('refused' in judgement) return `refused ${judgement.refused}`;
  return `${judgement.crossOrigin ? 'cross' : 'same'} ${judgement.url.href}`;
}

describe('judgeRedirect()', () => {
  test.each([
    ['S1', 'https://cdn.example.net/x', 'cross https://cdn.example.net/x'],
    ['S2', 'https://reg.example.com:8443/x', 'cross https://reg.example.com:8443/x'],
    ['S3', 'http://reg.example.com/x', 'refused downgrade'],
    ['S4', '/v2/team/app2/manifests/x', 'same https://reg.example.com/v2/team/app2/manifests/x'],
    ['S13', 'https://user@cdn.example.net/x', 'refused userinfo'],
    ['S13', 'https://:pw@cdn.example.net/x', 'refused userinfo'],
    ['R5.2', '//cdn.example.net/x', 'cross https://cdn.example.net/x'],
    ['R5.2', '\\\\cdn.example.net\\x', 'cross https://cdn.example.net/x'],
    ['R5.2', 'file:///etc/passwd', 'refused scheme'],
    ['R5.2', 'gopher://cdn.example.net/', 'refused scheme'],
    ['R5.2', 'https://', 'refused notAUrl'],
    ['R5.2', 'https://cdn.exa\tmple.net/', 'refused notAUrl'],
    ['R5.2', '', 'refused noLocation'],
    ['R5.2', undefined, 'refused noLocation'],
    ['R6.5', 'https://cdn.example.net:6379/x', 'refused port'],
    ['S7', FIRST, 'refused loop'],
    ['S7', `${FIRST}#again`, 'refused loop'],
  ])('%s %s', (_id, location, want) => {
    expect(judged(location)).toBe(want);
  });

  const B = 'https://b.example.net/x';

  test('S5 R5.3 the way back to the first origin restores nothing', () => {
    expect(judged('https://reg.example.com/y', { current: new URL(B), hops: 1, seen: new Set([FIRST, B]) })).toBe(
      'cross https://reg.example.com/y',
    );
  });

  test('S5 R5.3 nor does a further hop within it', () => {
    const current = new URL('https://reg.example.com/y');
    expect(judged('/z', { current, hops: 2, seen: new Set([FIRST, B, current.href]) })).toBe(
      'cross https://reg.example.com/z',
    );
  });

  test('S6 R5.1 the sixth hop is one too many', () => {
    expect(judged('/a', { hops: 4 })).toMatch(/^same/);
    expect(judged('/a', { hops: 5 })).toBe('refused tooMany');
  });

  test('S7 R5.2 a URL is asked once in a chain', () => {
    expect(judged(B, { current: new URL('https://c.example.net/'), hops: 2, seen: new Set([FIRST, B]) })).toBe(
      'refused loop',
    );
  });

  test('R5.2 a registry over http may lead to https and to http', () => {
    const first = new URL('http://reg.local:5000/v2/');
    const question = { first, current: first, seen: new Set([first.href]) };
    expect(judged('https://cdn.example.net/x', question)).toMatch(/^cross/);
    expect(judged('http://cdn.example.net/x', question)).toMatch(/^cross/);
    expect(judged('http://cdn.example.net/x', { ...question, current: new URL(B) })).toBe('refused downgrade');
  });

  test('R6.5 an administrator may list a target with its port', () => {
    const listed = { trustedRedirectHosts: ['minio.corp.example:9000'] };
    expect(judged('https://minio.corp.example:9000/x', listed)).toMatch(/^cross/);
  });

  test('of repeated Location headers the first counts', () => {
    expect(judged(['/a', 'https://cdn.example.net/'])).toBe('same https://reg.example.com/a');
  });

  test('R5.3 no chain makes a foreign origin, or anything after one, the same origin', () => {
    const hop = fc.constantFrom(
      '/a',
      '/b',
      '//evil.net/',
      'https://reg.example.com/c',
      'https://reg.example.com:8443/',
      'https://reg.example.com.evil.net/',
      'https://evil.net/?x',
      '\\\\evil.net',
      'https:evil.net',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(hop, fc.webUrl()), { maxLength: 8 }), locations => {
        const first = new URL(FIRST);
        const seen = new Set([FIRST]);
        let current = first;
        let left = false;
        for (const [hops, location] of locations.entries()) {
          const judgement = judgeRedirect({ location, current, first, hops, seen });
          if ('refused' in judgement) return;
          current = judgement.url;
          seen.add(current.href);
          left ||= current.origin !== 'https://reg.example.com';
          expect(judgement.crossOrigin).toBe(left);
        }
        expect(seen.size).toBeLessThanOrEqual(6);
      }),
    );
  });
});
