import { describe, expect, test } from '@jest/globals';
import { pullSourcesFor } from '../../../src/registry/mirrors.ts';
import type { Mirror } from '../../../src/registry/settings.ts';

const mirror = (fields: Partial<Mirror>): Mirror => ({
  prefix: '',
  host: 'mirror.example.com',
  pathPrefix: '',
  resolveTags: true,
  insecure: false,
  credentialsFrom: 'mirror',
  proxy: false,
  ...fields,
});

const image = (repository: string, insecure = false) => ({ host: 'quay.io', repository, insecure });
const TAG = { tag: 'v1' };
const DIGEST = { digest: `sha256:${'0'.repeat(64)}` };

/** `host/repository` of each source. */
const places = (repository: string, mirrors: readonly Mirror[], name: { tag: string } | { digest: string } = TAG) =>
  pullSourcesFor(image(repository), name, { mirrors, mirrorOnly: false }).map(
    source => `${source.host}/${source.repository}`,
  );

describe('pullSourcesFor()', () => {
  test('is the registry itself without mirrors', () => {
    expect(pullSourcesFor(image('org/app'), TAG, { mirrors: [], mirrorOnly: false })).toEqual([
      { host: 'quay.io', repository: 'org/app', insecure: false, mirror: false },
    ]);
  });

  test('import-semantics 10: the mirrors in order, then always the source', () => {
    const mirrors = [mirror({ host: 'b' }), mirror({ host: 'a', pathPrefix: 'quay' })];
    expect(places('org/app', mirrors)).toEqual(['b/org/app', 'a/quay/org/app', 'quay.io/org/app']);
  });

  test('import-semantics 10: the matched location is replaced by that of the mirror', () => {
    const mirrors = [mirror({ prefix: 'openshift', pathPrefix: 'openshift4' })];
    expect(places('openshift/test', mirrors, DIGEST)).toEqual([
      'mirror.example.com/openshift4/test',
      'quay.io/openshift/test',
    ]);
  });

  test('import-semantics 10: a source that is never contacted is left out', () => {
    const settings = { mirrors: [mirror({ host: 'a' })], mirrorOnly: true };
    expect(pullSourcesFor(image('org/app'), TAG, settings).map(({ host }) => host)).toEqual(['a']);
    expect(pullSourcesFor(image('org/app'), TAG, { mirrors: [], mirrorOnly: true })).toEqual([]);
  });

  test('R5.26 only mirrors that resolve tags are asked for tags', () => {
    const mirrors = [mirror({ host: 'a', resolveTags: false }), mirror({ host: 'b' })];
    expect(places('org/app', mirrors)).toEqual(['b/org/app', 'quay.io/org/app']);
    expect(places('org/app', mirrors, DIGEST)).toEqual(['a/org/app', 'b/org/app', 'quay.io/org/app']);
  });

  test.each([
    ['org/app', ['app/x', 'quay.io/org/app']],
    ['org/app/sub', ['app/x/sub', 'quay.io/org/app/sub']],
    ['org/apple', ['org/x/apple', 'quay.io/org/apple']],
    ['organization/app', ['all/organization/app', 'quay.io/organization/app']],
  ])('R5.29 of %s the longest prefix wins, in whole segments', (repository, want) => {
    const mirrors = [
      mirror({ host: 'all' }),
      mirror({ host: 'org', prefix: 'org', pathPrefix: 'x' }),
      mirror({ host: 'app', prefix: '/org/app/', pathPrefix: '/x/' }),
    ];
    expect(places(repository, mirrors)).toEqual(want);
  });

  test('the longest prefix wins even where its mirrors resolve no tags', () => {
    const mirrors = [mirror({ host: 'all' }), mirror({ host: 'org', prefix: 'org', resolveTags: false })];
    expect(places('org/app', mirrors)).toEqual(['quay.io/org/app']);
  });

  test("R5.27 credentials are the mirror's own, unless an administrator gives it those of the source", () => {
    const mirrors = [mirror({ host: 'a' }), mirror({ host: 'b', credentialsFrom: 'upstream' })];
    const sources = pullSourcesFor(image('org/app'), TAG, { mirrors, mirrorOnly: false });
    expect(sources.map(({ credentialsOf }) => credentialsOf)).toEqual([
      undefined,
      { host: 'quay.io', repository: 'org/app' },
      undefined,
    ]);
  });

  test('R5.25 what an administrator said of a mirror is kept apart from what the tenant wishes', () => {
    const settings = { mirrors: [mirror({ insecure: true }), mirror({ host: 'b' })], mirrorOnly: false };
    const flags = (insecure: boolean) =>
      pullSourcesFor(image('org/app', insecure), TAG, settings).map(source => [source.unverified, source.insecure]);
    expect(flags(false)).toEqual([
      [true, false],
      [undefined, false],
      [undefined, false],
    ]);
    expect(flags(true)).toEqual([
      [true, true],
      [undefined, true],
      [undefined, true],
    ]);
  });

  test('a mirror that is the registry itself, or that leaves no path, is left out', () => {
    const mirrors = [
      mirror({ host: 'quay.io', prefix: 'org/app', pathPrefix: 'org/app' }),
      mirror({ prefix: 'org/app' }),
    ];
    expect(places('org/app', mirrors)).toEqual(['quay.io/org/app']);
  });
});
