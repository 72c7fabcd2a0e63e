import type { Clock } from '../clock.ts';
import type { RegistryPolicy } from '../controller/tag-imports.ts';
import { createImporter, type Importer } from '../importer/importer.ts';
import type { Logger } from '../log.ts';
import { createLanes, type HostLanes } from '../queue/lanes.ts';
import { retrying } from '../queue/retry.ts';
import { createRegistryClient } from '../registry/client.ts';
import { isTransient, RegistryError } from '../registry/errors.ts';
import { LanePaused } from '../registry/lanes.ts';
import type { RegistryObserver } from '../registry/observer.ts';
import type { LoadedRegistries } from './registry-settings.ts';

/** Longest rest of a pause that a request of the operator waits for in its lane; beyond it the tag fails, and says so. */
const LONGEST_WAIT_MS = 60_000;
/** A user's import tries again at once a little (R4.6); a stream's tags have their own schedule of retries. */
const IMPORT_RETRY_DELAYS_MS = [500, 2000];

/** What the operator asks registries with, as one registries file says it. */
export interface RegistryParts {
  /** For tags of streams. */
  readonly tags: Importer;
  /** For ImageStreamImports. */
  readonly imports: Importer;
  readonly lanes: HostLanes;
  readonly policy: ReturnType<RegistryPolicy>;
  /** Match credentials as the kubelet does. */
  readonly strict: boolean;
  close(): Promise<void>;
}

export interface RegistryPartsInput {
  readonly loaded: LoadedRegistries;
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer: RegistryObserver;
}

export function connectRegistries({ loaded, clock, log, observer }: RegistryPartsInput): RegistryParts {
  const { settings, allowed, blockedHosts } = loaded;
  const lanes = createLanes({
    clock,
    limits: host => settings.host(host).rate,
    maxWaitMs: LONGEST_WAIT_MS,
    paused: (host, untilMs) => new LanePaused(host, untilMs),
  });
  const client = createRegistryClient({ settings, lanes, clock, log, observer });
  const tags = createImporter({ client, clock, log, retry: action => action() });
  const imports = createImporter({
    client,
    clock,
    log,
    retry: (action, signal) =>
      retrying(action, {
        delaysMs: IMPORT_RETRY_DELAYS_MS,
        isTransient: error => error instanceof RegistryError && isTransient(error),
        retryAtMs: error => (error instanceof RegistryError ? error.retryAtMs : undefined),
        maxWaitMs: LONGEST_WAIT_MS,
        clock,
        random: Math.random,
        signal,
      }),
  });
  return {
    tags,
    imports,
    lanes,
    policy: { blockedHosts, ...(allowed && { allowed }) },
    strict: settings.strictKubeletMatching,
    close: () => client.close(),
  };
}
