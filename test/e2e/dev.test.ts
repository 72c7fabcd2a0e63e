import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { createKubectl, type Kubectl } from './kubectl.ts';
import { at, ROOT, type Shipped, start } from './shipped.ts';
import { until } from './until.ts';

/** The command that shows the operator without a cluster, as kubectl sees it. */

const EXAMPLES = join(ROOT, 'crds/examples');
/** Where a tag has to move first. */
const WITHIN_MS = 300_000;

let kubectl: Kubectl;
let kubeconfig: string;
let runs = 0;
beforeEach(() => {
  runs += 1;
  kubeconfig = at(`kubeconfig-${runs}`);
  kubectl = createKubectl(() => kubeconfig);
});

interface Dev extends Shipped {
  /** Of its registry: `127.0.0.1:41234`. */
  readonly registry: string;
}

/** A run that has imported its sample. */
async function dev(...argv: string[]): Promise<Dev> {
  const run = start(['dev', '--port', '0', '--registry-port', '0', '--kubeconfig-out', kubeconfig, ...argv]);
  const registry = /http:\/\/(\S+)/.exec(await run.line(/^Registry/))?.[1] ?? '';
  for (const tag of ['latest', '1\\.0', '1\\.1']) await run.line(new RegExp(` {2}demo/app:${tag} +imported `));
  return { ...run, registry };
}

/** The examples, for a registry that is not at its usual port. A folder. */
function examplesFor({ registry }: Dev): string {
  const folder = at(`examples-${runs}`);
  mkdirSync(folder);
  for (const name of readdirSync(EXAMPLES)) {
    const text = readFileSync(join(EXAMPLES, name), 'utf8');
    writeFileSync(join(folder, name), text.replaceAll('localhost:5000', registry));
  }
  return folder;
}

const app = ['imagestream', 'app', '-n', 'demo'];
const headOf = (tag: string) => `-o=jsonpath={.status.tags[?(@.tag=="${tag}")].items[0].image}`;
const complete = (name: string) => ['wait', '--for=condition=Complete', '--timeout=60s', `isi/${name}`, '-n', 'demo'];

