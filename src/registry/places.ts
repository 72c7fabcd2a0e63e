import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { isHost } from '../reference/digest.ts';
import { isHubHost } from '../reference/reference.ts';
import { type Budget, type Call, failure } from './call.ts';
import { honoursInsecure } from './candidates.ts';
import type { Endpoint } from './endpoint.ts';
import { RegistryError } from './errors.ts';
import { Recent } from './recent.ts';
import type { HostSettings, RegistrySettings } from './settings.ts';
import { targetOf } from './target.ts';
import type { Transport } from './transport.ts';
import type { PullSource, RequestContext } from './types.ts';

const DAY_MS = 24 * 3_600_000;
const HOUR_MS = 3_600_000;
const MAX_HOSTS = 10_000;
const HUB_ORIGIN = 'https://registry-1.docker.io';

/** Finds where a repository is asked: endpoint, certificate checks, https or http (R0.5, R0.12, R5.19). */
export class Places {
  readonly #settings: RegistrySettings;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** Hosts that were found to speak http alone. */
  readonly #plain: Recent<true>;
  readonly #warned: Recent<true>;
  /** Made once: settings are one object as long as they are in force. */
  readonly #endpoints = new WeakMap<HostSettings, Map<string, Endpoint>>();

  constructor(settings: RegistrySettings, transport: Transport, clock: Clock, log: Logger) {
    this.#settings = settings;
    this.#transport = transport;
    this.#clock = clock;
    this.#log = log;
    this.#plain = new Recent(clock, MAX_HOSTS);
    this.#warned = new Recent(clock, MAX_HOSTS);
  }

  /**
   * Runs `use` at the endpoint of a source. Where the tenant's wish for `insecure` is honoured, that is once more over
   * plain http when https failed before it was answered at all.
   */
  async at<T>(
    source: Pick<PullSource, 'host' | 'repository' | 'insecure' | 'unverified'>,
    context: RequestContext,
    use: (endpoint: Endpoint, call: Call) => Promise<T>,
  ): Promise<T> {
    const { host, repository } = source;
    const call: Call = { context, blame: { host, repository }, budget: { spentMs: 0, answered: false } };
    try {
      return await this.#atBest(source, call, use);
    } catch (error) {
      // Whatever it was that was waited for, the caller hears of its own abort in one way.
      if (error instanceof RegistryError || !context.signal.aborted) throw error;
      throw failure(call, { kind: 'aborted', cause: context.signal.reason });
    }
  }

  /** Throws at once for what is no host. */
  #atBest<T>(
    source: Pick<PullSource, 'host' | 'insecure' | 'unverified'>,
    call: Call,
    use: (endpoint: Endpoint, call: Call) => Promise<T>,
  ): Promise<T> {
    const { host } = source;
    const settings = this.#settings.host(host);
    const insecure = source.insecure && this.#honoursInsecure(host, settings);
    const verify = !insecure && source.unverified !== true && !settings.insecureSkipVerify;
    const secureEndpoint = this.#endpoint(host, settings, { verify, plain: false }, call);
    if (!insecure || secureEndpoint.root.plain) return use(secureEndpoint, call);

    const plainEndpoint = this.#endpoint(host, settings, { verify, plain: true }, call);
    if (this.#plain.get(host) !== undefined) return this.#overHttp(plainEndpoint, call, use);
    return this.#overEither(secureEndpoint, plainEndpoint, call, use);
  }

  async #overEither<T>(
    secure: Endpoint,
    plain: Endpoint,
    call: Call,
    use: (endpoint: Endpoint, call: Call) => Promise<T>,
  ): Promise<T> {
    try {
      return await use(secure, call);
    } catch (error) {
      if (!this.#mayFallBack(error, call.budget)) throw error;
      return this.#overHttp(plain, call, use);
    }
  }

  async #overHttp<T>(endpoint: Endpoint, call: Call, use: (endpoint: Endpoint, call: Call) => Promise<T>): Promise<T> {
    try {
      return await use(endpoint, call);
    } finally {
      if (call.budget.speaksHttp !== true) this.#plain.delete(endpoint.host);
      // For a day and no longer, however often it answers: then https has its turn again.
      else if (this.#plain.get(endpoint.host) === undefined) {
        this.#plain.set(endpoint.host, true, this.#clock.now() + DAY_MS);
      }
    }
  }

  #mayFallBack(error: unknown, budget: Budget): boolean {
    return (
      error instanceof RegistryError &&
      error.from === 'registry' &&
      error.reason !== 'dns' &&
      !budget.answered &&
      this.#transport.neverConnected(error)
    );
  }

  #endpoint(host: string, settings: HostSettings, how: Way, call: Call): Endpoint {
    const made = this.#endpoints.get(settings) ?? new Map<string, Endpoint>();
    const key = `${host} ${how.verify} ${how.plain}`;
    const known = made.get(key);
    if (known !== undefined) return known;
    if (!isHost(host)) throw failure(call, { kind: 'blocked', detail: 'this is no host name' });
    const endpoint = endpointAt(host, settings, how);
    this.#endpoints.set(settings, made.set(key, endpoint));
    return endpoint;
  }

  /** Design D25: a tenant's wish counts as far as the administrator lets it. */
  #honoursInsecure(host: string, settings: HostSettings): boolean {
    const policy = this.#settings.tenantInsecure;
    if (honoursInsecure(settings, policy)) return true;
    if (this.#warned.get(host) === undefined) {
      this.#warned.set(host, true, this.#clock.now() + HOUR_MS);
      this.#log.warn({ host, policy }, 'insecure was asked for and is not allowed for this registry');
    }
    return false;
  }
}

/** How a host is asked: whether its certificate counts, and whether over http whatever its settings say. */
interface Way {
  readonly verify: boolean;
  readonly plain: boolean;
}

function endpointAt(host: string, settings: HostSettings, { verify, plain }: Way): Endpoint {
  const written = settings.endpoint ?? (isHubHost(host) ? HUB_ORIGIN : undefined);
  const fixed = new URL(written ?? `${settings.plainHttp ? 'http' : 'https'}://${host}`);
  const origin = new URL(plain ? fixed.origin.replace(/^https:/, 'http:') : fixed.origin);
  return {
    host,
    origin,
    root: targetOf(origin),
    settings,
    verify,
    sendsCredentials: origin.protocol === 'https:' || settings.allowCredentialsOverHttp,
    hub: isHubHost(host),
    key: `${origin.origin} ${verify ? 'verified' : 'unverified'}`,
  };
}
