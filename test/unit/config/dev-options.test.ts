import { describe, expect, test } from '@jest/globals';
import { readDevOptions } from '../../../src/config/dev-options.ts';
import { rowsOf } from '../../../src/config/options.ts';
import { typedFor } from './typed.ts';

const { options, faults } = typedFor(readDevOptions);

describe('readDevOptions()', () => {
  test('has the defaults of the table', () => {
    expect(options('')).toEqual({
      watchNamespaces: undefined,
      leaderElect: false,
      shutdownGraceMs: 1_000,
      data: undefined,
      apply: undefined,
      kubeconfigOut: '.dev/kubeconfig',
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
      metricsAddress: undefined,
      healthAddress: undefined,
      address: '127.0.0.1',
      port: undefined,
      registryPort: undefined,
      noRegistry: false,
      logLevel: 'silent',
      defaultIntervalMs: 900_000,
      minIntervalMs: 1_000,
      forMs: undefined,
      help: false,
      version: false,
    });
  });

  test.each([
    ['--data .dev/data', { data: '.dev/data' }],
    ['--port 0', { port: 0 }],
    ['--port=65535', { port: 65_535 }],
    ['--registry-port 5001', { registryPort: 5001 }],
    ['--no-registry', { noRegistry: true }],
    ['--for 60s', { forMs: 60_000 }],
    ['--address ::1', { address: '::1' }],
    ['--kubeconfig-out k', { kubeconfigOut: 'k' }],
    ['--leader-elect', { leaderElect: true }],
    ['--metrics-address 127.0.0.1:0', { metricsAddress: { host: '127.0.0.1', port: 0 } }],
    ['--apply a.yaml', { apply: ['a.yaml'] }],
    ['--apply a.yaml --port 1 --apply b.yaml', { apply: ['a.yaml', 'b.yaml'], port: 1 }],
    // As a shell makes of `--apply *.yaml`.
    ['--apply a.yaml b.yaml c.yaml --port 1', { apply: ['a.yaml', 'b.yaml', 'c.yaml'], port: 1 }],
    ['--apply=a.yaml b.yaml', { apply: ['a.yaml', 'b.yaml'] }],
    ['--apply -', { apply: ['-'] }],
    ['--port 8443 --registry-port 8444', { port: 8443, registryPort: 8444 }],
    ['--port 0 --registry-port 0', { port: 0, registryPort: 0 }],
  ])('reads %s', (line, want) => {
    expect(options(line)).toEqual({ ...options(''), ...want });
  });

  test('has a variable for what describes a place', () => {
    const without = rowsOf('dev').flatMap(([name, row]) => (row.env ? [] : name));
    expect(without).toEqual(['apply', 'port', 'forMs', 'help', 'version']);
    const env = { IMAGESTREAM_OPERATOR_DATA: 'd', IMAGESTREAM_OPERATOR_REGISTRY_PORT: '0' };
    expect(options('', env)).toMatchObject({ data: 'd', registryPort: 0 });
    // As Kubernetes sets it for a Service of the operator's name.
    expect(options('', { IMAGESTREAM_OPERATOR_PORT: 'tcp://10.0.0.1:8080' }).port).toBeUndefined();
  });

  test.each([
    ['--port 65536', '--port: "65536": expected a port, from 0 to 65535'],
    ['--port -1', '--port: "-1": expected a port, from 0 to 65535'],
    ['--registry-port x', '--registry-port: "x": expected a port, from 0 to 65535'],
    ['--address localhost', '--address: "localhost": expected an IP address, such as 127.0.0.1 or ::1'],
    ['--for 10ms', '--for: "10ms": expected a duration of at least 1s, such as 90s, 15m or 1h30m'],
    ['--apply', '--apply: a value is required: expected a file'],
    ['--apply= ', '--apply: "": expected a file'],
    ['--data', '--data: a value is required: expected DIR'],
    ['stream.yaml', '"stream.yaml": expected options only'],
    ['--port 1 stream.yaml', '"stream.yaml": expected options only'],
    ['--apply a.yaml -- b.yaml', '"b.yaml": expected options only'],
    ['--no-registry --registry-port 5000', '--registry-port: --no-registry starts none'],
    ['--port 8443 --registry-port 8443', '--registry-port: "8443": the API server has this port'],
    ['--kubeconfig x', '--kubeconfig: unknown option'],
  ])('refuses %s', (line, fault) => {
    expect(faults(line)).toContain(fault);
  });
});
