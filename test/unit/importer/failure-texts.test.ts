import { describe, expect, test } from '@jest/globals';
import { InvalidContent } from '../../../src/image/content.ts';
import { type Asked, failureOf } from '../../../src/importer/failure-texts.ts';
import { RegistryError, type RegistryErrorInit } from '../../../src/registry/errors.ts';

const REF = 'quay.io/org/app:v1';
const IMAGE: Asked = { reference: REF, what: 'image', registry: 'quay.io' };
const LIST: Asked = { reference: 'quay.io/org/app', what: 'tagList', registry: 'quay.io' };
const MANIFEST_URL = 'https://quay.io/v2/org/app/manifests/v1';
const D = `sha256:${'1'.repeat(64)}`;
const E = `sha256:${'2'.repeat(64)}`;

function error(init: Partial<RegistryErrorInit>): RegistryError {
  const request = { method: 'GET', url: MANIFEST_URL };
  return new RegistryError({ kind: 'unavailable', host: 'quay.io', repository: 'org/app', request, ...init });
}

function said(code: string, message = '', hasDetail = false) {
  return { errors: [{ code, message, hasDetail }] };
}

const messageOf = (init: Partial<RegistryErrorInit>, asked = IMAGE) => failureOf(error(init), asked).status.message;

describe('failureOf an image: code, reason, details (import-semantics 7.1, 11.5)', () => {
  const noAccess = { code: 401, reason: 'Unauthorized' };
  const internal = { code: 500, reason: 'InternalError' };
  const denied = 'requested access to the resource is denied';
  const rows: readonly {
    readonly name: string;
    readonly init: Partial<RegistryErrorInit>;
    readonly want: { readonly code: number; readonly reason: string; readonly message: string };
  }[] = [
    {
      name: '404 MANIFEST_UNKNOWN',
      init: { kind: 'notFound', status: 404, ...said('MANIFEST_UNKNOWN') },
      want: { code: 404, reason: 'NotFound', message: `dockerimage.image.openshift.io "${REF}" not found` },
    },
    {
      name: 'MANIFEST_UNKNOWN at any position',
      init: {
        kind: 'notFound',
        status: 404,
        errors: [...said('UNKNOWN', 'x').errors, ...said('MANIFEST_UNKNOWN').errors],
      },
      want: { code: 404, reason: 'NotFound', message: `dockerimage.image.openshift.io "${REF}" not found` },
    },
    {
      name: '404 NAME_UNKNOWN is not NotFound',
      init: { kind: 'notFound', status: 404, ...said('NAME_UNKNOWN', 'repository name not known to registry', true) },
      want: {
        ...internal,
        message: `Internal error occurred: ${REF}: name unknown: repository name not known to registry`,
      },
    },
    {
      name: '401 UNAUTHORIZED of the registry',
      init: {
        kind: 'unauthorized',
        reason: 'rejected',
        status: 401,
        ...said('UNAUTHORIZED', 'authentication required'),
      },
      want: { ...noAccess, message: `you may not have access to the container image "${REF}"` },
    },
    {
      name: '401 without an error document',
      init: { kind: 'unauthorized', reason: 'noCredentials', status: 401 },
      want: { ...noAccess, message: `you may not have access to the container image "${REF}"` },
    },
    {
      name: 'Basic challenge, no matching secret',
      init: { kind: 'unauthorized', reason: 'noCredentials', status: 401, detail: 'missing, or no access to it' },
      want: { ...noAccess, message: `you may not have access to the container image "${REF}"` },
    },
    {
      name: 'token service: incorrect username or password',
      init: {
        kind: 'unauthorized',
        from: 'tokenService',
        status: 401,
        ...said('UNAUTHORIZED', 'incorrect username or password'),
      },
      want: { ...noAccess, message: `incorrect username or password for image "${REF}"` },
    },
    {
      name: '403 DENIED with the default message and no detail',
      init: { kind: 'denied', status: 403, ...said('DENIED', denied) },
      want: { ...internal, message: `Internal error occurred: ${REF}: denied` },
    },
    {
      name: '403 DENIED with another message',
      init: { kind: 'denied', status: 403, ...said('DENIED', 'pull only by members') },
      want: { ...internal, message: `Internal error occurred: ${REF}: denied: pull only by members` },
    },
    {
      name: '403 DENIED with a detail',
      init: { kind: 'denied', status: 403, ...said('DENIED', denied, true) },
      want: { ...internal, message: `Internal error occurred: ${REF}: denied: ${denied}` },
    },
    {
      name: 'token service 401 UNAUTHORIZED',
      init: {
        kind: 'unauthorized',
        from: 'tokenService',
        status: 401,
        ...said('UNAUTHORIZED', 'Requires authentication'),
      },
      want: {
        ...internal,
        message: `Internal error occurred: ${REF}: Get "${MANIFEST_URL}": unauthorized: Requires authentication`,
      },
    },
    {
      name: 'token service 401 without an error document',
      init: { kind: 'unauthorized', from: 'tokenService', status: 401 },
      want: {
        ...internal,
        message: `Internal error occurred: ${REF}: Get "${MANIFEST_URL}": unauthorized: authentication required`,
      },
    },
    {
      name: '429 TOOMANYREQUESTS',
      init: { kind: 'rateLimited', status: 429, ...said('TOOMANYREQUESTS', 'pull rate limit reached') },
      want: { ...internal, message: `Internal error occurred: ${REF}: toomanyrequests: pull rate limit reached` },
    },
    {
      name: '503',
      init: { kind: 'unavailable', reason: 'httpStatus', status: 503 },
      want: {
        ...internal,
        message: `Internal error occurred: ${REF}: received unexpected HTTP status: 503 Service Unavailable`,
      },
    },
    {
      name: 'blocked by configuration',
      init: { kind: 'blocked' },
      want: { code: 403, reason: 'Forbidden', message: 'forbidden: registry quay.io blocked' },
    },
  ];

  test.each(rows)('11.5 $name', ({ init, want }) => {
    const { status } = failureOf(error(init), IMAGE);
    expect(status).toMatchObject({ status: 'Failure', ...want });
  });

  test('11.5 short name app MANIFEST_UNKNOWN', () => {
    const asked = { ...IMAGE, reference: 'docker.io/library/app:latest', registry: '' };
    const { status } = failureOf(error({ kind: 'notFound', status: 404, ...said('MANIFEST_UNKNOWN') }), asked);
    expect(status.message).toBe('dockerimage.image.openshift.io "docker.io/library/app:latest" not found');
    expect(status.details).toEqual({
      group: 'image.openshift.io',
      kind: 'dockerimage',
      name: 'docker.io/library/app:latest',
    });
  });

  test('7.1 an InternalError tells its text as its cause', () => {
    const { status } = failureOf(error({ reason: 'cutOff' }), IMAGE);
    expect(status.details).toEqual({ causes: [{ message: `${REF}: unexpected EOF` }] });
  });
});

