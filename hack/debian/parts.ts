import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../cache.ts';
import { isExecutable, onPathAs } from '../programs.ts';

/** A program of somebody else's that e2e and the benches run. */
export interface Part {
  /** Name of its Debian package, and of that one's folder in the cache. */
  readonly package: 'docker-registry' | 'skopeo' | 'prometheus';
  /** Where it is inside that folder. */
  readonly inside: string;
  /** Names it has on a PATH. */
  readonly commands: readonly string[];
  /** What `--version` says when the command is the program meant: `registry` is a name others have, too. */
  readonly says: RegExp;
}

export const REGISTRY: Part = {
  package: 'docker-registry',
  inside: 'usr/bin/docker-registry',
  commands: ['docker-registry', 'registry'],
  says: /distribution/,
};

export const SKOPEO: Part = { package: 'skopeo', inside: 'bin/skopeo', commands: ['skopeo'], says: /^skopeo version/ };

export const PROMETHEUS: Part = {
  package: 'prometheus',
  inside: 'usr/bin/prometheus',
  commands: ['prometheus'],
  says: /^prometheus, version/,
};

export const PROMTOOL: Part = {
  package: 'prometheus',
  inside: 'usr/bin/promtool',
  commands: ['promtool'],
  says: /^promtool, version/,
};

export const PARTS: readonly Part[] = [REGISTRY, SKOPEO, PROMETHEUS, PROMTOOL];

/** The real registry: from the PATH, else from the cache, else `undefined`. Fetches nothing. */
export function registryBinary(): string | undefined {
  return find(REGISTRY);
}

/** skopeo: from the PATH, else from the cache, else `undefined`. Fetches nothing. */
export function skopeoBinary(): string | undefined {
  return find(SKOPEO);
}

/** Prometheus: from the PATH, else from the cache, else `undefined`. Fetches nothing. */
export function prometheusBinary(): string | undefined {
  return find(PROMETHEUS);
}

/** promtool: from the PATH, else from the cache, else `undefined`. Fetches nothing. */
export function promtoolBinary(): string | undefined {
  return find(PROMTOOL);
}

export function find(part: Part): string | undefined {
  return onPath(part) ?? inCache(part);
}

/** First line of what `--version` prints; "" when the program does not run. */
export function versionOf(binary: string): string {
  try {
    return (
      execFileSync(binary, ['--version'], { encoding: 'utf8', stdio: 'pipe', timeout: 10_000 }).split('\n')[0] ?? ''
    );
  } catch {
    return '';
  }
}

function onPath(part: Part): string | undefined {
  return onPathAs(part.commands).find(file => part.says.test(versionOf(file)));
}

/** Several versions may be there: the newest is used. */
function inCache(part: Part): string | undefined {
  const order = new Intl.Collator('en', { numeric: true });
  return foldersOf(cacheFolder())
    .filter(name => name.startsWith(`${part.package}-`))
    .sort((a, b) => order.compare(b, a))
    .map(name => join(cacheFolder(), name, part.inside))
    .find(isExecutable);
}

function foldersOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
