import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Challenge,
  ChallengeTooLarge,
  parseChallenges,
  unusableReason,
  usableChallenge,
} from '../../../src/registry/challenge.ts';
import { scopesFor } from '../../../src/registry/scope.ts';

/** `[scheme, params, token68]`, so that a row shows the whole challenge. */
const plain = ({ scheme, params, token68 }: Challenge) =>
  token68 === undefined ? [scheme, Object.fromEntries(params)] : [scheme, Object.fromEntries(params), token68];

const R = 'https://r.example.com/t';

const vectors = [
  {
    id: 'C1',
    header:
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull"',
    want: [
      [
        'bearer',
        {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:library/nginx:pull',
        },
      ],
    ],
    chosen: 'bearer',
  },
  {
    id: 'C2',
    header: 'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:user/image:pull"',
    want: [['bearer', { realm: 'https://ghcr.io/token', service: 'ghcr.io', scope: 'repository:user/image:pull' }]],
    chosen: 'bearer',
  },
  {
    id: 'C3',
    header: `bearer REALM="${R}", Service=reg , scope="repository:a/b:pull,push repository:c:pull"`,
    want: [['bearer', { realm: R, service: 'reg', scope: 'repository:a/b:pull,push repository:c:pull' }]],
    chosen: 'bearer',
  },
  {
    id: 'C4',
    header: 'Basic realm="Sonatype Nexus Repository Manager"',
    want: [['basic', { realm: 'Sonatype Nexus Repository Manager' }]],
    chosen: 'basic',
  },
  {
    id: 'C5',
    header: 'Basic realm="https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com"',
    want: [['basic', { realm: 'https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/', service: 'ecr.amazonaws.com' }]],
    chosen: 'basic',
  },
  {
    id: 'C6',
    header:
      'Bearer realm="https://cb.example.org/v2/token",service="container_registry",scope="*",Basic realm="https://cb.example.org/v2",service="container_registry",scope="*"',
    want: [
      ['bearer', { realm: 'https://cb.example.org/v2/token', service: 'container_registry', scope: '*' }],
      ['basic', { realm: 'https://cb.example.org/v2', service: 'container_registry', scope: '*' }],
    ],
    chosen: 'bearer',
  },
  {
    id: 'C7',
    header: ['Negotiate', 'Basic realm="x"', `Bearer realm="${R}"`],
    want: [
      ['negotiate', {}],
      ['basic', { realm: 'x' }],
      ['bearer', { realm: R }],
    ],
    chosen: 'bearer',
  },
  {
    id: 'C8',
    header: 'Negotiate, Basic realm="x"',
    want: [
      ['negotiate', {}],
      ['basic', { realm: 'x' }],
    ],
    chosen: 'basic',
  },
  {
    id: 'C9',
    header: `Negotiate YWJjZA==, Bearer realm="${R}"`,
    want: [
      ['negotiate', {}, 'YWJjZA=='],
      ['bearer', { realm: R }],
    ],
    chosen: 'bearer',
  },
  {
    id: 'C10',
    header: `Bearer realm="${R}",service="he said \\"hi\\"",scope=""`,
    want: [['bearer', { realm: R, service: 'he said "hi"', scope: '' }]],
    chosen: 'bearer',
  },
  {
    id: 'C11',
    header: `Bearer realm="${R}",service="unterminated`,
    want: [['bearer', { realm: R }]],
    chosen: 'bearer',
  },
  {
    id: 'C12',
    header: `Bearer realm=${R},service=reg`,
    want: [['bearer', { realm: R, service: 'reg' }]],
    chosen: 'bearer',
  },
  {
    id: 'C13',
    header: `Bearer realm = "${R}" ,service ="reg"`,
    want: [['bearer', { realm: R, service: 'reg' }]],
    chosen: 'bearer',
  },
  {
    id: 'C14',
    header: 'Bearer realm="https://a.example.com/t",realm="https://b.example.com/t"',
    want: [['bearer', { realm: 'https://a.example.com/t' }]],
    chosen: 'bearer',
  },
  { id: 'C15', header: 'Bearer', want: [['bearer', {}]], refused: 'noRealm' },
  { id: 'C16 (empty)', header: '', want: [], refused: 'noChallenge' },
  { id: 'C16 (absent)', header: undefined, want: [], refused: 'noChallenge' },
  {
    id: 'C17',
    header: 'Basic realm="Dev" charset="UTF-8"',
    want: [['basic', { realm: 'Dev', charset: 'UTF-8' }]],
    chosen: 'basic',
  },
  {
    id: 'C18',
    header: 'Bearer realm="/token2",service="reg"',
    want: [['bearer', { realm: '/token2', service: 'reg' }]],
    chosen: 'bearer',
  },
  {
    id: 'C19',
    header: `Bearer error="insufficient_scope",realm="${R}",scope="repository:team/app:pull"`,
    want: [['bearer', { error: 'insufficient_scope', realm: R, scope: 'repository:team/app:pull' }]],
    chosen: 'bearer',
  },
  {
    id: 'C20',
    header: `,, Bearer realm="${R}",,service="s",`,
    want: [['bearer', { realm: R, service: 's' }]],
    chosen: 'bearer',
  },
  {
    id: 'C22',
    header: 'Digest realm="x", nonce="y"',
    want: [['digest', { realm: 'x', nonce: 'y' }]],
    refused: 'unsupportedScheme',
  },
];

