import { createHmac, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type DockerConfig, readDockerConfigJson, readPullSecrets } from '../registry/docker-config.ts';
import { createKeyring } from '../registry/keyring.ts';
import type { Keyring } from '../registry/types.ts';
import { askCredentialHelper } from './credential-helper.ts';
import { CommandFault, fileFault } from './fault.ts';

export interface CredentialSources {
  /** Secrets as `kubectl get secrets -o json` prints them. */
  readonly pullSecretsFile?: string | undefined;
  readonly authFile?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly strict: boolean;
  /** Logical hosts that will be asked: credential helpers are run for these. */
  readonly hosts: readonly string[];
  /** Home where `HOME` is not set; throws when the machine does not know the user. The system's own unless given. */
  readonly homeOfUser?: () => string;
}

export interface LoadedCredentials {
  readonly keyring: Keyring;
  /** What was skipped, and why; no secrets. */
  readonly warnings: readonly string[];
}

/** The key under which docker and its helpers keep Docker Hub's credential. */
const HUB_SERVER = 'https://index.docker.io/v1/';
/** Where podman keeps log-ins, below the runtime folder. */
const RUNTIME_FILE = 'containers/auth.json';

/**
 * Credentials of the import command: the given Secrets, else the given file, else where podman and docker look. Throws
 * `CommandFault` when a file that was named cannot be used; a file that is merely looked for may be absent.
 */
export async function loadCredentials(sources: CredentialSources): Promise<LoadedCredentials> {
  const { configs, warnings } = await readSources(sources);
  const keyring = createKeyring(configs, { fingerprint: processFingerprint, strict: sources.strict });
  return { keyring, warnings };
}

/** No credentials at all, for the second try that import-semantics 7.3 asks for. */
export function emptyKeyring(): Keyring {
  return createKeyring([], { fingerprint: processFingerprint });
}

// Fingerprints tell identities apart in memory. The random key keeps them from being matched against anything (R2.31).
const fingerprintKey = randomBytes(32);
export function processFingerprint(fields: readonly string[]): string {
  return createHmac('sha256', fingerprintKey).update(JSON.stringify(fields)).digest('hex');
}

interface Configs {
  readonly configs: readonly DockerConfig[];
  readonly warnings: readonly string[];
}

async function readSources(sources: CredentialSources): Promise<Configs> {
  if (sources.pullSecretsFile !== undefined) return readSecretsFile(sources.pullSecretsFile, sources.strict);
  if (sources.authFile !== undefined) return readAuthFile(sources.authFile, await read(sources.authFile), sources);
  const found: Configs[] = [];
  for (const path of defaultAuthFiles(sources)) {
    const text = await readIfThere(path);
    if (text !== undefined) found.push(await readAuthFile(path, text, sources));
  }
  return { configs: found.flatMap(({ configs }) => configs), warnings: found.flatMap(({ warnings }) => warnings) };
}

/** Where podman and docker look, in their order; the first that knows a registry wins. */
function defaultAuthFiles(sources: CredentialSources): string[] {
  const { env } = sources;
  const podman = env['REGISTRY_AUTH_FILE'] || (env['XDG_RUNTIME_DIR'] && join(env['XDG_RUNTIME_DIR'], RUNTIME_FILE));
  const folder = env['DOCKER_CONFIG'] || dockerFolder(sources);
  return [podman, folder && join(folder, 'config.json')].flatMap(path => path || []);
}

/** Nothing for a user without a home, as containers are often run. */
function dockerFolder({ env, homeOfUser = homedir }: CredentialSources): string | undefined {
  try {
    return join(env['HOME'] || homeOfUser(), '.docker');
  } catch {
    return undefined;
  }
}

async function readSecretsFile(path: string, strict: boolean): Promise<Configs> {
  const document = parseJson(path, await read(path));
  const items = secretsOf(document);
  if (items === undefined) {
    throw new CommandFault([
      `"${path}": expected a Secret, a list of them or an array, as kubectl get secrets -o json prints`,
    ]);
  }
  return readPullSecrets(items, { strict });
}

function secretsOf(document: unknown): readonly unknown[] | undefined {
  if (Array.isArray(document)) return document;
  if (typeof document !== 'object' || document === null) return undefined;
  const { kind, items } = document as { kind?: unknown; items?: unknown };
  if (kind === 'Secret') return [document];
  return Array.isArray(items) ? items : undefined;
}

async function readAuthFile(path: string, text: string, sources: CredentialSources): Promise<Configs> {
  // As docker and podman take it.
  if (text.trim() === '') return { configs: [], warnings: [] };
  const document = parseJson(path, text);
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new CommandFault([`"${path}": expected a JSON object with auths`]);
  }
  // A file that only names helpers is as good as one with credentials in it.
  const { entries, warnings } =
    'auths' in document ? readDockerConfigJson(text, { strict: sources.strict }) : { entries: [], warnings: [] };
  const helpers = await readHelpers(document as AuthFile, sources);
  return {
    configs: [{ entries }, ...helpers.configs],
    warnings: [...warnings, ...helpers.warnings].map(warning => `${path}: ${warning}`),
  };
}

interface AuthFile {
  readonly credHelpers?: unknown;
  readonly credsStore?: unknown;
}

/** Runs the helpers that the file names for the registries that will be asked. One that fails is only warned of. */
async function readHelpers(file: AuthFile, { hosts, env }: CredentialSources): Promise<Configs> {
  const named = new Map(Object.entries(isObject(file.credHelpers) ? file.credHelpers : {}));
  const store = typeof file.credsStore === 'string' && file.credsStore !== '' ? file.credsStore : undefined;
  const configs: DockerConfig[] = [];
  const warnings: string[] = [];
  for (const host of new Set(hosts)) {
    const helper = host === 'docker.io' ? (named.get(HUB_SERVER) ?? named.get(host)) : named.get(host);
    const name = typeof helper === 'string' ? helper : store;
    if (name === undefined) continue;
    const server = host === 'docker.io' ? HUB_SERVER : host;
    try {
      const credential = await askCredentialHelper(name, server, env);
      if (credential === undefined) continue;
      const { username, secret: password } = credential;
      configs.push(readDockerConfigJson(JSON.stringify({ auths: { [server]: { username, password } } })));
    } catch (error) {
      warnings.push(Error.isError(error) ? error.message : `credential helper ${name} failed`);
    }
  }
  return { configs, warnings };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// V8's message quotes a piece of the text, which may be a secret: only the fact is told.
function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandFault([`"${path}": not valid JSON`]);
  }
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw fileFault('read', path, error);
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw fileFault('read', path, error);
  }
}
