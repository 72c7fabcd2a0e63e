import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { imageStream, imageStreamImport } from '../../gen/objects.ts';
import { at, file, typed } from './typed.ts';

/** An administrator who allows no registry at all: nothing is asked of anybody. */
const nowhere = () =>
  file('nowhere.yaml', 'apiVersion: config.imagestream-operator/v1alpha1\nkind: Registries\nallowed: []\n');

const bad = imageStreamImport({ images: ['a/b', { from: { kind: 'Foo', name: 'a/b' } }] });
const BAD_LINE = 'spec.images[1].from.kind: "Foo": only DockerImage is supported';

describe('wrong usage ends with 2 and a line for each fault', () => {
  test.each<[readonly string[], readonly unknown[]]>([
    [['imprt'], ['"imprt": expected a command: import, operator, dev']],
    [['constructor'], ['"constructor": expected a command: import, operator, dev']],
    [['import'], ['nothing to import: expected --filename FILE or references, such as quay.io/acme/app:1.2']],
    [['import', '--outptu', 'json', 'a/b'], ['--outptu: unknown option']],
    [
      ['import', 'a/b', '-o', 'xml', '--max-images-per-repository', 'all', '--to'],
      [
        '-o: "xml": expected table, yaml, json or name',
        expect.stringMatching(/^--max-images-per-repository: "all": expected a whole number /),
        '--to: a value is required: expected TAG',
      ],
    ],
    [
      ['import', '--rules', 'openshift', '--watch', 'a/b'],
      ['--rules: "openshift": --watch needs the rules of the operator'],
    ],
    [
      ['import', '--rules', 'openshift', '--stream-out', 'x', 'a/b'],
      ['--rules: "openshift": --stream-out needs the rules of the operator'],
    ],
    [
      ['import', '--platform', 'amd64', 'a/b'],
      ['--platform: "amd64": expected <os>/<architecture>, such as linux/amd64'],
    ],
    [['import', '-f', '/none.yaml'], ['Cannot read "/none.yaml": there is no such file or folder']],
    [['import', '--stream', '/none.yaml', 'a/b'], ['Cannot read "/none.yaml": there is no such file or folder']],
    [['import', '--registries-file', '/none', 'a/b'], ['Cannot read "/none": there is no such file or folder']],
    [['import', '--authfile', '/none', 'a/b'], ['Cannot read "/none": there is no such file or folder']],
    [['import', '--pull-secrets', '/none', 'a/b'], ['Cannot read "/none": there is no such file or folder']],
    [['import', 'a/B'], ['spec.images[0].from.name: "a/B": repository name must be lowercase']],
    [['import', '--stream-out', '-', 'a/b'], ['--stream-out: "-": expected a file; -o yaml prints to standard output']],
  ])('%j', async (argv, lines) => {
    const { status, stdout, stderr } = await typed(argv);
    expect(stderr.split('\n')).toEqual([...lines, '']);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  test('no command at all is shown the commands', async () => {
    const { status, stdout, stderr } = await typed([]);
    expect(stderr).toMatch(/^imagestream-operator .+\n\nUsage: imagestream-operator COMMAND/);
    expect([status, stdout]).toEqual([2, '']);
  });

  test.each([[['--help']], [['help']], [['import', '--help']], [['import', '-h', '--outptu']]])(
    '%j is no fault',
    async argv => {
      const { status, stdout, stderr } = await typed(argv);
      expect(stdout).toContain('Usage:');
      expect([status, stderr]).toEqual([0, '']);
    },
  );

  test.each([[['--version']], [['version']], [['import', '--version']]])('%j prints the version', async argv => {
    const { status, stdout } = await typed(argv);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(status).toBe(0);
  });
});

describe('a request that the API would refuse', () => {
  test('ends with 2 and one line that names the field and its place', async () => {
    const { status, stdout, stderr } = await typed(['import', '-f', '-'], { stdin: JSON.stringify(bad) });
    expect(stderr).toMatch(
      /^spec\.images\[1\]\.from\.kind: "Foo": only DockerImage is supported \(standard input:1:\d+\)\n$/,
    );
    expect([status, stdout]).toEqual([2, '']);
  });

  test.each([
    ['json', (text: string) => JSON.parse(text)],
    ['yaml', (text: string) => parse(text)],
  ])('prints the Status that the API would answer with -o %s', async (output, read) => {
    const path = file('isi.yaml', bad);
    const { status, stdout, stderr } = await typed(['import', '-f', path, '-o', output]);
    expect(read(stdout)).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message:
        'ImageStreamImport.image.openshift.io "app" is invalid: spec.images[1].from.kind: Invalid value: "Foo": only DockerImage is supported',
      reason: 'Invalid',
      details: {
        name: 'app',
        group: 'image.openshift.io',
        kind: 'ImageStreamImport',
        causes: [
          {
            reason: 'FieldValueInvalid',
            message: 'Invalid value: "Foo": only DockerImage is supported',
            field: 'spec.images[1].from.kind',
          },
        ],
      },
      code: 422,
    });
    expect(stderr).toContain(BAD_LINE);
    expect(status).toBe(2);
  });

  test('8.7 the name * passes as a request, and is refused where it would be stored', async () => {
    const star = imageStreamImport({ images: [{ from: { kind: 'DockerImage', name: '*' }, to: { name: 'old' } }] });
    const path = file('star.yaml', { ...star, spec: { ...star.spec, import: true } });
    const { status, stdout, stderr } = await typed(['import', '-f', path, '-o', 'json']);
    expect(stderr).toBe('spec.tags[old].from.name: "*": invalid reference format\n');
    expect(JSON.parse(stdout)).toMatchObject({
      code: 422,
      message:
        'ImageStream.image.openshift.io "app" is invalid: spec.tags[old].from.name: Invalid value: "*": invalid reference format',
      details: { kind: 'ImageStream', name: 'app' },
    });
    expect(status).toBe(2);
  });

  test.each([
    ['it is only looked up', false, { name: 'old' }],
    ['it gets no tag', true, undefined],
  ])('11.3 the name * fails alone where %s', async (_name, record, to) => {
    const star = imageStreamImport({ images: [{ from: { kind: 'DockerImage', name: '*' }, ...(to && { to }) }] });
    const path = file('star.yaml', { ...star, spec: { ...star.spec, import: record } });
    const { status, stdout } = await typed(['import', '-f', path, '-o', 'json']);
    expect(JSON.parse(stdout).status.images[0].status).toMatchObject({
      code: 500,
      message: 'Internal error occurred: unable to parse docker reference *:latest: invalid reference format',
    });
    expect(status).toBe(1);
  });

  test('says of a value that no list holds what OpenShift says of it', async () => {
    const odd = { from: { kind: 'DockerImage', name: 'a/b' }, importPolicy: { importMode: 'Odd' } };
    const isi = imageStreamImport({ images: [odd as never] });
    const { status, stderr } = await typed(['import', '-f', '-'], { stdin: JSON.stringify(isi) });
    const modes = "invalid import mode, valid modes are '', 'Legacy', 'PreserveOriginal'";
    expect(stderr).toContain(`spec.images[0].importPolicy.importMode: "Odd": ${modes} (standard input:1:`);
    expect(status).toBe(2);
  });

  test('prints no Status for what is no request at all', async () => {
    const { status, stdout, stderr } = await typed(['import', '-f', '-', '-o', 'json'], { stdin: 'a: [' });
    expect(stderr).toMatch(/^standard input:1:5: .+\n$/);
    expect([status, stdout]).toEqual([2, '']);
  });

  test('for another version of the stream is a conflict', async () => {
    const isi = imageStreamImport({ import: true, images: ['a/b'], metadata: { resourceVersion: '41' } });
    const stream = file('stream.yaml', imageStream());
    const { status, stdout, stderr } = await typed(['import', '-f', '-', '--stream', stream, '-o', 'json'], {
      stdin: JSON.stringify(isi),
    });
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'Status', code: 409, reason: 'Conflict' });
    expect(stderr).toContain('the image stream was updated from "41" to "1"');
    expect(status).toBe(2);
  });

  test('for a stream of another name names the field', async () => {
    const isi = imageStreamImport({ name: 'other', import: true, images: ['a/b'] });
    const { status, stderr } = await typed(['import', '-f', '-', '--stream', file('stream.yaml', imageStream())], {
      stdin: JSON.stringify(isi),
    });
    expect(stderr).toBe('metadata.name: "other": expected "app", the stream to import into\n');
    expect(status).toBe(2);
  });

  test('to a registry that is not allowed', async () => {
    const { status, stderr } = await typed(['import', '--registries-file', nowhere(), 'quay.io/a/b']);
    expect(stderr).toMatch(/^spec\.images\[0\]\.from\.name: .*quay\.io/);
    expect(status).toBe(2);
  });

  test('that records nothing cannot be watched', async () => {
    const { status, stderr } = await typed(['import', '-f', '-', '--watch'], {
      stdin: JSON.stringify(imageStreamImport({ images: ['a/b'] })),
    });
    expect(stderr).toBe('spec.import: --watch and --stream-out need a request that records: expected true\n');
    expect(status).toBe(2);
  });

  test('with --stream, where the file is an ImageStream itself', async () => {
    const stream = file('stream.yaml', imageStream());
    const { status, stderr } = await typed(['import', '-f', stream, '--stream', stream]);
    expect(stderr).toBe('--stream: expected an ImageStreamImport in the file of --filename, not an ImageStream\n');
    expect(status).toBe(2);
  });

  test('to keep a stream in a file that holds another', async () => {
    const kept = file('kept.yaml', imageStream({ name: 'other' }));
    const { status, stderr } = await typed(['import', '-f', file('stream.yaml', imageStream()), '--stream-out', kept]);
    expect(stderr).toBe('--stream-out holds the stream "demo/other", not "demo/app"\n');
    expect(status).toBe(2);
  });

  test('to keep a stream where there is no folder', async () => {
    const out = at('none/kept.yaml');
    const { status, stderr } = await typed(['import', '-f', file('stream.yaml', imageStream()), '--stream-out', out]);
    expect(stderr).toBe(`Cannot write "${out}": there is no such file or folder\n`);
    expect(status).toBe(2);
  });
});

