import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InvalidTagsPage, nextPage, readTagsPage } from '../../../src/registry/pages.ts';

const NONE: ReadonlySet<string> = new Set();
const LIST = '/v2/team/app/tags/list';

/** The query, or how the listing ends. */
function next(link: string | readonly string[] | undefined, seen = NONE): string {
  const page = nextPage(link, seen);
  if (page.kind === 'next') return page.query;
  return page.kind === 'end' && page.malformed ? 'end, malformed' : page.kind;
}

describe('nextPage()', () => {
  test.each<readonly [string, string | readonly string[], string]>([
    ['L1', `<${LIST}?n=100&last=v1>; rel="next"`, 'n=100&last=v1'],
    ['L2', `<https://reg.example.com${LIST}?last=v1&n=100>; rel="next"`, 'last=v1&n=100'],
    ['L3', `<http://internal:5000${LIST}?n=100&last=v1>; rel=next`, 'n=100&last=v1'],
    ['L4', '<http://nexus:5002/repository/proxy/v2/team/app/tags/list?n=2&last=x>; rel="next"', 'n=2&last=x'],
    ['L5', '<http://169.254.169.254/latest/meta-data/?n=1>;rel="next"', 'n=1'],
    ['L6', '<?n=100&last=v1>; rel="next"', 'n=100&last=v1'],
    ['L7', '<list?n=1&last=b>; rel="next"', 'n=1&last=b'],
    ['L8', `<${LIST}?next_page=gAAA%3D&n=50>; rel="next"`, 'next_page=gAAA%3D&n=50'],
    ['L9', `${LIST}?n=100&last=v1; rel="next"`, 'n=100&last=v1'],
    ['L10', `<${LIST}?n=1&last=a,b>; rel="next"`, 'n=1&last=a,b'],
    ['L11', `<https://x/?p=1>; rel="prev", <${LIST}?n=1&last=b>; rel="next"`, 'n=1&last=b'],
    ['L12', `<${LIST}?n=1&last=b>; type="application/json"; REL="prev NEXT"`, 'n=1&last=b'],
    ['L13', `<${LIST}?n=1>; rel="prev"`, 'end'],
    ['L14', `<${LIST}?n=1&last=b>`, 'end'],
    ['L15', `<${LIST}>; rel="next"`, 'truncated'],
    ['L15', '<>; rel="next"', 'truncated'],
    ['L16', `<${LIST}?n=100&last=v1`, 'end, malformed'],
    ['L17', [`<${LIST}?n=1>; rel="prev"`, `<${LIST}?n=1&last=b>; rel="next"`], 'n=1&last=b'],
    ['L18', `<${LIST}?n=1&last=b#frag>; rel="next"`, 'n=1&last=b'],
    ['L18', `<${LIST}#frag?n=1>; rel="next"`, 'truncated'],
    ['L20', `<${LIST}?last=${'x'.repeat(5 * 1024)}>; rel="next"`, 'truncated'],
    ['R1.25', `<${LIST}?n=1>; title="a, <b>; rel=\\"next\\""; rel="prev"`, 'end'],
    ['R1.25', `<${LIST}?n=1>;rel=next;rel=prev`, 'n=1'],
    ['R1.25', `<${LIST}?n=1> ; rel = "next"`, 'n=1'],
    ['R1.25', `, ,<${LIST}?n=1>; rel=next,`, 'n=1'],
    ['R1.25', `<${LIST}?n=1>; rel="next`, 'end, malformed'],
    ['R1.24', `<${LIST}?a b>; rel="next"`, 'truncated'],
    ['R1.24', `<${LIST}?é>; rel="next"`, 'truncated'],
  ])('%s %j', (_id, link, want) => {
    expect(next(link)).toBe(want);
  });

  test('L19 R1.24 a query that was asked before ends the listing', () => {
    expect(next(`<${LIST}?n=1&last=b>; rel="next"`, new Set(['n=1&last=b']))).toBe('truncated');
  });

  test('R1.22 without a Link that was all', () => {
    expect(next(undefined)).toBe('end');
    expect(next('')).toBe('end');
  });

  test('R1.23 whatever a link says, we stay at our own host and path', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '?',
      '#',
      '//',
      '@',
      '\\',
      'evil.net',
      ';',
      'rel="next"',
      ' ',
      ',',
      '"',
      'n=1',
    );
    const text = fc.oneof(
      fc.array(piece).map(parts => parts.join('')),
      fc.webUrl({ withQueryParameters: true }).map(url => `<${url}>; rel="next"`),
      fc.string().map(query => `<?${query}>; rel=next`),
    );
    fc.assert(
      fc.property(text, link => {
        const page = nextPage(link, NONE);
        if (page.kind !== 'next') return;
        const url = new URL(`https://reg.example.com${LIST}?${page.query}`);
        expect([url.origin, url.pathname, url.hash]).toEqual(['https://reg.example.com', LIST, '']);
      }),
    );
  });

  test.each([';', '<', ',', '<a>;', '"', '; a="\\', ' '])('takes no time over a header of nothing but %j', piece => {
    expect(next(piece.repeat(16_000 / piece.length))).toMatch(/^end/);
  });
});

describe('readTagsPage()', () => {
  const read = (value: unknown) => readTagsPage(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));

  test.each([
    ['tags that are null', { name: 'team/app', tags: null }, [], 0],
    ['no tags', { name: 'team/app' }, [], 0],
    ['tags in their order', { tags: ['v2', 'latest', 'v1'] }, ['v2', 'latest', 'v1'], 0],
    [
      'R1.26 entries that are no tags',
      { tags: ['a', null, '', 7, `sha256:${'0'.repeat(64)}`, 'bad tag', 'a'] },
      ['a'],
      5,
    ],
    ['other members', { tags: ['a'], manifest: { x: 1 }, child: [] }, ['a'], 0],
  ])('%s', (_name, body, tags, skipped) => {
    expect(read(body)).toEqual({ tags, skipped });
  });

  test.each([
    ['half a document', '{"tags":['],
    ['an array', '[]'],
    ['null', 'null'],
    ['tags of another type', { tags: 'latest' }],
    ['R6.10 nesting without end', `{"tags":${'['.repeat(1000)}${']'.repeat(1000)}}`],
    ['R6.10 more items than memory likes', `{"tags":[${'{},'.repeat(300_000)}{}]}`],
  ])('%s is no list of tags', (_name, body) => {
    expect(() => read(body)).toThrow(InvalidTagsPage);
  });

  test('reads 100,001 tags', () => {
    expect(read({ tags: Array.from({ length: 100_001 }, (_, n) => `v${n}`) }).tags).toHaveLength(100_001);
  });

  test('never throws anything but InvalidTagsPage', () => {
    const body = fc.jsonValue().map(tags => Buffer.from(JSON.stringify({ tags })));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), body), bytes => {
        try {
          for (const tag of readTagsPage(bytes).tags) expect(tag).toMatch(/^\w[\w.-]{0,127}$/);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidTagsPage);
        }
      }),
    );
  });
});
