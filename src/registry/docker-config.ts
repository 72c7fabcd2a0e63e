import { type DockerEntry, readEntries } from './docker-entry.ts';

/** Credentials of one secret or one auth file, in the order they were written. */
export interface DockerConfig {
  readonly entries: readonly DockerEntry[];
}

/** A config, and what of it could not be used. Warnings quote locations, never values. */
export interface ReadDockerConfig extends DockerConfig {
  readonly warnings: readonly string[];
}

export interface ReadOptions {
  /** Leave out what the kubelet would not take either (R3.9). */
  readonly strict?: boolean;
}

const MAX_BYTES = 1024 * 1024;

/** Reads the text of a `.dockerconfigjson` or of docker's own config file (R3.1). Never throws. */
export function readDockerConfigJson(text: string, options: ReadOptions = {}): ReadDockerConfig {
  const document = parseDocument(text);
  if (typeof document === 'string') return skipped(document);
  const auths = document.get('auths');
  if (auths === undefined && document.size > 0) return skipped('it has no "auths"');
  if (auths === undefined || auths === null) return { entries: [], warnings: [] };
  return isObject(auths) ? readEntries(Object.entries(auths), options) : skipped('"auths" is no object');
}

/** Reads the text of a `.dockercfg`: the map itself, or one wrapped in `auths` (R3.2). Never throws. */
export function readDockercfg(text: string, options: ReadOptions = {}): ReadDockerConfig {
  const document = parseDocument(text);
  if (typeof document === 'string') return skipped(document);
  const auths = document.get('auths');
  // A registry may be called "auths"; its entry holds texts, a map of entries holds objects.
  const isWrapped = isObject(auths) && Object.values(auths).every(isObject);
  return readEntries(isWrapped ? Object.entries(auths) : [...document], options);
}

const EXCLUDED = 'openshift.io/image.excludeSecret';

/** How each type of pull secret keeps its config. Secrets of other types are none of ours. */
const FORMATS = {
  'kubernetes.io/dockerconfigjson': { key: '.dockerconfigjson', read: readDockerConfigJson },
  'kubernetes.io/dockercfg': { key: '.dockercfg', read: readDockercfg },
} as const;

export interface ReadPullSecrets {
  readonly configs: readonly DockerConfig[];
  readonly warnings: readonly string[];
}

/**
 * The configs of a namespace's pull secrets, in the order of the secrets (R3.3, controllers 7.1): those of the two
 * docker types that are not excluded by annotation. A secret that can't be read skips only itself, with a warning that
 * names it. Never throws.
 */
export function readPullSecrets(secrets: readonly unknown[], options: ReadOptions = {}): ReadPullSecrets {
  const configs: DockerConfig[] = [];
  const warnings: string[] = [];
  for (const secret of secrets) {
    if (!isObject(secret) || isExcluded(secret)) continue;
    const config = readSecret(secret, options);
    if (config === undefined) continue;
    if (config.entries.length > 0) configs.push({ entries: config.entries });
    warnings.push(...config.warnings.map(warning => `secret "${nameOf(secret)}": ${warning}`));
  }
  return { configs, warnings };
}

function readSecret(secret: Members, options: ReadOptions): ReadDockerConfig | undefined {
  const { type, data, stringData } = secret;
  if (type !== 'kubernetes.io/dockerconfigjson' && type !== 'kubernetes.io/dockercfg') return undefined;
  const { key, read } = FORMATS[type];
  // A manifest that was never applied may still hold plain text, which the API server would let win.
  const plain = isObject(stringData) ? stringData[key] : undefined;
  if (typeof plain === 'string' && plain !== '') return read(plain, options);
  const encoded = isObject(data) ? data[key] : undefined;
  if (encoded === undefined || encoded === null || encoded === '') return undefined;
  if (typeof encoded !== 'string') return skipped(`"${key}" is no text`);
  if (encoded.length > (MAX_BYTES * 4) / 3 + 4) return skipped('it is larger than 1 MiB');
  return read(Buffer.from(encoded, 'base64').toString('utf8'), options);
}

type Members = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isExcluded({ metadata }: Members): boolean {
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined;
  return isObject(annotations) && annotations[EXCLUDED] === 'true';
}

function nameOf({ metadata }: Members): string {
  const { namespace, name } = isObject(metadata) ? metadata : {};
  return [namespace, name].filter(part => typeof part === 'string' && part !== '').join('/');
}

/** Members of a JSON object by name, or what is wrong with it. A parser's own words would quote the text. */
function parseDocument(text: string): ReadonlyMap<string, unknown> | string {
  if (text.length > MAX_BYTES) return 'it is larger than 1 MiB';
  if (text.trim() === '') return new Map();
  try {
    const document: unknown = JSON.parse(text);
    return isObject(document) ? new Map(Object.entries(document)) : 'it is no JSON object';
  } catch {
    return 'it is no valid JSON';
  }
}

function skipped(why: string): ReadDockerConfig {
  return { entries: [], warnings: [`skipped: ${why}`] };
}
