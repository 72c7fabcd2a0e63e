import type { ImageStream } from '../api/image-stream.ts';
import type { Clock } from '../clock.ts';
import type { ImportOptions } from '../config/import-options.ts';
import type { AllowList } from '../imagestream/allow-list.ts';
import type { TagRequest } from '../imagestream/request.ts';
import type { TagResult } from '../imagestream/result.ts';
import { createImporter, type Importer } from '../importer/importer.ts';
import { createLogger } from '../log.ts';
import { createLanes } from '../queue/lanes.ts';
import { retrying } from '../queue/retry.ts';
import { createRegistryClient } from '../registry/client.ts';
import { isTransient, RegistryError } from '../registry/errors.ts';
import { LanePaused } from '../registry/lanes.ts';
import type { Keyring } from '../registry/types.ts';
import { emptyKeyring, loadCredentials } from './credential-files.ts';
import { withMirrors } from './import-request.ts';
import { loadRegistrySettings } from './registry-settings.ts';
import { requestLog } from './request-log.ts';
import type { Surroundings } from './surroundings.ts';

/** Retries of one request, and the longest wait for a paused registry (R4.6): a person is waiting. */
const RETRY_DELAYS_MS = [500, 2000];
const LONGEST_WAIT_MS = 10_000;

/** What imports are asked with besides the request itself. */
export interface ImportContext {
  readonly keyring: Keyring;
  readonly withoutSecrets: Keyring;
  readonly blockedHosts: ReadonlySet<string>;
}

/** The parts of one run of the command, joined. */
export interface ImportParts {
  readonly importer: Importer;
  /** Registries that may be imported from; undefined allows all. */
  readonly allowed: AllowList | undefined;
  readonly context: ImportContext;
  /** Loads the credentials for these logical hosts and their mirrors; until then there are none. */
  useCredentials(hosts: readonly string[]): Promise<void>;
  /** One tag of a stream, known to be what the stream records. */
  importTag(stream: ImageStream, request: TagRequest, priority: number, signal: AbortSignal): Promise<TagResult>;
  close(): Promise<void>;
}

/** Joins settings, lanes, registry client and importer. Throws `CommandFault` when a file cannot be used. */
export async function connect(
  options: ImportOptions,
  { env, stderr }: Surroundings,
  clock: Clock,
): Promise<ImportParts> {
  const log = createLogger(options.logLevel, stderr);
  const { settings, allowed, blockedHosts } = await loadRegistrySettings(options, env);
  const lanes = createLanes({
    clock,
    limits: host => settings.host(host).rate,
    maxWaitMs: LONGEST_WAIT_MS,
    paused: (host, untilMs) => new LanePaused(host, untilMs),
  });
  const client = createRegistryClient({ settings, lanes, clock, log, observer: requestLog(log) });
  // A watch has its own schedule of retries; a single run has nothing but these.
  const delaysMs = options.watch === undefined ? RETRY_DELAYS_MS : [];
  const importer = createImporter({
    client,
    clock,
    log,
    retry: (action, signal) =>
      retrying(action, {
        delaysMs,
        isTransient: error => error instanceof RegistryError && isTransient(error),
        retryAtMs: error => (error instanceof RegistryError ? error.retryAtMs : undefined),
        maxWaitMs: LONGEST_WAIT_MS,
        clock,
        random: Math.random,
        signal,
      }),
  });
  let context: ImportContext = { keyring: emptyKeyring(), withoutSecrets: emptyKeyring(), blockedHosts };
  return {
    importer,
    allowed,
    get context() {
      return context;
    },
    async useCredentials(hosts) {
      const { pullSecrets, authFile } = options;
      const { strictKubeletMatching: strict } = settings;
      const { keyring, warnings } = await loadCredentials({
        pullSecretsFile: pullSecrets,
        authFile,
        env,
        strict,
        hosts: withMirrors(hosts, settings),
      });
      for (const warning of warnings) log.warn({ warning }, 'A credential was skipped');
      context = { ...context, keyring };
    },
    importTag: (stream, request, priority, signal) => {
      const head = stream.status?.tags?.find(({ tag }) => tag === request.tag)?.items?.[0]?.image;
      const recordedImage = head === undefined || head === '' ? {} : { recordedImage: head };
      return importer.importTag({ ...request, ...recordedImage }, { ...context, signal, priority });
    },
    close: () => client.close(),
  };
}
