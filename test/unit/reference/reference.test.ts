import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  canonicalRepository,
  daemonMinimal,
  exact,
  formatReference,
  InvalidReference,
  mostSpecific,
  parseReference,
  type Reference,
  registryHostPort,
  registryUrl,
  repositoryName,
  withDefaults,
} from '../../../src/reference/reference.ts';

const D = 'sha256:3c87c572822935df60f0f5d3665bd376841a7fcfeb806b5f212de6a00e9a7b25';
const HEX = D.slice('sha256:'.length);

const reference = (parts: Partial<Reference>): Reference => ({
  registry: '',
  namespace: '',
  name: '',
  tag: '',
  id: '',
  ...parts,
});

const messageOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof InvalidReference) return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
};

interface Row {
  readonly text: string;
  readonly parts: Partial<Reference>;
  /** Where it is not the text itself. */
  readonly exact?: string;
  readonly defaulted: string;
  readonly repository: string;
}

const rows: readonly Row[] = [
  { text: 'foo', parts: { name: 'foo' }, defaulted: 'docker.io/library/foo:latest', repository: 'library/foo' },
  {
    text: 'foo:tag',
    parts: { name: 'foo', tag: 'tag' },
    defaulted: 'docker.io/library/foo:tag',
    repository: 'library/foo',
  },
  {
    text: 'library/foo',
    parts: { namespace: 'library', name: 'foo' },
    defaulted: 'docker.io/library/foo:latest',
    repository: 'library/foo',
  },
  {
    text: 'bar/foo',
    parts: { namespace: 'bar', name: 'foo' },
    defaulted: 'docker.io/bar/foo:latest',
    repository: 'bar/foo',
  },
  {
    text: 'bar/foo:tag',
    parts: { namespace: 'bar', name: 'foo', tag: 'tag' },
    defaulted: 'docker.io/bar/foo:tag',
    repository: 'bar/foo',
  },
  {
    text: 'bar/foo/baz',
    parts: { namespace: 'bar', name: 'foo/baz' },
    defaulted: 'docker.io/bar/foo/baz:latest',
    repository: 'bar/foo/baz',
  },
  {
    text: 'a/b/c/d/e',
    parts: { namespace: 'a', name: 'b/c/d/e' },
    defaulted: 'docker.io/a/b/c/d/e:latest',
    repository: 'a/b/c/d/e',
  },
  {
    text: 'docker.io/foo',
    parts: { registry: 'docker.io', name: 'foo' },
    defaulted: 'docker.io/library/foo:latest',
    repository: 'library/foo',
  },
  {
    text: 'index.docker.io/foo',
    parts: { registry: 'index.docker.io', name: 'foo' },
    defaulted: 'index.docker.io/library/foo:latest',
    repository: 'library/foo',
  },
  {
    text: 'registry-1.docker.io/foo',
    parts: { registry: 'registry-1.docker.io', name: 'foo' },
    defaulted: 'registry-1.docker.io/library/foo:latest',
    repository: 'library/foo',
  },
  {
    text: 'quay.io/app',
    parts: { registry: 'quay.io', name: 'app' },
    defaulted: 'quay.io/app:latest',
    repository: 'app',
  },
  {
    text: 'quay.io/org/app:v1',
    parts: { registry: 'quay.io', namespace: 'org', name: 'app', tag: 'v1' },
    defaulted: 'quay.io/org/app:v1',
    repository: 'org/app',
  },
  {
    text: 'quay.io:443/a/b',
    parts: { registry: 'quay.io:443', namespace: 'a', name: 'b' },
    defaulted: 'quay.io:443/a/b:latest',
    repository: 'a/b',
  },
  {
    text: 'localhost/bar',
    parts: { registry: 'localhost', name: 'bar' },
    defaulted: 'localhost/bar:latest',
    repository: 'bar',
  },
  {
    text: 'localhost:5000/org/app',
    parts: { registry: 'localhost:5000', namespace: 'org', name: 'app' },
    defaulted: 'localhost:5000/org/app:latest',
    repository: 'org/app',
  },
  {
    text: 'bar:5000/baz',
    parts: { registry: 'bar:5000', name: 'baz' },
    defaulted: 'bar:5000/baz:latest',
    repository: 'baz',
  },
  {
    text: '10.0.0.1:5000/foo',
    parts: { registry: '10.0.0.1:5000', name: 'foo' },
    defaulted: '10.0.0.1:5000/foo:latest',
    repository: 'foo',
  },
  {
    text: `foo@${D}`,
    parts: { name: 'foo', id: D },
    defaulted: `docker.io/library/foo@${D}`,
    repository: 'library/foo',
  },
  {
    text: `foo:tag@${D}`,
    parts: { name: 'foo', tag: 'tag', id: D },
    exact: `foo@${D}`,
    defaulted: `docker.io/library/foo@${D}`,
    repository: 'library/foo',
  },
  {
    text: `quay.io/org/app:v1@${D}`,
    parts: { registry: 'quay.io', namespace: 'org', name: 'app', tag: 'v1', id: D },
    exact: `quay.io/org/app@${D}`,
    defaulted: `quay.io/org/app@${D}`,
    repository: 'org/app',
  },
  { text: D, parts: { name: 'sha256', tag: HEX }, defaulted: `docker.io/library/${D}`, repository: 'library/sha256' },
  {
    text: 'Foo/bar',
    parts: { namespace: 'Foo', name: 'bar' },
    defaulted: 'docker.io/Foo/bar:latest',
    repository: 'Foo/bar',
  },
  {
    text: 'localhostfoo/bar',
    parts: { namespace: 'localhostfoo', name: 'bar' },
    defaulted: 'docker.io/localhostfoo/bar:latest',
    repository: 'localhostfoo/bar',
  },
  ...['foo_bar', 'foo__bar', 'foo--bar'].map(name => ({
    text: name,
    parts: { name },
    defaulted: `docker.io/library/${name}:latest`,
    repository: `library/${name}`,
  })),
  {
    text: 'foo:_tag',
    parts: { name: 'foo', tag: '_tag' },
    defaulted: 'docker.io/library/foo:_tag',
    repository: 'library/foo',
  },
  {
    text: 'redis:6.2',
    parts: { name: 'redis', tag: '6.2' },
    defaulted: 'docker.io/library/redis:6.2',
    repository: 'library/redis',
  },
  ...[
    'quay.io',
    'docker.io',
    'localhost',
    'localhost:5000',
    'foo.bar',
    'localhostfoo',
    'foo.bar:tag',
    'localhost:tag',
    'foo.bar:5000',
  ].map(registry => ({ text: registry, parts: { registry }, exact: '', defaulted: '', repository: '' })),
  { text: `foo.bar@${D}`, parts: { registry: `foo.bar@${D}`, id: D }, exact: '', defaulted: '', repository: '' },
];

