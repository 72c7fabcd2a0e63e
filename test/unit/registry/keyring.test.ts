import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readDockerConfigJson } from '../../../src/registry/docker-config.ts';
import { createKeyring, joinKeyrings } from '../../../src/registry/keyring.ts';
import type { Keyring } from '../../../src/registry/types.ts';

const fingerprint = (fields: readonly string[]) => fields.join(' ');

/** A config whose entries have their own location as user name, so that a candidate tells where it comes from. */
const secret = (locations: readonly string[], password = 'p') =>
  readDockerConfigJson(
    JSON.stringify({ auths: Object.fromEntries(locations.map(at => [at, { username: at, password }])) }),
  );

const keyring = (locations: readonly string[], strict = false) =>
  createKeyring([secret(locations)], { fingerprint, strict });

/** User names of the candidates for `host/repository`. */
function candidates(ring: Keyring, image: string): readonly string[] {
  const slash = image.indexOf('/');
  return ring
    .candidates(image.slice(0, slash), image.slice(slash + 1))
    .map(credential => (credential.kind === 'basic' ? credential.username : credential.kind));
}

interface Vector {
  readonly id: string;
  readonly keys: readonly string[];
  readonly target: string;
  readonly ours: readonly string[];
  /** Where the kubelet differs. */
  readonly kubelet?: readonly string[];
}

const HUB = 'https://index.docker.io/v1/';

const vectors: readonly Vector[] = [
  { id: 'M1', keys: [HUB], target: 'docker.io/library/nginx', ours: [HUB] },
  { id: 'M2', keys: [HUB, 'docker.io'], target: 'docker.io/library/nginx', ours: ['docker.io'] },
  { id: 'M3', keys: ['index.docker.io'], target: 'docker.io/acme/app', ours: ['index.docker.io'] },
  {
    id: 'M4',
    keys: ['https://index.docker.io/v1'],
    target: 'docker.io/acme/app',
    ours: ['https://index.docker.io/v1'],
    kubelet: [],
  },
  {
    id: 'M5',
    keys: ['registry-1.docker.io'],
    target: 'docker.io/acme/app',
    ours: ['registry-1.docker.io'],
    kubelet: [],
  },
  { id: 'M6', keys: ['docker.io/acme'], target: 'docker.io/acme/app', ours: ['docker.io/acme'] },
  { id: 'M6', keys: ['docker.io/acme'], target: 'docker.io/other/app', ours: [] },
  {
    id: 'M7',
    keys: ['quay.io', 'quay.io/acme', 'quay.io/acme/app'],
    target: 'quay.io/acme/app',
    ours: ['quay.io/acme/app', 'quay.io/acme', 'quay.io'],
  },
  { id: 'M8', keys: ['quay.io/ac'], target: 'quay.io/acme/app', ours: ['quay.io/ac'] },
  { id: 'M9', keys: ['https://quay.io/v2/'], target: 'quay.io/acme/app', ours: ['https://quay.io/v2/'] },
  { id: 'M10', keys: ['*.example.com'], target: 'reg.example.com/a/b', ours: ['*.example.com'] },
  { id: 'M10', keys: ['*.example.com'], target: 'example.com/a', ours: [] },
  { id: 'M10', keys: ['*.example.com'], target: 'a.b.example.com/a', ours: [] },
  {
    id: 'M11',
    keys: ['*.example.com', 'reg.example.com'],
    target: 'reg.example.com/a',
    ours: ['reg.example.com', '*.example.com'],
  },
  {
    id: 'M12',
    keys: ['reg.example.com', '*.example.com/a/b'],
    target: 'reg.example.com/a/b',
    ours: ['reg.example.com', '*.example.com/a/b'],
  },
  { id: 'M13', keys: ['reg*.example.com'], target: 'reg7.example.com/a', ours: ['reg*.example.com'] },
  { id: 'M14', keys: ['reg?.example.com'], target: 'reg7.example.com/a', ours: [] },
  { id: 'M15', keys: ['reg.example.com:5000'], target: 'reg.example.com:5000/a', ours: ['reg.example.com:5000'] },
  { id: 'M15', keys: ['reg.example.com:5000'], target: 'reg.example.com/a', ours: [] },
  { id: 'M16', keys: ['reg.example.com'], target: 'reg.example.com:5000/a', ours: [] },
  { id: 'M17', keys: ['reg.example.com:443'], target: 'reg.example.com/a', ours: [] },
  { id: 'M18', keys: ['*.example.com:5000'], target: 'reg.example.com:5000/a', ours: ['*.example.com:5000'] },
  { id: 'M19', keys: ['example.com'], target: 'example.com.evil.net/a', ours: [] },
  { id: 'M20', keys: ['http://reg.example.com'], target: 'reg.example.com/a', ours: ['http://reg.example.com'] },
  { id: 'M21', keys: ['reg.example.com/a/'], target: 'reg.example.com/a/b', ours: ['reg.example.com/a/'] },
  { id: 'M21', keys: ['reg.example.com/a/'], target: 'reg.example.com/a', ours: ['reg.example.com/a/'], kubelet: [] },
  { id: 'M22', keys: ['REG.example.com'], target: 'reg.example.com/a', ours: ['REG.example.com'], kubelet: [] },
  { id: 'M23', keys: ['[2001:db8::1]:5000'], target: '[2001:db8::1]:5000/a', ours: ['[2001:db8::1]:5000'] },
  { id: 'M24', keys: ['10.0.0.*'], target: '10.0.0.7/a', ours: ['10.0.0.*'] },
  {
    id: 'M25',
    keys: ['*.dkr.ecr.*.amazonaws.com'],
    target: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/app',
    ours: ['*.dkr.ecr.*.amazonaws.com'],
  },
];