describe('failureOf an image: the text after the prefix (import-semantics 7.1, 7.4)', () => {
  const registry = 'Get "https://quay.io/v2/": ';
  const rows: readonly (readonly [string, Partial<RegistryErrorInit>, string])[] = [
    [
      'a code with its default message',
      { kind: 'invalidResponse', status: 400, ...said('TAG_INVALID') },
      'tag invalid',
    ],
    ['an unknown code', { kind: 'denied', status: 403, ...said('NO_PULL', 'go away') }, 'unknown: go away'],
    ['an unknown code without text', { kind: 'denied', status: 403, ...said('NO_PULL') }, 'unknown'],
    [
      'a detail and no text',
      { kind: 'denied', status: 403, ...said('DENIED', '', true) },
      'denied: requested access to the resource is denied',
    ],
    [
      'the name of an object member as code',
      { kind: 'denied', status: 403, ...said('constructor', 'x') },
      'unknown: x',
    ],
    [
      'several codes, equal ones once',
      {
        kind: 'denied',
        status: 403,
        errors: [...said('DENIED', 'no').errors, ...said('DENIED', 'no').errors, ...said('NAME_INVALID').errors],
      },
      'denied: no; name invalid',
    ],
    ['429 without an error document', { kind: 'rateLimited', status: 429 }, 'toomanyrequests: too many requests'],
    [
      'a paused lane reads as the 429 that paused it',
      { kind: 'rateLimited', detail: 'paused' },
      'toomanyrequests: too many requests',
    ],
    ['5xx with the phrase that belongs to it', { status: 504 }, 'received unexpected HTTP status: 504 Gateway Timeout'],
    ['5xx without a phrase', { status: 520 }, 'received unexpected HTTP status: 520'],
    [
      '5xx with an error document, which is not told',
      { status: 500, ...said('UNKNOWN', 'db at 10.0.0.1') },
      'received unexpected HTTP status: 500 Internal Server Error',
    ],
    [
      '5xx never is NotFound',
      { status: 500, ...said('MANIFEST_UNKNOWN') },
      'received unexpected HTTP status: 500 Internal Server Error',
    ],
    [
      '5xx of the token service',
      { status: 502, from: 'tokenService' },
      `Get "${MANIFEST_URL}": received unexpected HTTP status: 502 Bad Gateway`,
    ],
    [
      '4xx without a usable error document',
      { kind: 'notFound', status: 404 },
      'registry answered HTTP 404 without an error document',
    ],
    [
      '4xx of a redirect target',
      { kind: 'denied', status: 403, from: 'redirectTarget' },
      'redirect target answered HTTP 403 without an error document',
    ],
    [
      '4xx of the token service',
      { kind: 'denied', status: 403, from: 'tokenService' },
      `Get "${MANIFEST_URL}": token service answered HTTP 403 without an error document`,
    ],
    [
      'another status',
      { kind: 'invalidResponse', reason: 'status', status: 304 },
      'received unexpected HTTP status: 304 Not Modified',
    ],
    ['connection refused', { reason: 'refused' }, `${registry}dial tcp: connect: connection refused`],
    ['connection reset', { reason: 'reset' }, `${registry}dial tcp: connect: connection reset by peer`],
    ['host unreachable', { reason: 'unreachable' }, `${registry}dial tcp: connect: no route to host`],
    ['DNS', { reason: 'dns' }, `${registry}dial tcp: lookup quay.io: no such host`],
    ['time-out while connecting', { kind: 'timeout', reason: 'connecting' }, `${registry}timed out while connecting`],
    [
      'time-out waiting for headers',
      { kind: 'timeout', reason: 'headers' },
      `${registry}timed out waiting for headers`,
    ],
    ['time-out reading the body', { kind: 'timeout', reason: 'body' }, `${registry}timed out reading the body`],
    [
      'unknown CA',
      { kind: 'tls', reason: 'unknownAuthority' },
      `${registry}tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    ],
    [
      'expired certificate',
      { kind: 'tls', reason: 'expired' },
      `${registry}tls: failed to verify certificate: x509: certificate has expired or is not yet valid`,
    ],
    [
      'wrong certificate',
      { kind: 'tls', reason: 'wrongName' },
      `${registry}tls: failed to verify certificate: x509: certificate is not valid for quay.io`,
    ],
    ['TLS handshake', { kind: 'tls', reason: 'handshake' }, `${registry}tls: handshake failure`],
    [
      'HTTP-only registry',
      { kind: 'tls', reason: 'plainHttpAnswer' },
      `${registry}http: server gave HTTP response to HTTPS client`,
    ],
    ['proxy', { reason: 'proxy' }, `${registry}proxyconnect tcp: the proxy gave no connection`],
    [
      'refused by the token service',
      { reason: 'refused', from: 'tokenService' },
      `Get "${MANIFEST_URL}": token service: dial tcp: connect: connection refused`,
    ],
    [
      'DNS of a redirect target',
      { reason: 'dns', from: 'redirectTarget' },
      `Get "${MANIFEST_URL}": redirect target: dial tcp: lookup its host: no such host`,
    ],
    [
      'a port as typed',
      { reason: 'refused', request: { method: 'HEAD', url: 'http://localhost:5000/v2/a/manifests/b' } },
      'Get "http://localhost:5000/v2/": dial tcp: connect: connection refused',
    ],
    [
      'DNS has no port',
      { reason: 'dns', request: { method: 'HEAD', url: 'http://nowhere:5000/v2/a/manifests/b' } },
      'Get "http://nowhere:5000/v2/": dial tcp: lookup nowhere: no such host',
    ],
    ['closed before an answer', { reason: 'closed' }, `Get "${MANIFEST_URL}": EOF`],
    ['cut off', { reason: 'cutOff' }, 'unexpected EOF'],
    ['redirect loop', { reason: 'redirectLoop' }, 'Get "/v2/org/app/manifests/v1": stopped after 10 redirects'],
    [
      'address policy',
      { kind: 'blockedAddress', reason: 'endpointAddress' },
      'registry quay.io leads to an address that is not allowed',
    ],
    [
      'blocked redirect',
      { kind: 'blockedAddress', reason: 'redirectHost' },
      'registry quay.io redirects to a host that is not allowed',
    ],
    [
      'foreign realm',
      { kind: 'blockedAddress', reason: 'realmHost', from: 'tokenService' },
      'registry quay.io asks for credentials at a host it does not belong to',
    ],
    [
      'too large',
      { kind: 'tooLarge', limit: { what: 'manifest', bytes: 4 * 1024 * 1024 } },
      'manifest is larger than 4 MiB',
    ],
    [
      'too large a token',
      { kind: 'tooLarge', limit: { what: 'token', bytes: 128 * 1024 } },
      'token is larger than 128 KiB',
    ],
    [
      'digest of a manifest',
      { kind: 'digestMismatch', digests: { wanted: D, got: E, what: 'manifest' } },
      `content integrity error: the manifest retrieved with digest ${D} does not match the digest calculated from the content ${E}`,
    ],
    [
      'digest of a config',
      { kind: 'digestMismatch', digests: { wanted: D, got: E, what: 'blob' } },
      `content integrity error: the blob retrieved with digest ${D} does not match the digest calculated from the content ${E}`,
    ],
    [
      'missing blob',
      {
        kind: 'notFound',
        status: 404,
        ...said('BLOB_UNKNOWN'),
        request: { method: 'GET', url: `https://quay.io/v2/org/app/blobs/${D}` },
      },
      'unknown blob',
    ],
    [
      'missing blob, told as a manifest',
      {
        kind: 'notFound',
        status: 404,
        ...said('MANIFEST_UNKNOWN'),
        request: { method: 'GET', url: `https://quay.io/v2/org/app/blobs/${D}` },
      },
      'unknown blob',
    ],
    [
      'a repository called blobs has manifests',
      {
        kind: 'denied',
        status: 403,
        ...said('DENIED'),
        request: { method: 'GET', url: 'https://quay.io/v2/org/blobs/manifests/v1' },
      },
      'denied',
    ],
    [
      'what the client has words for',
      { kind: 'invalidResponse', reason: 'token', detail: 'the token has no text' },
      'the token has no text',
    ],
    ['what it has none for', { kind: 'invalidResponse', reason: 'length' }, 'the answer is not as long as it says'],
    [
      'a header without end',
      { kind: 'invalidResponse', reason: 'headerSize' },
      'the header of the answer is too large',
    ],
    ['malformed', { kind: 'invalidResponse', reason: 'malformed' }, `Get "${MANIFEST_URL}": malformed HTTP response`],
    ['not even HTTP', { kind: 'invalidResponse' }, `Get "${MANIFEST_URL}": malformed HTTP response`],
    ['an unknown failure of the connection', { kind: 'unavailable' }, `Get "${MANIFEST_URL}": the connection failed`],
    ['aborted', { kind: 'aborted' }, 'request canceled'],
    ['refused by the client with a reason', { kind: 'blocked', detail: 'this is no tag' }, 'this is no tag'],
  ];

  test.each(rows)('7.4 %s', (_name, init, text) => {
    expect(messageOf(init)).toBe(`Internal error occurred: ${REF}: ${text}`);
  });

  test('7.4 a long text is cut at 256 characters', () => {
    const message = messageOf({ kind: 'denied', status: 403, ...said('DENIED', 'x'.repeat(300)) }) ?? '';
    expect(message.slice(`Internal error occurred: ${REF}: `.length)).toHaveLength(256);
  });

  test.each(rows)('is the same for HEAD and GET: %s', (_name, init) => {
    const { request = { method: 'GET', url: MANIFEST_URL } } = init;
    expect(messageOf({ ...init, request: { ...request, method: 'HEAD' } })).toBe(messageOf(init));
  });
});

