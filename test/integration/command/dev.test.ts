import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import { systemClock } from '../../../src/clock.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { createKubeClient } from '../../../src/kube/http-client.ts';
import { loadKubeConfig } from '../../../src/kube/kubeconfig.ts';
import { IMAGE_STREAMS } from '../../../src/kube/resource.ts';
import { silentLogger } from '../../../src/log.ts';
import { createAuthority } from '../../../src/standalone/authority.ts';
import { type FakeRegistry, startFakeRegistry } from '../../fake/registry.ts';
import { sampleImage } from '../../gen/content.ts';
import { type Typed, type TypedOptions, type, typed } from './typed.ts';

const signal = new AbortController().signal;
const app = { resource: IMAGE_STREAMS, namespace: 'demo', name: 'app' };

let folder: string;
let kubeconfig: string;
let running: Typed[];
let clients: KubeClient[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dev-'));
  kubeconfig = join(folder, '.dev', 'kubeconfig');
  running = [];
  clients = [];
});
afterEach(async () => {
  await interrupt();
  await Promise.all(clients.map(client => client.close()));
  rmSync(folder, { recursive: true });
});

const FREE = ['--port', '0', '--registry-port', '0'];

function dev(argv: readonly string[] = FREE, options?: TypedOptions): Typed {
  const typed = type(['dev', '--kubeconfig-out', kubeconfig, ...argv], options);
  running.push(typed);
  return typed;
}

/** A line like this, once it was printed. */
function told({ stdout, stderr, ended }: Typed, pattern: RegExp): Promise<string> {
  const inVain = ended.then(status => {
    throw new Error(`ended with ${status}: ${stdout.text}${stderr.text}`);
  });
  return Promise.race([stdout.line(pattern), inVain]);
}

/** What Ctrl-C does to this process, as far as the commands are concerned. Their exit statuses. */
async function interrupt(): Promise<readonly number[]> {
  const ending = running;
  running = [];
  const over = Promise.all(ending.map(({ ended }) => ended));
  // One that has just begun does not listen yet.
  let isOver = false;
  void over.finally(() => {
    isOver = true;
  });
  while (!isOver && process.listenerCount('SIGINT') === 0) await setImmediate();
  process.emit('SIGINT', 'SIGINT');
  return over;
}

async function connect(): Promise<KubeClient> {
  const config = await loadKubeConfig({ kubeconfig, env: {} });
  const client = createKubeClient({ config, clock: systemClock, log: silentLogger });
  clients.push(client);
  return client;
}

function file(name: string, ...objects: readonly object[]): string {
  writeFileSync(join(folder, name), objects.map(object => stringify(object)).join('---\n'));
  return join(folder, name);
}

const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

function stream(name: string, from: string): object {
  return {
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStream',
    metadata: { name, namespace: 'team', annotations: { 'imagestream-operator/interval': '1s' } },
    spec: {
      tags: [
        {
          name: 'latest',
          from: { kind: 'DockerImage', name: from },
          importPolicy: { insecure: true, scheduled: true },
        },
      ],
    },
  };
}

describe('with nothing but its defaults', () => {
  test('tells of its parts, then of what the operator does, and ends with Ctrl-C', async () => {
    const run = dev();
    for (const tag of ['latest', '1\\.0', '1\\.1']) await told(run, new RegExp(`demo/app:${tag} +imported`));
    const [api, registry, kubectl, operator, first] = run.stdout.lines;
    expect(api).toMatch(
      /^API server {3}https:\/\/127\.0\.0\.1:\d+ {2,}\(kubectl --kubeconfig \S+\/\.dev\/kubeconfig …\)$/,
    );
    expect(registry).toMatch(/^Registry {5}http:\/\/127\.0\.0\.1:\d+ {2,}demo\/app: latest, 1\.0, 1\.1$/);
    expect(kubectl).toMatch(/^kubectl {6}is not on the PATH; 1\.32 or newer is at https:\/\/kubernetes\.io\//);
    expect(operator).toMatch(/^Operator {5}leading, 1 stream, 3 tags, next check in \d+ s$/);
    expect(first).toMatch(/^\d\d:\d\d:\d\d {2}demo\/app:\S+ {2,}imported {2}sha256:\w{12}… {2}\(neverImported\)$/);
    expect(await interrupt()).toEqual([0]);
    expect(run.stderr.text).toBe('');
  });

  test('lets whoever has the kubeconfig in, and writes nothing else', async () => {
    const run = dev();
    await told(run, /demo\/app:latest +imported/);
    const client = await connect();
    const { status } = await client.get<ImageStream>(app, signal);
    const latest = status?.tags?.find(({ tag }) => tag === 'latest');
    expect(latest?.items).toHaveLength(1);
    expect(statSync(kubeconfig).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder, { recursive: true })).toEqual(['.dev', join('.dev', 'kubeconfig')]);
    await interrupt();
    await expect(client.get(app, signal)).rejects.toThrow(/ECONNREFUSED/);
  });

  test('does not speak of kubectl where there is one', async () => {
    writeFileSync(join(folder, 'kubectl'), '#!/bin/sh\n');
    chmodSync(join(folder, 'kubectl'), 0o755);
    const run = dev(FREE, { env: { PATH: `/nowhere:${folder}` } });
    await told(run, /^Operator/);
    expect(run.stdout.text).not.toContain('not on the PATH');
  });

  test('leaves the second Ctrl-C to whoever ends a process at once', async () => {
    const run = dev();
    await told(run, /^Operator/);
    process.emit('SIGINT', 'SIGINT');
    expect(process.listenerCount('SIGINT')).toBe(0);
  });

  test('is reached from here wherever it listens', async () => {
    await told(dev([...FREE, '--address', '0.0.0.0']), /demo\/app:latest +imported/);
    expect((await loadKubeConfig({ kubeconfig, env: {} })).server).toMatch(/^https:\/\/127\.0\.0\.1:/);
    await expect((await connect()).get(app, signal)).resolves.toMatchObject({ kind: 'ImageStream' });
  });

  test('logs when it is told to', async () => {
    const run = dev([...FREE, '--log-level', 'info']);
    await run.stderr.line(/"message":"Working"/);
    expect(run.stderr.lines.map(line => JSON.parse(line).message)).toContain('Started');
  });
});