/** Section 9.10 of the controllers specification; targets without their tags, which take no part. */
const openshift: readonly Vector[] = [
  { id: '1', keys: ['docker.io'], target: 'docker.io/library/foo', ours: ['docker.io'] },
  { id: '2', keys: [HUB], target: 'docker.io/library/foo', ours: [HUB] },
  {
    id: '3',
    keys: ['quay.io', 'quay.io/or', 'quay.io/org', 'quay.io/org/app'],
    target: 'quay.io/org/app',
    ours: ['quay.io/org/app', 'quay.io/org', 'quay.io/or', 'quay.io'],
  },
  {
    id: '4',
    keys: ['quay.io', 'quay.io/or', 'quay.io/org'],
    target: 'quay.io/organization/x',
    ours: ['quay.io/org', 'quay.io/or', 'quay.io'],
  },
  { id: '5', keys: ['*.example.com'], target: 'a.example.com/x', ours: ['*.example.com'] },
  { id: '6', keys: ['*.example.com'], target: 'a.b.example.com/x', ours: [] },
  {
    id: '7',
    keys: ['reg.example.com', 'reg.example.com:5000', 'reg.example.com:5000/ns'],
    target: 'reg.example.com:5000/ns/x',
    ours: ['reg.example.com:5000/ns', 'reg.example.com:5000'],
  },
  { id: '8', keys: ['quay.io'], target: 'quay.io:443/x', ours: [] },
];

