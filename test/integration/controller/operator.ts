import { type Clock, systemClock } from '../../../src/clock.ts';
import { watchCluster } from '../../../src/command/operator-cluster.ts';
import { type ControllerOptions, Controllers, type Images } from '../../../src/command/operator-controllers.ts';
import type { EventNews } from '../../../src/controller/events.ts';
import { type ControllerObserver, deafController } from '../../../src/controller/observer.ts';
import type { Credentials } from '../../../src/controller/tag-imports.ts';
import { createImporter } from '../../../src/importer/importer.ts';
import { createSharedClient } from '../../../src/importer/shared-client.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { createKubeClient } from '../../../src/kube/http-client.ts';
import { deafObserver } from '../../../src/kube/observer.ts';
import { type Logger, silentLogger } from '../../../src/log.ts';
import { createLanes } from '../../../src/queue/lanes.ts';
import { createRegistryClient } from '../../../src/registry/client.ts';
import { LanePaused } from '../../../src/registry/lanes.ts';
import type { HostSettings } from '../../../src/registry/settings.ts';
import type { FakeApiServer } from '../../fake/api-server.ts';
import { keyringOf, registrySettings } from '../../fake/settings.ts';

export interface TestOperatorOptions {
  readonly server: FakeApiServer;
  /** Registries, by `host:port`, that are listed as plain http. */
  readonly hosts: readonly string[];
  readonly settings?: Partial<HostSettings>;
  readonly options?: Partial<ControllerOptions>;
  readonly credentials?: Credentials;
  readonly images?: Images;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Whether hosts that are down are left alone, as in the shipped operator. */
  readonly breaker?: boolean;
  readonly observer?: Partial<ControllerObserver>;
  /** Stands before the API server. */
  readonly between?: (client: KubeClient) => Partial<KubeClient>;
  /** When the leader before was last heard of. */
  readonly previousRenewMs?: number;
}

export interface TestOperator {
  readonly controllers: Controllers;
  readonly events: readonly EventNews[];
  /** Ends it as SIGTERM does. */
  stop(): Promise<void>;
  /** Ends it as a lost lease does. */
  lose(): Promise<void>;
}

/** A leading operator in this process, without lease and telemetry, against a fake API server. */
export function startOperator(setup: TestOperatorOptions): TestOperator {
  const { server, clock = systemClock, log = silentLogger } = setup;
  const settings = registrySettings(
    Object.fromEntries(
      setup.hosts.map(host => [
        host,
        { plainHttp: true, rate: { perSecond: 10_000, burst: 10_000, inFlight: 50 }, ...setup.settings },
      ]),
    ),
  );
  const lanes = createLanes({
    clock,
    limits: host => settings.host(host).rate,
    maxWaitMs: 1_000,
    paused: (host, untilMs, cause) => new LanePaused(host, untilMs, cause),
    ...(setup.breaker === true && { breakerJitter: Math.random }),
  });
  const direct = createRegistryClient({ settings, lanes, clock, log: silentLogger });
  const client = createSharedClient({ client: direct, clock, settings });
  const importer = createImporter({ client, clock, log: silentLogger, retry: action => action() });
  const real = createKubeClient({ config: server.config, clock: systemClock, log: silentLogger });
  const kube = setup.between === undefined ? real : withMethods(real, setup.between(real));
  const events: EventNews[] = [];
  const observer = { ...deafController, ...setup.observer };
  const controllers = new Controllers({
    client: kube,
    tags: importer,
    imports: importer,
    policy: () => ({ blockedHosts: new Set() }),
    credentials: setup.credentials ?? { forNamespace: async () => ({ keyring: keyringOf() }) },
    images: setup.images,
    sweep: undefined,
    events: { event: event => events.push(event) },
    observer,
    clock,
    log,
    options: {
      platform: { os: 'linux', architecture: 'amd64' },
      defaultIntervalMs: 60_000,
      minIntervalMs: 200,
      historyLimit: 20,
      maxImagesPerRepository: 50,
      isiTtlMs: 0,
      ...setup.options,
    },
  });
  const watching = new AbortController();
  const cluster = {
    client: kube,
    clock: systemClock,
    log: silentLogger,
    observer: deafObserver,
    namespaces: [],
  };
  const reflector = watchCluster(cluster, {
    streams: controllers.streamIndex,
    imports: controllers.importIndex,
    images: undefined,
  });
  const watched = reflector.run(watching.signal);
  const ending = new AbortController();
  const lost = new AbortController();
  const term = { previousRenewMs: setup.previousRenewMs, ending: ending.signal, lost: lost.signal };
  const led = controllers.lead(term, reflector.synced, 1_000);
  const end = async () => {
    ending.abort(new Error('the test is over'));
    await led;
    watching.abort();
    await watched;
    await Promise.all([direct.close(), kube.close()]);
  };
  return {
    controllers,
    events,
    stop: end,
    lose: () => {
      lost.abort(new Error('the lease is lost'));
      return end();
    },
  };
}

function withMethods(client: KubeClient, methods: Partial<KubeClient>): KubeClient {
  return new Proxy(client, {
    get(_target, name: keyof KubeClient) {
      const method = methods[name];
      return method ?? client[name].bind(client);
    },
  });
}

/** Polls until the probe finds something; the deadline only ends a test that would hang. */
export async function until<T>(what: string, probe: () => T | undefined | false, forMs = 15_000): Promise<T> {
  const endMs = performance.now() + forMs;
  for (;;) {
    const found = probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > endMs) throw new Error(`waited in vain: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}
