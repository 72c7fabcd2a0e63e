import type { RegistryErrorInit } from './errors.ts';

/** What is known of a request that failed below HTTP. */
export interface Circumstances {
  /** What was awaited: the head of the answer (connecting included), or its body. */
  readonly phase: 'headers' | 'body';
  /** Whether a proxy stood between. */
  readonly proxied: boolean;
}

export interface Cause {
  readonly init: Pick<RegistryErrorInit, 'kind' | 'reason'>;
  /** No connection came about, so nothing of the request was sent. */
  readonly neverConnected: boolean;
}

type Init = Cause['init'];

const REFUSED: Init = { kind: 'unavailable', reason: 'refused' };
const UNREACHABLE: Init = { kind: 'unavailable', reason: 'unreachable' };
const RESET: Init = { kind: 'unavailable', reason: 'reset' };
const DNS: Init = { kind: 'unavailable', reason: 'dns' };
const CLOSED: Init = { kind: 'unavailable', reason: 'closed' };
const CUT_OFF: Init = { kind: 'unavailable', reason: 'cutOff' };
const PROXY: Init = { kind: 'unavailable', reason: 'proxy' };
const CONNECTING: Init = { kind: 'timeout', reason: 'connecting' };
const EXPIRED: Init = { kind: 'tls', reason: 'expired' };
const WRONG_NAME: Init = { kind: 'tls', reason: 'wrongName' };
const UNKNOWN_AUTHORITY: Init = { kind: 'tls', reason: 'unknownAuthority' };
const HANDSHAKE: Init = { kind: 'tls', reason: 'handshake' };
const PLAIN_HTTP: Init = { kind: 'tls', reason: 'plainHttpAnswer' };
const MALFORMED: Init = { kind: 'invalidResponse', reason: 'malformed' };
const ABORTED: Init = { kind: 'aborted' };
const UNKNOWN: Init = { kind: 'unavailable' };

/** Codes of Node, OpenSSL, undici and our own connector. */
const INIT_BY_CODE: Readonly<Record<string, Init>> = {
  ADDRESS_REFUSED: { kind: 'blockedAddress', reason: 'endpointAddress' },

  ECONNREFUSED: REFUSED,
  ECONNRESET: RESET,
  ECONNABORTED: RESET,
  EPIPE: RESET,
  EHOSTUNREACH: UNREACHABLE,
  EHOSTDOWN: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ENETDOWN: UNREACHABLE,
  EADDRNOTAVAIL: UNREACHABLE,
  ENOTFOUND: DNS,
  ENODATA: DNS,
  ESERVFAIL: DNS,
  ETIMEOUT: DNS,
  ETIMEDOUT: CONNECTING,

  UND_ERR_CONNECT_TIMEOUT: CONNECTING,
  UND_ERR_HEADERS_TIMEOUT: { kind: 'timeout', reason: 'headers' },
  UND_ERR_BODY_TIMEOUT: { kind: 'timeout', reason: 'body' },
  UND_ERR_SOCKET: CLOSED,
  UND_ERR_CLOSED: CLOSED,
  UND_ERR_DESTROYED: CLOSED,
  UND_ERR_ABORTED: ABORTED,
  UND_ERR_PRX_TLS: PROXY,
  UND_ERR_RES_EXCEEDED_MAX_SIZE: { kind: 'tooLarge' },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: { kind: 'invalidResponse', reason: 'length' },
  UND_ERR_HEADERS_OVERFLOW: { kind: 'invalidResponse', reason: 'headerSize' },
  HPE_INVALID_EOF_STATE: CLOSED,

  ANSWER_MALFORMED: MALFORMED,
  ANSWER_TOO_LARGE: { kind: 'invalidResponse', reason: 'headerSize' },

  CERT_HAS_EXPIRED: EXPIRED,
  CERT_NOT_YET_VALID: EXPIRED,
  ERR_TLS_CERT_ALTNAME_INVALID: WRONG_NAME,
  HOSTNAME_MISMATCH: WRONG_NAME,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  CERT_SIGNATURE_FAILURE: UNKNOWN_AUTHORITY,
  CERT_UNTRUSTED: UNKNOWN_AUTHORITY,
  CERT_CHAIN_TOO_LONG: UNKNOWN_AUTHORITY,
  CERT_REVOKED: UNKNOWN_AUTHORITY,
  CERT_REJECTED: UNKNOWN_AUTHORITY,
  INVALID_CA: UNKNOWN_AUTHORITY,
  INVALID_PURPOSE: UNKNOWN_AUTHORITY,
  PATH_LENGTH_EXCEEDED: UNKNOWN_AUTHORITY,
  EPROTO: HANDSHAKE,
  // OpenSSL read "HTTP/1.1 400 …" as if it were a TLS record.
  ERR_SSL_WRONG_VERSION_NUMBER: PLAIN_HTTP,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: PLAIN_HTTP,
  ERR_SSL_HTTP_REQUEST: PLAIN_HTTP,
};

