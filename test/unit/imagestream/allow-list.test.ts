import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type AllowedRegistry, parseAllowList, type Transport } from '../../../src/imagestream/allow-list.ts';
import { validateImageStream, validateImageStreamImport } from '../../../src/imagestream/validation.ts';
import { fitsWildcard } from '../../../src/imagestream/wildcard.ts';
import { canonicalRepository, parseReference } from '../../../src/reference/reference.ts';
import { imageStream, imageStreamImport, specTag } from '../../gen/objects.ts';

const allowed = undefined;
const SECURE = ['localhost:5000', 'docker.io', 'example.com:*', 'registry.com:80'];
const SIX = [...SECURE, '*.foo.com', '*domain.ltd'];
const list = (names: readonly string[], insecure = false) =>
  parseAllowList(names.map((domainName): AllowedRegistry => ({ domainName, insecure })));

const secureNames = '"localhost:5000", "docker.io:443", "example.com:*", "registry.com:80"';
const firstFour = (hub: string) => `"localhost:5000", "docker.io:${hub}", "example.com:*", "registry.com:80"`;
const refused = (host: string, names: string) => `registry "${host}" not allowed by whitelist: ${names}`;

type Row = readonly [host: string, want: string | undefined];

describe('api-types 10.5, entries secure, transport secure', () => {
  test.each<Row>([
    ['example.com', allowed],
    ['example.com:80', allowed],
    ['example.com:5000', allowed],
    ['localhost:5000', allowed],
    ['localhost:443', refused('localhost:443', secureNames)],
    ['registry-1.docker.io:443', allowed],
    ['docker.io', allowed],
    ['registry.com:80', allowed],
    ['registry.com', refused('registry.com', secureNames)],
    ['registry.com:443', refused('registry.com:443', secureNames)],
    ['registry.example.com', refused('registry.example.com', secureNames)],
    ['notdocker.io', refused('notdocker.io', secureNames)],
  ])('%s', (host, want) => {
    expect(list(SECURE).check(host, 'secure')).toBe(want);
  });

  test.each(['busybox', 'index.docker.io/library/busybox', 'docker.io/busybox'])('reference %s', text => {
    expect(list(SECURE).check(parseReference(text), 'secure')).toBe(allowed);
  });
});

describe('api-types 10.5, entries insecure, transport insecure', () => {
  const more = `${firstFour('80')}, and 2 more ...`;
  test.each<Row>([
    ['a.b.c.d.foo.com:80', allowed],
    ['registry.foo.com', allowed],
    ['foo.com', refused('foo.com', more)],
    ['ffoo.com', refused('ffoo.com', more)],
    ['domain.ltd', allowed],
    ['my.domain.ltd', allowed],
    ['mydomain.ltd', allowed],
    ['my.domain.ltd:80', allowed],
    ['my.domain.ltd:443', refused('my.domain.ltd:443', more)],
    ['registry.com', allowed],
    ['index.docker.io', allowed],
  ])('%s', (host, want) => {
    expect(list(SIX, true).check(host, 'insecure')).toBe(want);
  });
});

describe('api-types 10.5, entries secure, transport any', () => {
  const more = `${firstFour('443')}, and 2 more ...`;
  test.each<Row>([
    ['my.domain.ltd:443', allowed],
    ['my.domain.ltd:80', refused('my.domain.ltd:80', more)],
    ['a.b.c.d.foo.com:80', refused('a.b.c.d.foo.com:80', more)],
    ['registry.com', allowed],
    ['registry.com:443', refused('registry.com:443', more)],
    ['example.com', allowed],
    // Port 5000 is none that a name without port could mean.
    ['localhost', refused('localhost', more)],
  ])('%s', (host, want) => {
    expect(list(SIX).check(host, 'any')).toBe(want);
  });
});

describe('api-types 10.5, whole lists', () => {
  test.each<[names: readonly string[], target: string, want: string | undefined]>([
    [['*'], 'docker.io', allowed],
    [['*'], 'example.com', allowed],
    [['*'], 'localhost', allowed],
    [['*'], 'localhost:443', allowed],
    [['*'], 'localhost:80', refused('localhost:80', '"*:443"')],
    [['*'], 'localhost:5000', refused('localhost:5000', '"*:443"')],
    [['*:*'], 'localhost:5000', allowed],
    [['*:*'], 'docker.io', allowed],
    [[], 'example.com', 'registry "example.com" not allowed by empty whitelist'],
    [['quay.io'], 'quay.io.evil.example', refused('quay.io.evil.example', '"quay.io:443"')],
    [['*.quay.io'], 'quay.io', refused('quay.io', '"*.quay.io:443"')],
  ])('%j: %s', (names, target, want) => {
    expect(list(names).check(target, 'secure')).toBe(want);
  });

  test('[]: reference busybox', () => {
    expect(list([]).check(parseReference('busybox'), 'secure')).toBe(
      'registry "docker.io:443" not allowed by empty whitelist',
    );
  });

  test('five entries are all shown', () => {
    expect(list(['a', 'b', 'c', 'd', 'e']).check('f', 'secure')).toBe(
      refused('f', '"a:443", "b:443", "c:443", "d:443", "e:443"'),
    );
  });

  test('0:1:2:3 is a configuration error', () => {
    expect(() => list(['0:1:2:3'])).toThrow(
      new RangeError('failed to parse allowed registry "0:1:2:3": too many colons'),
    );
  });
});

