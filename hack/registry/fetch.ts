// Gets the real registry and skopeo from Debian packages into a cache outside the clone, installing nothing.
// A part that is on the PATH or in the cache already is left as it is.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../cache.ts';
import { command } from '../programs.ts';
import { find, type Part, REGISTRY, SKOPEO, versionOf } from './parts.ts';

try {
  const missing = [REGISTRY, SKOPEO].filter(part => find(part) === undefined);
  if (missing.length > 0) fetchParts(missing);
  for (const part of [REGISTRY, SKOPEO]) {
    const binary = find(part);
    if (binary === undefined) throw new Error(`"${part.package}" was unpacked but cannot be found`);
    const version = / v?(\d+\.\S+)/.exec(versionOf(binary))?.[1];
    if (version === undefined) throw new Error(`"${binary} --version" names no version`);
    console.log(`${part.package} ${version} ${binary}`);
  }
} catch (error) {
  console.error(`hack/registry/fetch.ts: ${Error.isError(error) ? error.message : String(error)}`);
  process.exitCode = 1;
}

function fetchParts(parts: readonly Part[]): void {
  const names = parts.map(part => `"${part.package}"`).join(' and ');
  if (command('apt-get') === undefined || command('dpkg') === undefined) {
    throw new Error(`${names} not on the PATH, and without apt-get and dpkg it cannot be fetched: install it by hand`);
  }
  mkdirSync(cacheFolder(), { recursive: true });
  const work = mkdtempSync(join(cacheFolder(), 'fetching-'));
  try {
    const apt = createApt(work);
    for (const part of parts) fetchPart(part, apt, work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function fetchPart(part: Part, apt: Apt, work: string): void {
  const folder = join(work, part.package);
  const unpacked = join(folder, 'unpacked');
  mkdirSync(unpacked, { recursive: true });
  apt.get(['download', part.package, ...apt.missingLibraries(part.package)], folder);
  for (const file of readdirSync(folder).filter(name => name.endsWith('.deb'))) {
    run('dpkg', ['-x', join(folder, file), unpacked]);
  }
  if (part === SKOPEO) writeWrapper(unpacked);
  // Unpacked beside its place and moved there in one step: an interrupted run leaves nothing half done.
  const place = join(cacheFolder(), `${part.package}-${apt.version(part.package).replaceAll(':', '_')}`);
  rmSync(place, { recursive: true, force: true });
  renameSync(unpacked, place);
}

/** skopeo finds the libraries that came with it before the system's. */
function writeWrapper(unpacked: string): void {
  mkdirSync(join(unpacked, 'bin'));
  const lines = [
    '#!/bin/sh',
    'here=$(dirname "$(readlink -f "$0")")/..',
    `for folder in "$here"/usr/lib/*-linux-*; do LD_LIBRARY_PATH="$folder\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"; done`,
    'export LD_LIBRARY_PATH',
    'exec "$here/usr/bin/skopeo" "$@"',
  ];
  writeFileSync(join(unpacked, 'bin/skopeo'), `${lines.join('\n')}\n`, { mode: 0o755 });
}

interface Apt {
  get(args: readonly string[], folder: string): string;
  /** Version that would be downloaded. */
  version(name: string): string;
  /** Libraries that installing the package would add to this machine. */
  missingLibraries(name: string): string[];
}

/** apt with its lists and cache in `work`: needs no root and leaves the system's own alone. */
function createApt(work: string): Apt {
  mkdirSync(join(work, 'state/lists/partial'), { recursive: true });
  mkdirSync(join(work, 'cache/archives/partial'), { recursive: true });
  const options = [
    ['Dir::State', join(work, 'state')],
    ['Dir::State::status', '/var/lib/dpkg/status'],
    ['Dir::Cache', join(work, 'cache')],
    // As root apt would download as the user _apt, which cannot write here.
    ['APT::Sandbox::User', 'root'],
    // Hooks of the machine's configuration are about its own cache.
    ['APT::Update::Post-Invoke', ''],
  ].flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const get = (args: readonly string[], folder: string) => run('apt-get', ['-q', ...options, ...args], folder);
  get(['update'], work);
  return {
    get,
    version: name =>
      field(run('apt-cache', [...options, 'show', '--no-all-versions', name]), /^Version: (\S+)$/m, name),
    missingLibraries: name =>
      [...get(['install', '--simulate', '--no-install-recommends', name], work).matchAll(/^Inst (lib\S+)/gm)].flatMap(
        ([, library]) => library ?? [],
      ),
  };
}

function field(text: string, pattern: RegExp, name: string): string {
  const value = pattern.exec(text)?.[1];
  if (value === undefined) throw new Error(`apt-cache knows no version of "${name}"`);
  return value;
}

/** Standard output of a program; throws with the first line of its complaint when it fails. */
function run(program: string, args: readonly string[], cwd?: string): string {
  try {
    return execFileSync(program, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
      ...(cwd === undefined ? {} : { cwd }),
    });
  } catch (error) {
    const said = Error.isError(error) && 'stderr' in error ? String(error.stderr) : '';
    const line = said.split('\n').find(text => text.startsWith('E:')) ?? said.split('\n')[0];
    const action = args.find(word => ['update', 'download', 'install', 'show', '-x'].includes(word)) ?? '';
    throw new Error(`${program} ${action} failed: ${line || 'it said nothing'}`, { cause: error });
  }
}
