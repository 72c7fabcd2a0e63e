import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { CommandFault } from '../../../src/command/fault.ts';
import { loadRegistrySettings } from '../../../src/command/registry-settings.ts';
import { DEFAULT_RATES, fitsHost, ratesMarkdown } from '../../../src/registry/defaults.ts';
import { keyPair, testCa } from '../../fake/tls.ts';

const folder = mkdtempSync(join(tmpdir(), 'registries-'));
afterAll(() => rmSync(folder, { recursive: true }));

const HEAD = 'apiVersion: config.imagestream-operator/v1alpha1\nkind: Registries\n';
const plain = { registriesFile: undefined, tenantInsecure: undefined } as const;

function load(text: string, env: Record<string, string> = {}, tenantInsecure?: 'allow' | 'deny') {
  const registriesFile = write('registries.yaml', HEAD + text);
  return loadRegistrySettings({ registriesFile, tenantInsecure }, env);
}

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

async function faultsOf(text: string): Promise<readonly string[]> {
  const error = await load(text).catch((reason: unknown) => reason);
  return error instanceof CommandFault ? error.lines.map(line => line.replaceAll(folder, '.')) : [];
}

describe('loadRegistrySettings() without a file', () => {
  test('decides as the contract does (registry-client 13, D24, D25)', async () => {
    const { settings, allowed, blockedHosts } = await loadRegistrySettings(plain, {});
    expect(settings).toMatchObject({
      clientId: 'imagestream-operator',
      tenantInsecure: 'allow',
      privateAddresses: 'allow',
      loopback: 'allow',
      clusterDomain: 'cluster.local',
      privateCidrs: [],
      refusedHosts: [],
      verifyOnChange: 'bestEffort',
      anonymousFallback: true,
      strictKubeletMatching: false,
      proxy: { trust: 'untrusted' },
    });
    expect(settings.userAgent).toMatch(/^imagestream-operator\/\d+\.\d+\.\d+$/);
    expect(allowed).toBeUndefined();
    expect(blockedHosts.size).toBe(0);
  });

  test('R0.5 every name of Docker Hub is connected to at registry-1.docker.io', async () => {
    const { settings } = await loadRegistrySettings(plain, {});
    for (const host of ['docker.io', 'index.docker.io', 'registry-1.docker.io']) {
      expect(settings.host(host)).toMatchObject({ endpoint: 'https://registry-1.docker.io', rate: { perSecond: 5 } });
    }
  });

  test('R5.12 any other host is https, verified, HTTP/1.1 and unlisted', async () => {
    const { settings } = await loadRegistrySettings(plain, {});
    expect(settings.host('reg.example.com')).toEqual({
      plainHttp: false,
      insecureSkipVerify: false,
      allowCredentialsOverHttp: false,
      allowH2: false,
      trustedRealmHosts: [],
      trustedRedirectHosts: [],
      mirrors: [],
      mirrorOnly: false,
      rate: { perSecond: 10, burst: 20, inFlight: 6 },
      listed: false,
    });
  });

  test('R6.2 the API server is refused', async () => {
    const { settings } = await loadRegistrySettings(plain, { KUBERNETES_SERVICE_HOST: '10.96.0.1' });
    expect(settings.refusedHosts).toEqual(['10.96.0.1']);
  });
});

