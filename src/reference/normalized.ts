/** A reference as it goes over the wire (import-semantics 1.4, registry-client 0.3). */
export interface NormalizedReference {
  /** Logical host: `docker.io` for Docker Hub, else `host[:port]`. */
  readonly host: string;
  /** Repository path below the host, `library/` included where implied. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}
