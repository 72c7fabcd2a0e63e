import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type Clock, systemClock } from '../clock.ts';
import type { OperatorOptions } from '../config/operator-options.ts';
import type { EventSink } from '../controller/announcer.ts';
import { ImageSweep } from '../controller/image-sweep.ts';
import { ImageStore } from '../controller/images.ts';
import type { StreamIndex } from '../controller/stream-index.ts';
import { parsePlatform } from '../image/platform.ts';
import { PRIORITY } from '../imagestream/due.ts';
import type { KubeClient } from '../kube/client.ts';
import { createEventRecorder, type EventRecorder } from '../kube/event-recorder.ts';
import { createKubeClient } from '../kube/http-client.ts';
import { type KubeConfig, loadKubeConfig } from '../kube/kubeconfig.ts';
import { createLeaderElection, type LeaderElection } from '../kube/leader-election.ts';
import type { Term } from '../kube/leader-term.ts';
import { createPullSecrets, type PullSecrets } from '../kube/pull-secrets.ts';
import type { Reflector } from '../kube/reflector.ts';
import { createLogger, type Logger } from '../log.ts';
import { type Servers, startServers } from '../telemetry/servers.ts';
import { createTelemetry } from '../telemetry/telemetry.ts';
import { NamespaceCredentials } from './namespace-credentials.ts';
import { watchCluster } from './operator-cluster.ts';
import { Controllers } from './operator-controllers.ts';
import { OperatorRegistries } from './operator-registries.ts';
import { type Surroundings, VERSION } from './surroundings.ts';
import { untilSignal } from './until-signal.ts';

/** Name of the Lease that replicas compete for. */
const LEASE_NAME = 'imagestream-operator';
const USER_AGENT = `imagestream-operator/${VERSION}`;
/** Events are a courtesy: they do not hold up an end for long. */
const EVENTS_GRACE_MS = 2_000;

/** What an operator runs in: a process of its own, or one that holds its cluster, too. */
export interface OperatorSite {
  readonly env: Surroundings['env'];
  readonly log: Logger;
  /** Asks it to end in order. */
  readonly stop: AbortSignal;
  /** Whether registries on loopback may be asked though the registries file does not list them (design D24). */
  readonly loopback: 'allow' | 'listedHosts';
  /** The cluster; found as the options and the environment say when absent. */
  readonly config?: KubeConfig;
  /** Hears what Events are written of. */
  readonly events?: EventSink;
  /** Told when it leads and knows all streams, before it works on them. */
  readonly leads?: (streams: StreamIndex) => void;
}

/**
 * Runs the operator until SIGTERM or SIGINT. Resolves to 0 after an orderly end, 1 when the lease was lost (whoever runs
 * it starts it again), 2 when it cannot be begun.
 */
export async function runOperator(options: OperatorOptions, surroundings: Surroundings): Promise<number> {
  const { env, stdout, stderr } = surroundings;
  const log = createLogger(options.logLevel, stdout);
  const asked = (signal: NodeJS.Signals) => log.info({ signal }, 'Asked to stop');
  return untilSignal({ stderr, asked }, ({ signal: stop }) =>
    operate(options, { env, log, stop, loopback: 'listedHosts' }),
  );
}

/** Runs the operator until its site asks it to end. 0 and 1 as above; throws what `untilSignal` has lines for. */
export function operate(options: OperatorOptions, site: OperatorSite): Promise<number> {
  return new Operator(options, site).run();
}

interface Parts {
  readonly config: KubeConfig;
  readonly client: KubeClient;
  readonly leaseClient: KubeClient;
  readonly registries: OperatorRegistries;
  readonly recorder: EventRecorder;
  readonly secrets: PullSecrets;
  /** Of streams, imports and Images. */
  readonly reflector: Reflector;
  readonly controllers: Controllers;
  /** Absent without leader election. */
  readonly election: LeaderElection | undefined;
  readonly servers: Servers;
  readonly synced: Promise<void>;
}

/** One run of the operator, and the parts it is made of. */
class Operator {
  readonly #options: OperatorOptions;
  readonly #site: OperatorSite;
  readonly #log: Logger;
  readonly #clock: Clock = systemClock;
  /** Ends what runs for as long as the process does: watches, servers, the look at the registries file. */
  readonly #closing = new AbortController();

  constructor(options: OperatorOptions, site: OperatorSite) {
    this.#options = options;
    this.#site = site;
    this.#log = site.log;
  }