describe('R5.17 the entry of a host', () => {
  const file = `registries:
  - { host: "*.example.com", trustedRealmHosts: [wildcard] }
  - { host: "*.*.example.com", trustedRealmHosts: [two-wildcards] }
  - { host: "reg.*.example.com", trustedRealmHosts: [one-wildcard] }
  - { host: "reg.example.com:5000", trustedRealmHosts: [port] }
  - { host: reg.example.com, trustedRealmHosts: [exact] }
`;

  test.each([
    ['reg.example.com', 'exact'],
    ['REG.example.com', 'exact'],
    ['reg.example.com:5000', 'port'],
    ['other.example.com', 'wildcard'],
    ['reg.eu.example.com', 'one-wildcard'],
    ['x.eu.example.com', 'two-wildcards'],
    ['example.com', undefined],
    ['reg.example.com:5001', undefined],
    ['reg.example.com.evil.net', undefined],
    ['evil-example.com', undefined],
  ])('of %s is %s', async (host, want) => {
    const { settings } = await load(file);
    expect(settings.host(host).trustedRealmHosts[0]).toBe(want);
    expect(settings.host(host).listed).toBe(want !== undefined);
  });

  test.each([
    [
      'the logical host goes first',
      'registries: [{host: registry-1.docker.io, headMode: get}, {host: docker.io, headMode: head}]',
      'head',
    ],
    [
      'then the host that is connected to',
      'registries: [{host: "*.io", headMode: head}, {host: registry-1.docker.io, headMode: get}]',
      'get',
    ],
    ['then wildcards', 'defaults: {headMode: head}\nregistries: [{host: "*.io", headMode: get}]', 'get'],
    ['then the defaults', 'defaults: {headMode: head}', 'head'],
  ])('of docker.io: %s', async (_name, text, want) => {
    const { settings } = await load(text);
    expect(settings.host('docker.io').headMode).toBe(want);
  });
});

describe('R4.1 the rate of a host', () => {
  test.each([
    ['registry-1.docker.io', 5, 20, 4],
    ['auth.docker.io', 5, 20, 4],
    ['quay.io', 3, 10, 4],
    ['ghcr.io', 15, 30, 8],
    ['europe-docker.pkg.dev', 15, 30, 8],
    ['mcr.microsoft.com', 15, 30, 8],
    ['registry.k8s.io', 15, 30, 8],
    ['gcr.io', 8, 30, 8],
    ['eu.gcr.io', 8, 30, 8],
    ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 10, 30, 8],
    ['public.ecr.aws', 1, 5, 2],
    ['acme.azurecr.io', 8, 20, 6],
    ['registry.access.redhat.com', 8, 20, 6],
    ['registry.redhat.io', 8, 20, 6],
    ['registry.gitlab.com', 8, 20, 6],
    ['localhost:5000', 10, 20, 6],
    ['a.b.pkg.dev', 10, 20, 6],
    ['quay.io.evil.net', 10, 20, 6],
  ])('%s is %d a second, %d at once, %d in flight', async (host, perSecond, burst, inFlight) => {
    const { settings } = await loadRegistrySettings(plain, {});
    expect(settings.host(host).rate).toEqual({ perSecond, burst, inFlight });
  });

  test('is what its entry says; the rest stays', async () => {
    const { settings } = await load('registries: [{host: quay.io, rate: {perSecond: 30}}]');
    expect(settings.host('quay.io').rate).toEqual({ perSecond: 30, burst: 10, inFlight: 4 });
  });

  test('of the defaults is for unknown hosts: it does not lift what a public registry bears', async () => {
    const { settings } = await load('defaults: {rate: {perSecond: 500}}');
    expect(settings.host('reg.example.com').rate).toEqual({ perSecond: 500, burst: 20, inFlight: 6 });
    expect(settings.host('quay.io').rate.perSecond).toBe(3);
  });

  test('is asked for by the host that is connected to, too, which gains nothing else by it', async () => {
    const entry =
      '{host: reg.example.com, endpoint: "https://10.0.0.7:5000", insecureSkipVerify: true, rate: {inFlight: 2}}';
    const { settings } = await load(`registries: [${entry}]`);
    expect(settings.host('10.0.0.7:5000')).toMatchObject({
      rate: { inFlight: 2 },
      insecureSkipVerify: false,
      listed: false,
    });
  });
});

describe('fitsHost()', () => {
  test.each([
    ['*.example.com', 'a.example.com', true],
    ['*.example.com', 'a.b.example.com', false],
    ['*.example.com', '.example.com', false],
    ['*.example.com', 'a.example.com:5000', false],
    ['*.example.com:5000', 'a.example.com:5000', true],
    ['[::1]:5000', '[::1]:5000', true],
  ])('%s and %s: %s', (pattern, host, want) => {
    expect(fitsHost(pattern, host)).toBe(want);
  });

  test('no host stands in two rows of the default rates', () => {
    const hosts = DEFAULT_RATES.flatMap(row => row.hosts);
    expect(new Set(hosts).size).toBe(hosts.length);
    expect(hosts.filter(host => !ratesMarkdown().includes(`\`${host}\``))).toEqual([]);
  });
});

