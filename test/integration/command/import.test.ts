import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import type { ImageStreamImport } from '../../../src/api/image-stream-import.ts';
import { shortDigest } from '../../../src/command/table.ts';
import { type FakeRegistry, startFakeRegistry } from '../../fake/registry.ts';
import { sampleImage, sampleIndex } from '../../gen/content.ts';
import { imageStream, imageStreamImport, specTag } from '../../gen/objects.ts';
import { file, typed } from './typed.ts';

const image = sampleImage({ seed: 'one' });
const index = sampleIndex([sampleImage({ seed: 'index' }), sampleImage({ seed: 'index', architecture: 'arm64' })]);
const [amd64, arm64] = index.children;

let registry: FakeRegistry;
let host: string;
const named = (rest: string) => `${host}/${rest}`;
const short = (digest: string | undefined) => shortDigest(digest ?? '');

beforeAll(async () => {
  registry = await startFakeRegistry();
  host = registry.host;
  for (const tag of ['v1', 'v2', 'latest']) registry.putContent('acme/app', tag, image);
  registry.putContent('acme/app', 'index', index);
});
afterAll(() => registry.close());

/** Cells of the rows under the header. */
function rows(table: string): string[][] {
  return table
    .trim()
    .split('\n')
    .slice(1)
    .map(line => line.split(/ {2,}/));
}

const entry = (name: string, more: object = {}) => ({
  from: { kind: 'DockerImage', name },
  importPolicy: { insecure: true },
  ...more,
});

