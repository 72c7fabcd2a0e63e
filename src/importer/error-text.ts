import { InvalidContent } from '../image/content.ts';
import type { RegistryError, RegistryErrorReason } from '../registry/errors.ts';
import { wordsOf } from './oci-texts.ts';

/**
 * What went wrong, in the words that follow the prefix of a failure (import-semantics 7.1, 7.4): OpenShift's where it
 * has any, never an address, a port of ours, a time, a secret or a piece of a body, so equal failures read equal.
 */
export function textOf(error: RegistryError): string {
  const text = statusText(error) ?? transportText(error) ?? contentText(error);
  return text ?? error.detail ?? (error.status === undefined ? error.kind : withStatus(error.status));
}

/** Whether an error of the registry (not of its token service) is about a blob. */
function isMissingBlob({ kind, from, request, status }: RegistryError): boolean {
  return (
    (kind === 'notFound' || status === 404) && from !== 'tokenService' && /\/blobs\/[^/]+$/.test(request?.url ?? '')
  );
}

/** What an HTTP answer said no with. */
function statusText(error: RegistryError): string | undefined {
  const { kind, status = 0, errors = [] } = error;
  if (isMissingBlob(error)) return 'unknown blob';
  if (status >= 500) return byWhom(error, withStatus(status));
  if (errors.length > 0) return byWhom(error, wordsOf(errors));
  if (kind === 'rateLimited') return byWhom(error, 'toomanyrequests: too many requests');
  // The text of a 401 that carries no error document.
  if (kind === 'unauthorized') return byWhom(error, 'unauthorized: authentication required');
  if (status >= 400) return byWhom(error, `${SPEAKER[error.from]} answered HTTP ${status} without an error document`);
  return undefined;
}

const SPEAKER = {
  registry: 'registry',
  tokenService: 'token service',
  redirectTarget: 'redirect target',
} as const;

/** An answer of the token service comes wrapped in the request that needed the token. */
function byWhom(error: RegistryError, text: string): string {
  return error.from === 'tokenService' ? `${get(urlOf(error))}: ${text}` : text;
}

/** What kept a request or its answer from arriving. */
function transportText(error: RegistryError): string | undefined {
  const { kind, reason, host } = error;
  if (kind === 'aborted') return 'request canceled';
  if (reason === 'endpointAddress') return `registry ${host} leads to an address that is not allowed`;
  if (reason === 'redirectHost') return `registry ${host} redirects to a host that is not allowed`;
  if (reason === 'realmHost') return `registry ${host} asks for credentials at a host it does not belong to`;
  if (reason === 'cutOff') return 'unexpected EOF';
  if (reason === 'redirectLoop') return `${get(new URL(urlOf(error)).pathname)}: stopped after 10 redirects`;
  if (reason === 'closed') return `${get(urlOf(error))}: EOF`;
  if (kind === 'unavailable' && reason === undefined) return `${get(urlOf(error))}: the connection failed`;
  if (kind === 'invalidResponse' && (reason ?? 'malformed') === 'malformed' && error.detail === undefined)
    return `${get(urlOf(error))}: malformed HTTP response`;
  const words = reason === undefined ? undefined : CONNECTION[reason];
  if (words === undefined) return undefined;
  if (error.from !== 'registry') return `${get(urlOf(error))}: ${SPEAKER[error.from]}: ${words('its host')}`;
  const { origin, host: authority, hostname } = new URL(urlOf(error));
  return `${get(`${origin}/v2/`)}: ${words(reason === 'dns' ? hostname : authority)}`;
}

const NOT_VERIFIED = 'tls: failed to verify certificate: x509: certificate';

/** Words for what happens on the way to a host. */
const CONNECTION: Partial<Readonly<Record<RegistryErrorReason, (host: string) => string>>> = {
  refused: () => 'dial tcp: connect: connection refused',
  reset: () => 'dial tcp: connect: connection reset by peer',
  unreachable: () => 'dial tcp: connect: no route to host',
  dns: host => `dial tcp: lookup ${host}: no such host`,
  proxy: () => 'proxyconnect tcp: the proxy gave no connection',
  connecting: () => 'timed out while connecting',
  headers: () => 'timed out waiting for headers',
  body: () => 'timed out reading the body',
  unknownAuthority: () => `${NOT_VERIFIED} signed by unknown authority`,
  expired: () => `${NOT_VERIFIED} has expired or is not yet valid`,
  wrongName: host => `${NOT_VERIFIED} is not valid for ${host}`,
  handshake: () => 'tls: handshake failure',
  plainHttpAnswer: () => 'http: server gave HTTP response to HTTPS client',
};

/** What is wrong with an answer that arrived. */
function contentText({ kind, reason, limit, digests, detail, cause }: RegistryError): string | undefined {
  if (digests !== undefined) {
    const { what, wanted, got } = digests;
    return `content integrity error: the ${what} retrieved with digest ${wanted} does not match the digest calculated from the content ${got}`;
  }
  if (kind === 'tooLarge') {
    return limit === undefined ? 'the answer is too large' : `${limit.what} is larger than ${sizeText(limit.bytes)}`;
  }
  if (cause instanceof InvalidContent) return contentWords(cause);
  return detail ?? (reason === undefined ? undefined : ANSWER[reason]);
}

/** For answers of which the client says no more than the reason. */
const ANSWER: Partial<Readonly<Record<RegistryErrorReason, string>>> = {
  manifest: 'the manifest is not what its type says',
  config: 'the config is not what its type says',
  token: 'token service answered without a usable token',
  tags: 'the tag list is not what its type says',
  challenge: 'the authentication challenge of the registry is not usable',
  encoding: 'the answer has a content encoding that was not asked for',
  length: 'the answer is not as long as it says',
  headerSize: 'the header of the answer is too large',
};

/** OpenShift's words for content that is not what its type says, else ours. */
export function contentWords(error: InvalidContent): string {
  return error.openshift ?? error.detail;
}

/** A size as a person writes it: `4 MiB`, `128 KiB`, `1000 bytes`. */
export function sizeText(bytes: number): string {
  if (bytes % 0x10_0000 === 0) return `${bytes / 0x10_0000} MiB`;
  return bytes % 0x400 === 0 ? `${bytes / 0x400} KiB` : `${bytes} bytes`;
}

function get(url: string): string {
  return `Get "${url}"`;
}

/** What was asked of the registry; HEAD and GET fail alike, so the method is not told. */
function urlOf({ request, host }: RegistryError): string {
  return request !== undefined && URL.canParse(request.url) ? request.url : `https://${host}/v2/`;
}

function withStatus(status: number): string {
  const phrase = PHRASES[status];
  return `received unexpected HTTP status: ${status}${phrase === undefined ? '' : ` ${phrase}`}`;
}

/** Standard phrases: what a registry writes next to the number is its own. */
const PHRASES: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  203: 'Non-Authoritative Information',
  204: 'No Content',
  205: 'Reset Content',
  206: 'Partial Content',
  300: 'Multiple Choices',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  305: 'Use Proxy',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
  506: 'Variant Also Negotiates',
  507: 'Insufficient Storage',
  508: 'Loop Detected',
  510: 'Not Extended',
  511: 'Network Authentication Required',
};
