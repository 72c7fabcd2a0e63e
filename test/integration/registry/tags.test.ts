import { afterEach, describe, expect, test } from '@jest/globals';
import { endless, refusal, silence } from '../../fake/registry.ts';
import { requestContext } from '../../fake/settings.ts';
import { sampleImage } from '../../gen/content.ts';
import { type Bench, bench, closeAll } from './bench.ts';

const context = requestContext();
const image = sampleImage();
const LIST = '/v2/team/app/tags/list';

afterEach(closeAll);

const list = ({ client, app }: Bench) => client.listTags(app, context);
const queries = ({ registry }: Bench) => registry.requests.map(({ query }) => query);
const page = (tags: unknown, link?: string) => ({
  body: { name: 'x', tags },
  ...(link ? { headers: { Link: link } } : {}),
});

describe('listTags() (1.5)', () => {
  test('R1.6 R1.20 R1.22 goes on while there is a next page', async () => {
    const made = await bench({ pageSize: 2 });
    for (const tag of ['v1', 'v2', 'v3', 'v4', 'v5']) made.registry.putContent('team/app', tag, image);

    expect(await list(made)).toEqual({ tags: ['v1', 'v2', 'v3', 'v4', 'v5'], truncated: false });
    expect(queries(made)).toEqual(['n=1000', 'last=v2&n=2', 'last=v4&n=2']);
    expect(made.registry.requests[0]?.headers.accept).toBe('application/json');
  });

  test('asks with a token for tags where one is needed', async () => {
    const made = await bench({ auth: { kind: 'bearer' } });
    made.registry.putContent('team/app', 'v1', image);
    expect(await list(made)).toEqual({ tags: ['v1'], truncated: false });
  });

  test('L5 R1.23 a link elsewhere is asked here', async () => {
    const made = await bench();
    made.registry.on({ path: LIST }, page(['b']));
    made.registry.on(
      { path: LIST, times: 1 },
      page(['a'], '<http://169.254.169.254/latest/meta-data/?n=1>;rel="next"'),
    );

    expect(await list(made)).toEqual({ tags: ['a', 'b'], truncated: false });
    expect(queries(made)).toEqual(['n=1000', 'n=1']);
  });

  test('L8 R1.24 the query is kept byte for byte', async () => {
    const made = await bench();
    made.registry.on({ path: LIST }, page(['b']));
    made.registry.on({ path: LIST, times: 1 }, page(['a'], `<${LIST}?next_page=gAAA%3D&n=50>; rel="next"`));

    await list(made);
    expect(queries(made)).toEqual(['n=1000', 'next_page=gAAA%3D&n=50']);
  });

  test('L19 a query that was asked before ends the listing', async () => {
    const made = await bench();
    made.registry.on({ path: LIST }, page(['a'], `<${LIST}?n=1&last=a>; rel="next"`));

    expect(await list(made)).toEqual({ tags: ['a'], truncated: true });
    expect(made.registry.requests).toHaveLength(2);
  });

  test('L15 a next page without a query ends the listing', async () => {
    const made = await bench();
    made.registry.on({ path: LIST }, page(['a'], `<${LIST}>; rel="next"`));
    expect(await list(made)).toEqual({ tags: ['a'], truncated: true });
  });

  test('R1.20 a registry that refuses pages is asked once without', async () => {
    const made = await bench();
    made.registry.putContent('team/app', 'v1', image);
    made.registry.on({ path: LIST, times: 1 }, refusal(405, 'UNSUPPORTED', 'the maximum is 1000'));

    expect(await list(made)).toEqual({ tags: ['v1'], truncated: false });
    expect(queries(made)).toEqual(['n=1000', '']);
  });

  test.each([400, 405])('R1.20 a %d that says nothing of pages is the answer', async status => {
    const made = await bench();
    made.registry.on({ path: LIST }, refusal(status, 'NAME_INVALID', 'invalid repository name'));
    await expect(list(made)).rejects.toMatchObject({ kind: 'invalidResponse', status });
    expect(queries(made)).toEqual(['n=1000']);
  });

  test('R1.21 neither the length nor the order of a page says that it is the last', async () => {
    const made = await bench();
    made.registry.on({ path: LIST }, page(['a', 'm']));
    made.registry.on({ path: LIST, times: 1 }, page(['z', 'a'], `<${LIST}?last=2>; rel="next"`));
    made.registry.on({ path: LIST, times: 1 }, page([], `<${LIST}?last=1>; rel="next"`));

    expect(await list(made)).toEqual({ tags: ['z', 'a', 'm'], truncated: false });
    expect(queries(made)).toEqual(['n=1000', 'last=1', 'last=2']);
  });

  test('R1.26 what is no tag is left out', async () => {
    const made = await bench();
    made.registry.on({ path: LIST }, page(['a', null, '', 7, `sha256:${'0'.repeat(64)}`, 'bad tag', 'a']));
    expect(await list(made)).toEqual({ tags: ['a'], truncated: false });
  });

  test('R1.26 null is no tags', async () => {
    const made = await bench();
    made.registry.on({ path: LIST }, page(null));
    expect(await list(made)).toEqual({ tags: [], truncated: false });
  });

  test.each([
    ['a list', []],
    ['text', 'no'],
    ['tags that are no list', { tags: {} }],
  ])('%s is an invalidResponse', async (_name, body) => {
    const made = await bench();
    made.registry.on({ path: LIST }, { headers: { 'Content-Type': 'application/json' }, body });
    await expect(list(made)).rejects.toMatchObject({ kind: 'invalidResponse', reason: 'tags' });
  });

  test('a repository that is not there is notFound', async () => {
    const made = await bench();
    await expect(list(made)).rejects.toMatchObject({
      kind: 'notFound',
      errors: [{ code: 'NAME_UNKNOWN' }],
      request: { method: 'GET', url: `${made.registry.url}${LIST}` },
    });
  });
});