describe('import REFERENCE', () => {
  test('prints a table of what was found', async () => {
    const { status, stdout, stderr } = await typed(['import', '--insecure', named('acme/app:v1')]);
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^FROM +TAG +IMAGE +SIZE +RESULT$/);
    expect(rows(stdout)).toEqual([
      [named('acme/app:v1'), 'v1', short(image.digest), expect.stringMatching(/^\d.* B|kB$/), 'imported'],
    ]);
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  test('says why an image failed, beside what did not, and ends with 1', async () => {
    const { status, stdout, stderr } = await typed([
      'import',
      '--insecure',
      named('acme/app:gone'),
      named('acme/app:v1'),
    ]);
    expect(rows(stdout)).toEqual([
      [
        named('acme/app:gone'),
        'gone',
        '-',
        '-',
        `NotFound: dockerimage.image.openshift.io "${named('acme/app:gone')}" not found`,
      ],
      [named('acme/app:v1'), 'v1', short(image.digest), expect.any(String), 'imported'],
    ]);
    expect(stderr).toBe('');
    expect(status).toBe(1);
  });

  test.each([
    ['yaml', (text: string) => parse(text)],
    ['json', (text: string) => JSON.parse(text)],
  ])('prints the completed request with -o %s', async (output, read) => {
    const { status, stdout } = await typed(['import', '--insecure', '-o', output, named('acme/app:v1')]);
    expect(read(stdout)).toMatchObject({
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStreamImport',
      metadata: { name: 'app', namespace: 'default', uid: expect.any(String) },
      spec: { import: false },
      status: { images: [{ status: { status: 'Success' }, image: { metadata: { name: image.digest } } }] },
    });
    expect(status).toBe(0);
  });

  test('prints pull specs by digest with -o name, for scripts', async () => {
    const { stdout } = await typed(['import', '--insecure', '-o', 'name', named('acme/app:v1'), named('acme/app:v2')]);
    expect(stdout).toBe(`${named(`acme/app@${image.digest}`)}\n`);
  });

  test.each([
    [[], amd64],
    [['--platform', 'linux/arm64'], arm64],
    [['--import-mode', 'PreserveOriginal'], index],
  ])('resolves a list of manifests, %j', async (options, want) => {
    const { stdout } = await typed(['import', '--insecure', '-o', 'name', ...options, named('acme/app:index')]);
    expect(stdout).toBe(`${named(`acme/app@${want?.digest}`)}\n`);
  });

  test('returns raw manifests with --include-manifest', async () => {
    const { stdout } = await typed(['import', '--insecure', '--include-manifest', '-o', 'json', named('acme/app:v1')]);
    const { status } = JSON.parse(stdout) as ImageStreamImport;
    expect(status?.images?.[0]?.image?.dockerImageManifest).toBe(Buffer.from(image.bytes).toString());
  });

  test('imports a whole repository with --all, as far as the limit', async () => {
    const all = ['import', '--insecure', '--all', named('acme/app')];
    const { status, stdout } = await typed([...all, '--max-images-per-repository', '2']);
    expect(rows(stdout)).toEqual([
      [named('acme/app:latest'), 'latest', short(image.digest), expect.any(String), 'imported'],
      [named('acme/app:index'), 'index', short(amd64?.digest), expect.any(String), 'imported'],
      ['Not imported, over the limit: 2 tags (v1, v2)'],
    ]);
    expect(status).toBe(0);
  });

  test('R4.6 asks twice more where that may help', async () => {
    const remove = registry.on({ path: /\/busy\// }, { status: 503 });
    registry.forget();
    const { status } = await typed(['import', '--insecure', named('busy/app:v1')]);
    remove();
    expect(registry.count({ path: /\/busy\// })).toBe(3);
    expect(status).toBe(1);
  });

  test('says that a repository is not there', async () => {
    const { status, stdout } = await typed(['import', '--insecure', '--all', named('acme/none')]);
    expect(stdout).toBe(
      `${named('acme/none')}: NotFound: dockerimage.image.openshift.io "${named('acme/none')}" not found\n`,
    );
    expect(status).toBe(1);
  });

  test('records in the stream of --stream, by the rules of OpenShift', async () => {
    const stream = file('stream.yaml', imageStream({ generation: 7, tags: [specTag('old', 'quay.io/a/b')] }));
    const { status, stdout } = await typed([
      'import',
      '--insecure',
      '-o',
      'json',
      '--stream',
      stream,
      '--to',
      'stable',
      '--scheduled',
      '--reference-policy',
      'Local',
      named('acme/app:v1'),
    ]);
    const answer = JSON.parse(stdout) as ImageStreamImport;
    expect(answer.spec).toMatchObject({ import: true, images: [{ to: { name: 'stable' } }] });
    const recorded = answer.status?.import as ImageStream;
    expect(recorded.kind).toBeUndefined();
    expect(recorded.metadata).toMatchObject({ name: 'app', namespace: 'demo', uid: 'uid-of-demo-app' });
    expect(recorded.spec?.tags?.map(({ name }) => name)).toEqual(expect.arrayContaining(['old', 'stable']));
    expect(recorded.spec?.tags?.find(({ name }) => name === 'stable')).toMatchObject({
      generation: 8,
      importPolicy: { insecure: true, scheduled: true, importMode: 'Legacy' },
      referencePolicy: { type: 'Local' },
    });
    const [history] = recorded.status?.tags ?? [];
    expect(history).toMatchObject({ tag: 'stable', items: [{ image: image.digest, generation: 8 }] });
    expect(history).not.toHaveProperty('source');
    expect(history?.conditions ?? []).toEqual([]);
    expect(status).toBe(0);
  });

  test.each<[readonly string[], boolean]>([
    [[], false],
    [['--include-manifest', '--import-mode', 'Legacy'], false],
    [['--to', 'stable'], true],
    [['--scheduled'], true],
    [['--reference-policy', 'Local'], true],
  ])('%j records: %s', async (options, records) => {
    const argv = ['import', '--insecure', '-o', 'json', ...options, named('acme/app:v1')];
    const { spec, status } = JSON.parse((await typed(argv)).stdout) as ImageStreamImport;
    expect([spec.import, status?.import !== undefined]).toEqual([records, records]);
  });

  test('records by the rules of the operator with --rules', async () => {
    const { stdout } = await typed([
      'import',
      '--insecure',
      '-o',
      'json',
      '--rules',
      'operator',
      '--to',
      'stable',
      named('acme/app:v1'),
    ]);
    const { status } = JSON.parse(stdout) as ImageStreamImport;
    expect(status?.import).toMatchObject({
      status: {
        tags: [
          {
            tag: 'stable',
            source: { from: named('acme/app:v1'), digest: image.digest },
            conditions: [{ type: 'ImportSuccess', status: 'True' }],
          },
        ],
      },
    });
  });

  test('keeps the stream with --stream-out, and takes it up again', async () => {
    const out = file('kept.yaml', imageStream({ name: 'app', namespace: 'default' }));
    for (const to of ['one', 'two']) {
      const done = await typed(['import', '--insecure', '--to', to, '--stream-out', out, named('acme/app:v1')]);
      expect([done.status, done.stderr]).toEqual([0, '']);
    }
    const { stdout } = await typed(['import', '-f', out, '-o', 'name']);
    expect(stdout).toBe(`${named(`acme/app@${image.digest}`)}\n`);
  });
});

describe('import -f', () => {
  test('reads an ImageStreamImport from standard input', async () => {
    const isi = imageStreamImport({ images: [entry(named('acme/app:v1'))], repository: entry(named('acme/app')) });
    const { status, stdout } = await typed(['import', '-f', '-', '-o', 'json'], { stdin: JSON.stringify(isi) });
    const answer = JSON.parse(stdout) as ImageStreamImport;
    expect(answer.status?.images).toHaveLength(1);
    expect(answer.status?.repository?.images?.map(({ tag }) => tag)).toEqual(['latest', 'index', 'v1', 'v2']);
    expect(status).toBe(0);
  });

  test('creates the stream that an ImageStreamImport imports into', async () => {
    const isi = imageStreamImport({ import: true, images: [entry(named('acme/app:v1'))] });
    const { stdout } = await typed(['import', '-f', file('isi.yaml', isi), '-o', 'yaml']);
    expect((parse(stdout) as ImageStreamImport).status?.import).toMatchObject({
      metadata: { name: 'app', namespace: 'demo', generation: 1 },
      status: { tags: [{ tag: 'v1', items: [{ image: image.digest }] }] },
    });
  });

  test('prints an ImageStream with its status, by the rules of the operator', async () => {
    const insecure = { importPolicy: { insecure: true } };
    const stream = imageStream({
      tags: [specTag('good', named('acme/app:v1'), insecure), specTag('bad', named('acme/app:gone'), insecure)],
    });
    const path = file('stream.yaml', stream);
    const { status, stdout, stderr } = await typed(['import', '-f', path, '-o', 'json']);
    const printed = JSON.parse(stdout) as ImageStream;
    expect(printed.kind).toBe('ImageStream');
    expect(printed.status?.tags?.toSorted((a, b) => a.tag.localeCompare(b.tag))).toMatchObject([
      { tag: 'bad', conditions: [{ status: 'False', reason: 'NotFound' }] },
      { tag: 'good', items: [{ image: image.digest }], conditions: [{ status: 'True' }] },
    ]);
    expect(stderr).toBe('');
    expect(status).toBe(1);

    const table = await typed(['import', '-f', path]);
    expect(rows(table.stdout)).toEqual([
      ['bad', named('acme/app:gone'), '-', 'no', expect.stringMatching(/^NotFound: /)],
      ['good', named('acme/app:v1'), short(image.digest), 'no', 'imported'],
    ]);
  });

  test('imports the repository that an ImageStream names', async () => {
    const stream = imageStream({
      annotations: { 'openshift.io/image.insecureRepository': 'true' },
      dockerImageRepository: named('acme/app'),
    });
    registry.forget();
    const { status, stdout } = await typed(['import', '-f', file('stream.yaml', stream)]);
    // Its tags have just been asked for with it.
    expect(registry.count({ method: 'HEAD' })).toBe(0);
    expect(rows(stdout).map(([tag, , digest]) => [tag, digest])).toEqual([
      ['index', short(amd64?.digest)],
      ['latest', short(image.digest)],
      ['v1', short(image.digest)],
      ['v2', short(image.digest)],
    ]);
    expect(status).toBe(0);
  });

  test.each(['operator', 'openshift'])(
    'says on standard error that such a repository failed, by the rules %s',
    async rules => {
      const stream = imageStream({
        annotations: { 'openshift.io/image.insecureRepository': 'true' },
        dockerImageRepository: named('no/such'),
      });
      const { status, stderr } = await typed(['import', '--rules', rules, '-f', file('stream.yaml', stream)]);
      expect(stderr).toBe(
        `${named('no/such')}: NotFound: dockerimage.image.openshift.io "${named('no/such')}" not found\n`,
      );
      expect(status).toBe(1);
    },
  );

  test('asks an unchanged stream for one HEAD per tag', async () => {
    const tags = [specTag('v1', named('acme/app:v1'), { importPolicy: { insecure: true } })];
    const path = file('stream.yaml', imageStream({ tags }));
    const { stdout } = await typed(['import', '-f', path, '-o', 'yaml']);
    registry.forget();
    const again = await typed(['import', '-f', file('again.yaml', stdout), '-o', 'yaml']);
    expect(again.stdout).toBe(stdout);
    expect(registry.requests.map(({ method, path: asked }) => `${method} ${asked}`)).toEqual([
      'HEAD /v2/acme/app/manifests/v1',
    ]);
  });
});

describe('credentials', () => {
  let guarded: FakeRegistry;
  let options: string[];

  beforeAll(async () => {
    guarded = await startFakeRegistry({ auth: { kind: 'basic', users: { alice: 'secret' } } });
    guarded.putContent('acme/app', 'v1', image);
    const registries = file('registries.yaml', {
      apiVersion: 'config.imagestream-operator/v1alpha1',
      kind: 'Registries',
      registries: [{ host: guarded.host, plainHttp: true, allowCredentialsOverHttp: true }],
    });
    options = ['import', '--registries-file', registries, `${guarded.host}/acme/app:v1`];
  });
  afterAll(() => guarded.close());

  const config = (password: string) =>
    JSON.stringify({ auths: { [guarded.host]: { auth: Buffer.from(`alice:${password}`).toString('base64') } } });
  const secrets = (password: string) =>
    JSON.stringify({
      kind: 'List',
      items: [
        {
          kind: 'Secret',
          type: 'kubernetes.io/dockerconfigjson',
          data: { '.dockerconfigjson': Buffer.from(config(password)).toString('base64') },
        },
      ],
    });

  test('are read from --authfile', async () => {
    const { status } = await typed([...options, '--authfile', file('auth.json', config('secret'))]);
    expect(status).toBe(0);
  });

  test('are read from --pull-secrets', async () => {
    const { status } = await typed([...options, '--pull-secrets', file('secrets.json', secrets('secret'))]);
    expect(status).toBe(0);
  });

  test('are read where podman keeps them', async () => {
    const env = { REGISTRY_AUTH_FILE: file('auth.json', config('secret')) };
    expect((await typed(options, { env })).status).toBe(0);
  });

  test.each([
    ['none', () => []],
    ['a wrong password', () => ['--authfile', file('auth.json', config('wrong'))]],
  ])('%s: the failure says that access is missing, and nothing of a password', async (_name, more) => {
    const { status, stdout, stderr } = await typed([...options, ...more()]);
    expect(rows(stdout)[0]?.at(-1)).toBe(
      `Unauthorized: you may not have access to the container image "${guarded.host}/acme/app:v1"`,
    );
    expect(stdout + stderr).not.toContain('wrong');
    expect(status).toBe(1);
  });

  test('R5.27 of a mirror are asked for as those of its registry', async () => {
    const registries = file('registries.yaml', {
      apiVersion: 'config.imagestream-operator/v1alpha1',
      kind: 'Registries',
      registries: [{ host: guarded.host, plainHttp: true, mirrors: [{ host: 'mirror.example.com' }] }],
    });
    const authfile = file('auth.json', JSON.stringify({ credHelpers: { 'mirror.example.com': 'absent' } }));
    const { stderr } = await typed([
      ...['import', '--registries-file', registries, `${guarded.host}/acme/app:v1`],
      ...['--authfile', authfile],
    ]);
    expect(stderr).toContain('docker-credential-absent is not on the PATH');
  });

  test('of a helper that is missing are warned of on standard error, and the import goes on', async () => {
    const authfile = file('auth.json', JSON.stringify({ credHelpers: { [guarded.host]: 'absent' } }));
    const { status, stderr } = await typed([...options, '--authfile', authfile]);
    const [line = ''] = stderr.split('\n');
    expect(JSON.parse(line)).toMatchObject({
      level: 'warn',
      message: 'A credential was skipped',
      warning: `${authfile}: docker-credential-absent is not on the PATH`,
    });
    expect(status).toBe(1);
  });
});
