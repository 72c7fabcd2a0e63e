import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isDigest, isHost, isRepositoryPath, isTag, isVerifiableDigest } from '../../../src/reference/digest.ts';

const hex = (length: number) => 'a1'.repeat(length / 2);

describe('R0.1 isDigest()', () => {
  test.each([
    ['sha256, 64 digits', `sha256:${hex(64)}`, true, true],
    ['sha512, 128 digits', `sha512:${hex(128)}`, true, true],
    ['another algorithm', 'blake3:AbC_=-9', true, false],
    ['algorithm of parts', 'sha256+b64u.x:AbC', true, false],
    ['md5', `md5:${hex(32)}`, true, false],
    ['sha256 in upper case', `sha256:${hex(64).toUpperCase()}`, false, false],
    ['sha256, 63 digits', `sha256:${hex(64).slice(1)}`, false, false],
    ['sha256, 65 digits', `sha256:${hex(64)}a`, false, false],
    ['sha512, 64 digits', `sha512:${hex(64)}`, false, false],
    ['not hex', `sha256:${'g'.repeat(64)}`, false, false],
    ['algorithm in upper case', `SHA256:${hex(64)}`, false, false],
    ['a path in it', 'sha256:../../etc', false, false],
    ['a path as algorithm', `../sha256:${hex(64)}`, false, false],
    ['trailing newline', `sha256:${hex(64)}\n`, false, false],
    ['no algorithm', `:${hex(64)}`, false, false],
    ['nothing encoded', 'sha256:', false, false],
    ['nothing', '', false, false],
    ['a prototype name', 'constructor:abc', true, false],
    ['longer than any', `x:${'a'.repeat(300)}`, false, false],
  ])('%s', (_, text, valid, verifiable) => {
    expect(isDigest(text)).toBe(valid);
    expect(isVerifiableDigest(text)).toBe(verifiable);
  });
});

describe('R0.1 isTag()', () => {
  test.each([
    ['v1.0-rc_1', true],
    ['_x', true],
    ['t'.repeat(128), true],
    ['t'.repeat(129), false],
    ['', false],
    ['.x', false],
    ['-x', false],
    ['a/b', false],
    ['a:b', false],
    ['a\n', false],
    ['..', false],
  ])('%.20s: %s', (text, want) => {
    expect(isTag(text)).toBe(want);
  });
});

describe('R0.1 R0.4 isRepositoryPath()', () => {
  test.each([
    ['library/busybox', true],
    ['a', true],
    ['a/b__c/d--e/f.g', true],
    ['a'.repeat(255), true],
    ['a'.repeat(256), false],
    ['', false],
    ['/a', false],
    ['a/', false],
    ['a//b', false],
    ['a/../b', false],
    ['A', false],
    ['a%2fb', false],
    ['a?x', false],
  ])('%.20s: %s', (text, want) => {
    expect(isRepositoryPath(text)).toBe(want);
  });
});

describe('R0.1 isHost()', () => {
  test.each([
    ['quay.io', true],
    ['localhost', true],
    ['h:5000', true],
    ['10.0.0.1:5000', true],
    ['[::1]', true],
    ['[2001:db8::1]:5000', true],
    ['h:0', false],
    ['h:65535', true],
    ['h:65536', false],
    ['h:080', false],
    ['h:', false],
    ['', false],
    ['a..b', false],
    ['-a.io', false],
    ['a.io.', false],
    ['user@quay.io', false],
    ['https://quay.io', false],
    ['quay.io/x', false],
    ['a_b.io', false],
    ['%71uay.io', false],
    ['127.1', false],
    ['2130706433', false],
    ['0x7f.0x1', false],
    ['0177.0.0.1', false],
    ['256.0.0.1', false],
    ['::1', false],
    ['[::1', false],
    ['[::1]5000', false],
    ['[fe80::1%eth0]', false],
    ['[::ffff:127.0.0.1]', false],
    ['[0:0:0:0:0:FFFF:7f00:1]', false],
    ['[::1]:0', false],
    [`${'a'.repeat(64)}.io`, false],
    [`${'a'.repeat(63)}.io`, true],
    ['a.'.repeat(200), false],
  ])('%.40s: %s', (text, want) => {
    expect(isHost(text)).toBe(want);
  });
});

test('the wire checks never throw, and nothing they pass needs escaping in a URL', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.webPath(), fc.domain(), fc.ipV6()), text => {
      for (const check of [isDigest, isTag, isRepositoryPath]) {
        if (check(text)) expect(new URL(`https://h/x/${text}`).pathname).toBe(`/x/${text}`);
      }
      if (isHost(text)) expect(new URL(`https://${text}/x`).pathname).toBe('/x');
    }),
  );
});

test.each([isDigest, isTag, isRepositoryPath, isHost])('$name ends on long texts', check => {
  for (const unit of ['a', 'a-', 'a.', '-', '/', 'a/', '[', ':']) expect(check(unit.repeat(1_000_000))).toBe(false);
});