describe('--data', () => {
  test('goes on where the last run ended', async () => {
    const argv = [...FREE, '--data', join(folder, 'data')];
    const first = dev(argv);
    for (const tag of ['latest', '1\\.0', '1\\.1']) await told(first, new RegExp(`demo/app:${tag} +imported`));
    const labels = { edited: 'yes' };
    const before = await (await connect()).patch<ImageStream>(app, { metadata: { labels } }, signal);
    const config = readFileSync(kubeconfig, 'utf8');
    expect(await interrupt()).toEqual([0]);

    const second = dev(argv);
    const moved = await told(second, /^\d\d:.* {2}demo\/app:/);
    // Nothing is imported anew. The registry is at another port, with another build.
    expect(moved).toMatch(/demo\/app:latest {2}moved .*\(specChanged\)$/);
    const client = await connect();
    const after = await client.get<ImageStream>(app, signal);
    expect(after.metadata).toMatchObject({ uid: before.metadata.uid, labels });
    expect(Number(after.metadata.resourceVersion)).toBeGreaterThan(Number(before.metadata.resourceVersion));
    expect(after.status?.tags?.find(({ tag }) => tag === 'latest')?.items?.slice(1)).toEqual(
      before.status?.tags?.find(({ tag }) => tag === 'latest')?.items,
    );
    const withoutPort = (text: string) => text.replace(/server: .*/, '');
    expect(withoutPort(readFileSync(kubeconfig, 'utf8'))).toBe(withoutPort(config));
    expect(statSync(join(folder, 'data', 'identity.json')).mode & 0o777).toBe(0o600);
  });

  test('is for one at a time', async () => {
    const argv = [...FREE, '--data', join(folder, 'data')];
    await told(dev(argv), /^Operator/);
    const second = await typed(['dev', '--kubeconfig-out', join(folder, 'other'), ...argv]);
    expect(second).toMatchObject({ status: 2, stdout: '' });
    expect(second.stderr).toMatch(/^\S+objects\.db is in use by another process\n$/);
  });

  test.each([
    { name: 'holds nothing', identity: {} },
    { name: 'has no token', identity: { authority: createAuthority('mine', Date.now()) } },
  ])('refuses a folder whose identity $name, and leaves it', async ({ identity }) => {
    const path = join(folder, 'identity.json');
    const text = JSON.stringify(identity);
    writeFileSync(path, text);
    expect(await typed(['dev', '--kubeconfig-out', kubeconfig, ...FREE, '--data', folder])).toEqual({
      status: 2,
      stdout: '',
      stderr: `Cannot read "${path}": it holds no authority and token; remove it to have new ones made\n`,
    });
    expect(readFileSync(path, 'utf8')).toBe(text);
  });
});

