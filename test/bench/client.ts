import { systemClock } from '../../src/clock.ts';
import { createImporter, type Importer } from '../../src/importer/importer.ts';
import { silentLogger } from '../../src/log.ts';
import { createLanes } from '../../src/queue/lanes.ts';
import { createRegistryClient } from '../../src/registry/client.ts';
import { createKeyring } from '../../src/registry/keyring.ts';
import { LanePaused } from '../../src/registry/lanes.ts';
import type { RegistryObserver } from '../../src/registry/observer.ts';
import type { HostSettings } from '../../src/registry/settings.ts';
import type { RegistryClient, RequestContext } from '../../src/registry/types.ts';
import { hostSettings, registrySettings } from '../fake/settings.ts';

export interface Engine {
  readonly client: RegistryClient;
  readonly importer: Importer;
  readonly context: RequestContext;
}

export interface EngineOptions {
  /** Requests in flight at the host. */
  readonly inFlight: number;
  readonly ca?: string;
  readonly plainHttp: boolean;
  readonly observer?: RegistryObserver;
}

/** No pace decides a bench: it is lifted, and the print says so. */
const LIFTED = { perSecond: 1e9, burst: 1e9 };

/** Client and importer as the command joins them, without credentials. */
export function createEngine(options: EngineOptions): Engine {
  const host: HostSettings = hostSettings({
    plainHttp: options.plainHttp,
    listed: true,
    rate: { ...LIFTED, inFlight: options.inFlight },
    ...(options.ca !== undefined && { ca: options.ca }),
  });
  const settings = { ...registrySettings(), host: () => host };
  const lanes = createLanes({
    clock: systemClock,
    limits: () => host.rate,
    maxWaitMs: 10_000,
    paused: (name, untilMs) => new LanePaused(name, untilMs),
  });
  const { observer } = options;
  const client = createRegistryClient({
    settings,
    lanes,
    clock: systemClock,
    log: silentLogger,
    ...(observer !== undefined && { observer }),
  });
  const importer = createImporter({ client, clock: systemClock, log: silentLogger, retry: action => action() });
  const keyring = createKeyring([], { fingerprint: fields => fields.join(' ') });
  return { client, importer, context: { keyring, signal: new AbortController().signal, priority: 0 } };
}

/** Runs `action` for every item, at most `width` at a time. */
export async function sideBySide<T>(items: readonly T[], width: number, action: (item: T) => Promise<unknown>) {
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const item = items[next];
      next += 1;
      await action(item as T);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}
