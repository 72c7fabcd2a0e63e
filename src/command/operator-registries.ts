import type { Clock } from '../clock.ts';
import { readRegistriesFile } from '../config/registries-file.ts';
import type { HostPolicies } from '../controller/tag-imports.ts';
import { createImporter, type Importer } from '../importer/importer.ts';
import { createSharedClient } from '../importer/shared-client.ts';
import type { Logger } from '../log.ts';
import type { LaneStats } from '../queue/lane.ts';
import { createLanes, type HostLanes } from '../queue/lanes.ts';
import { retrying } from '../queue/retry.ts';
import { createRegistryClient } from '../registry/client.ts';
import { isTransient, RegistryError } from '../registry/errors.ts';
import { LanePaused } from '../registry/lanes.ts';
import type { RegistryObserver } from '../registry/observer.ts';
import { CommandFault } from './fault.ts';
import {
  type LoadedRegistries,
  loadRegistrySettings,
  type ParseRegistries,
  parseWhenChanged,
  type RegistryOptions,
} from './registry-settings.ts';

export interface OperatorRegistriesParts {
  readonly options: RegistryOptions;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer: RegistryObserver;
  /** Told whenever the file was read again because it had changed. */
  readonly reloaded: (succeeded: boolean) => void;
  /** How a text of the file is read; only when it has changed. */
  readonly parse?: ParseRegistries;
}

/** Longest rest of a pause that a request waits for in its lane; beyond it the tag fails, and says so. */
const LONGEST_WAIT_MS = 60_000;
/** A user's import tries again at once a little (R4.6); a stream's tags have their own schedule of retries. */
const IMPORT_RETRY_DELAYS_MS = [500, 2000];
/** The file is mostly a mounted ConfigMap, which itself comes a minute or two after an edit. */
const LOOK_AT_FILE_MS = 30_000;
/** Requests under way when the settings change go on with the old ones for so long. */
const OLD_SETTINGS_MS = 120_000;

type Load = () => Promise<LoadedRegistries>;

/** What registries are asked with, by one version of the registries file. */
interface Connected {
  readonly loaded: LoadedRegistries;
  readonly policy: HostPolicies;
  readonly tags: Importer;
  readonly imports: Importer;
  readonly close: () => Promise<void>;
}

/**
 * The operator's way to registries. It follows the registries file, and the files that one names: a new version is used
 * as a whole, one with faults is told and not used.
 */
export class OperatorRegistries {
  readonly #parts: OperatorRegistriesParts;
  readonly #load: Load;
  /** They outlast every version of the file: what a registry has asked for holds, whatever an administrator edits. */
  readonly #lanes: HostLanes;
  /** Connections of versions before, until what was under way on them is over. */
  readonly #old = new Set<Connected>();
  readonly #closing = new AbortController();
  #current: Connected;
  #complaint = '';

  private constructor(parts: OperatorRegistriesParts, load: Load, loaded: LoadedRegistries) {
    const { clock } = parts;
    this.#parts = parts;
    this.#load = load;
    this.#lanes = createLanes({
      clock,
      limits: host => this.#current.loaded.settings.host(host).rate,
      maxWaitMs: LONGEST_WAIT_MS,
      paused: (host, untilMs, cause) => new LanePaused(host, untilMs, cause),
      breakerJitter: Math.random,
    });
    this.#current = connect(loaded, this.#lanes, parts);
  }

  /** Throws `CommandFault` when the file cannot be used. */
  static async load(parts: OperatorRegistriesParts): Promise<OperatorRegistries> {
    const parse = parseWhenChanged(parts.parse ?? readRegistriesFile);
    const load = () => loadRegistrySettings(parts.options, parts.env, parse);
    return new OperatorRegistries(parts, load, await load());
  }

  /** For tags of streams: tried once, the rest is the schedule's. */
  readonly tags: Pick<Importer, 'importTag'> = {
    importTag: (request, context) => this.#current.tags.importTag(request, context),
  };

  /** For imports of users and of whole repositories. */
  readonly imports: Pick<Importer, 'importRequest'> = {
    importRequest: input => this.#current.imports.importRequest(input),
  };

  get policy(): HostPolicies {
    return this.#current.policy;
  }

  /** Whether credentials are matched as the kubelet does (R3.9). */
  get strict(): boolean {
    return this.#current.loaded.settings.strictKubeletMatching;
  }

  /** Whether the file, as it stands, is what is in force. */
  get isFileValid(): boolean {
    return this.#complaint === '';
  }

  lanes(): readonly LaneStats[] {
    return this.#lanes.stats();
  }

  /** Follows the files until the signal fires. */
  async follow(signal: AbortSignal): Promise<void> {
    const { clock, options } = this.#parts;
    if (options.registriesFile === undefined) return;
    while (!signal.aborted) {
      try {
        await clock.sleep(LOOK_AT_FILE_MS, signal);
      } catch {
        return;
      }
      await this.#look();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#current, ...this.#old].map(connected => connected.close()));
    this.#old.clear();
  }

  async #look(): Promise<void> {
    const { options, log, reloaded } = this.#parts;
    try {
      const loaded = await this.#load();
      this.#complaint = '';
      if (loaded.fingerprint === this.#current.loaded.fingerprint) return;
      this.#use(loaded);
      log.info({ file: options.registriesFile }, 'The registries file has changed and is in force');
      reloaded(true);
    } catch (error) {
      // A mistake of ours in reading it must not end what works.
      const faults = error instanceof CommandFault ? error.lines : [`it was not understood: ${String(error)}`];
      const complaint = faults.join('\n');
      // Once for each fault, not every few seconds.
      if (complaint === this.#complaint) return;
      this.#complaint = complaint;
      log.error({ faults }, 'The registries file cannot be used: the old one stays in force');
      reloaded(false);
    }
  }

  #use(loaded: LoadedRegistries): void {
    const old = this.#current;
    this.#current = connect(loaded, this.#lanes, this.#parts);
    this.#lanes.limitsChanged();
    this.#old.add(old);
    void this.#closeLater(old);
  }

  async #closeLater(old: Connected): Promise<void> {
    const { clock, log } = this.#parts;
    try {
      await clock.sleep(OLD_SETTINGS_MS, this.#closing.signal);
      this.#old.delete(old);
      await old.close();
    } catch {
      // The end of all closes this one, too, and nobody is to wait until its time has come.
      if (!this.#closing.signal.aborted) log.warn({}, 'Connections of old registry settings could not be closed');
    }
  }
}

function connect(
  loaded: LoadedRegistries,
  lanes: HostLanes,
  { clock, log, observer }: OperatorRegistriesParts,
): Connected {
  const { settings, allowed, blockedHosts } = loaded;
  const direct = createRegistryClient({ settings, lanes, clock, log, observer });
  const lift = (signal: AbortSignal, priority: number) => lanes.lift(signal, priority);
  const client = createSharedClient({ client: direct, clock, settings, lift });
  return {
    loaded,
    policy: { blockedHosts, ...(allowed && { allowed }) },
    tags: createImporter({ client, clock, log, retry: action => action() }),
    imports: createImporter({
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
    }),
    close: () => client.close(),
  };
}
