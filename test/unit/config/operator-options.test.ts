import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readOperatorOptions } from '../../../src/config/operator-options.ts';
import { rowsOf, variableOf } from '../../../src/config/options.ts';
import { typedFor } from './typed.ts';

const { options, faults } = typedFor(readOperatorOptions);

/** Every option of D30, as a user would set it away from its default. */
const SETTINGS = [
  ['kubeconfig', '/etc/kubeconfig', { kubeconfig: '/etc/kubeconfig' }],
  ['namespace', 'image-streams', { namespace: 'image-streams' }],
  ['watch-namespaces', 'team-a,team-b', { watchNamespaces: ['team-a', 'team-b'] }],
  ['leader-elect', 'false', { leaderElect: false }],
  ['shutdown-grace', '5s', { shutdownGraceMs: 5_000 }],
  ['platform', 'linux/arm64', { platform: 'linux/arm64' }],
  ['max-images-per-repository', '7', { maxImagesPerRepository: 7 }],
  ['history-limit', '3', { historyLimit: 3 }],
  ['images', 'off', { images: 'off' }],
  ['isi-ttl', '1h', { isiTtlMs: 3_600_000 }],
  ['public-registry', 'registry.example.com:5000', { publicRegistry: 'registry.example.com:5000' }],
  ['internal-registry', 'registry.svc', { internalRegistry: 'registry.svc' }],
  ['registries-file', 'registries.yaml', { registriesFile: 'registries.yaml' }],
  ['default-pull-secret', 'platform/pull.v1', { defaultPullSecret: { namespace: 'platform', name: 'pull.v1' } }],
  ['tenant-insecure', 'listedHosts', { tenantInsecure: 'listedHosts' }],
  ['metrics-address', '127.0.0.1:0', { metricsAddress: { host: '127.0.0.1', port: 0 } }],
  ['health-address', '[::1]:8080', { healthAddress: { host: '::1', port: 8080 } }],
  ['log-level', 'debug', { logLevel: 'debug' }],
  ['default-interval', '1h30m', { defaultIntervalMs: 5_400_000 }],
  ['min-interval', '10s', { minIntervalMs: 10_000 }],
] as const;

