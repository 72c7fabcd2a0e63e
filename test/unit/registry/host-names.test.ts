import { describe, expect, test } from '@jest/globals';
import { bareHost, hostOfTrustKey, listsHost, portAllowed, portOf } from '../../../src/registry/host-names.ts';

test.each([
  ['https://reg.example.com./x', 'reg.example.com'],
  ['https://REG.example.com/', 'reg.example.com'],
  ['https://[2001:DB8::1]:5000/', '2001:db8::1'],
  ['https://0x7f.1/', '127.0.0.1'],
])('bareHost() of %s', (url, want) => {
  expect(bareHost(new URL(url))).toBe(want);
});

test('portOf() knows the ports of the schemes', () => {
  expect([
    portOf(new URL('https://a/')),
    portOf(new URL('http://a/')),
    portOf(new URL('https://a:5000/')),
    portOf(new URL('http://a:443/')),
  ]).toEqual([443, 80, 5000, 443]);
});

describe('listsHost()', () => {
  test.each([
    ['auth.example.com', 'https://auth.example.com:8443/', true],
    ['auth.example.com:8443', 'https://auth.example.com:8443/', true],
    ['auth.example.com:443', 'https://auth.example.com/', true],
    ['auth.example.com:8443', 'https://auth.example.com/', false],
    ['AUTH.example.com.', 'https://auth.example.com/', true],
    ['example.com', 'https://auth.example.com/', false],
    ['auth.example.com', 'https://auth.example.com.evil.net/', false],
    ['[::1]:5000', 'https://[::1]:5000/', true],
    ['not a host', 'https://auth.example.com/', false],
  ])('%s and %s', (entry, url, want) => {
    expect(listsHost([entry], new URL(url))).toBe(want);
  });
});

describe('R6.5 portAllowed()', () => {
  test.each([
    ['https://other.example.com/', 'https://reg.example.com:5000/', true],
    ['https://other.example.com:5000/', 'https://reg.example.com:5000/', true],
    ['https://other.example.com:6379/', 'https://reg.example.com:5000/', false],
    ['https://reg.example.com:6379/', 'https://reg.example.com:5000/', true],
    ['http://other.example.com/', 'http://reg.example.com:5000/', true],
    ['https://other.example.com:80/', 'https://reg.example.com/', false],
    ['https://cdn.example.com:9000/', 'https://reg.example.com/', true],
  ])('%s, named by %s', (target, registry, want) => {
    expect(portAllowed(new URL(target), new URL(registry), ['cdn.example.com:9000'])).toBe(want);
  });
});

test.each([
  ['reg.example.com..5000', 'reg.example.com:5000'],
  ['reg.example.com', 'reg.example.com'],
  ['Reg.example.com', 'reg.example.com'],
])('P8 R5.16 the trust key %s stands for %s', (key, want) => {
  expect(hostOfTrustKey(key)).toBe(want);
});
