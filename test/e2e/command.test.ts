import { existsSync, readFileSync, watch as watchFolder } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { ImageStream } from '../../src/api/image-stream.ts';
import type { ImageStreamImport } from '../../src/api/image-stream-import.ts';
import { sampleImage, sampleIndex } from '../gen/content.ts';
import { imageStream, imageStreamImport, specTag } from '../gen/objects.ts';
import { push, type RunningRegistry, SETUPS, setUp, stopAll } from './setups.ts';
import { at, dockerConfig, file, registriesOf, secretList, shipped, start } from './shipped.ts';

const image = sampleImage({ seed: 'command' });
const other = sampleImage({ seed: 'command, moved' });
const index = sampleIndex(['amd64', 'arm64'].map(architecture => sampleImage({ architecture, seed: 'command, list' })));
const VERSION = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version as string;

afterAll(stopAll);

const open = (): Promise<RunningRegistry> => setUp({ name: 'open', auth: 'open' });

describe('the shipped bundle', () => {
  test('prints its version', async () => {
    expect(await shipped(['--version'])).toEqual({ status: 0, signal: null, stdout: `${VERSION}\n`, stderr: '' });
  });

  test.each([
    [['--help'], 'Usage: imagestream-operator COMMAND'],
    [['import', '--help'], 'imagestream-operator import [OPTIONS] -f FILE'],
  ])('helps with %j', async (argv, want) => {
    const { status, stdout, stderr } = await shipped(argv);
    expect(stdout).toContain(want);
    expect([status, stderr]).toEqual([0, '']);
  });

  test('says in one line that Node is too old', async () => {
    const preload = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`;
    const node = ['--import', `data:text/javascript,${encodeURIComponent(preload)}`];
    expect(await shipped(['--version'], { node })).toEqual({
      status: 2,
      signal: null,
      stdout: '',
      stderr: 'imagestream-operator needs Node 22.19 or newer; this is 20.20.2\n',
    });
  });

  test('tells of a failure on a Node that knows no Error.isError yet', async () => {
    const preload = 'delete Error.isError';
    const node = ['--import', `data:text/javascript,${encodeURIComponent(preload)}`];
    const { status, stdout, stderr } = await shipped(['import', '--insecure', '127.0.0.1:1/team/app:v1'], { node });
    expect([status, stderr]).toEqual([1, '']);
    expect(stdout).toMatch(/127\.0\.0\.1:1\/team\/app:v1 .* InternalError: /);
  });

  test("loads Node's own fetch for no operator", async () => {
    const tell = "process.on('exit', () => process.stdout.write(process.moduleLoadList.join('\\n')))";
    const node = ['--import', `data:text/javascript,${encodeURIComponent(tell)}`];
    // It ends once it has loaded all it is made of and cannot tell which cluster is meant.
    const { status, stdout, stderr } = await shipped(['operator', '--kubeconfig', file('empty.yaml', '{}')], { node });
    expect([status, stderr]).toEqual([2, expect.stringContaining('current-context is not set')]);
    expect(stdout.split('\n')).toContain('NativeModule http');
    expect(stdout.split('\n')).not.toContain('NativeModule internal/deps/undici/undici');
  });

  test('runs on the pinned Node by npx inside the checkout', async () => {
    // Every process on the way tells which Node it runs on.
    const tell = "process.stderr.write(process.argv[1] + ' ' + process.version + '\\n')";
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(tell)}` };
    const { status, stdout, stderr } = await shipped(['imagestream-operator', '--version'], { program: 'npx', env });
    expect(stdout).toBe(`${VERSION}\n`);
    expect(stderr).toMatch(new RegExp(`imagestream-operator(?:\\.mjs)? ${process.version}\\n`));
    expect(status).toBe(0);
  }, 30_000);

  test('is quiet when nobody reads what it prints', async () => {
    const registry = await open();
    await push(registry, 'team/app', 'v1', image);
    const running = start(['import', '--insecure', '--include-manifest', '-o', 'yaml', `${registry.host}/team/app:v1`]);
    running.child.stdout?.destroy();
    expect((await running.ended).stderr).toBe('');
  });

  test('ends with 2 and one line for a file that is wrong', async () => {
    const stdin = 'apiVersion: image.openshift.io/v1\nkind: ImageStreamImport\nmetadata:\n  name: app\nspec: [\n';
    const { status, stdout, stderr } = await shipped(['import', '-f', '-', '-o', 'json'], { stdin });
    expect(stderr).toMatch(/^standard input:6:1: [^\n]+\n$/);
    expect([status, stdout]).toEqual([2, '']);
  });
});

