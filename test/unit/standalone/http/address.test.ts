import { expect, test } from '@jest/globals';
import { readAddress } from '../../../../src/standalone/http/address.ts';

test.each([
  { url: '/', want: [] },
  { url: '/api/v1', want: ['api', 'v1'] },
  { url: '/api/v1/', want: ['api', 'v1'] },
  { url: '/api/v1?watch=1', want: ['api', 'v1'] },
  { url: '/api/v1/namespaces/a%3Ab', want: ['api', 'v1', 'namespaces', 'a:b'] },
])('readAddress() of $url reads its segments', ({ url, want }) => {
  expect(readAddress(url)?.segments).toEqual(want);
});

test('readAddress() reads the query', () => {
  const { query } = readAddress('/api?labelSelector=a%3Db&watch') ?? {};
  expect([query?.get('labelSelector'), query?.get('watch'), query?.get('limit')]).toEqual(['a=b', '', null]);
});

test.each([
  'http://elsewhere.example/api',
  '*',
  '',
  '//api/v1',
  '/api//v1',
  '/api/../version',
  '/api/./v1',
  '/api/%2e%2e/version',
  '/api/a%2fb',
  '/api/a%5cb',
  '/api/a%00b',
  '/api/a%0ab',
  '/api/%25',
  '/api/%zz',
  '/api/%ff',
])('readAddress() refuses %j', url => {
  expect(readAddress(url)).toBeUndefined();
});