describe('failureOf content', () => {
  test.each([
    [
      'a manifest fault has the reference before it',
      { what: 'manifest', detail: 'config: expected a descriptor' },
      `${REF}: config: expected a descriptor`,
    ],
    [
      'a config fault has none',
      { what: 'config', detail: 'config.Env: expected an array of strings' },
      'config.Env: expected an array of strings',
    ],
    [
      'the words of OpenShift come first',
      { what: 'manifest', detail: 'x', openshift: 'missing signature key' },
      `${REF}: missing signature key`,
    ],
    [
      'what OpenShift finds after the fetch has none',
      { what: 'manifest', detail: 'x', openshift: 'unrecognized', prefixed: false },
      'unrecognized',
    ],
  ] as const)('5.4 %s', (_name, init, text) => {
    const content = new InvalidContent(init);
    expect(failureOf(content, IMAGE).status.message).toBe(`Internal error occurred: ${text}`);
    const wrapped = error({ kind: 'invalidResponse', reason: 'manifest', detail: init.detail, cause: content });
    expect(failureOf(wrapped, IMAGE).status.message).toBe(`Internal error occurred: ${text}`);
  });
});

describe('failureOf a tag list (import-semantics 6)', () => {
  const url = 'https://quay.io/v2/org/app/tags/list';
  test.each([
    [
      'NAME_UNKNOWN',
      { kind: 'notFound', status: 404, ...said('NAME_UNKNOWN') },
      404,
      'dockerimage.image.openshift.io "quay.io/org/app" not found',
    ],
    [
      'UNAUTHORIZED of the registry',
      { kind: 'unauthorized', status: 401, ...said('UNAUTHORIZED') },
      401,
      'you may not have access to the container image "quay.io/org/app"',
    ],
    [
      'incorrect username or password of the token service',
      {
        kind: 'unauthorized',
        from: 'tokenService',
        status: 401,
        ...said('UNAUTHORIZED', 'incorrect username or password'),
      },
      500,
      `Internal error occurred: Get "${url}": unauthorized: incorrect username or password`,
    ],
    ['anything else', { kind: 'denied', status: 403, ...said('DENIED') }, 500, 'Internal error occurred: denied'],
    [
      'MANIFEST_UNKNOWN is nothing special',
      { kind: 'notFound', status: 404, ...said('MANIFEST_UNKNOWN') },
      500,
      'Internal error occurred: manifest unknown',
    ],
    [
      'nobody could be asked',
      { kind: 'blockedAddress', reason: 'endpointAddress' },
      500,
      'Internal error occurred: quay.io/org/app: registry quay.io leads to an address that is not allowed',
    ],
    ['blocked', { kind: 'blocked' }, 403, 'forbidden: registry quay.io blocked'],
  ] as const)('6 %s', (_name, init, code, message) => {
    const { status } = failureOf(error({ request: { method: 'GET', url }, ...init }), LIST);
    expect(status).toMatchObject({ code, message });
  });
});

describe('failureOf tells whether asking again may heal it', () => {
  test.each([
    ['unavailable', true],
    ['timeout', true],
    ['rateLimited', true],
    ['notFound', false],
    ['unauthorized', false],
    ['tls', false],
    ['digestMismatch', false],
  ] as const)('%s: %s', (kind, transient) => {
    expect(failureOf(error({ kind }), IMAGE).transient).toBe(transient);
  });

  test('and from when on', () => {
    expect(failureOf(error({ kind: 'rateLimited', retryAtMs: 42 }), IMAGE).retryAtMs).toBe(42);
  });
});

test('a fault of ours is told without its words', () => {
  const { status, transient } = failureOf(new TypeError('cannot read /etc/secret'), IMAGE);
  expect(status).toMatchObject({ code: 500, message: `Internal error occurred: ${REF}: unexpected error` });
  expect(transient).toBe(false);
});
