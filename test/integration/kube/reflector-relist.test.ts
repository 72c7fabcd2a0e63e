import { afterEach, describe, expect, test } from '@jest/globals';
import type { TypedObject } from '../../../src/api/meta.ts';
import { createKubeClient } from '../../../src/kube/http-client.ts';
import { deafObserver } from '../../../src/kube/observer.ts';
import { createReflector, joinReflectors } from '../../../src/kube/reflector.ts';
import { collectionPaths, IMAGE_STREAMS } from '../../../src/kube/resource.ts';
import { silentLogger } from '../../../src/log.ts';
import { memorySink, reflectorStory, type Story, type StoryOptions, stream } from './reflector-story.ts';

const LIST = { verb: 'list', resource: IMAGE_STREAMS } as const;
const WATCH = { verb: 'watch', resource: IMAGE_STREAMS } as const;

let story: Story;
const tell = async (options: StoryOptions = {}) => {
  story = await reflectorStory(options);
  return story;
};
afterEach(() => story.end());

const watching = async (options: StoryOptions = {}) => {
  const { server } = await tell(options);
  for (const name of ['a', 'b']) server.put(IMAGE_STREAMS, stream(name));
  story.start();
  await story.until(() => server.watches(IMAGE_STREAMS) === 1);
  return story;
};

describe('a reflector lists again', () => {
  test('when its version is too old, and what went meanwhile goes', async () => {
    const reasons: string[] = [];
    const { server, sink, clock } = await watching({ observer: { listed: ({ reason }) => reasons.push(reason) } });
    server.disconnect();
    server.remove(IMAGE_STREAMS, { namespace: 'demo', name: 'a' });
    server.compact();
    await story.until(() => reasons.length === 2);
    expect([...sink.held.keys()]).toEqual(['demo/b']);
    expect(reasons).toEqual(['first', 'expired']);
    // A 410 is nobody's fault: the distance does not grow.
    expect(clock.slept).toEqual([800, 800]);
  });

  test('when the server was killed and has started again', async () => {
    const { server, sink } = await watching();
    await server.stop();
    server.remove(IMAGE_STREAMS, { namespace: 'demo', name: 'a' });
    await server.start();
    await story.until(() => server.watches() === 1);
    expect([...sink.held.keys()]).toEqual(['demo/b']);
  });

  test('when a watch is answered with 410', async () => {
    const { server } = await tell();
    server.fail(WATCH, { kind: 'status', code: 410, reason: 'Expired' });
    story.start();
    await story.until(() => server.watches() === 1);
    expect(server.requests().map(({ verb }) => verb)).toEqual(['list', 'watch', 'list', 'watch']);
  });

  test('at growing distances when nothing but 410 comes back', async () => {
    const { server, clock } = await tell();
    server.fail(WATCH, { kind: 'watchError', code: 410, reason: 'Expired' }, 3);
    story.start();
    await story.until(() => server.watches() === 1);
    expect(clock.slept).toEqual([800, 1_600, 3_200]);
  });

  test('when five watches in a row told nothing: after a restore the server is behind the version held', async () => {
    const reasons: string[] = [];
    const { server } = await tell({ observer: { listed: ({ reason }) => reasons.push(reason) } });
    server.fail(WATCH, { kind: 'watchReset' }, 5);
    story.start();
    await server.heard(WATCH, 6);
    expect(reasons).toEqual(['first', 'fruitless']);
    expect(server.count(WATCH)).toBe(6);
  });

  test('not when the server is away for a moment', async () => {
    const { server, sink } = await watching();
    server.disconnect();
    server.put(IMAGE_STREAMS, stream('c'));
    await story.until(() => sink.held.size === 3);
    expect(server.count(LIST)).toBe(1);
  });
});