describe('createKeyring() (R3.8, R3.10)', () => {
  test.each(vectors)('$id $keys for $target', ({ keys, target, ours }) => {
    expect(candidates(keyring(keys), target)).toEqual(ours);
  });

  test.each(vectors)('$id $keys for $target, strictly', ({ keys, target, ours, kubelet }) => {
    expect(candidates(keyring(keys, true), target)).toEqual(kubelet ?? ours);
  });

  test.each(openshift)('controllers 9.10 row $id: $keys for $target', ({ keys, target, ours }) => {
    expect(candidates(keyring(keys), target)).toEqual(ours);
  });

  test('M26 R3.13 within a key the order of the secrets counts', () => {
    const ring = createKeyring([secret(['reg.example.com'], 'first'), secret(['reg.example.com'], 'second')], {
      fingerprint,
    });
    expect(ring.candidates('reg.example.com', 'a').map(({ fingerprint: name }) => name)).toEqual([
      'basic reg.example.com first',
      'basic reg.example.com second',
    ]);
  });

  test('R3.17 an equal credential is a candidate once, and ten are enough', () => {
    const same = secret(['reg.example.com']);
    expect(createKeyring([same, same], { fingerprint }).candidates('reg.example.com', 'a')).toHaveLength(1);
    const many = Array.from({ length: 20 }, (_, n) => secret(['reg.example.com'], `p${n}`));
    expect(createKeyring(many, { fingerprint }).candidates('reg.example.com', 'a')).toHaveLength(10);
  });

  test('R3.14 the Hub fallback is for the Hub, with index.docker.io before registry-1.docker.io', () => {
    const ring = keyring(['registry-1.docker.io', 'index.docker.io', 'index.docker.io/acme']);
    expect(candidates(ring, 'docker.io/acme/app')).toEqual(['index.docker.io', 'registry-1.docker.io']);
    expect(candidates(ring, 'docker.io:443/acme/app')).toEqual([]);
    expect(candidates(ring, 'quay.io/acme/app')).toEqual([]);
  });

  test('R3.12 an IPv6 address is one label, and nothing in it is a pattern', () => {
    expect(candidates(keyring(['[2001:db8::1]']), '[2001:db8::2]/a')).toEqual([]);
    expect(candidates(keyring(['*']), '[2001:db8::1]/a')).toEqual([]);
  });

  test.each([
    ['a*b*c.example.com', 'a-b-c.example.com/x', true],
    ['a*a.example.com', 'a.example.com/x', false],
    ['*b*.example.com', 'abc.example.com/x', true],
    ['**.example.com', 'abc.example.com/x', true],
    ['ab*ba.example.com', 'aba.example.com/x', false],
  ])('R3.11 the pattern %s covers %s: %s', (key, target, want) => {
    expect(candidates(keyring([key]), target)).toEqual(want ? [key] : []);
  });

  test('R3.11 a pattern of nothing but stars is no slower than others', () => {
    const key = `${'*a'.repeat(250)}`;
    expect(candidates(keyring([key]), `${'a'.repeat(60)}b/x`)).toEqual([]);
  });

  test('R2.31 the fingerprint covers all that is sent', () => {
    const auths = {
      'a.example.com': { username: 'u', password: 'p', identitytoken: 'T' },
      'b.example.com': { registrytoken: 'T' },
    };
    const ring = createKeyring([readDockerConfigJson(JSON.stringify({ auths }))], { fingerprint });
    expect(ring.candidates('a.example.com', 'x')).toEqual([
      {
        kind: 'identityToken',
        token: 'T',
        basic: { username: 'u', password: 'p' },
        fingerprint: 'identityToken T u p',
      },
    ]);
    expect(ring.candidates('b.example.com', 'x')[0]?.fingerprint).toBe('registryToken T');
  });

  const label = fc.constantFrom('reg', 'example', 'com', 'evil', 'net', '*', 'r*', 'a');
  const name = fc.array(label, { minLength: 1, maxLength: 5 }).map(labels => labels.join('.'));

  test('R3.15 no candidate comes from a host with another number of labels, or with another port', () => {
    const port = fc.constantFrom('', ':5000', ':443');
    const location = fc.tuple(fc.constantFrom('', 'https://'), name, port, fc.constantFrom('', '/', '/a', '/v2/a'));
    const written = fc.array(location.map(parts => parts.join('')));
    const asked = fc.tuple(name, port).filter(([host]) => !host.includes('*') && host !== 'docker.io');
    fc.assert(
      fc.property(written, asked, fc.boolean(), (keys, [host, portText], strict) => {
        for (const key of candidates(keyring(keys, strict), `${host}${portText}/a/b`)) {
          const [keyHost = '', keyPort = ''] = key
            .replace(/^https:\/\//, '')
            .replace(/\/.*$/, '')
            .split(':');
          expect(keyHost.split('.')).toHaveLength(host.split('.').length);
          expect(keyPort).toBe(portText.slice(1));
        }
      }),
    );
  });

  test('never throws, whatever is asked for', () => {
    const ring = keyring(['*', 'quay.io']);
    fc.assert(fc.property(fc.string(), fc.string(), (host, path) => void ring.candidates(host, path)));
  });
});

describe('R3.16 joinKeyrings()', () => {
  const namespace = keyring(['quay.io']);
  const operator = keyring(['quay.io/acme', 'quay.io', HUB]);

  test('all of a namespace go before the default, however exact', () => {
    expect(candidates(joinKeyrings([namespace, operator]), 'quay.io/acme/app')).toEqual(['quay.io', 'quay.io/acme']);
  });

  test('a default stands in where a namespace has nothing', () => {
    expect(candidates(joinKeyrings([namespace, operator]), 'docker.io/library/nginx')).toEqual([HUB]);
  });
});