describe.each(SETUPS)('import from a registry, $name', setup => {
  let registry: RunningRegistry;
  let access: string[];
  const named = (rest: string) => `${registry.host}/${rest}`;

  beforeAll(async () => {
    registry = await setUp(setup);
    access = registriesOf(registry);
    if (registry.credentials !== undefined) access.push('--authfile', file('auth.json', dockerConfig(registry)));
    await push(registry, 'team/app', 'v1', image);
    await push(registry, 'team/app', 'index', index);
  });

  test('looks up references', async () => {
    const wanted = [named('team/app:v1'), named('team/app:index')];
    const { status, stdout, stderr } = await shipped(['import', ...access, '-o', 'name', ...wanted]);
    const [amd64] = index.children;
    expect(stdout).toBe(`${named(`team/app@${image.digest}`)}\n${named(`team/app@${amd64?.digest}`)}\n`);
    expect([status, stderr]).toEqual([0, '']);
  });

  test('completes an ImageStreamImport', async () => {
    const isi = imageStreamImport({
      import: true,
      images: [{ from: { kind: 'DockerImage', name: named('team/app:v1') }, to: { name: 'stable' } }],
      repository: named('team/app'),
    });
    const { status, stdout } = await shipped(['import', ...access, '-f', '-', '-o', 'yaml'], {
      stdin: JSON.stringify(isi),
    });
    const answer = parse(stdout) as ImageStreamImport;
    expect(answer.status?.images).toMatchObject([
      { status: { status: 'Success' }, image: { metadata: { name: image.digest } } },
    ]);
    expect(answer.status?.repository?.images?.map(({ tag }) => tag).sort()).toEqual(['index', 'v1']);
    const recorded = answer.status?.import as ImageStream | undefined;
    expect(recorded?.status?.tags?.map(({ tag }) => tag).sort()).toEqual(['index', 'stable', 'v1']);
    expect(status).toBe(0);
  });

  test('prints a table, and ends with 1 for an image that is not there', async () => {
    const { status, stdout, stderr } = await shipped(['import', ...access, named('team/app:gone')]);
    expect(stdout).toMatch(/^FROM +TAG +IMAGE +SIZE +RESULT\n/);
    expect(stdout).toContain(`NotFound: dockerimage.image.openshift.io "${named('team/app:gone')}" not found`);
    expect([status, stderr]).toEqual([1, '']);
  });
});

describe.each(['htpasswd', 'token'] as const)('credentials for a registry behind %s', auth => {
  let registry: RunningRegistry;
  const run = (...options: string[]) =>
    shipped(['import', ...registriesOf(registry), ...options, `${registry.host}/team/app:v1`]);

  beforeAll(async () => {
    registry = await setUp({ name: auth, auth });
    await push(registry, 'team/app', 'v1', image);
  });

  test('of --pull-secrets', async () => {
    const { status } = await run('--pull-secrets', file('secrets.json', secretList(dockerConfig(registry))));
    expect(status).toBe(0);
  });

  test('of docker, where it keeps them', async () => {
    const env = { REGISTRY_AUTH_FILE: file('auth.json', dockerConfig(registry)) };
    const argv = ['import', ...registriesOf(registry), `${registry.host}/team/app:v1`];
    expect((await shipped(argv, { env })).status).toBe(0);
  });

  test('that are wrong', async () => {
    const { status, stdout, stderr } = await run('--authfile', file('wrong.json', dockerConfig(registry, 'hunter2')));
    expect(stdout).toContain(
      auth === 'token'
        ? `Unauthorized: incorrect username or password for image "${registry.host}/team/app:v1"`
        : `Unauthorized: you may not have access to the container image "${registry.host}/team/app:v1"`,
    );
    expect(stdout + stderr).not.toContain('hunter2');
    expect([status, stderr]).toEqual([1, '']);
  });
});

