import { describe, test } from '@jest/globals';
import { bad, expectRefused, invalid, patch, post, query, type RefusedCase, streams } from './refused.ts';
import { MERGE_PATCH, type Stage, stream } from './stage.ts';

const NO_SUCH_RESOURCE = {
  code: 404,
  reason: 'NotFound',
  message: 'the server could not find the requested resource',
};
const NOT_ALLOWED = {
  code: 405,
  reason: 'MethodNotAllowed',
  message: 'the server does not allow this method on the requested resource',
};
const pods = '/api/v1/namespaces/default/pods';

const paths: readonly RefusedCase[] = [
  { name: 'an unknown kind of a known group', path: '/api/v1/nothings', ...NO_SUCH_RESOURCE },
  { name: 'an unknown kind in a namespace', path: '/api/v1/namespaces/default/nothings', ...NO_SUCH_RESOURCE },
  {
    name: 'an unknown version',
    path: '/apis/image.openshift.io/v9/imagestreams',
    ...NO_SUCH_RESOURCE,
    real: { code: 404 },
    difference: 'unknownPaths',
  },
  {
    name: 'an unknown path',
    path: '/nothing',
    ...NO_SUCH_RESOURCE,
    real: { code: 404 },
    difference: 'unknownPaths',
  },
  {
    name: 'an unknown object',
    path: at => at.streams('/nothing'),
    code: 404,
    reason: 'NotFound',
    message: 'imagestreams.image.openshift.io "nothing" not found',
    details: { name: 'nothing', group: 'image.openshift.io', kind: 'imagestreams' },
  },
  {
    name: 'POST to all namespaces',
    path: '/api/v1/configmaps',
    asked: post({ metadata: { name: 'x' } }),
    ...NOT_ALLOWED,
  },
  { name: 'PUT to a collection', path: '/api/v1/namespaces', asked: { method: 'PUT', body: {} }, ...NOT_ALLOWED },
  { name: 'PATCH of a collection', path: '/api/v1/namespaces', asked: patch({}, MERGE_PATCH), ...NOT_ALLOWED },
  { name: 'OPTIONS', path: '/api/v1/namespaces', asked: { method: 'OPTIONS' }, ...NOT_ALLOWED },
  { name: 'HEAD of a collection', path: '/api/v1/namespaces', asked: { method: 'HEAD' }, code: 405 },
  { name: 'DELETE in all namespaces', path: '/api/v1/configmaps', asked: { method: 'DELETE' }, ...NOT_ALLOWED },
  { name: 'DELETE of all namespaces', path: '/api/v1/namespaces', asked: { method: 'DELETE' }, ...NOT_ALLOWED },
  { name: 'HEAD of /version', path: '/version', asked: { method: 'HEAD' }, code: 405 },
  { name: 'POST to /version', path: '/version', asked: post({}), ...NOT_ALLOWED },
  { name: 'GET of a question', path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', ...NOT_ALLOWED },
  {
    name: 'a path that leads elsewhere',
    path: '/api/v1/namespaces/%2e%2e/pods',
    ...bad('the path of the request cannot be read'),
    real: { code: 500 },
    difference: 'pathTricks',
  },
  {
    name: 'an encoded slash',
    path: '/api/v1/namespaces/default%2fx/pods',
    ...bad('the path of the request cannot be read'),
    real: NO_SUCH_RESOURCE,
    difference: 'pathTricks',
  },
  {
    name: 'a NUL in a path',
    path: `${pods}/a%00b`,
    ...bad('the path of the request cannot be read'),
    real: { code: 404, reason: 'NotFound' },
    difference: 'pathTricks',
  },
];

const credentials: readonly RefusedCase[] = [
  {
    name: 'no token',
    path: '/api',
    asked: { token: null },
    code: 401,
    reason: 'Unauthorized',
    message: 'Unauthorized',
    real: { code: 403, reason: 'Forbidden' },
    difference: 'anonymous',
  },
  { name: 'a wrong token', path: '/api', asked: { token: 'wrong' }, code: 401, reason: 'Unauthorized' },
  { name: 'a wrong token for what is open', path: '/healthz', asked: { token: 'wrong' }, code: 401 },
];

const options: readonly RefusedCase[] = [
  {
    name: 'an unknown dryRun',
    path: query('dryRun=Some'),
    asked: post(stream('x')),
    ...invalid('CreateOptions', 'dryRun: Unsupported value: ["Some"]: supported values: "All"'),
  },
  {
    name: 'an unknown fieldValidation',
    path: query('fieldValidation=Some'),
    asked: post(stream('x')),
    ...invalid(
      'CreateOptions',
      'fieldValidation: Unsupported value: "Some": supported values: "", "Ignore", "Strict", "Warn"',
    ),
  },
  {
    name: 'a manager of many words',
    path: query(`fieldManager=${'x'.repeat(129)}`),
    asked: post(stream('x')),
    ...invalid('CreateOptions', 'fieldManager: Too long: may not be more than 128 bytes'),
  },
  { name: 'a limit that is no number', path: query('limit=x'), ...bad(/parsing "x"/) },
  { name: 'a timeout that is no number', path: query('timeoutSeconds=x'), ...bad(/parsing "x"/) },
  {
    name: 'a token of nobody',
    path: query('continue=zzz'),
    ...bad(/^invalid continue token: continue key is not valid/),
  },
  {
    name: 'a version that is no number',
    path: query('resourceVersion=abc'),
    ...bad(/^invalid resource version: resourceVersion: Invalid value: "abc": /),
  },
  {
    name: 'a version that is not reached',
    path: query('resourceVersion=99999999'),
    code: 504,
    reason: 'Timeout',
    message: /^Timeout: Too large resource version: 99999999, current: \d+$/,
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  },
  {
    name: 'a match without a version',
    path: query('resourceVersionMatch=Exact'),
    ...invalid(
      'ListOptions',
      'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    ),
  },
  {
    name: 'an unknown match',
    path: query('resourceVersion=1&resourceVersionMatch=Some'),
    ...invalid(
      'ListOptions',
      'resourceVersionMatch: Unsupported value: "Some": supported values: "Exact", "NotOlderThan", ""',
    ),
  },
  {
    name: 'initial events of a list',
    path: query('sendInitialEvents=true'),
    ...invalid('ListOptions', 'sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list'),
  },
  {
    name: 'initial events without a match',
    path: query('watch=true&sendInitialEvents=true'),
    ...invalid(
      'ListOptions',
      'resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    ),
  },
  {
    name: 'initial events with another match',
    path: query('watch=true&sendInitialEvents=true&resourceVersionMatch=Exact'),
    ...invalid(
      'ListOptions',
      '[resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"]',
    ),
  },
  {
    name: 'a match of a watch without initial events',
    path: query('watch=true&resourceVersionMatch=NotOlderThan'),
    ...invalid(
      'ListOptions',
      'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    ),
  },
  {
    name: 'a label selector that cannot be read',
    path: query('labelSelector=a+b'),
    ...bad("unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
  },
  {
    name: 'a field selector that cannot be read',
    path: query('fieldSelector=zz'),
    ...bad("invalid selector: 'zz'; can't understand 'zz'"),
  },
  {
    name: 'a field that cannot be asked for',
    path: query('fieldSelector=spec.x=1'),
    ...bad('field label not supported: spec.x'),
  },
];

const forms: readonly RefusedCase[] = [
  {
    name: 'a web page',
    path: streams,
    asked: { accept: 'text/html' },
    code: 406,
    reason: 'NotAcceptable',
    message: 'only the following media types are accepted: application/json',
    real: {
      code: 406,
      reason: 'NotAcceptable',
      message: /^only the following media types are accepted: application\/json/,
    },
    difference: 'mediaTypes',
  },
  {
    name: 'a form that there is not',
    path: streams,
    asked: { accept: 'application/json;as=Other;v=v1;g=meta.k8s.io' },
    code: 406,
    reason: 'NotAcceptable',
  },
  {
    name: 'a list as one object',
    path: streams,
    asked: { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' },
    code: 406,
    reason: 'NotAcceptable',
    message: /^you requested PartialObjectMetadata, but the requested object is a list/,
  },
  {
    name: 'a table with something else in it',
    path: query('includeObject=Some'),
    asked: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    ...bad(
      `Unable to convert to Table as requested: includeObject: Invalid value: "Some": must be 'Metadata', 'Object', 'None', or empty`,
    ),
  },
];

/** What is refused of requests, whatever they would do. */
export function refusedRequests(at: Stage): void {
  describe.each([
    { what: 'a path', cases: paths },
    { what: 'credentials', cases: credentials },
    { what: 'an option', cases: options },
    { what: 'a form', cases: forms },
  ])('is refused as $what:', ({ cases }) => {
    test.each(cases)('$name', refused => expectRefused(at, refused));
  });
}
