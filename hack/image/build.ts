// `make image`: builds the container image where there is an engine; else carries out the steps of the Dockerfile without
// one. Both tell the size.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import manifest from '../../package.json' with { type: 'json' };
import { command } from '../programs.ts';
import { bytesBelow, inMegabytes } from './size.ts';
import { buildImage } from './steps.ts';

const root = resolve(import.meta.dirname, '../..');
const tag = process.env['IMAGE'] || `imagestream-operator:${manifest.version}`;
const engine = ['docker', 'podman', 'buildah'].find(name => command(name) !== undefined && works(name));

try {
  if (engine !== undefined) {
    execFileSync(engine, ['build', '--build-arg', `REVISION=${revision()}`, '-t', tag, root], { stdio: 'inherit' });
    const size = execFileSync(engine, ['image', 'inspect', '--format', '{{.Size}}', tag], { encoding: 'utf8' });
    console.log(`${tag}: ${inMegabytes(Number(size))}`);
  } else {
    withoutEngine();
  }
} catch (error) {
  console.error(`hack/image/build.ts: ${Error.isError(error) ? error.message : String(error)}`);
  process.exitCode = 1;
}

function withoutEngine(): void {
  console.log('no container engine: the steps of the Dockerfile are carried out in a folder');
  const work = mkdtempSync(join(tmpdir(), 'image-'));
  try {
    const image = buildImage({ context: root, work, node: process.execPath, say: line => console.log(`  ${line}`) });
    const [app, node] = ['app', 'usr/local/bin/node'].map(path => bytesBelow(join(image.root, path)));
    console.log(`/app: ${inMegabytes(app ?? 0)}, on ${image.from}, whose node alone has ${inMegabytes(node ?? 0)}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** A client without a server is no engine. */
function works(name: string): boolean {
  try {
    execFileSync(name, ['info'], { stdio: 'ignore', timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

function revision(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
