// Gets the programs of the Debian packages named (docker-registry, skopeo, prometheus) into a cache outside the clone,
// installing nothing. One that is on the PATH or in the cache already is left as it is.
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../cache.ts';
import { command } from '../programs.ts';
import { type Apt, createApt, run } from './apt.ts';
import { find, PARTS, type Part, SKOPEO, versionOf } from './parts.ts';

try {
  const parts = process.argv.slice(2).flatMap(partsOf);
  const missing = new Map(parts.filter(part => find(part) === undefined).map(part => [part.package, part]));
  if (missing.size > 0) fetchPackages([...missing.values()]);
  for (const part of parts) {
    const binary = find(part);
    if (binary === undefined) throw new Error(`"${part.package}" was unpacked but cannot be found`);
    const version = / v?(\d+\.\S+)/.exec(versionOf(binary))?.[1];
    if (version === undefined) throw new Error(`"${binary} --version" names no version`);
    console.log(`${part.commands[0]} ${version} ${binary}`);
  }
} catch (error) {
  console.error(`hack/debian/fetch.ts: ${Error.isError(error) ? error.message : String(error)}`);
  process.exitCode = 1;
}

function partsOf(name: string): readonly Part[] {
  const parts = PARTS.filter(part => part.package === name);
  if (parts.length > 0) return parts;
  const known = [...new Set(PARTS.map(part => part.package))].join(', ');
  throw new Error(`"${name}" is no package that can be fetched: ${known} are`);
}

function fetchPackages(parts: readonly Part[]): void {
  const names = parts.map(part => `"${part.package}"`).join(' and ');
  if (command('apt-get') === undefined || command('dpkg') === undefined) {
    throw new Error(`${names} not on the PATH, and without apt-get and dpkg it cannot be fetched: install it by hand`);
  }
  mkdirSync(cacheFolder(), { recursive: true });
  const work = mkdtempSync(join(cacheFolder(), 'fetching-'));
  try {
    const apt = createApt(work);
    for (const part of parts) fetchPackage(part, apt, work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function fetchPackage(part: Part, apt: Apt, work: string): void {
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
