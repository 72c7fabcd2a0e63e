/** What an administrator says of one registry (registry-client 11), as plain values. */
export interface HostSettings {
  /** Origin to connect to when it is not `https://<host>`: `https://registry-1.docker.io`. */
  readonly endpoint?: string;
  readonly plainHttp: boolean;
  readonly insecureSkipVerify: boolean;
  readonly allowCredentialsOverHttp: boolean;
  /** PEM, added to the default roots for this host alone. */
  readonly ca?: string;
  /** PEM pair. */
  readonly clientCert?: { readonly cert: string; readonly key: string };
  /** Overrides what is learned. */
  readonly headMode?: 'head' | 'get';
  readonly allowH2: boolean;
  readonly trustedRealmHosts: readonly string[];
  readonly trustedRedirectHosts: readonly string[];
  readonly mirrors: readonly Mirror[];
  /** The registry itself is never contacted, only its mirrors. */
  readonly mirrorOnly: boolean;
  readonly rate: { readonly perSecond: number; readonly burst: number; readonly inFlight: number };
  /** Named in the registries file: what is weaker than default (loopback, tenants' insecure) may apply to it. */
  readonly listed: boolean;
}

export interface Mirror {
  /** Repository prefix at the registry that this mirror stands in for; "" is the whole registry. */
  readonly prefix: string;
  /** `host[:port]` of the mirror. */
  readonly host: string;
  /** Replaces `prefix` in the path. */
  readonly pathPrefix: string;
  /** Whether it is asked for tags, too; otherwise for digests alone (R5.26). */
  readonly resolveTags: boolean;
  readonly insecure: boolean;
  readonly credentialsFrom: 'mirror' | 'upstream';
  /** It stands in for several registries at once and is told which is meant (R1.7). */
  readonly proxy: boolean;
}

/** Registry settings as a whole; `command` makes them from options and the registries file. */
export interface RegistrySettings {
  host(logicalHost: string): HostSettings;
  readonly userAgent: string;
  readonly clientId: string;
  readonly tenantInsecure: 'allow' | 'listedHosts' | 'deny';
  readonly privateAddresses: 'allow' | 'deny' | 'listOnly';
  /** `import` and `dev` allow registries on loopback (D24). */
  readonly loopback: 'allow' | 'listedHosts';
  readonly clusterDomain: string;
  /** CIDRs that count as private on top of the built-in ones. */
  readonly privateCidrs: readonly string[];
  /** Hosts that are refused whatever they resolve to (the API server). */
  readonly refusedHosts: readonly string[];
  readonly verifyOnChange: 'always' | 'bestEffort' | 'never';
  readonly anonymousFallback: boolean;
  readonly strictKubeletMatching: boolean;
  readonly proxy: ProxySettings;
}

export interface ProxySettings {
  readonly https?: string;
  readonly http?: string;
  readonly noProxy?: string;
  /** Names that end in the cluster domain and the like are refused through an untrusted proxy (R5.23). */
  readonly trust: 'trusted' | 'untrusted';
}