describe('a sink that throws', () => {
  const poison = (): { readonly tries: string[]; readonly options: StoryOptions } => {
    const tries: string[] = [];
    const upsert = ({ metadata }: TypedObject) => {
      tries.push(`${metadata.name}`);
      if (metadata.name === 'bad') throw new Error('s3cret');
    };
    return { tries, options: { sink: { upsert } } };
  };

  test('is tried a few times and gone past, counted each time and logged once', async () => {
    let failed = 0;
    const { tries, options } = poison();
    const { server } = await tell({ ...options, observer: { sinkFailed: () => (failed += 1) } });
    server.put(IMAGE_STREAMS, stream('bad'));
    story.start();
    await story.until(() => server.watches() === 1);
    server.put(IMAGE_STREAMS, stream('bad'));
    server.put(IMAGE_STREAMS, stream('good'));
    await story.until(() => tries.includes('good'));
    expect(tries).toEqual(['bad', 'bad', 'bad', 'bad', 'bad', 'bad', 'good']);
    expect(failed).toBe(2);
    expect(story.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(JSON.stringify(story.lines)).not.toContain('s3cret');
    expect([server.count(LIST), server.count(WATCH)]).toEqual([1, 1]);
  });

  test('is asked to replace again, by another list', async () => {
    let replaced = 0;
    const replace = () => {
      replaced += 1;
      if (replaced === 1) throw new Error('s3cret');
    };
    const { server, reflector } = await tell({ sink: { replace } });
    story.start();
    await reflector.synced;
    expect(replaced).toBe(2);
    expect(server.count(LIST)).toBe(2);
    expect(JSON.stringify(story.lines)).not.toContain('s3cret');
  });
});

describe('a reflector stops', () => {
  test('while it lists, and watches nothing afterwards', async () => {
    const { server, reflector, sink } = await tell();
    server.fail(LIST, { kind: 'silence' });
    story.start();
    await server.heard(LIST);
    await story.stop();
    expect(reflector.isSynced).toBe(false);
    expect(sink.told).toEqual([]);
    expect(server.count()).toBe(1);
  });

  test('between two pages', async () => {
    const { server, sink } = await tell();
    for (let i = 0; i < 600; i += 1) server.put(IMAGE_STREAMS, stream(`s${i}`));
    server.fail({ ...LIST }, { kind: 'delay', ms: 0 });
    server.fail({ ...LIST }, { kind: 'silence' });
    story.start();
    await server.heard(LIST, 2);
    await story.stop();
    expect(sink.told).not.toContain('replace 500');
    expect(server.count(WATCH)).toBe(0);
  });

  test('within a page', async () => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    let taken = 0;
    const upsert = () => {
      taken += 1;
      begin();
    };
    const { server, sink, reflector } = await tell({ sink: { upsert } });
    for (let i = 0; i < 400; i += 1) server.put(IMAGE_STREAMS, stream(`s${i}`));
    story.start();
    await begun;
    await story.stop();
    expect([taken, sink.told, reflector.isSynced]).toEqual([100, [], false]);
  });

  test('while the sink compares, and says nothing of having listed', async () => {
    const { promise: compared, resolve: end } = Promise.withResolvers<void>();
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const replace = () => {
      ask();
      return compared;
    };
    const { server, reflector } = await tell({ sink: { replace } });
    story.start();
    await asked;
    const stopped = story.stop();
    end();
    await stopped;
    expect([reflector.isSynced, server.count(WATCH)]).toEqual([false, 0]);
  });

  test('while it watches, and leaves no watch behind', async () => {
    const { server } = await watching();
    await story.stop();
    await story.until(() => server.watches() === 0);
    expect(server.count()).toBe(2);
  });

  test('while it waits', async () => {
    const { server, clock } = await tell();
    clock.sleep = (_ms, signal) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    server.fail(LIST, { kind: 'status', code: 500 });
    story.start();
    await server.heard(LIST);
    await story.stop();
    expect(server.count()).toBe(1);
  });
});

test('joinReflectors() keeps one sink over several namespaces, each replaced by itself', async () => {
  const { server, clock } = await tell();
  const sink = memorySink();
  const client = createKubeClient({ config: server.config, clock, log: silentLogger });
  for (const namespace of ['one', 'two', 'three']) server.put(IMAGE_STREAMS, stream('a', namespace));
  const reflector = joinReflectors(
    collectionPaths(IMAGE_STREAMS, ['one', 'two']).map(path =>
      createReflector({ client, path, sink, clock, random: () => 0, log: silentLogger, observer: deafObserver }),
    ),
  );
  const stopper = new AbortController();
  expect([reflector.isSynced, reflector.lastProgressMs]).toEqual([false, undefined]);
  const running = reflector.run(stopper.signal);
  await reflector.synced;
  await story.until(() => server.watches() === 2);
  server.compact();
  server.endWatches();
  await server.heard(LIST, 4);
  await story.until(() => server.watches() === 2);
  expect([...sink.held.keys()].sort()).toEqual(['one/a', 'two/a']);
  expect(reflector.lastProgressMs).toBeGreaterThan(0);
  stopper.abort();
  await running;
  await client.close();
});
