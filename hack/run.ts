// `make run`: the main job on real input. Starts a registry on loopback, pushes a small multi-platform sample, imports
// crds/examples/stream.yaml from it, keeps watching, moves a tag upstream and shows the scheduled re-check finding it.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parse } from 'yaml';
import type { ImageStream } from '../src/api/image-stream.ts';
import { toYaml } from '../src/command/output.ts';
import { startFakeRegistry } from '../test/fake/registry.ts';
import { type Content, pushContent, sampleImage, sampleIndex } from '../test/gen/content.ts';
import { registryBinary, versionOf } from './debian/parts.ts';
import { startRegistry } from './registry/start.ts';

const EXAMPLE = 'crds/examples/stream.yaml';
const REPOSITORY = 'demo/app';
/** Long enough for a slot of the example's interval to pass twice. */
const PATIENCE_MS = 60_000;

interface SampleRegistry {
  /** `127.0.0.1:41234` */
  readonly host: string;
  readonly kind: string;
  push(tag: string, content: Content): Promise<void>;
  stop(): Promise<void>;
}

const keep = process.env['KEEP'] === '1';
const folder = await mkdtemp(join(tmpdir(), 'imagestream-operator-run-'));
const registry = await sampleRegistry();
let watch: ChildProcess | undefined;
try {
  process.exitCode = await story();
} finally {
  watch?.kill('SIGINT');
  await registry.stop();
  await rm(folder, { recursive: true, force: true });
}

async function story(): Promise<number> {
  console.log(`Registry     http://${registry.host}  (${registry.kind})`);
  for (const version of ['1.0', '1.1']) await registry.push(version, sample(version));
  await registry.push('latest', sample('1.1'));
  console.log(`             ${REPOSITORY}: latest, 1.0, 1.1 (linux/amd64 and linux/arm64)`);

  const streamFile = join(folder, 'stream.yaml');
  const stateFile = join(folder, 'state.yaml');
  // The example names localhost:5000; the registry is wherever there was a free port.
  const example = (await readFile(EXAMPLE, 'utf8')).replaceAll('localhost:5000', registry.host);
  await writeFile(streamFile, example);
  console.log(`\n$ imagestream-operator import -f ${EXAMPLE} --watch --stream-out state.yaml`);
  const lines = startWatch(streamFile, stateFile);

  for (const tag of ['latest', '1.0', '1.1', 'all-platforms']) {
    if (!(await lines.heard(new RegExp(`:${tag} imported `)))) return failed(`the first import of ${tag} was not seen`);
  }
  console.log(`\n# upstream: ${REPOSITORY}:latest now is 1.2`);
  await registry.push('latest', sample('1.2'));
  if (!(await lines.heard(/:latest moved /)) || !(await lines.heard(/:all-platforms moved /)))
    return failed('the scheduled re-check did not find the moved tag');

  console.log('\n# status.tags[latest] of the resulting stream');
  const stream = parse(await readFile(stateFile, 'utf8')) as ImageStream;
  console.log(toYaml(stream.status?.tags?.find(({ tag }) => tag === 'latest')).trimEnd());
  if (keep) await stayUntilInterrupted();
  return 0;
}

function startWatch(streamFile: string, stateFile: string) {
  const args = ['import', '-f', streamFile, '--watch', '--stream-out', stateFile];
  watch = spawn(process.execPath, ['dist/imagestream-operator.mjs', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const heard: string[] = [];
  const waiting = new Set<() => void>();
  const tellAll = () => {
    for (const look of waiting) look();
  };
  createInterface({ input: watch.stdout as NodeJS.ReadableStream }).on('line', line => {
    console.log(line);
    heard.push(line);
    tellAll();
  });
  let ended = false;
  watch.once('exit', () => {
    ended = true;
    tellAll();
  });
  return {
    /** Whether a line like this is printed before the watch ends or patience does. */
    heard: (pattern: RegExp) =>
      new Promise<boolean>(resolve => {
        const finish = (found: boolean) => {
          clearTimeout(timer);
          waiting.delete(look);
          resolve(found);
        };
        const look = () => {
          if (heard.some(line => pattern.test(line))) finish(true);
          else if (ended) finish(false);
        };
        const timer = setTimeout(() => finish(false), PATIENCE_MS);
        waiting.add(look);
        look();
      }),
  };
}

/** Moves the tag once a minute, so that there is something to watch, until Ctrl-C. */
async function stayUntilInterrupted(): Promise<void> {
  console.log('\nKept running; Ctrl-C ends it. A tag moves every minute.');
  let patch = 0;
  const timer = setInterval(() => {
    patch += 1;
    registry.push('latest', sample(`1.2.${patch}`)).catch(error => console.error(String(error)));
  }, 60_000);
  await new Promise<void>(resolve => process.once('SIGINT', resolve));
  clearInterval(timer);
}

function failed(what: string): number {
  console.error(`make run: ${what}`);
  return 1;
}

/** An image of this version for two platforms. */
function sample(version: string): Content {
  const image = (architecture: string) =>
    sampleImage({ architecture, seed: version, config: { created: '2026-01-01T00:00:00Z' } });
  return sampleIndex([image('amd64'), image('arm64')]);
}

/** A real registry where there is one; nothing is fetched for this. */
async function sampleRegistry(): Promise<SampleRegistry> {
  const binary = registryBinary();
  if (binary !== undefined) {
    const real = await startRegistry({ auth: 'open' });
    return {
      host: real.host,
      kind: `CNCF registry: ${versionOf(binary).split(' ').slice(1).join(' ')}`,
      push: (tag, content) => pushContent(real.url, REPOSITORY, tag, content),
      stop: () => real.stop(),
    };
  }
  const ours = await startFakeRegistry();
  return {
    host: new URL(ours.url).host,
    kind: 'the sample registry of this project; make e2e fetches a real one',
    push: async (tag, content) => {
      ours.putContent(REPOSITORY, tag, content);
    },
    stop: () => ours.close(),
  };
}
