import { beforeAll, describe, test } from '@jest/globals';
import { bad, expectRefused, invalid, one, patch, post, type RefusedCase, streams } from './refused.ts';
import { APPLY_PATCH, JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, STREAMS, type Stage, stream } from './stage.ts';

const OVER_LIMIT = 'x'.repeat(3 * 1024 * 1024 + 1);
const DEEP = `{"kind":"ImageStream","apiVersion":"image.openshift.io/v1","metadata":{"name":"deep"},"spec":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;

const bodies: readonly RefusedCase[] = [
  {
    name: 'no JSON',
    path: streams,
    asked: post('{bad'),
    ...bad(
      /^the object provided is unrecognized \(must be of type ImageStream\): couldn't get version\/kind; json parse error: /,
    ),
  },
  { name: 'nothing', path: streams, asked: post(''), ...bad(/json parse error: unexpected end of JSON input/) },
  {
    name: 'a list',
    path: streams,
    asked: post([]),
    ...bad(/^the object provided is unrecognized \(must be of type ImageStream\): /),
  },
  { name: 'no kind', path: streams, asked: post({}), ...bad(/Object 'Kind' is missing/) },
  {
    name: 'another version',
    path: streams,
    asked: post({ kind: 'Pod', apiVersion: 'v1' }),
    ...bad('the API version in the data (v1) does not match the expected API version (image.openshift.io/v1)'),
  },
  {
    name: 'no YAML',
    path: streams,
    asked: post('a: b: c', 'application/yaml'),
    ...bad(/^the object provided is unrecognized \(must be of type ImageStream\): yaml: /),
  },
  { name: 'what is nested too deeply', path: streams, asked: post(DEEP), ...bad(/exceeded max depth/) },
  {
    name: 'another type',
    path: streams,
    asked: post('x', 'text/plain'),
    code: 415,
    reason: 'UnsupportedMediaType',
    message:
      'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  },
  {
    name: 'more than 3 MiB',
    path: streams,
    asked: post(OVER_LIMIT),
    code: 413,
    reason: 'RequestEntityTooLarge',
    message: 'Request entity too large: limit is 3145728',
  },
  {
    name: 'a patch of more than 3 MiB',
    path: one,
    asked: patch(OVER_LIMIT, MERGE_PATCH),
    code: 413,
    reason: 'RequestEntityTooLarge',
  },
  {
    name: 'an object with a version',
    path: streams,
    asked: post(stream('x', { metadata: { resourceVersion: '1' } })),
    code: 500,
    message: 'resourceVersion should not be set on objects to be created',
  },
  {
    name: 'no name',
    path: streams,
    asked: post(stream('')),
    code: 422,
    reason: 'Invalid',
    message: /name or generateName is required/,
  },
  {
    name: 'what is there already',
    path: streams,
    asked: post(stream('one')),
    code: 409,
    reason: 'AlreadyExists',
    message: 'imagestreams.image.openshift.io "one" already exists',
    details: { name: 'one', group: 'image.openshift.io', kind: 'imagestreams' },
  },
  {
    name: 'an object of a namespace that is not there',
    path: `${STREAMS}/namespaces/nowhere/imagestreams`,
    asked: post(stream('x')),
    code: 404,
    reason: 'NotFound',
    message: 'namespaces "nowhere" not found',
  },
];

const patches: readonly RefusedCase[] = [
  {
    name: 'a merge patch that is no JSON',
    path: one,
    asked: patch('{bad', MERGE_PATCH),
    ...bad(/^error decoding patch: /),
  },
  { name: 'a merge patch that is a list', path: one, asked: patch([], MERGE_PATCH), ...bad(/^error decoding patch: /) },
  { name: 'a JSON patch that is no list', path: one, asked: patch({}, JSON_PATCH), ...bad(/^error decoding patch: /) },
  {
    name: 'a strategic patch of a kind of ours',
    path: one,
    asked: patch({}, STRATEGIC_PATCH),
    code: 415,
    reason: 'UnsupportedMediaType',
    message:
      'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
  },
  {
    name: 'a patch without a type of its own',
    path: one,
    asked: patch({}, 'application/json'),
    code: 415,
    reason: 'UnsupportedMediaType',
  },
  {
    name: 'an apply that does not say whose',
    path: one,
    asked: patch(stream('one'), APPLY_PATCH),
    ...invalid('PatchOptions', 'fieldManager: Required value: is required for apply patch'),
  },
  {
    name: 'an apply that is a list',
    path: at => at.streams('/one?fieldManager=x'),
    asked: patch([], APPLY_PATCH),
    ...bad(/^error decoding YAML: /),
  },
  {
    name: 'a forced merge patch',
    path: at => at.streams('/one?force=true'),
    asked: patch({}, MERGE_PATCH),
    ...invalid('PatchOptions', 'force: Forbidden: may not be specified for non-apply patch'),
  },
  {
    name: 'a patch of what is not there',
    path: at => at.streams('/nothing'),
    asked: patch({}, MERGE_PATCH),
    code: 404,
    reason: 'NotFound',
  },
  {
    name: 'a stale patch',
    path: one,
    asked: patch({ metadata: { resourceVersion: '1', labels: { a: 'b' } } }, MERGE_PATCH),
    code: 409,
    reason: 'Conflict',
    message:
      'Operation cannot be fulfilled on imagestreams.image.openshift.io "one": the object has been modified; please apply your changes to the latest version and try again',
  },
];

const deletions: readonly RefusedCase[] = [
  {
    name: 'what is not there',
    path: at => at.streams('/nothing'),
    asked: { method: 'DELETE' },
    code: 404,
    reason: 'NotFound',
  },
  {
    name: 'with a body that is no JSON',
    path: one,
    asked: { method: 'DELETE', body: '{bad' },
    ...bad(/^couldn't get version\/kind; json parse error: /),
  },
  {
    name: 'with the options of something else',
    path: one,
    asked: { method: 'DELETE', body: { kind: 'Pod', apiVersion: 'v1' } },
    code: 400,
    reason: 'BadRequest',
  },
  {
    name: 'with another uid',
    path: one,
    asked: { method: 'DELETE', body: { preconditions: { uid: 'x' } } },
    code: 409,
    reason: 'Conflict',
    message:
      /^Operation cannot be fulfilled on ImageStream\.image\.openshift\.io "one": the UID in the precondition \(x\) does not match the UID in record/,
  },
  {
    name: 'by an unknown policy',
    path: one,
    asked: { method: 'DELETE', body: { propagationPolicy: 'Some' } },
    ...invalid(
      'DeleteOptions',
      'propagationPolicy: Unsupported value: "Some": supported values: "Foreground", "Background", "Orphan", "nil"',
    ),
  },
  {
    name: 'by an unknown dryRun',
    path: at => at.streams('/one?dryRun=Some'),
    asked: { method: 'DELETE' },
    ...invalid('DeleteOptions', 'dryRun: Unsupported value: ["Some"]: supported values: "All"'),
  },
];

/** What is refused of writes. */
export function refusedWrites(at: Stage): void {
  beforeAll(async () => {
    await at.createStream('one');
  });

  describe.each([
    { what: 'a body', cases: bodies },
    { what: 'a patch', cases: patches },
    { what: 'a deletion', cases: deletions },
  ])('is refused as $what:', ({ cases }) => {
    test.each(cases)('$name', refused => expectRefused(at, refused));
  });
}