describe('--apply and --no-registry', () => {
  let registry: FakeRegistry;
  let from: string;
  beforeEach(async () => {
    registry = await startFakeRegistry();
    registry.putContent('acme/app', 'latest', sampleImage({ seed: 'one' }));
    from = `${registry.host}/acme/app:latest`;
  });
  afterEach(() => registry.close());

  const bare = (...argv: string[]) => dev(['--port', '0', '--no-registry', ...argv]);

  test('begin with the objects of files, streams and imports alike', async () => {
    const isi = {
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStreamImport',
      metadata: { generateName: 'once-', namespace: 'team', annotations: { 'imagestream-operator/stream': 'app' } },
      spec: {
        import: true,
        images: [{ from: { kind: 'DockerImage', name: from }, to: { name: 'once' }, importPolicy: { insecure: true } }],
      },
    };
    const run = bare('--apply', file('1.yaml', namespace('team'), stream('app', from)), file('2.yaml', isi));
    await told(run, / {2}team\/app:latest +imported +sha256:\w{12}… {2}\(neverImported\)$/);
    expect(
      await told(run, / {2}isi team\/once-\w+ +completed {2}the image was imported {2}\(Imported\)$/),
    ).toBeTruthy();
    expect(run.stdout.text).toMatch(/^Operator {5}leading, 1 stream, 1 tag, next check in \d s$/m);
    expect(run.stdout.text).not.toMatch(/^Registry/m);
  });

  test('begin with nothing where nothing is applied', async () => {
    expect(await told(bare(), /^Operator/)).toBe('Operator     leading, no streams yet');
  });

  test('end with 2 and every reason when objects are refused', async () => {
    const path = file(
      'bad.yaml',
      stream('app', from),
      namespace('team'),
      { ...stream('app', from), spec: { tagz: [] } },
      { ...stream('app', from), metadata: { generateName: 'a-', namespace: 'team' }, spec: { tagz: [] } },
      { apiVersion: 'v1', kind: 'Gadget', metadata: { name: 'a' } },
      stream('good', from),
    );
    const argv = ['dev', '--kubeconfig-out', kubeconfig, '--port', '0', '--no-registry', '--apply', path];
    const { status, stdout, stderr } = await typed(argv);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr.replaceAll(path, 'bad.yaml').split('\n')).toEqual([
      expect.stringMatching(/^bad\.yaml:1:1: .*namespaces "team" not found$/),
      expect.stringMatching(/^bad\.yaml:\d+:1: .*\bspec\.tagz\b.*$/),
      expect.stringMatching(/^bad\.yaml:\d+:1: .*unknown field "spec\.tagz"$/),
      expect.stringMatching(/^bad\.yaml:\d+:1: no kind "Gadget" in version "v1"$/),
      '',
    ]);
    expect(existsSync(kubeconfig)).toBe(false);
  });

  test('tell of a tag that fails and heals, without any log', async () => {
    registry.remove('acme/app', 'latest');
    const run = bare('--apply', file('1.yaml', namespace('team'), stream('app', from)));
    await told(run, / {2}team\/app:latest {2}failed {4}NotFound: .*\(neverImported\)$/);
    registry.putContent('acme/app', 'latest', sampleImage({ seed: 'two' }));
    await told(run, / {2}team\/app:latest {2}imported {2}sha256:\w{12}… {2}\(retry\)$/);
    expect(run.stderr.text).toBe('');
  });

  test('--for ends with 0 once a scheduled check saw a tag move', async () => {
    const run = bare('--for', '1h', '--apply', file('1.yaml', namespace('team'), stream('app', from)));
    await told(run, /imported/);
    registry.putContent('acme/app', 'latest', sampleImage({ seed: 'two' }));
    expect(await run.ended).toBe(0);
    expect(run.stdout.lines.at(-1)).toMatch(/ {2}moved .* → .*\(scheduled\)$/);
  });

  test('--for ends with 1 when none did in that time', async () => {
    const run = bare('--for', '1s');
    expect(await run.ended).toBe(1);
    expect(run.stderr.text).toBe('No scheduled check saw a tag move\n');
  });
});

describe('what cannot be begun', () => {
  test.each([
    [['--port', '99999'], '--port: "99999": expected a port, from 0 to 65535\n'],
    [
      ['--nope', '--for', 'x'],
      '--nope: unknown option\n--for: "x": expected a duration of at least 1s, such as 90s, 15m or 1h30m\n',
    ],
    [['--apply', '/nowhere.yaml'], 'Cannot read "/nowhere.yaml": there is no such file or folder\n'],
    [['--registries-file', '/nowhere.yaml'], 'Cannot read "/nowhere.yaml": there is no such file or folder\n'],
  ])('ends with 2: %j', async (argv, stderr) => {
    const result = await typed(['dev', '--kubeconfig-out', kubeconfig, ...FREE, ...argv]);
    expect(result).toMatchObject({ status: 2, stderr });
  });

  test('ends with 2 at a port that was asked for and is taken, and lets go of the others', async () => {
    const taken = await startFakeRegistry();
    const { port } = new URL(taken.url);
    for (const flag of ['--port', '--registry-port']) {
      const result = await typed(['dev', '--kubeconfig-out', kubeconfig, ...FREE, flag, port]);
      const stderr = `${flag}: "${port}": cannot be listened on: it is taken\n`;
      expect(result).toEqual({ status: 2, stdout: '', stderr });
    }
    await taken.close();
  });

  test('never writes over the way to other clusters', async () => {
    const config = file('config', { apiVersion: 'v1', kind: 'Config', clusters: [{ name: 'production' }] });
    const result = await typed(['dev', ...FREE, '--kubeconfig-out', config]);
    const stderr = `--kubeconfig-out: "${config}": there is a file of somebody else's; expected another place\n`;
    expect(result).toEqual({ status: 2, stdout: '', stderr });
  });
});