describe('any object as the file of -f', () => {
  const shaped = fc
    .tuple(fc.constantFrom('ImageStreamImport', 'ImageStream', 'Other'), fc.jsonValue(), fc.jsonValue())
    .map(([kind, metadata, spec]) => ({ apiVersion: 'image.openshift.io/v1', kind, metadata, spec }));

  test.each([
    ['JSON', fc.oneof(fc.jsonValue(), shaped).map(value => JSON.stringify(value))],
    ['YAML', fc.string({ unit: fc.constantFrom(...'ab: -[]{}&*!|>\'"%@`#?,\n\t') })],
  ])('is refused in lines or has nothing to import, as %s', async (_name, texts) => {
    const registries = nowhere();
    await fc.assert(
      fc.asyncProperty(texts, async stdin => {
        const argv = ['import', '-f', '-', '-o', 'json', '--registries-file', registries];
        const { status, stdout, stderr } = await typed(argv, { stdin });
        if (status === 0) return;
        expect(status).toBe(2);
        expect(stderr).toMatch(/^(?:[^\n]+\n)+$/);
        expect(stderr).not.toMatch(/\n\s+at /);
        if (stdout !== '') expect(JSON.parse(stdout)).toMatchObject({ kind: 'Status', status: 'Failure' });
      }),
    );
  });
});