describe('loadRegistrySettings() with a file', () => {
  test('a mirror keeps paths and its own credentials unless told', async () => {
    const { settings } = await load(
      'registries: [{host: quay.io, mirrors: [{host: m.example, prefix: acme}, {host: n, prefix: a, pathPrefix: b}]}]',
    );
    expect(settings.host('quay.io').mirrors).toEqual([
      {
        prefix: 'acme',
        host: 'm.example',
        pathPrefix: 'acme',
        resolveTags: false,
        insecure: false,
        credentialsFrom: 'mirror',
        proxy: false,
      },
      {
        prefix: 'a',
        host: 'n',
        pathPrefix: 'b',
        resolveTags: false,
        insecure: false,
        credentialsFrom: 'mirror',
        proxy: false,
      },
    ]);
  });

  test('import-semantics 9: hosts are blocked exactly; one with mirrors is served by these alone', async () => {
    const text = 'blocked: [Evil.example, quay.io]\nregistries: [{host: quay.io, mirrors: [{host: m.example}]}]';
    const { settings, blockedHosts } = await load(text);
    expect([...blockedHosts]).toEqual(['evil.example']);
    expect(settings.host('quay.io').mirrorOnly).toBe(true);
  });

  test.each([
    ['one with mirrors that nobody blocked', '{host: quay.io, mirrors: [{host: m.example}]}', false],
    ['one that is blocked and has none', '{host: evil.example, mirrors: []}', false],
    ['one that the file says it of', '{host: quay.io, mirrorOnly: true, mirrors: [{host: m.example}]}', true],
  ])('whether a registry is served by its mirrors alone: %s, %s: %s', async (_name, entry, want) => {
    const { settings } = await load(`blocked: [evil.example]\nregistries: [${entry}]`);
    expect(settings.host(/host: ([^,]+)/.exec(entry)?.[1] ?? '').mirrorOnly).toBe(want);
  });

  test('api-types 8: an empty allow-list allows nothing', async () => {
    const { allowed } = await load('allowed: []');
    expect(allowed?.check('quay.io', 'secure')).toBe('registry "quay.io" not allowed by empty whitelist');
  });

  test('D25 the flag outweighs the file', async () => {
    expect((await load('tenantInsecure: listedHosts')).settings.tenantInsecure).toBe('listedHosts');
    expect((await load('tenantInsecure: listedHosts', {}, 'deny')).settings.tenantInsecure).toBe('deny');
  });

  test('networks of the cluster count as private', async () => {
    const { settings } = await load('podCIDRs: [192.0.2.0/24]\nserviceCIDRs: [198.51.100.0/24]');
    expect(settings.privateCidrs).toEqual(['192.0.2.0/24', '198.51.100.0/24']);
  });

  test('faults name file, line and column', async () => {
    expect(await faultsOf('blocked: [quay.io/org]\nfoo: 1')).toEqual(['./registries.yaml:4:6: unknown field "foo"']);
  });

  test('a file that is not there is a fault', async () => {
    const registriesFile = join(folder, 'missing.yaml');
    await expect(loadRegistrySettings({ ...plain, registriesFile }, {})).rejects.toThrow(
      `Cannot read "${registriesFile}": there is no such file or folder`,
    );
  });
});