describe('parseChallenges() (R2.4, R2.5)', () => {
  test.each(vectors)('$id is read', ({ header, want }) => {
    expect(parseChallenges(header).map(plain)).toEqual(want);
  });

  test.each(vectors)('$id leads to $chosen$refused', ({ header, chosen, refused }) => {
    const challenges = parseChallenges(header);
    const found = usableChallenge(challenges);
    expect(found?.scheme).toBe(chosen);
    if (found === undefined) expect(unusableReason(challenges)).toBe(refused);
  });

  test.each([
    ['C21 9 KiB of parameters', `Bearer ${`realm="${'x'.repeat(1000)}",`.repeat(9)}`],
    ['R2.8 8 KiB over several values', Array.from({ length: 9 }, () => `Basic realm="${'x'.repeat(1000)}"`)],
    ['R2.8 nine challenges', Array.from({ length: 9 }, () => 'Basic realm="x"')],
    ['R2.8 33 parameters', `Bearer ${Array.from({ length: 33 }, (_, n) => `p${n}=v`).join(',')}`],
  ])('%s are too large', (_name, header) => {
    expect(() => parseChallenges(header)).toThrow(ChallengeTooLarge);
  });

  test.each([
    ['R2.7 an empty value of Basic', 'Basic realm=', [['basic', { realm: '' }]]],
    ['R2.7 an empty value', 'Bearer realm=,service=reg', [['bearer', { realm: '', service: 'reg' }]]],
    ['R2.7 parameters of nobody', 'realm="x", Basic realm="y"', [['basic', { realm: 'y' }]]],
    ['R2.7 characters of no grammar', '@@@, Basic realm="y"', [['basic', { realm: 'y' }]]],
    ['R2.6 a comma and a space inside quotes', 'Bearer scope="a, b=c"', [['bearer', { scope: 'a, b=c' }]]],
  ])('%s is tolerated', (_name, header, want) => {
    expect(parseChallenges(header).map(plain)).toEqual(want);
  });

  test('R2.6 a quote that never closes spoils its own value alone', () => {
    expect(parseChallenges(['Basic realm="x', 'Bearer realm="y"']).map(plain)).toEqual([
      ['basic', {}],
      ['bearer', { realm: 'y' }],
    ]);
  });

  test('a parameter named __proto__ is a parameter like any other', () => {
    expect(parseChallenges('Bearer __proto__=x')[0]?.params.get('__proto__')).toBe('x');
  });

  const piece = fc.constantFrom('Bearer', 'Basic', ' ', ',', '=', '"', '\\', 'realm', 'a/b:c', 'YQ==', ';', '\t', 'é');
  test('never throws anything but ChallengeTooLarge', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map(parts => parts.join('')),
        ),
        text => {
          try {
            for (const { scheme } of parseChallenges(text)) expect(scheme).toBe(scheme.toLowerCase());
          } catch (error) {
            expect(error).toBeInstanceOf(ChallengeTooLarge);
          }
        },
      ),
    );
  });

  test('what is written as a challenge is read back', () => {
    const value = fc.string({ unit: 'grapheme-ascii', maxLength: 20 });
    fc.assert(
      fc.property(value, value, (realm, service) => {
        const quote = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;
        const header = `Bearer realm=${quote(realm)}, service=${quote(service)}`;
        expect(parseChallenges(header).map(plain)).toEqual([['bearer', { realm, service }]]);
      }),
    );
  });
});

describe('usableChallenge()', () => {
  const both = parseChallenges(`Basic realm="x", Bearer realm="${R}"`);

  test('R2.9 bearer wins over basic', () => {
    expect(usableChallenge(both)?.scheme).toBe('bearer');
  });

  test('R2.9 basic is left when policy refuses the realm', () => {
    expect(usableChallenge(both, { realmRefused: true })?.scheme).toBe('basic');
  });

  test('R2.9 nothing is left when the refused realm was all', () => {
    expect(usableChallenge(parseChallenges(`Bearer realm="${R}"`), { realmRefused: true })).toBeUndefined();
  });
});

test.each([
  ['C1', 'library/nginx', ['repository:library/nginx:pull']],
  ['C3', 'a/b', ['repository:a/b:pull']],
  ['C6', 'team/app', ['*', 'repository:team/app:pull']],
  ['C10', 'team/app', ['repository:team/app:pull']],
])('%s asks a token for its scopes', (id, repository, want) => {
  const header = vectors.find(vector => vector.id === id)?.header;
  expect(scopesFor(repository, parseChallenges(header)[0]?.params.get('scope'))).toEqual(want);
});
