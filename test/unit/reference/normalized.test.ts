import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isDigest, isHost, isRepositoryPath, isTag } from '../../../src/reference/digest.ts';
import { formatNormalized, normalizeReference } from '../../../src/reference/normalized.ts';
import { InvalidReference } from '../../../src/reference/reference.ts';

const D = 'sha256:3c87c572822935df60f0f5d3665bd376841a7fcfeb806b5f212de6a00e9a7b25';

describe('import-semantics 1.4, R0.2, normalizeReference()', () => {
  test.each([
    ['test:latest', { host: 'docker.io', repository: 'library/test', tag: 'latest' }, 'docker.io/library/test:latest'],
    ['test', { host: 'docker.io', repository: 'library/test', tag: 'latest' }, 'docker.io/library/test:latest'],
    ['ns/test:1', { host: 'docker.io', repository: 'ns/test', tag: '1' }, 'docker.io/ns/test:1'],
    ['index.docker.io/test:1', { host: 'docker.io', repository: 'library/test', tag: '1' }, 'docker.io/library/test:1'],
    [
      'registry-1.docker.io/test:1',
      { host: 'docker.io', writtenHost: 'registry-1.docker.io', repository: 'library/test', tag: '1' },
      'registry-1.docker.io/library/test:1',
    ],
    ['localhost/test:1', { host: 'localhost', repository: 'test', tag: '1' }, 'localhost/test:1'],
    ['h:5000/a/b:1', { host: 'h:5000', repository: 'a/b', tag: '1' }, 'h:5000/a/b:1'],
    [`quay.io/org/app@${D}`, { host: 'quay.io', repository: 'org/app', digest: D }, `quay.io/org/app@${D}`],
    ['Foo/bar:1', { host: 'foo', writtenHost: 'Foo', repository: 'bar', tag: '1' }, 'Foo/bar:1'],
    [D, { host: 'docker.io', repository: 'library/sha256', tag: D.slice(7) }, `docker.io/library/${D}`],
  ])('%s', (text, want, formatted) => {
    const normalized = normalizeReference(text);
    expect(normalized).toEqual(want);
    expect(formatNormalized(normalized)).toBe(formatted);
  });

  test('R0.3 a digest wins over a tag', () => {
    expect(normalizeReference(`foo:1@${D}`)).toEqual({ host: 'docker.io', repository: 'library/foo', digest: D });
  });

  test.each([
    ['*:latest', 'invalid reference format'],
    ['', 'invalid reference format'],
    ['quay.io/', 'invalid reference format'],
    [`foo@sha256:${'A'.repeat(64)}`, 'invalid checksum digest format'],
    ['quay.io/Foo:1', 'repository name must be lowercase'],
    ['foo.bar:99999/app:1', 'invalid reference format'],
    ['127.1/app:1', 'invalid reference format'],
    ['a'.repeat(64), 'repository name must not be an image ID'],
    ['b'.repeat(240), 'repository name must not be more than 255 characters'],
    [`a.b/${'b'.repeat(1_000_000)}`, 'repository name must not be more than 255 characters'],
  ])('refuses %.40s', (text, message) => {
    expect(() => normalizeReference(text)).toThrow(new InvalidReference(message));
  });

  test('throws nothing but InvalidReference, and what it gives passes the wire checks and survives formatting', () => {
    const piece = fc.constantFrom(...'aZ09._-:/@', 'localhost', 'docker.io', 'index.docker.io', `@${D}`, 'library/');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 10 }).map(parts => parts.join('')),
          fc.string({ unit: 'binary' }),
        ),
        text => {
          try {
            const normalized = normalizeReference(text);
            expect(isHost(normalized.host)).toBe(true);
            expect(isRepositoryPath(normalized.repository)).toBe(true);
            expect(isTag(normalized.tag ?? 'none') && isDigest(normalized.digest ?? D)).toBe(true);
            expect(normalizeReference(formatNormalized(normalized))).toEqual(normalized);
          } catch (error) {
            if (!(error instanceof InvalidReference)) throw error;
          }
        },
      ),
    );
  });
});