describe('import-semantics 11.1, parsing', () => {
  test.each(rows)('$text', row => {
    const parsed = parseReference(row.text);
    expect(parsed).toEqual(reference(row.parts));
    expect(exact(parsed)).toBe(row.exact ?? row.text);
    expect(exact(withDefaults(parsed))).toBe(row.defaulted);
    expect(repositoryName(parsed)).toBe(row.repository);
  });
});

describe('import-semantics 11.1, errors', () => {
  const malformed = [
    'foo___bar',
    'foo-.bar',
    '-foo',
    'foo-',
    'foo:',
    'foo:-tag',
    'foo:.tag',
    'foo/bar:',
    '*',
    ' foo',
    'quay.io/a//b',
    'abc@badid',
    'index.docker.io/mysql@sha256:bad',
    'https://bar:5000/foo/baz',
    '[::1]:5000/foo',
    'localhost:5000:tag',
    'test///un/parse/able/image',
  ];
  const TOO_LONG = 'repository name must not be more than 255 characters';
  test.each([
    ['', 'repository name must have at least one component'],
    ['foo/Bar', 'repository name must be lowercase'],
    ['registry:3000/integration/imageStream:success', 'repository name must be lowercase'],
    ['foo@md5:d41d8cd98f00b204e9800998ecf8427e', 'unsupported digest algorithm'],
    ['registry:5000/ns/x@sha256:00000000000000000000000000000001', 'invalid checksum digest length'],
    ...malformed.map(text => [text, 'invalid reference format']),
    [`bar:5000/${'a'.repeat(63)}/${'b'.repeat(183)}`, TOO_LONG],
    [`docker.io/${'b'.repeat(246)}`, TOO_LONG],
    // Beyond the vectors: what else the grammar refuses.
    ['foo.Bar', 'repository name must be lowercase'],
    ['foo:tag/bar', 'invalid reference format'],
    ['foo@', 'invalid reference format'],
    ['-host.io/foo', 'invalid reference format'],
    ['host-.io/foo', 'invalid reference format'],
    ['host..io/foo', 'invalid reference format'],
    ['host.io:/foo', 'invalid reference format'],
    ['foo\n', 'invalid reference format'],
    [`foo:${'t'.repeat(129)}`, 'invalid reference format'],
    [`foo@SHA256:${HEX}`, 'unsupported digest algorithm'],
    ['x'.repeat(100_000), TOO_LONG],
    // Judged by its length alone.
    ['*'.repeat(100_000), TOO_LONG],
  ])('%.60j: %s', (text, message) => {
    expect(messageOf(() => parseReference(text))).toBe(message);
  });

  test.each([
    ['255 characters', `bar:5000/${'a'.repeat(63)}/${'b'.repeat(182)}`],
    ['a tag of 128 characters', `foo:${'t'.repeat(128)}`],
    ['an upper-case digest', `foo@sha256:${HEX.toUpperCase()}`],
    ['sha384', `foo@sha384:${'0'.repeat(96)}`],
    ['sha512', `foo@sha512:${'0'.repeat(128)}`],
  ])('%s is fine', (_, text) => {
    expect(exact(parseReference(text))).toBe(text);
  });
});