describe('api-types 10.5, repositories that were there before', () => {
  const allowList = list(['registry.example.org:5000']);
  const wanted = `@sha256:01ba${'0'.repeat(60)}`;
  const errors = (old: string | undefined, next: string) => {
    const previous = imageStream({ tags: old === undefined ? [] : [specTag('a', old)] });
    return validateImageStream(imageStream({ tags: [specTag('a', next)] }), { allowList, previous });
  };

  test.each<[old: string | undefined, next: string, allowed: boolean]>([
    [undefined, `example.com/image${wanted}`, false],
    [`example.com/image@sha256:e3b0${'0'.repeat(60)}`, `example.com/image${wanted}`, true],
    ['example.com/image:tag', `example.com/image${wanted}`, true],
    ['example.com/foo:tag', `example.com/bar${wanted}`, false],
  ])('%s -> %s', (old, next, isAllowed) => {
    const forbidden = {
      type: 'forbidden',
      path: 'spec.tags[a].from.name',
      detail: refused('example.com', '"registry.example.org:5000"'),
    };
    expect(errors(old, next)).toEqual(isAllowed ? [] : [forbidden]);
  });

  test('a repository known from the history or from spec.dockerImageRepository counts too', () => {
    const created = '2026-01-01T00:00:00Z';
    const item = { created, dockerImageReference: `example.com/image${wanted}`, image: 'sha256:01', generation: 1 };
    const next = imageStream({ tags: [specTag('a', 'example.com/image:2')] });
    for (const previous of [
      imageStream({ history: [{ tag: 'b', items: [item] }] }),
      imageStream({ dockerImageRepository: 'example.com/image' }),
    ]) {
      expect(validateImageStream(next, { allowList, previous })).toEqual([]);
    }
  });

  test.each(['busybox', 'busybox:glibc', 'library/busybox:1', `docker.io/busybox:latest${wanted}`])(
    'canonical repository of %s',
    text => {
      expect(canonicalRepository(parseReference(text))).toBe('docker.io/library/busybox');
    },
  );
});

describe('the list inside validation', () => {
  const allowList = list(['registry.com:80']);

  test.each<[what: string, stream: Parameters<typeof imageStream>[0], errors: number]>([
    ['a secure tag', { tags: [specTag('a', 'registry.com/app')] }, 1],
    ['an insecure tag', { tags: [specTag('a', 'registry.com/app', { importPolicy: { insecure: true } })] }, 0],
    [
      'a tag of an insecure stream',
      { tags: [specTag('a', 'registry.com/app')], annotations: { 'openshift.io/image.insecureRepository': 'true' } },
      0,
    ],
    ['a repository', { dockerImageRepository: 'registry.com/app' }, 1],
    [
      'a repository of an insecure stream',
      {
        dockerImageRepository: 'registry.com/app',
        annotations: { 'openshift.io/image.insecureRepository': 'true' },
      },
      0,
    ],
    ['a tag of another tag', { tags: [specTag('a', { kind: 'ImageStreamTag', name: 'b:c' })] }, 0],
  ])('%s: %#', (_what, parts, count) => {
    expect(validateImageStream(imageStream(parts), { allowList })).toHaveLength(count);
  });

  test('the history of a tag is as insecure as the tag', () => {
    const created = '2026-01-01T00:00:00Z';
    const items = [{ created, dockerImageReference: 'registry.com/app:1', image: '', generation: 1 }];
    const history = [
      { tag: 'insecure', items },
      { tag: 'secure', items },
    ];
    const tags = [specTag('insecure', undefined, { importPolicy: { insecure: true } }), specTag('secure')];
    expect(validateImageStream(imageStream({ tags, history }), { allowList }).map(({ path }) => path)).toEqual([
      'status.tags[secure].items[0].dockerImageReference',
    ]);
  });

  test('an import names the registry and always counts as secure', () => {
    const image = { from: { kind: 'DockerImage', name: 'registry.com/app:1' }, importPolicy: { insecure: true } };
    const request = imageStreamImport({ images: [image], repository: 'busybox' });
    expect(validateImageStreamImport(request, { allowList })).toEqual([
      {
        type: 'forbidden',
        path: 'spec.repository.from.name',
        detail:
          'importing images from registry "docker.io:443" is forbidden: registry "docker.io:443" not allowed by whitelist: "registry.com:80"',
      },
      {
        type: 'forbidden',
        path: 'spec.images[0].from.name',
        detail:
          'importing images from registry "registry.com:443" is forbidden: registry "registry.com" not allowed by whitelist: "registry.com:80"',
      },
    ]);
    expect(validateImageStreamImport(request)).toEqual([]);
  });

  test('8.1 the list is asked only for what can be imported at all', () => {
    const allowList = list([]);
    const request = imageStreamImport({ images: ['quay.io/a/b', 'A B'] });
    expect(validateImageStreamImport(request, { allowList }).map(({ path, type }) => [path, type])).toEqual([
      ['spec.images[1].from.name', 'invalid'],
    ]);
  });
});

describe('fitsWildcard()', () => {
  test('agrees with the regular expression of the same meaning', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 });
    fc.assert(
      fc.property(letters, text, (pattern, host) => {
        const source = pattern.replaceAll('.', '\\.').replace(/\*+/g, '.*').replaceAll('?', '.');
        expect(fitsWildcard(pattern, host)).toBe(new RegExp(`^${source}$`).test(host));
      }),
      { numRuns: 2_000 },
    );
  });

  test('a pattern of many stars takes no exponential time', () => {
    expect(fitsWildcard(`${'*a'.repeat(60)}*b`, 'a'.repeat(5_000))).toBe(false);
  });

  test.each<Transport>(['secure', 'insecure', 'any'])('the list never throws (%s)', transport => {
    fc.assert(
      fc.property(fc.string(), host => {
        expect(['string', 'undefined']).toContain(typeof list(SIX).check(host, transport));
      }),
    );
  });
});
