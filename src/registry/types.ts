import type { Descriptor, Manifest } from '../image/manifest.ts';
import type { Credential } from './credentials.ts';

/** One repository at one registry, as a reference names it. */
export interface Repository {
  /** Logical host: `docker.io`, `quay.io`, `localhost:5000`. */
  readonly host: string;
  /** Path below the host: `library/redis`. */
  readonly repository: string;
  /** The tenant's wish (`importPolicy.insecure`); honoured as policy allows (R0.12, D25). */
  readonly insecure: boolean;
}

/**
 * Whose credentials may be used. Results obtained for one keyring are never served to another.
 */
export interface Keyring {
  /** Candidates for `<logical host>/<repository>`, best first; anonymous is not listed (R3.13 to R3.17). */
  candidates(host: string, repository: string): readonly Credential[];
}

/** What every call of the client is handed. */
export interface RequestContext {
  readonly keyring: Keyring;
  readonly signal: AbortSignal;
  /** Larger goes first inside a lane. 0 and less is background work, which leaves a reserve of a pull quota (R4.4). */
  readonly priority: number;
  /** On whose behalf, a namespace: tenants of equal priority take turns in a lane (R4.3). */
  readonly tenant?: string;
  /**
   * For a client that shares answers: one that is at most this many milliseconds old will do (R7.2). Absent: only one
   * that is on its way.
   */
  readonly shareForMs?: number;
  /** For such a client: no answer to a request that went out before this reading of the monotonic clock (R7.2). */
  readonly freshSinceMs?: number;
}

/** Where an answer came from: the registry itself or one of its mirrors. Blobs are asked from the same place. */
export interface PullSource {
  /** Logical host of the source asked (a mirror's own host, when it was a mirror). */
  readonly host: string;
  /** Path of the repository there. */
  readonly repository: string;
  readonly insecure: boolean;
  readonly mirror: boolean;
  /** Set where an administrator said that the mirror's certificate is not to be verified, whatever tenants may wish. */
  readonly unverified?: boolean;
  /** Set where a mirror stands in for several registries: the logical host that is meant (R1.7). */
  readonly proxyFor?: string;
  /** Whose credentials are shown there, when not its own: an administrator gave a mirror those of what it mirrors. */
  readonly credentialsOf?: { readonly host: string; readonly repository: string };
}

export type ManifestName = { readonly tag: string } | { readonly digest: string };

export interface FetchedManifest {
  readonly bytes: Uint8Array;
  /** Content digest: of the bytes, for schema 1 of the payload without signatures. */
  readonly digest: string;
  readonly manifest: Manifest;
  readonly source: PullSource;
}

/** What one check of a tag found (registry-client 0.2, 1.3). */
export type TagCheck =
  | { readonly outcome: 'unchanged'; readonly digest: string }
  /** The tag points elsewhere; `fetched` is verified content, absent when quota forbade fetching it (R1.10). */
  | { readonly outcome: 'changed'; readonly digest: string; readonly fetched?: FetchedManifest };

/** The read-only registry client. Every method throws `RegistryError` and nothing else. */
export interface RegistryClient {
  /** One HEAD (E1); verifies by GET only when the digest differs from `recordedDigest` (R1.3, R1.10). */
  checkTag(repository: Repository, tag: string, recordedDigest: string, context: RequestContext): Promise<TagCheck>;
  /** E2 and E3: mirrors in order, then the source. */
  getManifest(repository: Repository, name: ManifestName, context: RequestContext): Promise<FetchedManifest>;
  /** E2 below an index: from the place the index came from. */
  getChild(source: PullSource, digest: string, context: RequestContext): Promise<FetchedManifest>;
  /** E4, digest-verified, from the place the manifest came from. */
  getConfig(source: PullSource, descriptor: Descriptor, context: RequestContext): Promise<Uint8Array>;
  /** Size of a blob in bytes by HEAD (schema 1 layers of unknown size). */
  blobSize(source: PullSource, digest: string, context: RequestContext): Promise<number>;
  /** E5 from the source itself, never a mirror. Tags in the registry's order, valid and distinct. */
  listTags(repository: Repository, context: RequestContext): Promise<TagList>;
  /** Drops tokens and rejected-credential memory of one identity. */
  invalidateIdentity(fingerprint: string): void;
  close(): Promise<void>;
}

export interface TagList {
  readonly tags: readonly string[];
  readonly truncated: boolean;
}
