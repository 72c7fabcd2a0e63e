import { describe, expect, test } from '@jest/globals';
import {
  ApiError,
  isAlreadyExists,
  isConflict,
  isExpired,
  isNotFound,
  isRefusedForGood,
  NoAnswer,
} from '../../../src/kube/api-error.ts';
import {
  actionText,
  collectionPaths,
  IMAGE_STREAMS,
  IMAGES,
  objectKey,
  SECRETS,
  urlPath,
} from '../../../src/kube/resource.ts';

test.each([
  { path: { resource: SECRETS }, want: '/api/v1/secrets' },
  { path: { resource: SECRETS, namespace: 'a/b' }, want: '/api/v1/namespaces/a%2Fb/secrets' },
  { path: { resource: IMAGES, name: 'sha256-1' }, want: '/apis/image.openshift.io/v1alpha1/images/sha256-1' },
  {
    path: { resource: IMAGE_STREAMS, namespace: 'demo', name: 'app', subresource: 'status' as const },
    want: '/apis/image.openshift.io/v1/namespaces/demo/imagestreams/app/status',
  },
])('urlPath() is $want', ({ path, want }) => {
  expect(urlPath(path)).toBe(want);
});

test('objectKey() and collectionPaths() know objects without a namespace', () => {
  expect([objectKey({ namespace: 'demo', name: 'app' }), objectKey({ name: 'sha256-1' })]).toEqual([
    'demo/app',
    'sha256-1',
  ]);
  expect(collectionPaths(SECRETS, [])).toEqual([{ resource: SECRETS }]);
  expect(collectionPaths(SECRETS, ['a', 'b'])).toEqual([
    { resource: SECRETS, namespace: 'a' },
    { resource: SECRETS, namespace: 'b' },
  ]);
});

test('actionText() quotes the object', () => {
  expect(actionText('list', { resource: SECRETS })).toBe('list secrets');
  expect(actionText('watch', { resource: SECRETS, namespace: 'demo' })).toBe('watch secrets in "demo"');
  expect(actionText('patch', { resource: IMAGES, name: 'a', subresource: 'status' })).toBe(
    'patch status of images "a"',
  );
});

describe('ApiError', () => {
  const error = (code: number, message = '', reason = '') => new ApiError('patch x', code, { message, reason });

  test.each([
    { name: '413', of: error(413), want: true },
    { name: '422', of: error(422), want: true },
    { name: '403', of: error(403), want: true },
    { name: '500 of etcd', of: error(500, 'etcdserver: request is too large'), want: true },
    { name: '500 of gRPC', of: error(500, 'rpc error: trying to send message larger than max (1 vs. 2)'), want: true },
    { name: '500 of a timeout', of: error(500, 'context deadline exceeded'), want: false },
    { name: '409', of: error(409), want: false },
    { name: 'no answer', of: new NoAnswer('patch x', 'broken', {}), want: false },
  ])('isRefusedForGood() of $name is $want', ({ of, want }) => {
    expect(isRefusedForGood(of)).toBe(want);
  });

  test('is told apart by its code, and a create of what is there by its reason', () => {
    expect([isNotFound(error(404)), isConflict(error(409)), isExpired(error(410))]).toEqual([true, true, true]);
    expect([isAlreadyExists(error(409, '', 'AlreadyExists')), isAlreadyExists(error(409, '', 'Conflict'))]).toEqual([
      true,
      false,
    ]);
    expect([isNotFound(new Error('404')), isConflict(undefined)]).toEqual([false, false]);
  });

  test('tells the beginning of a long message, and keeps it whole in the status', () => {
    const long = error(422, 'x'.repeat(10_000));
    expect(long.message.length).toBeLessThan(600);
    expect(long.status.message).toHaveLength(10_000);
  });
});
