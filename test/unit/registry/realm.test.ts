import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { judgeRealm, type RealmQuestion } from '../../../src/registry/realm.ts';

/** `<url> with`, `<url> without` or `refused <why>`. */
function judged(realm: string, endpoint = 'https://reg.example.com', more: Partial<RealmQuestion> = {}): string {
  const judgement = judgeRealm({
    realm,
    endpoint: new URL(endpoint),
    trustedRealmHosts: [],
    clusterDomain: 'cluster.local',
    plainHttp: endpoint.startsWith('http:'),
    ...more,
  });
  if ('refused' in judgement) return `refused ${judgement.refused}`;
  return `${judgement.url.href} ${judgement.credentials ? 'with' : 'without'}`;
}

const realmOf = (length: number) => 'https://reg.example.com/'.padEnd(length, 'x');

describe('judgeRealm()', () => {
  test.each([
    ['Z1', 'https://auth.docker.io/token', 'https://registry-1.docker.io', 'https://auth.docker.io/token with'],
    ['Z2', 'https://attacker.example.net/token', undefined, 'https://attacker.example.net/token without'],
    [
      'Z3',
      'https://gitlab.corp.example/jwt/auth',
      'https://registry.corp.example:5050',
      'https://gitlab.corp.example/jwt/auth with',
    ],
    [
      'Z4',
      'https://gitlab.corp.example/jwt/auth',
      'https://gitlab.corp.example:5050',
      'https://gitlab.corp.example/jwt/auth with',
    ],
    ['Z5', 'https://b.azurecr.io/oauth2/token', 'https://a.azurecr.io', 'https://b.azurecr.io/oauth2/token without'],
    [
      'Z6',
      'https://x.team-b.svc.cluster.local/t',
      'https://reg.team-a.svc.cluster.local:5000',
      'https://x.team-b.svc.cluster.local/t without',
    ],
    ['Z7', 'https://gitlab.internal/jwt/auth', 'https://registry.internal', 'https://gitlab.internal/jwt/auth without'],
    [
      'Z8 R2.18',
      'http://reg.example.com/token',
      'https://reg.example.com:5000',
      'https://reg.example.com:5000/token with',
    ],
    ['Z9', 'http://other.example.com/token', undefined, 'refused scheme'],
    ['Z10 file', 'file:///etc/passwd', undefined, 'refused notAUrl'],
    ['Z10 file with a host', 'file://host/etc/passwd', undefined, 'refused scheme'],
    ['Z10 ftp', 'ftp://reg.example.com/t', undefined, 'refused scheme'],
    ['Z10 userinfo', 'https://user:pw@reg.example.com/t', undefined, 'refused userinfo'],
    ['Z10 a password alone', 'https://:pw@reg.example.com/t', undefined, 'refused userinfo'],
    ['Z10 empty host', 'https:///t', undefined, 'refused notAUrl'],
    ['Z10 no host', 'https://', undefined, 'refused notAUrl'],
    ['Z10 no slashes', 'https:evil.example.net', undefined, 'refused notAUrl'],
    ['Z10 empty', '', undefined, 'refused notAUrl'],
    ['C18', '/token2', undefined, 'https://reg.example.com/token2 with'],
  ])('%s %s', (_id, realm, endpoint, want) => {
    expect(judged(realm, endpoint)).toBe(want);
  });

  test('Z7 R2.20c an administrator may trust a realm host', () => {
    const trusted = { trustedRealmHosts: ['gitlab.internal'] };
    expect(judged('https://gitlab.internal/jwt/auth', 'https://registry.internal', trusted)).toMatch(/ with$/);
  });

  test.each([
    [
      'an existing query is kept, a fragment dropped',
      'https://reg.example.com/t?a=b#c',
      'https://reg.example.com/t?a=b with',
    ],
    ['control characters', 'https://reg.exa\nmple.com/t', 'refused notAUrl'],
    ['2 KiB', realmOf(2048), `${realmOf(2048)} with`],
    ['more than 2 KiB', realmOf(2049), 'refused tooLong'],
    [
      'a host without a scheme is a path of ours',
      'evil.example.net/t',
      'https://reg.example.com/evil.example.net/t with',
    ],
    ['a host behind slashes is its own', '//evil.example.net/t', 'https://evil.example.net/t without'],
    ['a host behind backslashes is its own', '\\\\evil.example.net/t', 'https://evil.example.net/t without'],
  ])('R2.17 %s', (_name, realm, want) => {
    expect(judged(realm)).toBe(want);
  });

  test('R2.17 http is for registries over http', () => {
    expect(judged('http://auth.example.com/t', 'http://reg.example.com:5000')).toMatch(/^http:/);
    expect(judged('http://reg.example.com:5000/t', 'http://reg.example.com:5000')).toMatch(/ with$/);
  });

  test.each([
    ['another port of the same host', 'https://reg.example.com:8443/t', 'https://reg.example.com:8443/t without'],
    ['another port of another host', 'https://auth.example.com:8443/t', 'refused port'],
  ])('R2.20a R6.5 %s', (_name, realm, want) => {
    expect(judged(realm)).toBe(want);
  });

  test.each([
    ['https://oauth2.googleapis.com/token', 'https://europe-docker.pkg.dev', 'with'],
    ['https://oauth2.googleapis.com/token', 'https://eu.gcr.io', 'with'],
    ['https://oauth2.googleapis.com/token', 'https://gcr.io', 'with'],
    ['https://oauth2.googleapis.com/token', 'https://notgcr.io', 'without'],
    ['https://oauth2.googleapis.com:8443/token', 'https://gcr.io:8443', 'without'],
    ['https://b.gcr.io/token', 'https://a.gcr.io', 'without'],
    ['https://login.microsoftonline.com/x', 'https://acme.azurecr.io', 'with'],
    ['https://gitlab.com/jwt/auth', 'https://registry.gitlab.com', 'with'],
    ['https://auth.docker.io/token', 'https://reg.example.com', 'without'],
    ['https://us-docker.pkg.dev/t', 'https://europe-docker.pkg.dev', 'without'],
    ['https://b.jfrog.io/t', 'https://a.jfrog.io', 'without'],
    ['https://sts.eu-west-1.amazonaws.com/', 'https://123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'without'],
    ['https://b.github.io/t', 'https://a.github.io', 'without'],
    ['https://auth.harbor.svc.cluster.local/t', 'https://core.harbor.svc.cluster.local', 'with'],
    ['https://auth.team-b.svc/t', 'https://reg.team-a.svc', 'without'],
    ['https://printer.local/t', 'https://nas.local', 'without'],
    ['https://10.0.0.6/t', 'https://10.0.0.5', 'without'],
    ['https://[fd00::6]/t', 'https://[fd00::5]', 'without'],
    ['https://10.0.0.5/t', 'https://10.0.0.5:5000', 'with'],
    ['https://b/t', 'https://a', 'without'],
    ['https://evilexample.com/t', 'https://reg.example.com', 'without'],
    ['https://reg.example.com.evil.net/t', 'https://reg.example.com', 'without'],
    ['https://REG.example.com./t', 'https://reg.example.com', 'with'],
  ])('R2.20 %s for %s goes %s credentials', (realm, endpoint, want) => {
    expect(judged(realm, endpoint).split(' ').at(-1)).toBe(want);
  });

  test('R2.20d the configured cluster domain is shared, too', () => {
    const more = { clusterDomain: 'k8s.corp.example' };
    const endpoint = 'https://reg.team-a.svc.k8s.corp.example';
    expect(judged('https://x.team-b.svc.k8s.corp.example/t', endpoint, more)).toMatch(/ without$/);
  });

  test('never sends credentials over http to a foreign host, and never throws', () => {
    const parts = fc.constantFrom(
      'https:',
      'http:',
      '//',
      '/',
      '\\',
      '@',
      ':',
      'reg.example.com',
      'evil.net',
      '?',
      '#',
      ' ',
      '[::1]',
      '%00',
      '\t',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(parts).map(list => list.join('')),
        ),
        realm => {
          const judgement = judgeRealm({
            realm,
            endpoint: new URL('https://reg.example.com'),
            trustedRealmHosts: [],
            clusterDomain: '',
            plainHttp: false,
          });
          if ('refused' in judgement) return;
          expect(judgement.url.protocol).toBe('https:');
          if (judgement.credentials) expect(judgement.url.hostname.replace(/\.$/, '')).toMatch(/(^|\.)example\.com$/);
        },
      ),
    );
  });
});
