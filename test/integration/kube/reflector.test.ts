import { afterEach, describe, expect, test } from '@jest/globals';
import { IMAGE_STREAMS, SECRETS } from '../../../src/kube/resource.ts';
import { reflectorStory, type Story, type StoryOptions, stream } from './reflector-story.ts';

const LIST = { verb: 'list', resource: IMAGE_STREAMS } as const;
const WATCH = { verb: 'watch', resource: IMAGE_STREAMS } as const;

let story: Story;
const tell = async (options: StoryOptions = {}) => {
  story = await reflectorStory(options);
  return story;
};
afterEach(() => story.end());

/** Started, listed, and watching. */
const synced = async (options: StoryOptions = {}) => {
  const { server } = await tell(options);
  server.put(IMAGE_STREAMS, stream('a'));
  story.start();
  await story.until(() => server.watches(IMAGE_STREAMS) === 1);
  return story;
};

describe('a reflector lists', () => {
  test('page by page, from one moment, and says at the end what there is', async () => {
    const { server, sink, reflector } = await tell();
    for (let i = 0; i < 1_200; i += 1) server.put(IMAGE_STREAMS, stream(`s${i}`));
    const version = String(server.version);
    expect(reflector.isSynced).toBe(false);
    story.start();
    await reflector.synced;
    expect(reflector.isSynced).toBe(true);
    expect(server.requests(LIST).map(({ query }) => [query['limit'], query['resourceVersion']])).toEqual([
      ['500', undefined],
      ['500', undefined],
      ['500', undefined],
    ]);
    expect(sink.held.size).toBe(1_200);
    expect(sink.told.at(-1)).toBe('replace 1200');
    await server.heard(WATCH);
    expect(server.requests(WATCH)[0]?.query).toMatchObject({ resourceVersion: version, allowWatchBookmarks: 'true' });
  });

  test('in pieces, so that others have turns within a page', async () => {
    const seen: number[] = [];
    let taken = 0;
    const upsert = () => {
      taken += 1;
      if (taken % 100 === 1) setImmediate(() => seen.push(taken));
    };
    const { server, reflector } = await tell({ sink: { upsert } });
    for (let i = 0; i < 250; i += 1) server.put(IMAGE_STREAMS, stream(`s${i}`));
    story.start();
    await reflector.synced;
    expect(seen.slice(0, 2)).toEqual([100, 200]);
    expect([taken, server.count(LIST)]).toEqual([250, 1]);
  });

  test('and has listed only when the sink has compared all it holds', async () => {
    const { promise: compared, resolve: end } = Promise.withResolvers<void>();
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const replace = () => {
      ask();
      return compared;
    };
    const { server, reflector } = await tell({ sink: { replace } });
    story.start();
    await asked;
    for (let turn = 0; turn < 10; turn += 1) await new Promise(resolve => setImmediate(resolve));
    expect([reflector.isSynced, server.count(WATCH)]).toEqual([false, 0]);
    end();
    await reflector.synced;
    await server.heard(WATCH);
  });

  test('again after each 500, at growing distances', async () => {
    const { server, clock, reflector, sink } = await tell();
    server.put(IMAGE_STREAMS, stream('a'));
    server.fail(LIST, { kind: 'status', code: 500 }, 3);
    story.start();
    await reflector.synced;
    expect([...sink.held.keys()]).toEqual(['demo/a']);
    expect(clock.slept).toEqual([800, 1_600, 3_200]);
  });

  test('after 429 no sooner than Retry-After asks', async () => {
    const { server, clock, reflector } = await tell();
    server.fail(LIST, { kind: 'status', code: 429, retryAfterSeconds: 7 }, 6);
    story.start();
    await reflector.synced;
    expect(clock.slept.length).toBeGreaterThan(4);
    expect(clock.slept.filter(ms => ms < 7_000)).toEqual([]);
  });

  test('anew, with nothing left of the first try, after a 410 between two pages', async () => {
    const { server, sink, reflector } = await tell();
    for (let i = 0; i < 700; i += 1) server.put(IMAGE_STREAMS, stream(`s${i}`));
    server.fail(LIST, { kind: 'split', pieceBytes: 64_000 });
    server.fail(LIST, { kind: 'status', code: 410, reason: 'Expired' });
    story.start();
    await server.heard(LIST, 2);
    server.remove(IMAGE_STREAMS, { namespace: 'demo', name: 's0' });
    await reflector.synced;
    expect(server.requests(LIST).map(({ query }) => query['continue'] !== undefined)).toEqual([
      false,
      true,
      false,
      true,
    ]);
    expect(sink.held.size).toBe(699);
    expect(sink.held.has('demo/s0')).toBe(false);
  });

  test('in smaller pages when one is too large', async () => {
    const { server, sink, reflector } = await tell();
    const note = 'x'.repeat(1_100_000);
    for (let i = 0; i < 20; i += 1) server.put(IMAGE_STREAMS, stream(`s${i}`, 'demo', { spec: { note } }));
    story.start();
    await reflector.synced;
    expect(sink.held.size).toBe(20);
    const limits = server.requests(LIST).map(({ query }) => query['limit']);
    expect(limits).toEqual(['500', '125', '32', '8', '8', '8']);
  });

  test('only names and labels when told to', async () => {
    const { server, reflector } = await tell({ metadataOnly: true, path: { resource: SECRETS, namespace: 'demo' } });
    story.start();
    await reflector.synced;
    await server.heard({ verb: 'watch' });
    const accepts = server.requests().map(({ headers }) => headers.accept);
    expect(accepts).toEqual([
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
      'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    ]);
  });
});

describe('a reflector watches', () => {
  test('and hands on what is added, changed and deleted', async () => {
    const { server, sink } = await synced();
    server.put(IMAGE_STREAMS, stream('b'));
    server.put(IMAGE_STREAMS, stream('a', 'demo', { spec: { tags: [{ name: '1' }] } }));
    server.remove(IMAGE_STREAMS, { namespace: 'demo', name: 'b' });
    await story.until(() => sink.told.length === 5);
    expect(sink.told).toEqual(['upsert demo/a', 'replace 1', 'upsert demo/b', 'upsert demo/a', 'delete demo/b']);
  });

  test('for five to ten minutes at a time, and at once again when the server ends one', async () => {
    const { server, clock } = await synced();
    clock.advance(300_000);
    server.endWatches();
    await server.heard(WATCH, 2);
    expect(server.requests(WATCH).map(({ query }) => query['timeoutSeconds'])).toEqual(['300', '300']);
    expect(clock.slept).toEqual([]);
    expect(server.count(LIST)).toBe(1);
  });

  test('from the version of the last bookmark', async () => {
    const { server, reflector, clock } = await synced();
    server.put(SECRETS, { metadata: { namespace: 'demo', name: 'other' } });
    clock.advance(60_000);
    server.bookmark();
    await story.until(() => reflector.lastProgressMs === 60_000);
    server.disconnect();
    await server.heard(WATCH, 2);
    expect(server.requests(WATCH)[1]?.query['resourceVersion']).toBe(String(server.version));
  });

  test('on from the last event after a reset in the middle', async () => {
    const { server, sink, clock } = await tell();
    server.fail(WATCH, { kind: 'watchReset', afterEvents: 2 });
    story.start();
    await server.heard(WATCH);
    for (const name of ['a', 'b', 'c', 'd']) server.put(IMAGE_STREAMS, stream(name));
    await story.until(() => sink.held.size === 4);
    const [first, second] = server.requests(WATCH).map(({ query }) => Number(query['resourceVersion']));
    expect(second).toBe(Number(first) + 2);
    expect(server.count(LIST)).toBe(1);
    expect(clock.slept).toEqual([800]);
  });

  test('on after an ERROR event that is no 410, without a list', async () => {
    const { server, sink } = await tell();
    server.fail(WATCH, { kind: 'watchError', code: 500, afterEvents: 1 });
    story.start();
    await server.heard(WATCH);
    for (const name of ['a', 'b']) server.put(IMAGE_STREAMS, stream(name));
    await story.until(() => sink.held.size === 2);
    expect(server.count(LIST)).toBe(1);
  });

  test('no sooner than the Status of an ERROR event asks', async () => {
    const { server, clock } = await tell();
    server.fail(WATCH, { kind: 'watchError', code: 429, retryAfterSeconds: 9 });
    story.start();
    await server.heard(WATCH, 2);
    expect(clock.slept).toEqual([9_000]);
  });

  test.each([
    { name: 'a garbled line', fault: { kind: 'watchGarbled', afterEvents: 1 } },
    {
      name: 'a line that is JSON but no event',
      fault: { kind: 'watchGarbled', afterEvents: 1, line: '{"type":"OTHER"}\n' },
    },
    {
      name: 'an event of a type that is none',
      fault: {
        kind: 'watchGarbled',
        afterEvents: 1,
        line: '{"type":"OTHER","object":{"metadata":{"namespace":"demo","name":"x","resourceVersion":"99"}}}\n',
      },
    },
    {
      name: 'an object without a name',
      fault: { kind: 'watchGarbled', line: '{"type":"ADDED","object":{"metadata":{"resourceVersion":"99"}}}\n' },
    },
    { name: 'half a line', fault: { kind: 'watchTruncated', afterEvents: 1 } },
  ] as const)('without losing an event over $name', async ({ fault }) => {
    const { server, sink } = await tell();
    server.fail(WATCH, fault);
    story.start();
    await server.heard(WATCH);
    for (const name of ['a', 'b', 'c']) server.put(IMAGE_STREAMS, stream(name));
    await story.until(() => sink.held.size === 3);
    expect(server.count(LIST)).toBe(1);
    expect(server.count(WATCH)).toBe(2);
  });

  test('characters that are split anywhere', async () => {
    const { server, sink } = await tell({ path: { resource: IMAGE_STREAMS, namespace: 'demo' } });
    const names: unknown[] = [];
    sink.upsert = object => names.push(object.metadata.annotations?.['said']);
    server.fail(LIST, { kind: 'split', pieceBytes: 1 });
    server.fail(WATCH, { kind: 'split', pieceBytes: 1 });
    const said = (name: string) => ({ metadata: { namespace: 'demo', name, annotations: { said: 'žluťoučký 🐎' } } });
    server.put(IMAGE_STREAMS, said('a'));
    story.start();
    await server.heard(WATCH);
    server.put(IMAGE_STREAMS, said('b'));
    await story.until(() => names.length === 2);
    expect(names).toEqual(['žluťoučký 🐎', 'žluťoučký 🐎']);
  });

  test('on after a connection that has gone silent, and is not ended when it was to be', async () => {
    // 100 ms after it began.
    const { server, sink } = await tell({ client: { timeouts: { watchGraceMs: 100 - 300_000 } } });
    server.fail(WATCH, { kind: 'watchSilence', afterEvents: 1 });
    story.start();
    await server.heard(WATCH);
    for (const name of ['a', 'b']) server.put(IMAGE_STREAMS, stream(name));
    await story.until(() => sink.held.size === 2);
    expect(server.count(LIST)).toBe(1);
    expect(story.lines.map(({ fields }) => fields['error'])).toContain(
      'Cannot watch imagestreams: the API server took too long (it did not end within 0.1 s)',
    );
  });

  test('on after the first distance again, once an event has come', async () => {
    const { server, clock } = await tell();
    server.fail(WATCH, { kind: 'watchReset', afterEvents: 1 }, 3);
    story.start();
    for (const [index, name] of ['a', 'b', 'c'].entries()) {
      await server.heard(WATCH, index + 1);
      server.put(IMAGE_STREAMS, stream(name));
    }
    await server.heard(WATCH, 4);
    expect(clock.slept).toEqual([800, 800, 800]);
  });

  test('in no tight loop when the server ends each at once', async () => {
    const { server, clock } = await tell();
    server.fail(WATCH, { kind: 'watchEnd' }, 4);
    story.start();
    await story.until(() => server.watches() === 1);
    expect(clock.slept).toEqual([800, 1_600, 3_200, 6_400]);
    expect(server.count(LIST)).toBe(1);
  });

  test('in no tight loop when the server ends each after one event', async () => {
    const { server, clock } = await tell();
    server.fail(WATCH, { kind: 'watchEnd', afterEvents: 1 }, 2);
    story.start();
    await server.heard(WATCH, 1);
    server.put(IMAGE_STREAMS, stream('a'));
    await server.heard(WATCH, 2);
    server.put(IMAGE_STREAMS, stream('b'));
    await server.heard(WATCH, 3);
    expect(clock.slept).toEqual([800, 800]);
  });

  test('after 429 no sooner than Retry-After asks', async () => {
    const { server, clock } = await tell();
    server.fail(WATCH, { kind: 'status', code: 429, retryAfterSeconds: 5 }, 3);
    story.start();
    await story.until(() => server.watches() === 1);
    expect(clock.slept.filter(ms => ms < 5_000)).toEqual([]);
    expect(clock.slept).toHaveLength(3);
  });
});