test('TLS: a certificate of an authority that is not named is refused', async () => {
  const registry = await setUp({ name: 'TLS', auth: 'open', tls: true });
  await push(registry, 'team/app', 'v1', image);
  const { status, stdout } = await shipped(['import', `${registry.host}/team/app:v1`]);
  expect(stdout).toMatch(/certificate/);
  expect(status).toBe(1);
});

describe('import --watch', () => {
  let registry: RunningRegistry;

  beforeAll(async () => {
    registry = await open();
  });

  /** A stream of these tags of one repository, checked every second. */
  const streamFile = (repository: string, ...tags: string[]) =>
    file(
      'stream.yaml',
      imageStream({
        tags: tags.map(tag =>
          specTag(tag, `${registry.host}/${repository}:${tag}`, { importPolicy: { insecure: true, scheduled: true } }),
        ),
      }),
    );
  const watch = (repository: string, out: string, ...tags: string[]) =>
    start(['import', '-f', streamFile(repository, ...tags), '--watch', '1s', '--stream-out', out]);

  test('finds a tag that moved; Ctrl-C ends it with 0', async () => {
    await push(registry, 'watch/app', 'latest', image);
    const out = at('watch.yaml');
    const running = watch('watch/app', out, 'latest');
    await running.line(/ demo\/app:latest imported sha256:\w{12}… \(neverImported\)$/);
    await push(registry, 'watch/app', 'latest', other);
    await running.line(/ demo\/app:latest moved sha256:\w{12}… → sha256:\w{12}… \(scheduled\)$/);
    const stream = parse(await readFile(out, 'utf8')) as ImageStream;
    expect(stream.status?.tags?.[0]?.items?.map(({ image: name }) => name)).toEqual([other.digest, image.digest]);
    running.child.kill('SIGINT');
    expect(await running.ended).toMatchObject({ status: 0, signal: null, stderr: '' });
  }, 30_000);

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends it with 1 while a tag has failed',
    async signal => {
      const running = watch('watch/none', at(`${signal}.yaml`), 'latest');
      await running.line(/ demo\/app:latest failed NotFound: /);
      running.child.kill(signal);
      expect(await running.ended).toMatchObject({ status: 1, signal: null });
    },
    30_000,
  );

  test('keeps a whole stream on disk whenever it is killed, and goes on from it', async () => {
    const tags = Array.from({ length: 20 }, (_, number) => `v${number}`);
    for (const tag of tags) await push(registry, 'killed/app', tag, image);
    const out = at('killed.yaml');
    let kept: ImageStream | undefined;
    for (let round = 0; round < 5; round += 1) {
      await push(registry, 'killed/app', 'v0', sampleImage({ seed: `round ${round}` }));
      const writing = written(out);
      const running = watch('killed/app', out, ...tags);
      await writing.seen;
      running.child.kill('SIGKILL');
      expect(await running.ended).toMatchObject({ signal: 'SIGKILL' });
      kept = existsSync(out) ? (parse(await readFile(out, 'utf8')) as ImageStream) : undefined;
      if (kept !== undefined) expect(kept.kind).toBe('ImageStream');
    }
    const known = new Set(kept?.status?.tags?.map(({ tag }) => tag));
    const last = watch('killed/app', out, ...tags);
    for (const tag of tags.filter(name => !known.has(name))) await last.line(new RegExp(`:${tag} imported `));
    const { status } = parse(await readFile(out, 'utf8')) as ImageStream;
    expect(status?.tags).toHaveLength(tags.length);
    last.child.kill('SIGINT');
    expect(await last.ended).toMatchObject({ status: 0 });
  }, 60_000);
});

/** Sees the moment in which this file, or one made beside it, appears or changes: the middle of a write. */
function written(path: string): { readonly seen: Promise<void> } {
  const seen = new Promise<void>(resolve => {
    const watcher = watchFolder(dirname(path), (_event, name) => {
      if (!name?.includes(basename(path))) return;
      watcher.close();
      resolve();
    });
  });
  return { seen };
}
