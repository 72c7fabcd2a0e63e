import type { TransportProfile } from './agents.ts';
import { type Call, failure, spend } from './call.ts';
import type { Endpoint } from './endpoint.ts';
import { BLOCKED_REASON } from './failed-exchange.ts';
import type { AddressGuard, Reach } from './guarded-lookup.ts';
import { bareHost, listsHost } from './host-names.ts';
import { proxyFor, refusedThroughProxy } from './proxy.ts';
import type { HostSettings, RegistrySettings } from './settings.ts';
import { urlOf } from './target.ts';
import type { Exchange, Reply, Transport } from './transport.ts';

/** One request on behalf of an endpoint: to itself, or to where it sends us. */
export type Hop = Omit<Exchange, 'profile' | 'hub'>;

type Way = TransportProfile | 'refused';

/** Chooses how a request travels: with whose certificates, through which proxy, how far inside (R5.17, R6.2, R6.3). */
export class Wire {
  readonly #settings: RegistrySettings;
  readonly #guard: AddressGuard;
  readonly #transport: Transport;
  readonly #homes = new WeakMap<Endpoint, Way>();

  constructor(settings: RegistrySettings, guard: AddressGuard, transport: Transport) {
    this.#settings = settings;
    this.#guard = guard;
    this.#transport = transport;
  }

  /** Throws `RegistryError`, at once with `blockedAddress` when nothing may be sent there. */
  send(endpoint: Endpoint, hop: Hop, call: Call): Promise<Reply> {
    const { target, from } = hop;
    const isHome = target.origin === endpoint.root.origin;
    const profile = isHome ? this.#home(endpoint) : this.#abroad(endpoint, urlOf(target));
    if (profile === 'refused') throw failure(call, { kind: 'blockedAddress', reason: BLOCKED_REASON[from], from });
    spend(call, from);
    return this.#transport.exchange({ ...hop, profile, hub: endpoint.hub }, call);
  }

  /** How requests to the endpoint itself travel: always the same way. */
  #home(endpoint: Endpoint): Way {
    const known = this.#homes.get(endpoint);
    if (known !== undefined) return known;
    const { settings, verify, origin } = endpoint;
    const way = this.#way(origin, settings, this.#guard.endpointReach(settings), verify);
    this.#homes.set(endpoint, way);
    return way;
  }

  #abroad(endpoint: Endpoint, url: URL): Way {
    // What is trusted for one host is not trusted for another (R5.18), so each hop has the settings of its own host.
    const host = this.#settings.host(url.host);
    // Nor is what goes unverified at one host: the others it names may be given credentials.
    const verify = bareHost(url) === bareHost(endpoint.origin) ? endpoint.verify : true;
    return this.#way(url, host, this.#reach(endpoint, url, host), verify);
  }

  #way(url: URL, host: HostSettings, reach: Reach, verify: boolean): Way {
    const { proxy, clusterDomain } = this.#settings;
    const throughProxy = proxyFor(url, proxy);
    const hidden = throughProxy !== undefined && refusedThroughProxy(url, proxy, clusterDomain);
    if (hidden || !this.#guard.allowsHost(url, reach)) return 'refused';
    return profileOf(host, reach, verify, throughProxy);
  }

  #reach(endpoint: Endpoint, url: URL, host: HostSettings): Reach {
    const { trustedRealmHosts, trustedRedirectHosts } = endpoint.settings;
    if (listsHost([...trustedRealmHosts, ...trustedRedirectHosts], url)) return this.#guard.endpointReach(host);
    return this.#guard.secondaryReach(endpoint.origin, this.#guard.endpointReach(endpoint.settings));
  }
}

function profileOf(host: HostSettings, reach: Reach, verify: boolean, proxy: string | undefined): TransportProfile {
  return {
    verify: verify && !host.insecureSkipVerify,
    allowH2: host.allowH2,
    connections: Math.max(1, host.rate.inFlight),
    reach,
    ...(host.ca === undefined ? {} : { ca: host.ca }),
    ...(host.clientCert === undefined ? {} : { clientCert: host.clientCert }),
    ...(proxy === undefined ? {} : { proxy }),
  };
}
