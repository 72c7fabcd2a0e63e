import type { LookupFunction, OnReadOpts, Socket } from 'node:net';
import { createSecureContext, getCACertificates } from 'node:tls';
import { Agent, buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici';
import { type AddressGuard, AddressRefused, bareHost, type Reach } from './guarded-lookup.ts';
import type { QuickDispatcher } from './quick-attempt.ts';
import { QuickConnections } from './quick-connections.ts';
import type { Target } from './target.ts';
import type { Timeouts } from './timeouts.ts';

/** All that makes one connection unlike another. Equal profiles share connections (R5.9). */
export interface TransportProfile {
  /** Whether certificates are checked. */
  readonly verify: boolean;
  /** PEM, trusted besides the default roots. */
  readonly ca?: string;
  readonly clientCert?: { readonly cert: string; readonly key: string };
  readonly allowH2: boolean;
  /** Connections per origin. */
  readonly connections: number;
  /** URL of the proxy. */
  readonly proxy?: string;
  /** Part of the profile, so that a connection that one request was allowed is never lent to one that was not. */
  readonly reach: Reach;
}

/** Who sends what belongs to a profile. */
interface Senders {
  readonly all: Dispatcher;
  /** For what has small answers. Absent where undici sends that, too: through a proxy, and where HTTP/2 may be spoken. */
  readonly quick?: QuickConnections;
}

/** Where a test wants an allowed address to be dialled instead. */
export type Dial = (to: { readonly hostname: string; readonly address: string; readonly port: number }) => {
  readonly address: string;
  readonly port: number;
};

/** The connection could not be made; nothing of the request was sent. */
export class ConnectFailed extends Error {
  override readonly name = 'ConnectFailed';
  readonly code = 'CONNECT_FAILED';

  constructor(cause: unknown) {
    super('the connection could not be made', { cause });
  }
}

/** Kept connections and TLS sessions are dropped with their agent when this many profiles are in use. */
const MAX_AGENTS = 256;
/** Origins whose connections are counted. */
const MAX_COUNTED = 10_000;
/** Largest answer of all (a tags page) and a little: the outer belt of R6.6. */
const MAX_RESPONSE_BYTES = 9 * 1024 * 1024;

export class Agents {
  readonly #guard: AddressGuard;
  readonly #timeouts: Timeouts;
  readonly #dial: Dial | undefined;
  readonly #agents = new Map<string, Senders>();
  readonly #made = new Map<string, number>();
  readonly #pemIds = new Map<string, number>();
  readonly #keys = new WeakMap<TransportProfile, string>();

  constructor(guard: AddressGuard, timeouts: Timeouts, dial: Dial | undefined) {
    this.#guard = guard;
    this.#timeouts = timeouts;
    this.#dial = dial;
  }

  /** For what may have large answers. */
  dispatcher(profile: TransportProfile): Dispatcher {
    return this.#senders(profile).all;
  }

  /** For HEADs and tokens. */
  quick(profile: TransportProfile): QuickDispatcher {
    const { quick, all } = this.#senders(profile);
    return quick ?? all;
  }

  #senders(profile: TransportProfile): Senders {
    const key = this.#keys.get(profile) ?? this.#keyOf(profile);
    const known = this.#agents.get(key);
    if (known !== undefined) return known;
    const made = this.#create(profile);
    this.#agents.set(key, made);
    const [oldest] = this.#agents;
    if (this.#agents.size > MAX_AGENTS && oldest !== undefined) {
      this.#agents.delete(oldest[0]);
      oldest[1].quick?.close();
      // Closing waits for what is in flight; its failures are told to those who asked.
      oldest[1].all.close().catch(() => {});
    }
    return made;
  }

  /** How many connections were made so far over which this target could be asked. */
  connectionsMade(target: Target, { proxy }: TransportProfile): number {
    // What a proxy forwards travels over connections to the proxy; a tunnel is one to the origin.
    const { origin } = proxy !== undefined && target.plain ? new URL(proxy) : target;
    return this.#made.get(origin) ?? 0;
  }

  async close(): Promise<void> {
    const agents = [...this.#agents.values()];
    this.#agents.clear();
    for (const { quick } of agents) quick?.destroy();
    await Promise.all(agents.map(({ all }) => all.destroy()));
  }

  /** PEM texts, which are long, stand in it by number. */
  #keyOf(profile: TransportProfile): string {
    const { verify, allowH2, connections, proxy, reach, ca, clientCert } = profile;
    const idOf = (pem: string | undefined): number => {
      if (pem === undefined) return 0;
      const id = this.#pemIds.get(pem) ?? this.#pemIds.size + 1;
      this.#pemIds.set(pem, id);
      return id;
    };
    const pems = [ca, clientCert?.cert, clientCert?.key].map(idOf);
    const key = [verify, allowH2, connections, reach.private, reach.loopback, ...pems, proxy ?? ''].join(' ');
    this.#keys.set(profile, key);
    return key;
  }

  #create(profile: TransportProfile): Senders {
    const common = {
      connections: profile.connections,
      pipelining: 1,
      allowH2: profile.allowH2,
      keepAliveTimeout: 60_000,
      keepAliveMaxTimeout: 300_000,
      headersTimeout: this.#timeouts.headersMs,
      bodyTimeout: this.#timeouts.bodyIdleMs,
      maxResponseSize: MAX_RESPONSE_BYTES,
      maxOrigins: 1024,
    };
    const tls = tlsOptions(profile);
    if (profile.proxy !== undefined) {
      const all = new ProxyAgent({
        ...common,
        uri: profile.proxy,
        requestTls: tls,
        proxyTls: {},
        connectTimeout: this.#timeouts.connectMs,
        // For forwarded requests undici would leave out all of the options but `connect`.
        factory: (origin, options) => new Pool(origin, this.#counting(origin, { ...common, ...options })),
      });
      return { all };
    }
    const all = new Agent({ ...common, connect: this.#connector(profile, tls) });
    if (profile.allowH2) return { all };
    const connector = (onread: OnReadOpts) => this.#connector(profile, { ...tls, onread });
    return { all, quick: new QuickConnections({ connector, timeouts: this.#timeouts }) };
  }

  /** The same options with a connector that counts the connections to an origin. */
  #counting(origin: string | URL, options: Pool.Options): Pool.Options {
    const { connect } = options;
    if (typeof connect !== 'function') return options;
    return {
      ...options,
      connect: (to, callback) =>
        connect(to, (...made: Parameters<typeof callback>) => {
          if (made[1] !== null) this.#count(new URL(origin).origin);
          callback(...made);
        }),
    };
  }

  #count(origin: string): void {
    // Tenants name hosts, so there may be any number of them; a count that is lost costs a second try at most.
    if (this.#made.size > MAX_COUNTED) this.#made.clear();
    this.#made.set(origin, (this.#made.get(origin) ?? 0) + 1);
  }

  #connector(profile: TransportProfile, tls: TlsOptions & { readonly onread?: OnReadOpts }): buildConnector.connector {
    const lookup: LookupFunction = (hostname, _options, callback) => {
      this.#guard.resolve(hostname, profile.reach).then(
        addresses => callback(null, [...addresses]),
        error => callback(error, []),
      );
    };
    const connect = buildConnector({
      ...tls,
      allowH2: profile.allowH2,
      timeout: this.#timeouts.connectMs,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: 250,
      lookup,
    });
    return (options, callback) => {
      const done = (error: Error | null, socket: Socket | null): void => {
        if (error !== null || socket === null) {
          callback(new ConnectFailed(error), null);
          return;
        }
        this.#count(originOf(options));
        callback(null, socket);
      };
      this.#aim(options, profile.reach).then(
        aimed => connect(aimed, (error, socket) => done(error, socket)),
        error => done(error, null),
      );
    };
  }

  /** Checks what no lookup will see (address literals), and lets a test's dial choose where to go. */
  async #aim(options: buildConnector.Options, reach: Reach): Promise<buildConnector.Options> {
    const hostname = bareHost(options.hostname);
    if (!this.#guard.allowsHost(new URL(`${options.protocol}//${options.host ?? options.hostname}`), reach)) {
      throw new AddressRefused(hostname);
    }
    if (this.#dial === undefined) return options;
    const [target] = await this.#guard.resolve(hostname, reach);
    if (target === undefined) return options;
    const port = Number(options.port || (options.protocol === 'https:' ? 443 : 80));
    const to = this.#dial({ hostname, address: target.address, port });
    return { ...options, hostname: to.address, port: String(to.port) };
  }
}

type TlsOptions = ReturnType<typeof tlsOptions>;

/** Extra authorities are added to the default roots, never put in their place (R5.15). */
function tlsOptions({ verify, ca, clientCert }: TransportProfile) {
  const minVersion = 'TLSv1.2' as const;
  const base = { rejectUnauthorized: verify, minVersion };
  if (ca === undefined && clientCert === undefined) return base;
  const secureContext = createSecureContext({
    minVersion,
    ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }),
    ...clientCert,
  });
  return { ...base, secureContext };
}

function originOf(options: buildConnector.Options): string {
  const host = options.host ?? options.hostname;
  return new URL(`${options.protocol}//${host}${/:\d+$/.test(host) || !options.port ? '' : `:${options.port}`}`).origin;
}
