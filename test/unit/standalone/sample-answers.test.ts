import { describe, expect, test } from '@jest/globals';
import { type RegistryRequest, type Repository, registryAnswer } from '../../../src/standalone/sample-answers.ts';
import { type Content, sampleImage } from '../../../src/standalone/sample-image.ts';

const image = sampleImage('1.0', 0);
const { index } = image;
const byDigest = (contents: readonly Content[]) => new Map(contents.map(content => [content.digest, content]));
const repository: Repository = {
  name: 'demo/app',
  tags: new Map(['latest', '1.0', 'b', 'a'].map(tag => [tag, index.digest])),
  manifests: byDigest([index, ...image.manifests]),
  blobs: byDigest(image.blobs),
};

const ask = (url: string, more: Partial<RegistryRequest> = {}) =>
  registryAnswer(repository, { method: 'GET', url, ...more });
const bodyOf = (url: string, more?: Partial<RegistryRequest>) =>
  JSON.parse(Buffer.from(ask(url, more).body).toString());

describe('registryAnswer()', () => {
  test.each(['latest', index.digest])('hands out the manifest %s with its type and digest', reference => {
    const answer = ask(`/v2/demo/app/manifests/${reference}`);
    expect(answer).toEqual({
      status: 200,
      headers: {
        'content-type': 'application/vnd.oci.image.index.v1+json',
        'docker-content-digest': index.digest,
        etag: `"${index.digest}"`,
      },
      body: index.bytes,
    });
  });

  test('answers HEAD as GET', () => {
    const url = '/v2/demo/app/manifests/latest';
    expect(ask(url, { method: 'HEAD' })).toEqual(ask(url));
  });

  test('says Not Modified to whoever has it', () => {
    const url = '/v2/demo/app/manifests/latest';
    expect(ask(url, { ifNoneMatch: `"${index.digest}"` })).toMatchObject({ status: 304, body: Buffer.alloc(0) });
    expect(ask(url, { ifNoneMatch: '"sha256:other"' }).status).toBe(200);
  });

  test.each(image.blobs.map(blob => [blob.mediaType, blob] as const))('hands out the blob of type %s', (_, blob) => {
    expect(ask(`/v2/demo/app/blobs/${blob.digest}`)).toMatchObject({ status: 200, body: blob.bytes });
  });

  test.each([
    ['/v2/demo/app/manifests/gone', 404, 'MANIFEST_UNKNOWN'],
    [`/v2/demo/app/manifests/sha256:${'0'.repeat(64)}`, 404, 'MANIFEST_UNKNOWN'],
    [`/v2/demo/app/blobs/${index.digest}`, 404, 'BLOB_UNKNOWN'],
    ['/v2/demo/other/manifests/latest', 404, 'NAME_UNKNOWN'],
    ['/v2/demo/other/tags/list', 404, 'NAME_UNKNOWN'],
    ['/v2/demo/app/tags/list?n=x', 400, 'PAGINATION_NUMBER_INVALID'],
    ['/v2/demo/app/tags/list?n=-1', 400, 'PAGINATION_NUMBER_INVALID'],
  ])('refuses %s', (url, status, code) => {
    expect(ask(url).status).toBe(status);
    expect(bodyOf(url)).toMatchObject({ errors: [{ code }] });
  });

  test.each(['/', '/v1/', '/v2/_catalog', '/v2/demo/app', '/v2/demo/app/manifests/', '/v2/demo/app/manifests/a/b'])(
    'knows no %s',
    url => {
      expect(ask(url)).toMatchObject({ status: 404, headers: { 'content-type': 'text/plain' } });
    },
  );

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('takes no %s', method => {
    expect(ask('/v2/demo/app/manifests/latest', { method }).status).toBe(405);
    expect(bodyOf('/v2/demo/app/blobs/uploads/', { method })).toMatchObject({ errors: [{ code: 'UNSUPPORTED' }] });
  });

  test.each([
    ['', ['1.0', 'a', 'b', 'latest'], undefined],
    ['?n=3', ['1.0', 'a', 'b'], '</v2/demo/app/tags/list?n=3&last=b>; rel="next"'],
    ['?n=3&last=b', ['latest'], undefined],
    ['?n=4', ['1.0', 'a', 'b', 'latest'], undefined],
    ['?last=a', ['b', 'latest'], undefined],
    // By a tag that is not there, too.
    ['?n=1&last=aa', ['b'], '</v2/demo/app/tags/list?n=1&last=b>; rel="next"'],
    ['?n=0', [], undefined],
  ])('lists tags%s', (query, tags, link) => {
    const url = `/v2/demo/app/tags/list${query}`;
    expect(bodyOf(url)).toEqual({ name: 'demo/app', tags });
    expect(ask(url).headers['link']).toBe(link);
  });

  test('tells that it is a registry', () => {
    expect(ask('/v2/').status).toBe(200);
  });
});