describe('certificates', () => {
  test('R5.18 are trusted for the host of their entry alone; files are looked for beside the registries file', async () => {
    write('corp.pem', testCa);
    const { settings } = await load('registries: [{host: reg.example.com, caFile: corp.pem}]');
    expect(settings.host('reg.example.com').ca).toBe(testCa);
    expect(settings.host('other.example.com').ca).toBeUndefined();
  });

  test('of the defaults are trusted where an entry names none', async () => {
    write('corp.pem', testCa);
    const { settings } = await load('defaults: {caFile: corp.pem}\nregistries: [{host: reg.example.com}]');
    expect(settings.host('reg.example.com').ca).toBe(testCa);
  });

  test('of the client are read with their key', async () => {
    const { cert, key } = keyPair('client');
    write('client.pem', cert);
    write('client-key.pem', key);
    const { settings } = await load(
      'registries: [{host: a.b, clientCert: {certFile: client.pem, keyFile: client-key.pem}}]',
    );
    expect(settings.host('a.b').clientCert).toEqual({ cert, key });
  });

  test('P7 P8 R5.16 of a folder are trusted for their host alone, besides those of its entry and the defaults', async () => {
    const [one, two] = [testCa, `# of the entry\n${testCa}`];
    mkdirSync(join(folder, 'certs/quay.io'), { recursive: true });
    write('certs/quay.io/ca.crt', testCa);
    write('certs/reg.example.com..5000', one);
    write('certs/registry-1.docker.io', one);
    write('roots.pem', `# of all\n${testCa}`);
    write('entry.pem', two);
    const { settings } = await load(
      'certsDir: certs\nregistries: [{host: "reg.example.com:5000", caFile: entry.pem}, {host: a.b, endpoint: "https://quay.io"}]',
    );
    const ca = (host: string) => settings.host(host).ca;
    expect(ca('REG.example.com:5000')).toBe(`${one}\n${two}`);
    expect([ca('quay.io'), ca('a.b'), ca('docker.io')]).toEqual([testCa, testCa, testCa]);
    expect([ca('reg.example.com'), ca('reg.example.com:5001')]).toEqual([undefined, undefined]);
    expect(settings.host('quay.io').listed).toBe(false);

    const withRoots = await load('defaults: {caFile: roots.pem}\ncertsDir: certs');
    expect(withRoots.settings.host('quay.io').ca).toBe(`# of all\n${testCa}\n${testCa}`);
  });

  test('of a folder count for whether anything has changed', async () => {
    mkdirSync(join(folder, 'moving'), { recursive: true });
    write('moving/quay.io', testCa);
    const { fingerprint } = await load('certsDir: moving');
    expect((await load('certsDir: moving')).fingerprint).toBe(fingerprint);
    write('moving/quay.io', `# renewed\n${testCa}`);
    expect((await load('certsDir: moving')).fingerprint).not.toBe(fingerprint);
  });

  test.each([
    ['an entry', 'registries: [{host: a.b, caFile: renewed.pem}]'],
    ['the defaults', 'defaults: {caFile: renewed.pem}'],
    ['a client', 'registries: [{host: a.b, clientCert: {certFile: renewed.pem, keyFile: key-of-it.pem}}]'],
  ])('of %s in a file of their own count for that, too', async (_name, text) => {
    const { cert, key } = keyPair('client');
    write('key-of-it.pem', key);
    write('renewed.pem', cert);
    const { fingerprint } = await load(text);
    expect((await load(text)).fingerprint).toBe(fingerprint);
    write('renewed.pem', `# renewed\n${cert}`);
    expect((await load(text)).fingerprint).not.toBe(fingerprint);
  });

  test('that cannot be used are faults, all of them together', async () => {
    write('key.pem', 'no key');
    write('cert.pem', keyPair('server').cert);
    write('other.pem', keyPair('client').key);
    const text = `certsDir: nowhere
registries:
  - { host: a.b, caFile: missing.pem }
  - { host: b.b, ca: nonsense }
  - { host: c.b, clientCert: { certFile: cert.pem, keyFile: key.pem } }
  - { host: e.b, clientCert: { certFile: cert.pem, keyFile: other.pem } }
  - { host: d.b, ca: "-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----" }
`;
    expect(await faultsOf(text)).toEqual([
      './registries.yaml: registries[0]: Cannot read "./missing.pem": there is no such file or folder',
      './registries.yaml: registries[1]: expected certificates and keys in PEM',
      './registries.yaml: registries[2]: expected certificates and keys in PEM',
      './registries.yaml: registries[3]: expected certificates and keys in PEM',
      './registries.yaml: registries[4]: expected certificates and keys in PEM',
      './registries.yaml: certsDir: Cannot read "./nowhere": there is no such file or folder',
    ]);
  });
});
