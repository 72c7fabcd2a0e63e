import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RegistriesFault, readRegistriesFile } from '../../../src/config/registries-file.ts';

const HEAD = 'apiVersion: config.imagestream-operator/v1alpha1\nkind: Registries\n';

function faultsOf(text: string): readonly string[] {
  try {
    readRegistriesFile(text, 'r.yaml');
    return [];
  } catch (error) {
    if (error instanceof RegistriesFault) return error.faults;
    throw error;
  }
}

describe('readRegistriesFile()', () => {
  test('reads every key there is', () => {
    const text = `${HEAD}
defaults: { headMode: head, allowH2: true, caFile: roots.pem, rate: { perSecond: 2, burst: 3, inFlight: 4 } }
registries:
  - host: '*.dkr.ecr.*.amazonaws.com'
    ca: PEM
    headMode: get
    trustedRealmHosts: ['auth.example.com:8443']
    trustedRedirectHosts: [cdn.example.com]
    allowH2: false
  - host: '[2001:db8::1]:5000'
    endpoint: http://10.0.0.7:5000
    plainHttp: true
    allowCredentialsOverHttp: true
  - host: quay.io
    insecureSkipVerify: true
    clientCert: { certFile: c.pem, keyFile: k.pem }
    rate: { perSecond: 9 }
    mirrors: [{ prefix: acme/app, host: 'm.example:5000', pathPrefix: q, resolveTags: true, insecure: true, credentialsFrom: upstream, proxy: true }]
    mirrorOnly: true
allowed: [{ domainName: 'quay.io' }, { domainName: '*.corp.example:*', insecure: true }]
blocked: [evil.example, 'localhost:5000']
certsDir: certs.d
privateAddresses: listOnly
clusterDomain: corp.local
podCIDRs: [10.0.0.0/8, 'fd00::/8']
serviceCIDRs: [172.30.0.0/16]
tenantInsecure: listedHosts
verifyOnChange: always
anonymousFallback: false
strictKubeletMatching: true
proxyTrust: trusted
`;
    expect(readRegistriesFile(text, 'r.yaml').registries?.[2]?.mirrors?.[0]?.host).toBe('m.example:5000');
  });

  const cases = [
    { name: 'an unknown key', text: 'registry: []', want: ['r.yaml:3:11: unknown field "registry"'] },
    {
      name: 'an unknown key of an entry',
      text: 'registries:\n- host: a.b\n  endpont: x',
      want: ['r.yaml:5:12: unknown field "registries[0].endpont"'],
    },
    {
      name: 'an entry without host',
      text: 'registries: [{}]',
      want: ['r.yaml:3:14: registries[0].host: Required value'],
    },
    {
      name: 'a label that is a glob in part',
      text: 'registries: [{host: "reg*.example.com"}]',
      want: [
        'r.yaml:3:21: registries[0].host: "reg*.example.com": expected host or host:port, where a whole label may be *',
      ],
    },
    {
      name: 'a host twice, whatever its case',
      text: 'registries: [{host: quay.io}, {host: Quay.io}]',
      want: ['r.yaml:3:38: registries[1].host: "Quay.io": there is an entry of this host already'],
    },
    {
      name: 'a port that is none',
      text: 'blocked: ["a.b:65536"]',
      want: ['r.yaml:3:11: blocked[0]: "a.b:65536": expected host or host:port'],
    },
    {
      name: 'a blocked path, which would block nothing (import-semantics 9)',
      text: 'blocked: [quay.io/org, "*.example.com"]',
      want: [
        'r.yaml:3:11: blocked[0]: "quay.io/org": expected host or host:port',
        'r.yaml:3:24: blocked[1]: "*.example.com": expected host or host:port',
      ],
    },
    {
      name: 'an endpoint with a path',
      text: 'registries: [{host: a.b, endpoint: "https://c.d/v2"}]',
      want: [
        'r.yaml:3:36: registries[0].endpoint: "https://c.d/v2": expected scheme, host and port alone, such as https://registry.example.com:5000',
      ],
    },
    {
      name: 'an endpoint with a password',
      text: 'registries: [{host: a.b, endpoint: "https://u:p@c.d"}]',
      want: [
        'r.yaml:3:36: registries[0].endpoint: "https://u:p@c.d": expected scheme, host and port alone, such as https://registry.example.com:5000',
      ],
    },
    {
      name: 'an endpoint over http that plainHttp does not allow (R5.19)',
      text: 'registries: [{host: a.b, endpoint: "http://c.d"}]',
      want: ['r.yaml:3:36: registries[0].endpoint: "http://c.d": expected https, or plainHttp: true'],
    },
    {
      name: 'one endpoint for several hosts',
      text: 'registries: [{host: "*.b", endpoint: "https://c.d"}]',
      want: ['r.yaml:3:38: registries[0].endpoint: "https://c.d": an entry for several hosts cannot have one endpoint'],
    },
    {
      name: 'mirrors only, without one',
      text: 'registries: [{host: a.b, mirrorOnly: true}]',
      want: ['r.yaml:3:38: registries[0].mirrorOnly: true: there is no mirror'],
    },
    {
      name: 'a mirror prefix that is no path',
      text: 'registries: [{host: a.b, mirrors: [{host: m, prefix: /acme}]}]',
      want: ['r.yaml:3:54: registries[0].mirrors[0].prefix: "/acme": expected a repository path, such as acme/app'],
    },
    {
      name: 'certificates named twice',
      text: 'defaults: {ca: PEM, caFile: x}',
      want: ['r.yaml:3:29: defaults.caFile: expected either ca or caFile, not both'],
    },
    {
      name: 'an allowed registry with two colons (api-types 8)',
      text: 'allowed: [{domainName: "a:b:c"}]',
      want: ['r.yaml:3:24: allowed[0].domainName: failed to parse allowed registry "a:b:c": too many colons'],
    },
    {
      name: 'a network that is none',
      text: 'podCIDRs: [10.0.0.0/33]',
      want: ['r.yaml:3:12: podCIDRs[0]: "10.0.0.0/33": expected a network, such as 10.0.0.0/8'],
    },
  ];
  test.each(cases)('refuses $name', ({ text, want }) => {
    expect(faultsOf(HEAD + text)).toEqual(want);
  });

  test('reads the example of the docs', () => {
    const page = readFileSync(new URL('../../../docs/registries.md', import.meta.url), 'utf8');
    const [, example = ''] = /```yaml\n([^`]*)```/.exec(page) ?? [];
    expect(faultsOf(example)).toEqual([]);
  });

  test('refuses a file of another kind', () => {
    expect(faultsOf('apiVersion: v1\nkind: ConfigMap\n')).toEqual([
      'r.yaml:1:13: apiVersion: Unsupported value: "v1": supported values: "config.imagestream-operator/v1alpha1"',
      'r.yaml:2:7: kind: Unsupported value: "ConfigMap": supported values: "Registries"',
    ]);
  });

  test('reports broken YAML with line and column', () => {
    expect(faultsOf(`${HEAD}registries: [`)).toEqual([expect.stringMatching(/^r\.yaml:3:14: /)]);
  });

  test('never throws anything but RegistriesFault', () => {
    const scalar = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom('a.b', '*', '::1', '10.0.0.0/8', 'http://a'),
    );
    const value = fc.letrec(tie => ({
      any: fc.oneof({ depthSize: 'small' }, scalar, fc.array(tie('any')), fc.dictionary(key, tie('any'))),
    })).any;
    const file = fc.record({
      apiVersion: fc.constant('config.imagestream-operator/v1alpha1'),
      kind: fc.constant('Registries'),
    });
    fc.assert(
      fc.property(file, fc.dictionary(key, value), (head, rest) => {
        for (const fault of faultsOf(JSON.stringify({ ...rest, ...head })))
          expect(fault).toMatch(/^r\.yaml:\d+:\d+: [^\n]+$/);
      }),
      { numRuns: 300 },
    );
  });
});

const key = fc.constantFrom(
  ...['defaults', 'registries', 'host', 'endpoint', 'mirrors', 'prefix', 'rate', 'perSecond', 'allowed', 'domainName'],
  ...['blocked', 'podCIDRs', 'ca', 'caFile', 'clientCert', 'plainHttp', '__proto__', 'x.y', ''],
);
