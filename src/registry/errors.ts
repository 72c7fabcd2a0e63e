/**
 * What a registry (or the way to it) said no with. Callers decide by `kind` and `reason`, never by the message.
 * The list is closed (registry-client 8.1).
 */
export type RegistryErrorKind =
  | 'blocked' // refused by configuration, nothing was sent
  | 'blockedAddress' // the address policy refused the host, a redirect or a realm
  | 'notFound' // the tag, digest or blob is not there
  | 'unauthorized' // no credential was accepted, or none is there
  | 'denied' // known, but not allowed
  | 'rateLimited'
  | 'unavailable' // 5xx, connection refused or reset, DNS, proxy, closed before or inside an answer
  | 'timeout'
  | 'tls'
  | 'tooLarge'
  | 'digestMismatch'
  | 'invalidResponse'
  | 'aborted';

/** Finer cause, closed per kind; failure texts are chosen by it (import-semantics 7.4). */
export type RegistryErrorReason =
  // blockedAddress
  | 'endpointAddress'
  | 'redirectHost'
  | 'realmHost'
  // unauthorized
  | 'noCredentials' // the registry wants Basic or Bearer and no candidate matches
  | 'noChallenge'
  | 'noRealm'
  | 'unsupportedScheme'
  | 'rejected' // a credential was sent and refused
  // unavailable
  | 'refused'
  | 'reset'
  | 'unreachable'
  | 'dns'
  | 'closed' // before an answer
  | 'cutOff' // inside an answer
  | 'httpStatus'
  | 'proxy'
  | 'redirectLoop'
  // timeout
  | 'connecting'
  | 'headers'
  | 'body'
  // tls
  | 'unknownAuthority'
  | 'expired'
  | 'wrongName'
  | 'handshake'
  | 'plainHttpAnswer' // an http server on the https port
  // invalidResponse
  | 'manifest'
  | 'config'
  | 'token'
  | 'tags'
  | 'challenge'
  | 'encoding'
  | 'length'
  | 'malformed' // no HTTP
  | 'headerSize'
  | 'status';

/** One entry of an OCI `errors` document. Text is cleaned: no control characters, at most 256 characters. */
export interface OciError {
  readonly code: string;
  readonly message: string;
  /** Whether the entry carried a `detail` that is not null. Its content is never kept. */
  readonly hasDetail: boolean;
}

export interface RegistryErrorInit {
  readonly kind: RegistryErrorKind;
  readonly reason?: RegistryErrorReason;
  /** Logical host, as in references. */
  readonly host: string;
  readonly repository?: string;
  /** Who said it. */
  readonly from?: 'registry' | 'tokenService' | 'redirectTarget';
  /** What was asked of the *registry*, without query: `{method: 'GET', url: 'https://quay.io/v2/org/app/manifests/v1'}`. */
  readonly request?: { readonly method: string; readonly url: string };
  readonly status?: number;
  /** Entries of the OCI error document in order; absent when the body was none. */
  readonly errors?: readonly OciError[];
  /** For `digestMismatch`. */
  readonly digests?: { readonly wanted: string; readonly got: string; readonly what: 'manifest' | 'blob' };
  /** For `tooLarge`: which cap was hit. */
  readonly limit?: { readonly what: 'manifest' | 'config' | 'token' | 'tag list' | 'error'; readonly bytes: number };
  /** Epoch milliseconds before which asking again is pointless. */
  readonly retryAtMs?: number;
  /** Stable words about what was expected and where; no secret, address, port of ours, time or piece of a body. */
  readonly detail?: string;
  readonly cause?: unknown;
}

/** The one error type that the registry room throws. `message` is safe and stable between equal failures. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly kind: RegistryErrorKind;
  readonly reason: RegistryErrorReason | undefined;
  readonly host: string;
  readonly repository: string | undefined;
  readonly from: 'registry' | 'tokenService' | 'redirectTarget';
  readonly request: RegistryErrorInit['request'];
  readonly status: number | undefined;
  readonly errors: readonly OciError[] | undefined;
  readonly digests: RegistryErrorInit['digests'];
  readonly limit: RegistryErrorInit['limit'];
  readonly retryAtMs: number | undefined;
  readonly detail: string | undefined;

  constructor(init: RegistryErrorInit) {
    super(messageOf(init), init.cause === undefined ? undefined : { cause: init.cause });
    this.kind = init.kind;
    this.reason = init.reason;
    this.host = init.host;
    this.repository = init.repository;
    this.from = init.from ?? 'registry';
    this.request = init.request;
    this.status = init.status;
    this.errors = init.errors;
    this.digests = init.digests;
    this.limit = init.limit;
    this.retryAtMs = init.retryAtMs;
    this.detail = init.detail;
  }
}

/** Kinds that asking again later may heal without anybody changing anything. */
const TRANSIENT: ReadonlySet<RegistryErrorKind> = new Set(['rateLimited', 'unavailable', 'timeout']);

export function isTransient(error: RegistryError): boolean {
  return TRANSIENT.has(error.kind);
}

function messageOf(init: RegistryErrorInit): string {
  const what =
    init.request === undefined ? `Cannot ask "${init.host}"` : `${init.request.method} "${init.request.url}"`;
  const state = init.detail ?? [init.kind, init.reason].filter(Boolean).join(', ');
  return `${what}: ${init.status === undefined ? state : `${state} (HTTP ${init.status})`}`;
}
