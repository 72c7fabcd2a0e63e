import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readImportOptions } from '../../../src/config/import-options.ts';
import { typedFor } from './typed.ts';

const { read, options, faults } = typedFor(readImportOptions);

describe('readImportOptions()', () => {
  test('has the defaults of the table', () => {
    expect(options('redis')).toEqual({
      filename: undefined,
      all: false,
      to: undefined,
      importMode: undefined,
      insecure: false,
      scheduled: false,
      referencePolicy: undefined,
      includeManifest: false,
      stream: undefined,
      platform: 'linux/amd64',
      maxImagesPerRepository: 50,
      rules: undefined,
      historyLimit: 20,
      registriesFile: undefined,
      pullSecrets: undefined,
      authFile: undefined,
      tenantInsecure: undefined,
      output: 'table',
      streamOut: undefined,
      logLevel: 'warn',
      watch: undefined,
      defaultIntervalMs: 900_000,
      minIntervalMs: 1_000,
      help: false,
      version: false,
    });
  });

  test('cannot be changed afterwards', () => {
    expect(Object.isFrozen(options('redis'))).toBe(true);
  });

  test.each([
    ['-f isi.yaml', { filename: 'isi.yaml' }],
    ['-fisi.yaml', { filename: 'isi.yaml' }],
    ['--filename=isi.yaml', { filename: 'isi.yaml' }],
    ['-f -', { filename: '-' }],
    ['-o json a', { output: 'json' }],
    ['a --all', { all: true }],
    ['--insecure=false a', { insecure: false }],
    ['--to=-x a', { to: '-x' }],
    ['-o json -o yaml a', { output: 'yaml' }],
    ['--default-interval 1h30m a', { defaultIntervalMs: 5_400_000 }],
    ['--max-images-per-repository 7 a', { maxImagesPerRepository: 7 }],
    ['--max-images-per-repository -1 a', { maxImagesPerRepository: -1 }],
    ['--max-images-per-repository=0 a', { maxImagesPerRepository: 0 }],
    ['--watch a', { watch: { intervalMs: undefined } }],
    ['--watch 5s a', { watch: { intervalMs: 5_000 } }],
    ['--watch=5s a', { watch: { intervalMs: 5_000 } }],
    ['a --watch', { watch: { intervalMs: undefined } }],
  ])('reads %s', (line, want) => {
    expect(options(line)).toMatchObject(want);
  });

  test.each([
    ['--watch redis busybox', ['redis', 'busybox']],
    ['--watch 5s redis', ['redis']],
    ['--watch=5s 5s', ['5s']],
    ['--all redis', ['redis']],
    ['-- --all', ['--all']],
  ])('keeps the references of %s', (line, want) => {
    expect(read(line)).toMatchObject({ kind: 'run', positionals: want });
  });

  test.each([
    ['-h', 'help'],
    ['--bogus --help', 'help'],
    ['--version', 'version'],
  ])('%s asks for %s, whatever else is wrong', (line, kind) => {
    expect(read(line)).toEqual({ kind });
  });

  test.each([
    ['', 'nothing to import: expected --filename FILE or references, such as quay.io/acme/app:1.2'],
    ['--bogus a', '--bogus: unknown option'],
    ['--no-insecure a', '--no-insecure: unknown option'],
    ['-x a', '-x: unknown option'],
    ['-f', '-f: a value is required: expected FILE'],
    ['-f --all a', '-f: a value is required: expected FILE'],
    ['--to= a', '--to: "": expected TAG'],
    ['--insecure=yes a', '--insecure: "yes": expected true or false'],
    ['-o xml a', '-o: "xml": expected table, yaml, json or name'],
    ['--rules kubernetes a', '--rules: "kubernetes": expected openshift or operator'],
    ['--platform linux a', '--platform: "linux": expected <os>/<architecture>, such as linux/amd64'],
    ['--platform linux/arm/v7 a', '--platform: "linux/arm/v7": expected <os>/<architecture>, such as linux/amd64'],
    ['--history-limit 0 a', '--history-limit: "0": expected a whole number from 1 on'],
    ['--history-limit 1.5 a', '--history-limit: "1.5": expected a whole number from 1 on'],
    [
      '--min-interval 999ms a',
      '--min-interval: "999ms": expected a duration of at least 1s, such as 90s, 15m or 1h30m',
    ],
    ['--watch=0.5s a', '--watch: "0.5s": expected a duration of at least 1s, such as 90s, 15m or 1h30m'],
    ['-f isi.yaml redis', '"redis": expected either --filename or references, not both'],
    ['-f isi.yaml --all', '--all: applies to references only; say it in the file of --filename'],
    ['-f isi.yaml --import-mode Legacy', '--import-mode: applies to references only; say it in the file of --filename'],
    ['--all a b', '--all: expected one reference, the repository'],
    ['--to x a b', '--to: expected one reference for one tag'],
    ['--all --to x a', '--to: a whole repository keeps its tags; leave it out with --all'],
    ['--rules openshift --watch a', '--rules: "openshift": --watch needs the rules of the operator'],
    ['--rules openshift --stream-out s a', '--rules: "openshift": --stream-out needs the rules of the operator'],
    ['-f - --stream -', '--stream: "-": standard input is read for --filename already'],
  ])('refuses "%s"', (line, want) => {
    expect(faults(line)).toEqual([want]);
  });

  test('reads on after an option whose value was forgotten', () => {
    expect(faults('--to --history-limit 0 a --bogus')).toEqual([
      '--to: a value is required: expected TAG',
      '--history-limit: "0": expected a whole number from 1 on',
      '--bogus: unknown option',
    ]);
  });

  test('reports all faults together', () => {
    const env = { IMAGESTREAM_OPERATOR_HISTORY_LIMIT: 'many' };
    expect(faults('--bogus --platform linux -o xml', env)).toEqual([
      '--bogus: unknown option',
      '--platform: "linux": expected <os>/<architecture>, such as linux/amd64',
      '-o: "xml": expected table, yaml, json or name',
      'IMAGESTREAM_OPERATOR_HISTORY_LIMIT: "many": expected a whole number from 1 on',
    ]);
  });

  test('takes defaults from the environment; a flag outweighs them, an empty variable counts as unset', () => {
    const env = { IMAGESTREAM_OPERATOR_LOG_LEVEL: 'debug', IMAGESTREAM_OPERATOR_HISTORY_LIMIT: '' };
    expect(options('a', env)).toMatchObject({ logLevel: 'debug', historyLimit: 20 });
    expect(options('--log-level error a', env).logLevel).toBe('error');
  });

  test('leaves variables alone that Kubernetes sets for a Service of the same name', () => {
    const env = { IMAGESTREAM_OPERATOR_PORT: 'tcp://10.0.0.1:80', IMAGESTREAM_OPERATOR_SERVICE_HOST: '10.0.0.1' };
    expect(options('a', env)).toEqual(options('a'));
  });

  test('describes one call in flags only: --to has no variable', () => {
    expect(options('a', { IMAGESTREAM_OPERATOR_TO: 'x', IMAGESTREAM_OPERATOR_OUTPUT: 'json' })).toEqual(options('a'));
  });

  test('never throws, and every fault is one line', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom('--watch', '-f', '--all', '-o', '--', '5s', '--to=', '-', '--__proto__', '-of'),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), argv => {
        const result = readImportOptions(argv, {});
        const lines = result.kind === 'faults' ? result.faults : [];
        expect(lines.filter(line => /[\n\r]/.test(line))).toEqual([]);
      }),
    );
  });
});