describe('import-semantics 11.1, other forms', () => {
  test.each([
    ['foo', 'https://registry-1.docker.io', 'foo', 'foo'],
    ['docker.io/foo', 'https://registry-1.docker.io', 'docker.io/library/foo', 'docker.io/foo'],
    ['index.docker.io/foo', 'https://registry-1.docker.io', 'index.docker.io/library/foo', 'docker.io/foo'],
    ['docker.io/library/foo', 'https://registry-1.docker.io', 'docker.io/library/foo', 'docker.io/foo'],
    ['quay.io/org/app:v1', 'https://quay.io', 'quay.io/org/app:v1', 'quay.io/org/app:v1'],
    ['quay.io/org/app:latest', 'https://quay.io', 'quay.io/org/app:latest', 'quay.io/org/app'],
    ['quay.io/library/app', 'https://quay.io', 'quay.io/library/app', 'quay.io/library/app'],
  ])('%s', (text, url, asString, minimal) => {
    const parsed = parseReference(text);
    expect(registryUrl(parsed)).toBe(url);
    expect(formatReference(parsed)).toBe(asString);
    expect(daemonMinimal(parsed)).toBe(minimal);
  });

  test.each([
    ['foo', false, 'docker.io:443'],
    ['docker.io/foo', false, 'registry-1.docker.io:443'],
    ['index.docker.io/foo', true, 'registry-1.docker.io:80'],
    ['quay.io/foo', false, 'quay.io:443'],
    ['quay.io:5000/foo', true, 'quay.io:5000'],
  ])('registryHostPort() of %s, insecure %s', (text, insecure, want) => {
    expect(registryHostPort(parseReference(text), insecure)).toBe(want);
  });

  test.each([
    ['a digest drops the tag', reference({ name: 'foo', tag: 'v1', id: D }), reference({ name: 'foo', id: D })],
    [
      'a non-digest ID becomes the missing tag',
      reference({ name: 'foo', id: 'abc' }),
      reference({ name: 'foo', tag: 'abc' }),
    ],
    [
      'a non-digest ID does not replace a tag',
      reference({ name: 'foo', tag: 'v1', id: 'abc' }),
      reference({ name: 'foo', tag: 'v1', id: 'abc' }),
    ],
    ['a tag alone stays', reference({ name: 'foo', tag: 'v1' }), reference({ name: 'foo', tag: 'v1' })],
  ])('mostSpecific(): %s', (_, given, want) => {
    expect(mostSpecific(given)).toEqual(want);
  });

  test('exact() writes an ID that is no digest as a tag', () => {
    expect(exact(reference({ name: 'foo', id: 'abc' }))).toBe('foo:abc');
  });

  test.each([
    ['busybox', 'docker.io/library/busybox'],
    ['library/busybox:1', 'docker.io/library/busybox'],
    ['index.docker.io/busybox', 'docker.io/library/busybox'],
    ['registry-1.docker.io/busybox', 'docker.io/library/busybox'],
    [`Quay.IO/org/app@${D}`, 'quay.io/org/app'],
    ['Foo/bar', 'foo/bar'],
    ['quay.io', 'quay.io'],
    ['index.docker.io', 'docker.io'],
  ])('canonicalRepository() of %s', (text, want) => {
    expect(canonicalRepository(parseReference(text))).toBe(want);
  });
});

describe('parseReference() of anything', () => {
  const alphabet = fc.constantFrom(...'aZ09._-:/@ ', 'localhost', 'docker.io', 'sha256:', HEX, 'library');
  const likely = fc.array(alphabet, { maxLength: 12 }).map(parts => parts.join(''));
  const parses = (text: string): Reference | undefined => {
    try {
      return parseReference(text);
    } catch (error) {
      if (error instanceof InvalidReference) return undefined;
      throw error;
    }
  };

  test('throws nothing but InvalidReference', () => {
    fc.assert(fc.property(fc.oneof(likely, fc.string({ unit: 'binary' })), text => void parses(text)));
  });

  test('reads its own Exact form again as the same', () => {
    fc.assert(
      fc.property(likely, text => {
        const parsed = parses(text);
        if (parsed === undefined || parsed.name === '') return;
        const specific = mostSpecific(parsed);
        expect(parseReference(exact(specific))).toEqual(specific);
        expect(exact(parsed)).toBe(exact(specific));
      }),
    );
  });

  test('keeps what it defaulted once it is defaulted', () => {
    fc.assert(
      fc.property(likely, text => {
        const parsed = parses(text);
        if (parsed === undefined) return;
        expect(withDefaults(withDefaults(parsed))).toEqual(withDefaults(parsed));
      }),
    );
  });

  // A pattern that backtracks would need minutes here, and the run its time-out.
  test.each(['a-', 'a.', 'a_', '-', 'a/', 'A', '.', ':', '@', 'sha256:', 'a0.'])('ends on a long run of %j', unit => {
    for (const tail of ['', '!', '/', ':', '@sha256:']) {
      for (const length of [4096, 1_000_000]) parses(unit.repeat(length / unit.length) + tail);
    }
  });
});
