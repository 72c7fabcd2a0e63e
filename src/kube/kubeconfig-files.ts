import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { KubeConfig as ClientConfig } from '@kubernetes/client-node';
import { LineCounter, parseDocument } from 'yaml';
import { isObject } from './json.ts';
import { fileFault, KubeConfigFault } from './kubeconfig-fault.ts';

type Members = Readonly<Record<string, unknown>>;

/**
 * Reads kubeconfig files and joins them as kubectl does: of what has one name, the first counts. Throws
 * `KubeConfigFault`.
 */
export async function readKubeconfigs(
  files: readonly string[],
  mayMiss: boolean,
  source: string,
): Promise<ClientConfig> {
  const read = await Promise.all(files.map(file => readOne(file, mayMiss)));
  const configs = read.filter(config => config !== undefined);
  if (configs.length === 0) throw new KubeConfigFault(`${source}: none of the files exists`);
  const { KubeConfig: Client } = await import('./kubeconfig-library.ts');
  const joined = new Client();
  joined.loadFromOptions({
    clusters: firstOfEachName(configs.flatMap(({ clusters }) => clusters)),
    users: firstOfEachName(configs.flatMap(({ users }) => users)),
    contexts: firstOfEachName(configs.flatMap(({ contexts }) => contexts)),
    currentContext: configs.map(({ currentContext }) => currentContext).find(name => Boolean(name)),
  });
  return joined;
}

async function readOne(file: string, mayMiss: boolean): Promise<ClientConfig | undefined> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const why = fileFault(error) ?? 'it cannot be read';
    if (mayMiss && why === 'there is no such file') return undefined;
    throw new KubeConfigFault(`kubeconfig "${file}": ${why}`, { cause: error });
  });
  if (text === undefined) return undefined;
  const members = parse(text, file);
  const { KubeConfig: Client } = await import('./kubeconfig-library.ts');
  const config = new Client();
  try {
    const users = list(members['users']).map(user => withTokenFile(user, dirname(file)));
    config.loadFromString(JSON.stringify({ ...members, users }));
    config.makePathsAbsolute(dirname(resolve(file)));
  } catch (error) {
    // `clusters[0].cluster.server is missing`; whatever else it may say could quote the file.
    const said =
      Error.isError(error) && /^\w+\[\d+\][\w.]* is missing$/.test(error.message) ? error.message : undefined;
    throw new KubeConfigFault(`kubeconfig "${file}": ${said ?? 'it has not the form of a kubeconfig'}`);
  }
  return config;
}

/** YAML errors quote the text around them, so they are told by their line alone. */
function parse(text: string, file: string): Members {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new KubeConfigFault(`kubeconfig "${file}": line ${lineCounter.linePos(error.pos[0]).line} is no valid YAML`);
  }
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  if (!isObject(value)) throw new KubeConfigFault(`kubeconfig "${file}": it has not the form of a kubeconfig`);
  return value;
}

/** The client library knows no `tokenFile`; as an auth provider it follows the file. It goes before `token`. */
function withTokenFile(user: unknown, directory: string): unknown {
  if (!isObject(user) || !isObject(user['user'])) return user;
  const { tokenFile, token, ...rest } = user['user'];
  if (typeof tokenFile !== 'string' || tokenFile === '') return user;
  const config = { tokenFile: resolve(directory, tokenFile) };
  return { ...user, user: { ...rest, 'auth-provider': { name: 'tokenFile', config } } };
}

function firstOfEachName<T extends { readonly name: string }>(entries: readonly T[]): readonly T[] {
  const first = new Map<string, T>();
  for (const entry of entries) if (!first.has(entry.name)) first.set(entry.name, entry);
  return [...first.values()];
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