/** Families of codes that grow with their libraries. */
const INIT_BY_PREFIX: readonly (readonly [prefix: string, init: Init])[] = [
  ['EAI_', DNS],
  ['ERR_SSL_', HANDSHAKE],
  ['ERR_TLS_', HANDSHAKE],
  ['HPE_', MALFORMED],
];

/** Of several addresses that all failed, the failure that says most. */
const TELLING: readonly Init[] = [REFUSED, RESET, CONNECTING, UNREACHABLE];

/** Nothing of the request was sent when one of these happened. */
const BEFORE_SENDING: ReadonlySet<Init> = new Set([REFUSED, UNREACHABLE, DNS, CONNECTING, PROXY]);

const MAX_DEPTH = 8;

/**
 * What an error of the network means, by its codes and those of its causes. Whatever no table knows is `unavailable`
 * without a reason. Never throws.
 */
export function causeOf(error: unknown, at: Circumstances = { phase: 'headers', proxied: false }): Cause {
  const found = search(error, MAX_DEPTH) ?? UNKNOWN;
  if (at.phase === 'body') return { init: insideAnswer(found), neverConnected: false };
  const neverConnected = found.kind === 'tls' || BEFORE_SENDING.has(found) || codeOf(error) === 'CONNECT_FAILED';
  // Without a connection it was the proxy that was not reached: the registry was never tried.
  const proxyFailed = at.proxied && neverConnected && (found.kind === 'unavailable' || found.kind === 'timeout');
  return { init: proxyFailed ? PROXY : found, neverConnected };
}

function insideAnswer(found: Init): Init {
  if (found === CLOSED || found === RESET) return CUT_OFF;
  return found === CONNECTING ? { kind: 'timeout', reason: 'body' } : found;
}

function search(error: unknown, depth: number): Init | undefined {
  if (depth === 0 || typeof error !== 'object' || error === null) return undefined;
  const { message, name, cause, errors } = error as Readonly<Record<string, unknown>>;
  const own = name === 'AbortError' ? ABORTED : initOf(codeOf(error), String(name), String(message));
  // An error about several addresses carries the code of the first alone.
  if (Array.isArray(errors)) return mostTelling(errors.map(each => search(each, depth - 1))) ?? own;
  // "Closed" says less than why, where a cause tells it.
  return own === undefined || own === CLOSED ? (search(cause, depth - 1) ?? own) : own;
}

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : '';
}

function initOf(code: string, name: string, message: string): Init | undefined {
  // Node gives some TLS failures this code of the system and OpenSSL's words.
  if (code === 'EPROTO' && /wrong version number|packet length too long|http request/i.test(message)) return PLAIN_HTTP;
  // A proxy that answers CONNECT with anything but 200; undici has no code of its own for that.
  if (code === 'UND_ERR_ABORTED' && /^Proxy response \(\d+\)/.test(message)) return PROXY;
  // The same for what it forwards without a tunnel: it was asked, and nobody else.
  if (code === 'UND_ERR_INVALID_ARG' && /^Proxy Authentication Required/.test(message)) return PROXY;
  if (code === '' && name === 'HTTPParserError') return MALFORMED;
  if (Object.hasOwn(INIT_BY_CODE, code)) return INIT_BY_CODE[code];
  return INIT_BY_PREFIX.find(([prefix]) => code.startsWith(prefix))?.[1];
}

function mostTelling(found: readonly (Init | undefined)[]): Init | undefined {
  return TELLING.find(init => found.includes(init)) ?? found.find(init => init !== undefined);
}
