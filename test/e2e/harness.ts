import type { ImageStreamImport } from '../../src/api/image-stream-import.ts';
import { API_VERSION } from '../../src/api/names.ts';
import { systemClock } from '../../src/clock.ts';
import type { Platform } from '../../src/image/platform.ts';
import { withImportDefaults } from '../../src/imagestream/defaults.ts';
import type { TagResult } from '../../src/imagestream/result.ts';
import { createImporter, type ImportOutcome, type ImportTag } from '../../src/importer/importer.ts';
import { silentLogger } from '../../src/log.ts';
import { createLanes } from '../../src/queue/lanes.ts';
import { createRegistryClient } from '../../src/registry/client.ts';
import { readPullSecrets } from '../../src/registry/docker-config.ts';
import { createKeyring } from '../../src/registry/keyring.ts';
import { LanePaused } from '../../src/registry/lanes.ts';
import type { HostSettings, RegistrySettings } from '../../src/registry/settings.ts';
import type { Keyring } from '../../src/registry/types.ts';
import { hostSettings, registrySettings } from '../fake/settings.ts';
import type { Credentials, LoggedRequest, RunningRegistry } from './setups.ts';

/** The whole engine in one process, asking a real registry. */
export interface Engine {
  /** Carries out an ImageStreamImport; references are written as `registry.host + '/team/app:v1'`. */
  run(spec: Partial<ImageStreamImport['spec']>, keyring?: Keyring): Promise<ImportOutcome>;
  /** Checks one tag as the operator does. */
  check(request: ImportTag, keyring?: Keyring): Promise<TagResult>;
  close(): Promise<void>;
}

export interface EngineOptions {
  /** What an administrator says of the registry; "nothing" leaves it unlisted. Default: all that it needs. */
  readonly administrator?: 'all' | 'nothing';
  readonly platform?: Platform;
}

export const AMD64: Platform = { os: 'linux', architecture: 'amd64' };

export function createEngine(registry: RunningRegistry, options: EngineOptions = {}): Engine {
  const settings = settingsFor(registry, options.administrator ?? 'all');
  const lanes = createLanes({
    clock: systemClock,
    limits: host => settings.host(host).rate,
    maxWaitMs: 10_000,
    paused: (host, untilMs) => new LanePaused(host, untilMs),
  });
  const client = createRegistryClient({ settings, lanes, clock: systemClock, log: silentLogger });
  const importer = createImporter({ client, clock: systemClock, log: silentLogger, retry: action => action() });
  const known = keyringOf(registry);
  const policy = { blockedHosts: new Set<string>() };
  const { signal } = new AbortController();
  return {
    run: (spec, keyring = known) =>
      importer.importRequest({
        isi: isiOf(spec),
        keyring,
        withoutSecrets: keyringOf(registry, []),
        platform: options.platform ?? AMD64,
        maxImagesPerRepository: 50,
        signal,
        ...policy,
      }),
    check: (request, keyring = known) => importer.importTag(request, { keyring, signal, priority: 0, ...policy }),
    close: () => client.close(),
  };
}

/** An image entry: `image('127.0.0.1:5000/team/app:v1', {importMode: 'PreserveOriginal'})`. */
export function image(
  name: string,
  importPolicy: { readonly importMode?: 'Legacy' | 'PreserveOriginal'; readonly insecure?: boolean } = {},
) {
  return { from: { kind: 'DockerImage' as const, name }, importPolicy };
}

/** Credentials as pull secrets of a namespace hold them, in order; those of the registry itself by default. */
export function keyringOf(
  registry: RunningRegistry,
  entries: readonly DockerEntry[] = registry.credentials === undefined ? [] : [password(registry.credentials)],
): Keyring {
  const secrets = entries.map((entry, at) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `pull-${at}`, namespace: 'demo' },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': base64(JSON.stringify({ auths: { [registry.host]: entry } })) },
  }));
  return createKeyring(readPullSecrets(secrets).configs, { fingerprint: fields => fields.join(' ') });
}

/** One entry of a docker config. */
export type DockerEntry = { readonly auth: string } | { readonly identitytoken: string };

export function password(credentials: Credentials): DockerEntry {
  return { auth: base64(`${credentials.username}:${credentials.password}`) };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function isiOf(spec: Partial<ImageStreamImport['spec']>): ImageStreamImport {
  return withImportDefaults({
    apiVersion: API_VERSION,
    kind: 'ImageStreamImport',
    metadata: { name: 'app', namespace: 'demo' },
    spec: { import: false, ...spec },
  });
}

function settingsFor(registry: RunningRegistry, administrator: 'all' | 'nothing'): RegistrySettings {
  const listed = listedHost(registry);
  // Trust in a CA is a matter of one host, so the token server is listed by itself.
  const hosts = administrator === 'all' ? [registry.host, ...listed.trustedRealmHosts] : [];
  return registrySettings({}, { host: host => (hosts.includes(host) ? listed : UNLISTED) });
}

/** Rate limits are lifted: they are about other people's registries. */
const UNLISTED = hostSettings({ rate: { perSecond: 10_000, burst: 10_000, inFlight: 8 } });

function listedHost({ url, ca, tokenServer }: RunningRegistry): HostSettings {
  return {
    ...UNLISTED,
    listed: true,
    plainHttp: url.startsWith('http:'),
    allowCredentialsOverHttp: true,
    ...(ca === undefined ? {} : { ca }),
    trustedRealmHosts: tokenServer === undefined ? [] : [new URL(tokenServer.realm).host],
  };
}

/** `GET manifests`, `HEAD manifests`, `GET blobs`, `GET tags`: what was asked of a repository, answered with success. */
export function kinds(requests: readonly LoggedRequest[]): string[] {
  return requests
    .filter(({ status }) => status < 400)
    .map(({ method, path }) => `${method} ${/\/(manifests|blobs|tags)\//.exec(path)?.[1] ?? path}`);
}
