/** What the registry room tells whoever counts. Implemented by telemetry; the default hears nothing. */
export interface RegistryObserver {
  request(event: {
    readonly host: string;
    readonly method: string;
    readonly status: number | undefined;
    readonly ms: number;
  }): void;
  digestHeaderMismatch(host: string): void;
  realmNotTrusted(host: string, realmHost: string): void;
  credentialsRejected(host: string): void;
  /** A registry or a token service refused a credential that it was shown. */
  credentialRefused(host: string): void;
  /** What a registry says of the pulls that an identity has left (R4.4). */
  pullQuota(event: {
    readonly host: string;
    readonly identity: 'anonymous' | 'credential';
    readonly remaining: number;
    readonly limit?: number;
  }): void;
}

export const deafObserver: RegistryObserver = {
  request: () => {},
  digestHeaderMismatch: () => {},
  realmNotTrusted: () => {},
  credentialsRejected: () => {},
  credentialRefused: () => {},
  pullQuota: () => {},
};
