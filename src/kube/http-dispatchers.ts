import { createSecureContext } from 'node:tls';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { TlsMaterial } from './kubeconfig.ts';

/** All in milliseconds. */
export interface KubeTimeouts {
  readonly connectMs: number;
  /** Until an answer begins. */
  readonly headersMs: number;
  /** Between two pieces of an answer. */
  readonly bodyIdleMs: number;
  /** From when the server was to end a watch. */
  readonly watchGraceMs: number;
}

export const DEFAULT_TIMEOUTS: KubeTimeouts = {
  connectMs: 5_000,
  headersMs: 30_000,
  bodyIdleMs: 60_000,
  watchGraceMs: 30_000,
};

export interface DispatcherOptions {
  readonly proxyUrl?: string;
  /** For everything but watches, which don't count. */
  readonly connections: number;
  readonly timeouts: KubeTimeouts;
}

/** Connections made with the same keys and certificates. */
export interface Dispatchers {
  /** Of a limited number: a pool. */
  readonly calls: Dispatcher;
  /** One for each watch: they last for minutes, and in the pool they would starve everything else. */
  readonly watches: Dispatcher;
}

/**
 * The connections to one API server. When keys or certificates change, new requests get new connections, and the old
 * ones are closed as soon as what is in flight on them has ended.
 */
export class ConnectionPool {
  readonly #options: DispatcherOptions;
  #current: { readonly tls: TlsMaterial; readonly dispatchers: Dispatchers } | undefined;
  readonly #draining = new Set<Dispatcher>();
  #closed = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Throws when the keys or certificates can't be used, or after `close`. */
  for(tls: TlsMaterial): Dispatchers {
    if (this.#closed) throw new Error('the client is closed');
    if (this.#current !== undefined && sameTls(this.#current.tls, tls)) return this.#current.dispatchers;
    const dispatchers = this.#create(tls);
    if (this.#current !== undefined) this.#drain(this.#current.dispatchers);
    this.#current = { tls, dispatchers };
    return dispatchers;
  }

  /** Ends all connections, and whatever is in flight on them. */
  async close(): Promise<void> {
    this.#closed = true;
    const current = this.#current === undefined ? [] : Object.values<Dispatcher>({ ...this.#current.dispatchers });
    await Promise.all([...current, ...this.#draining].map(dispatcher => dispatcher.destroy()));
    this.#current = undefined;
    this.#draining.clear();
  }

  #drain(dispatchers: Dispatchers): void {
    for (const old of [dispatchers.calls, dispatchers.watches]) {
      this.#draining.add(old);
      // Failures of what is in flight are told to those who asked.
      old.close().then(
        () => this.#draining.delete(old),
        () => this.#draining.delete(old),
      );
    }
  }

  #create(tls: TlsMaterial): Dispatchers {
    const { connections, timeouts } = this.#options;
    return {
      calls: this.#dispatcher(tls, { connections, bodyTimeout: timeouts.bodyIdleMs }),
      // A watch may say nothing for as long as it lasts, and has a limit of its own: see `watchEvents`.
      watches: this.#dispatcher(tls, { connections: null, bodyTimeout: 0 }),
    };
  }

  #dispatcher(tls: TlsMaterial, own: Pick<Agent.Options, 'connections' | 'bodyTimeout'>): Dispatcher {
    const { proxyUrl, timeouts } = this.#options;
    const common = {
      ...own,
      pipelining: 1,
      // One HTTP/2 connection would carry every watch and every write together, and measured no faster.
      allowH2: false,
      keepAliveTimeout: 30_000,
      // A server's hint may lengthen it, but load balancers drop silently at 60 s.
      keepAliveMaxTimeout: 55_000,
      headersTimeout: timeouts.headersMs,
    };
    if (proxyUrl !== undefined) {
      return new ProxyAgent({
        ...common,
        uri: proxyUrl,
        requestTls: connectOptions(tls),
        connectTimeout: timeouts.connectMs,
      });
    }
    return new Agent({
      ...common,
      connect: {
        ...connectOptions(tls),
        allowH2: false,
        timeout: timeouts.connectMs,
        keepAlive: true,
        keepAliveInitialDelay: 30_000,
      },
    });
  }
}

/** Texts and keys are read once for all connections. A cluster's own authority stands alone, as kubectl has it. */
function connectOptions(tls: TlsMaterial) {
  const { ca, cert, key, passphrase, serverName, verify } = tls;
  const secureContext = createSecureContext({
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  return {
    secureContext,
    rejectUnauthorized: verify,
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}

function sameTls(a: TlsMaterial, b: TlsMaterial): boolean {
  if (a === b) return true;
  return (
    a.ca === b.ca &&
    a.cert === b.cert &&
    a.key === b.key &&
    a.passphrase === b.passphrase &&
    a.serverName === b.serverName &&
    a.verify === b.verify
  );
}