describe('caps of a listing (R1.27)', () => {
  test('50 pages', async () => {
    const made = await bench();
    made.registry.on({ path: LIST }, ({ query }) => {
      const at = Number(new URLSearchParams(query).get('last') ?? '0');
      return page([`v${at}`], `<${LIST}?last=${at + 1}>; rel="next"`);
    });

    const found = await list(made);
    expect(found.truncated).toBe(true);
    expect(found.tags).toHaveLength(50);
    expect(made.registry.requests).toHaveLength(50);
  });

  test('100,000 tags', async () => {
    const made = await bench();
    made.registry.on({ path: LIST }, page(Array.from({ length: 100_001 }, (_, at) => `v${at}`)));

    const found = await list(made);
    expect(found.truncated).toBe(true);
    expect(found.tags).toHaveLength(100_000);
  });

  test('a page of more than 8 MiB is tooLarge when it is the first', async () => {
    const made = await bench();
    made.registry.on({ path: LIST }, endless());
    await expect(list(made)).rejects.toMatchObject({ kind: 'tooLarge', limit: { what: 'tag list' } });
  });

  test('a page of more than 8 MiB ends the listing when something is there', async () => {
    const made = await bench();
    made.registry.on({ path: LIST }, endless());
    made.registry.on({ path: LIST, times: 1 }, page(['a'], `<${LIST}?last=a>; rel="next"`));
    expect(await list(made)).toEqual({ tags: ['a'], truncated: true });
  });

  test('so does the time of the whole call', async () => {
    // Nothing ends but the 120 s of the call, of which the first page takes all but a moment.
    const hours = 3_600_000;
    const made = await bench({ client: { timeouts: { headersMs: hours, getAttemptMs: hours } } });
    made.registry.on({ path: LIST }, silence);
    made.registry.on({ path: LIST, times: 1 }, async () => {
      await made.clock.advance(119_950);
      return page(['a'], `<${LIST}?last=a>; rel="next"`);
    });
    expect(await list(made)).toEqual({ tags: ['a'], truncated: true });
  });

  test('32 MiB in total', async () => {
    const made = await bench();
    made.registry.on({ path: LIST }, ({ query }) => ({
      headers: { Link: `<${LIST}?last=${query.length}${'x'.repeat(query.length)}>; rel="next"` },
      body: `{"tags":["v${query.length}"]}`.padEnd(7 * 1024 * 1024),
    }));
    const found = await list(made);
    expect(found.truncated).toBe(true);
    expect(made.registry.requests).toHaveLength(5);
  });
});