  async run(): Promise<number> {
    const parts = await this.#join();
    const { registries, reflector, secrets, servers } = parts;
    const { signal } = this.#closing;
    this.#log.info(
      {
        version: VERSION,
        cluster: parts.config.source,
        ...servers.ports,
      },
      'Started',
    );
    const watches = [reflector.run(signal), secrets.watch.run(signal), registries.follow(signal)];
    try {
      return await this.#lead(parts);
    } finally {
      this.#closing.abort(new Error('the operator ends'));
      await Promise.all(watches);
      await Promise.all([servers.close(), registries.close(), parts.client.close(), parts.leaseClient.close()]);
    }
  }

  async #lead({ controllers, recorder, election, synced }: Parts): Promise<number> {
    const { stop, leads } = this.#site;
    const lead = async (term: Term) => {
      const known = synced.then(() => {
        if (!term.ending.aborted) leads?.(controllers.streamIndex);
      });
      await controllers.lead(term, known, this.#options.shutdownGraceMs);
      // Before the lease is given back: after that nothing is written.
      await recorder.flush(EVENTS_GRACE_MS);
    };
    if (election === undefined) {
      await lead({ previousRenewMs: undefined, ending: stop, lost: new AbortController().signal });
      return 0;
    }
    const end = await election.run(stop, lead);
    return end === 'lost' ? 1 : 0;
  }

  /** Makes the parts and joins them; nothing runs yet but the servers. Throws what `untilSignal` has lines for. */
  async #join(): Promise<Parts> {
    const clock = this.#clock;
    const log = this.#log;
    const options = this.#options;
    const { env, loopback } = this.#site;
    const { kubeconfig, watchNamespaces = [], defaultPullSecret } = options;
    const telemetry = createTelemetry({ version: VERSION, clock });
    const config =
      this.#site.config ?? (await loadKubeConfig({ ...(kubeconfig !== undefined && { kubeconfig }), env, clock }));
    const registries = await OperatorRegistries.load({
      options: {
        registriesFile: options.registriesFile,
        tenantInsecure: options.tenantInsecure,
        loopback,
        ...apiServerOf(config),
      },
      env,
      clock,
      log,
      observer: telemetry.registry,
      reloaded: succeeded => telemetry.registriesReloaded(succeeded),
    });

    const connect = { config, clock, log, observer: telemetry.kube, userAgent: USER_AGENT };
    const leads = () => election === undefined || election.isLeader;
    const client = createKubeClient({ ...connect, mayWrite: leads });
    // A pool that is full must not delay a renewal (design D17). The election limits each of its calls itself; a second
    // limit would wake the process once or twice more for each.
    const leaseClient = createKubeClient({ ...connect, connections: 1, timeouts: { headersMs: 0, bodyIdleMs: 0 } });
    const identity = `${hostname()}_${randomUUID()}`;
    const recorder = createEventRecorder({
      client,
      instance: identity,
      clock,
      log,
      told: outcome => telemetry.kubernetesEvent(outcome),
    });
    const events: EventSink = {
      event: news => {
        recorder.event(news);
        this.#site.events?.event(news);
      },
    };
    const random = Math.random;
    const watching = { client, clock, random, log, observer: telemetry.kube };
    const secrets = createPullSecrets({
      ...watching,
      namespaces: watchNamespaces,
      defaultSecret: defaultPullSecret,
      onChange: namespace => controllers.streams.secretsChanged(namespace),
    });
    const images =
      options.images === 'off' ? undefined : new ImageStore({ client, clock, log, observer: telemetry.controller });
    const controllers = new Controllers({
      client,
      tags: registries.tags,
      imports: registries.imports,
      policy: () => registries.policy,
      credentials: new NamespaceCredentials({ secrets, strict: () => registries.strict, events, log }),
      images,
      sweep:
        images === undefined
          ? undefined
          : new ImageSweep({
              client,
              namespaces: watchNamespaces,
              headMissing: key => controllers.streamQueue.add(key, PRIORITY.scheduled),
              clock,
              random,
              log,
              observer: telemetry.controller,
            }),
      events,
      observer: telemetry.controller,
      clock,
      log,
      options: { ...options, platform: parsePlatform(options.platform) },
    });
    const reflector = watchCluster(
      { ...watching, namespaces: watchNamespaces },
      { streams: controllers.streamIndex, imports: controllers.importIndex, images },
    );
    const election = options.leaderElect
      ? createLeaderElection({
          client: leaseClient,
          namespace: options.namespace ?? config.namespace,
          name: LEASE_NAME,
          identity,
          clock,
          random,
          log,
        })
      : undefined;
    const isSynced = () => reflector.isSynced && secrets.watch.isSynced;
    telemetry.show({
      streams: () => controllers.streamIndex.size,
      tagsInFlight: () => controllers.streams.inFlight,
      streamsWaiting: () => controllers.streams.waiting,
      importsRunning: () => controllers.imports.running,
      queues: () => ({ streams: controllers.streamQueue.stats(), imports: controllers.importQueue.stats() }),
      lanes: () => registries.lanes(),
      images: () => images && { count: images.count, bytes: images.bytes },
      tags: () => controllers.census.counted,
      registriesFileValid: () => registries.isFileValid,
      leader: leads,
      synced: isSynced,
    });
    const servers = await startServers({
      metricsAddress: options.metricsAddress,
      healthAddress: options.healthAddress,
      exposition: () => telemetry.exposition(),
      // Secrets are listed by type, of which each would say the same.
      ready: () => [
        ...new Set(
          [reflector, secrets.watch].flatMap(({ unlisted }) => unlisted.map(what => `not listed yet: ${what}`)),
        ),
      ],
    });
    const synced = Promise.all([reflector.synced, secrets.watch.synced]).then(() => {});
    return {
      config,
      client,
      leaseClient,
      registries,
      recorder,
      secrets,
      reflector,
      controllers,
      election,
      servers,
      synced,
    };
  }
}

/** No registry may be the API server. One on loopback is a developer's, whose registries are there, too. */
function apiServerOf({ server }: KubeConfig): { readonly apiServer?: string } {
  const { hostname: host } = new URL(server);
  const isLoopback = host === 'localhost' || host === '[::1]' || host.startsWith('127.');
  return isLoopback ? {} : { apiServer: host };
}
