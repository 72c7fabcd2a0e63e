import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { proxyFor, refusedThroughProxy } from '../../../src/registry/proxy.ts';

const PROXY = 'http://proxy.corp:3128';

const goesTo = (url: string, noProxy = '') =>
  proxyFor(new URL(url), { https: PROXY, http: 'http://plain.corp:3128', noProxy, trust: 'untrusted' }) === undefined
    ? 'direct'
    : 'proxied';

const CLUSTER = '10.0.0.0/8,.svc,example.com';

describe('proxyFor()', () => {
  test.each([
    ['P1', CLUSTER, 'https://10.1.2.3:5000/', 'direct'],
    ['P2', CLUSTER, 'https://reg.team.svc/', 'direct'],
    ['P2', CLUSTER, 'https://svc/', 'proxied'],
    ['P3', CLUSTER, 'https://example.com/', 'direct'],
    ['P3', CLUSTER, 'https://reg.example.com/', 'direct'],
    ['P3', CLUSTER, 'https://notexample.com/', 'proxied'],
    ['P4', 'example.com:5000', 'https://example.com:5000/', 'direct'],
    ['P4', 'example.com:5000', 'https://example.com/', 'proxied'],
    ['P4', 'example.com:443', 'https://example.com/', 'direct'],
    ['P6', '', 'https://127.0.0.1:5000/', 'direct'],
    ['P6', '', 'https://localhost:5000/', 'direct'],
    ['P6', '', 'https://reg.localhost/', 'direct'],
    ['P6', '', 'https://[::1]:5000/', 'direct'],
    ['R5.21', '*', 'https://quay.io/', 'direct'],
    ['R5.21', '', 'https://quay.io/', 'proxied'],
    ['R5.21', ',, ,', 'https://quay.io/', 'proxied'],
    ['R5.21', ' EXAMPLE.com ', 'https://reg.example.com./', 'direct'],
    ['R5.21', 'example.com.', 'https://example.com/', 'direct'],
    ['R5.21', '*.example.com', 'https://reg.example.com/', 'direct'],
    ['R5.21', '*.example.com', 'https://example.com/', 'proxied'],
    ['R5.21', '.', 'https://example.com/', 'proxied'],
    ['R5.21', '10.1.2.3', 'https://10.1.2.3/', 'direct'],
    ['R5.21', '10.1.2.3:5000', 'https://10.1.2.3:5000/', 'direct'],
    ['R5.21', '10.1.2.3:5000', 'https://10.1.2.3/', 'proxied'],
    ['R5.21', '[fd00::5]:5000', 'https://[fd00::5]:5000/', 'direct'],
    ['R5.21', 'fd00::/8', 'https://[fd00::5]/', 'direct'],
    ['R5.21', 'fd00::5', 'https://[fd00::5]/', 'direct'],
    ['R5.21', '3', 'https://10.1.2.3/', 'proxied'],
    ['R5.22', '10.0.0.0/8', 'https://10.example.com/', 'proxied'],
  ])('%s NO_PROXY=%s sends %s %s', (_id, noProxy, url, want) => {
    expect(goesTo(url, noProxy)).toBe(want);
  });

  test('P5 R5.20 https and http have a proxy each', () => {
    expect(proxyFor(new URL('https://quay.io/'), { http: PROXY, trust: 'untrusted' })).toBeUndefined();
    expect(proxyFor(new URL('http://quay.io/'), { http: PROXY, trust: 'untrusted' })).toBe(PROXY);
    expect(proxyFor(new URL('http://quay.io/'), { https: PROXY, trust: 'untrusted' })).toBeUndefined();
    expect(proxyFor(new URL('https://quay.io/'), { https: '', trust: 'untrusted' })).toBeUndefined();
  });

  test('never throws, whatever NO_PROXY holds', () => {
    const piece = fc.constantFrom('10.0.0.0', '/', '8', '99', ',', '.', '*', ':', '[', ']', 'example.com', '::1', '-');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map(parts => parts.join('')),
        ),
        noProxy => {
          expect(['direct', 'proxied']).toContain(goesTo('https://93.184.216.34/', noProxy));
        },
      ),
    );
  });
});

test.each([
  ['https://reg.team.svc.cluster.local/', true],
  ['https://reg.team.svc/', true],
  ['https://nas.local./', true],
  ['https://metadata.google.internal/', true],
  ['https://reg.k8s.corp.example/', true],
  ['https://quay.io/', false],
  ['https://registry/', true],
  ['https://registry./', true],
  ['https://notlocal.example/', false],
  ['https://[2a00:1450::1]/', false],
])('R5.23 through an untrusted proxy %s is refused: %s', (url, want) => {
  expect(refusedThroughProxy(new URL(url), { trust: 'untrusted' }, 'k8s.corp.example')).toBe(want);
  expect(refusedThroughProxy(new URL(url), { trust: 'trusted' }, 'k8s.corp.example')).toBe(false);
});