describe('kubectl', () => {
  test('lists and describes what the operator did, with its Events', async () => {
    await dev();
    const table = await kubectl.ok(['get', 'is', '-A']);
    expect(table).toMatch(/^NAMESPACE +NAME +REPOSITORY +FAILING +REASON +AGE\ndemo +app +\d+s\n$/);
    const described = await until('the Events are there', async () => {
      const text = await kubectl.ok(['describe', 'is', 'app', '-n', 'demo']);
      return (text.match(/Normal +TagImported /g) ?? []).length === 3 && text;
    });
    expect(described).toMatch(/^Name: +app\nNamespace: +demo\n/);
    expect(described).toMatch(
      /Normal +TagImported +\S+ +imagestream-operator +Tag 1\.0 is sha256:\w{64} \(neverImported\)/,
    );
  });

  test(
    'watches the tag move',
    async () => {
      const run = await dev();
      const watch = kubectl.start(['get', 'is', '-A', '-w']);
      await watch.line(/^demo +app /);
      const heads = kubectl.start(['get', ...app, '-w', `${headOf('latest')}{"\\n"}`]);
      const before = await heads.line(/^sha256:/);
      await run.line(/ moved .* → .*\(scheduled\)$/);
      expect(await heads.line(new RegExp(`^(?!${before}$)sha256:`))).toMatch(/^sha256:\w{64}$/);
      // Ctrl-C ends it in order though somebody watches.
      run.child.kill('SIGINT');
      expect(await run.ended).toMatchObject({ status: 0, signal: null, stderr: '' });
    },
    WITHIN_MS,
  );

  test('applies the examples, and again, and waits for the imports among them', async () => {
    const run = await dev();
    const folder = examplesFor(run);
    const applied = await kubectl.run(['apply', '-f', folder]);
    expect(applied).toMatchObject({ status: 0, stderr: '' });
    expect(applied.stdout.trim().split('\n').sort()).toEqual([
      'imagestream.image.openshift.io/app configured',
      'imagestreamimport.image.openshift.io/app created',
      'imagestreamimport.image.openshift.io/app-repository created',
    ]);
    await kubectl.ok(complete('app'));
    await kubectl.ok(complete('app-repository'));
    await run.line(/ {2}isi demo\/app +completed {2}all 2 images were imported {2}\(Imported\)$/);
    await run.line(/ {2}demo\/app:all-platforms +imported /);
    const again = await kubectl.ok(['apply', '-f', folder]);
    expect(again).toMatch(/imagestreamimport\.image\.openshift\.io\/app unchanged/);
    expect(await kubectl.ok(['apply', '--server-side', '--force-conflicts', '-f', folder])).toMatch(
      /app serverside-applied/,
    );
    expect(await kubectl.ok(['diff', '-f', folder])).toBe('');
  });

  test('creates an import under a name that is made, and waits for it', async () => {
    const { registry } = await dev();
    const isi = {
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStreamImport',
      metadata: { generateName: 'once-', namespace: 'demo', annotations: { 'imagestream-operator/stream': 'app' } },
      spec: {
        import: true,
        images: [
          {
            from: { kind: 'DockerImage', name: `${registry}/demo/app:1.0` },
            to: { name: 'once' },
            importPolicy: { insecure: true },
          },
        ],
      },
    };
    const created = await kubectl.ok(['create', '-f', '-', '-o', 'name'], { stdin: isi });
    const name = created.trim().split('/').at(-1) ?? '';
    await kubectl.ok(complete(name));
    const [once, release] = await Promise.all(['once', '1.0'].map(tag => kubectl.ok(['get', ...app, headOf(tag)])));
    expect(once).toBe(release);
  });

  test('edits a stream; what the operator is told counts', async () => {
    const run = await dev();
    const editor = at('editor.sh');
    writeFileSync(editor, `sed -i 's|${run.registry}/demo/app:1.0|${run.registry}/demo/app:gone|' "$1"\n`);
    const edited = await kubectl.ok(['edit', ...app], { env: { KUBE_EDITOR: `sh ${editor}` } });
    expect(edited).toBe('imagestream.image.openshift.io/app edited\n');
    await run.line(/ {2}demo\/app:1\.0 +failed +NotFound: .*\(specChanged\)$/);
    const table = await until('the table says so', async () => {
      const text = await kubectl.ok(['get', 'is', '-n', 'demo']);
      return text.includes('NotFound') && text;
    });
    expect(table).toMatch(/app +1\.0 +NotFound +/);
  });

  test('is refused what a cluster refuses', async () => {
    await dev();
    const stream = {
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStream',
      metadata: { name: 'typo', namespace: 'demo' },
      spec: { tagz: [] },
    };
    expect(await kubectl.refused(['create', '-f', '-'], { stdin: stream })).toContain('unknown field "spec.tagz"');
    expect(await kubectl.refused(['get', 'is', 'typo', '-n', 'demo'])).toMatch(/NotFound.*"typo" not found/);
    const anonymous = await kubectl.refused(['get', 'is', '-A', '--token=wrong']);
    expect(anonymous).toMatch(/Unauthorized|must be logged in/);
  });
});

describe('the command', () => {
  test('goes on after a kill -9 where it was', async () => {
    const data = at(`data-${runs}`);
    const first = await dev('--data', data);
    await kubectl.ok(['label', ...app, 'kept=yes']);
    const uid = await kubectl.ok(['get', ...app, '-o=jsonpath={.metadata.uid}']);
    first.child.kill('SIGKILL');
    await first.ended;

    const argv = ['dev', '--port', '0', '--registry-port', '0', '--kubeconfig-out', kubeconfig, '--data', data];
    const second = start(argv);
    await second.line(/^Operator +leading, 1 stream, 3 tags/);
    expect(await kubectl.ok(['get', ...app, '-o=jsonpath={.metadata.uid} {.metadata.labels.kept}'])).toBe(`${uid} yes`);
    second.child.kill('SIGTERM');
    expect(await second.ended).toMatchObject({ status: 0, stderr: '' });
  });

  test(
    'writes nothing but the kubeconfig',
    async () => {
      const folder = at(`empty-${runs}`);
      mkdirSync(folder);
      const run = start(['dev', '--port', '0', '--registry-port', '0', '--for', '5m'], {
        cwd: folder,
        env: { HOME: folder },
      });
      expect(await run.ended).toMatchObject({ status: 0, stderr: '' });
      expect(readdirSync(folder, { recursive: true })).toEqual(['.dev', join('.dev', 'kubeconfig')]);
    },
    WITHIN_MS,
  );
});

test(
  'make run FOR=60s builds, shows a tag move and ends',
  async () => {
    const { status, stdout } = await start(['run', 'FOR=60s'], { program: 'make' }).ended;
    expect(status).toBe(0);
    expect(stdout).toMatch(/^API server {3}https:\/\/127\.0\.0\.1:\d+ +\(kubectl --kubeconfig \.dev\/kubeconfig …\)$/m);
    expect(stdout).toMatch(/ {2}demo\/app:latest {2}moved {5}sha256:\w{12}… → sha256:\w{12}… {2}\(scheduled\)\n$/);
  },
  WITHIN_MS,
);