describe('readOperatorOptions()', () => {
  test('has the defaults of the table', () => {
    expect(options('')).toEqual({
      kubeconfig: undefined,
      namespace: undefined,
      watchNamespaces: undefined,
      leaderElect: true,
      shutdownGraceMs: 20_000,
      platform: 'linux/amd64',
      maxImagesPerRepository: 50,
      historyLimit: 20,
      images: 'on',
      isiTtlMs: 600_000,
      publicRegistry: undefined,
      internalRegistry: undefined,
      registriesFile: undefined,
      defaultPullSecret: undefined,
      tenantInsecure: undefined,
      metricsAddress: { port: 8080 },
      healthAddress: { port: 8081 },
      logLevel: 'info',
      defaultIntervalMs: 900_000,
      minIntervalMs: 60_000,
      help: false,
      version: false,
    });
  });

  test.each(SETTINGS)('reads --%s=%s', (flag, text, want) => {
    expect(options(`--${flag}=${text}`)).toEqual({ ...options(''), ...want });
  });

  test.each(SETTINGS)('reads %s %s from the environment, too', (flag, text, want) => {
    const variable = `IMAGESTREAM_OPERATOR_${flag.toUpperCase().replaceAll('-', '_')}`;
    expect(options('', { [variable]: text })).toEqual({ ...options(''), ...want });
  });

  test('every option but --help and --version has its variable', () => {
    const without = rowsOf('operator').filter(([, row]) => !row.env);
    expect(without.map(([name]) => name)).toEqual(['help', 'version']);
    expect(rowsOf('operator').map(([, row]) => variableOf(row))).toEqual(
      expect.arrayContaining(
        SETTINGS.map(([flag]) => `IMAGESTREAM_OPERATOR_${flag.toUpperCase().replaceAll('-', '_')}`),
      ),
    );
    expect(rowsOf('operator')).toHaveLength(SETTINGS.length + 2);
  });

  test.each([
    ['--metrics-address off', { metricsAddress: undefined, healthAddress: { port: 8081 } }],
    ['--health-address=off', { healthAddress: undefined }],
    ['--metrics-address :0', { metricsAddress: { port: 0 } }],
    ['--metrics-address localhost:9090', { metricsAddress: { host: 'localhost', port: 9090 } }],
    ['--metrics-address [::]:65535', { metricsAddress: { host: '::', port: 65_535 } }],
    ['--isi-ttl 0', { isiTtlMs: 0 }],
    ['--isi-ttl=0s', { isiTtlMs: 0 }],
    ['--shutdown-grace 0', { shutdownGraceMs: 0 }],
    ['--watch-namespaces team-a,team-a', { watchNamespaces: ['team-a'] }],
    ['--leader-elect=false --leader-elect', { leaderElect: true }],
    ['--public-registry [::1]:5000', { publicRegistry: '[::1]:5000' }],
  ])('reads %s', (line, want) => {
    expect(options(line)).toMatchObject(want);
  });

  test('a flag outweighs its variable, also when it switches off or on', () => {
    const env = { IMAGESTREAM_OPERATOR_METRICS_ADDRESS: ':9090', IMAGESTREAM_OPERATOR_LEADER_ELECT: 'false' };
    expect(options('--metrics-address off --leader-elect', env)).toMatchObject({
      metricsAddress: undefined,
      leaderElect: true,
    });
  });

  test('an empty variable counts as unset: a chart may leave watched namespaces out', () => {
    expect(options('', { IMAGESTREAM_OPERATOR_WATCH_NAMESPACES: '' }).watchNamespaces).toBeUndefined();
  });

  test.each([
    [
      '--watch-namespaces=team-a,,b',
      '--watch-namespaces: "team-a,,b": expected names of namespaces, such as team-a,team-b',
    ],
    ['--watch-namespaces Team', '--watch-namespaces: "Team": expected names of namespaces, such as team-a,team-b'],
    ['--namespace a/b', '--namespace: "a/b": expected the name of a namespace'],
    [`--namespace ${'n'.repeat(64)}`, `--namespace: "${'n'.repeat(64)}": expected the name of a namespace`],
    ...['pull', 'a/', '/b', 'a/b/c', 'a.b/c', 'a/B', 'a/b..c'].map(text => [
      `--default-pull-secret ${text}`,
      `--default-pull-secret: "${text}": expected NAMESPACE/NAME, such as platform/registry-credentials`,
    ]),
    ...['8080', ':', ':65536', '::1:8080', '[::1]', '[127.0.0.1]:1', '300.1.1.1:80', 'http://a:80', ':-1', 'OFF'].map(
      text => [
        `--metrics-address ${text}`,
        `--metrics-address: "${text}": expected [HOST]:PORT, such as :8080 or 127.0.0.1:8080, or off`,
      ],
    ),
    ...['https://registry', 'registry/path', 'a:b', '-a'].map(text => [
      `--public-registry=${text}`,
      `--public-registry: "${text}": expected a host with or without a port, such as registry.example.com:5000`,
    ]),
    ['--images yes', '--images: "yes": expected on or off'],
    ['--isi-ttl 500ms', '--isi-ttl: "500ms": expected a duration of at least 1s, such as 90s, 15m or 1h30m, or 0'],
    ['--shutdown-grace soon', '--shutdown-grace: "soon": expected a duration, such as 90s, 15m or 1h30m, or 0'],
    ['--min-interval 0', '--min-interval: "0": expected a duration of at least 1s, such as 90s, 15m or 1h30m'],
    ['--watch', '--watch: unknown option'],
    ['redis', '"redis": expected options only'],
    [
      '--leader-elect false',
      '"false": expected options only; a switch takes its value with =, as in --leader-elect=false',
    ],
  ])('refuses "%s"', (line = '', want = '') => {
    expect(faults(line)).toEqual([want]);
  });

  test('reports all faults together', () => {
    expect(faults('redis --images maybe --bogus', { IMAGESTREAM_OPERATOR_LEADER_ELECT: 'no' })).toEqual([
      '--images: "maybe": expected on or off',
      '--bogus: unknown option',
      'IMAGESTREAM_OPERATOR_LEADER_ELECT: "no": expected true or false',
      '"redis": expected options only',
    ]);
  });

  test('never throws, and every fault is one line', () => {
    const word = fc.oneof(
      fc.string(),
      fc
        .tuple(fc.constantFrom(...SETTINGS.map(([flag]) => flag)), fc.string())
        .map(([flag, text]) => `--${flag}=${text}`),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), argv => {
        const result = readOperatorOptions(argv, {});
        const lines = result.kind === 'faults' ? result.faults : [];
        expect(lines.filter(line => /[\n\r]/.test(line))).toEqual([]);
      }),
    );
  });
});
