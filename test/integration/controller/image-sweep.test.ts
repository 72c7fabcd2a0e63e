import { afterEach, describe, expect, test } from '@jest/globals';
import { imageObjectName } from '../../../src/imagestream/image-names.ts';
import { timestamp } from '../../../src/imagestream/timestamp.ts';
import { IMAGE_STREAMS, IMAGES } from '../../../src/kube/resource.ts';
import { digestOf, image, imported, tagEvent } from '../../gen/history.ts';
import { imageStream } from '../../gen/objects.ts';
import { type ImageStory, imageAt, imageStory, manifestEntry, markAt, storedObject } from './image-story.ts';
import { until } from './operator.ts';

const { signal } = new AbortController();
const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
const setUp = () => imageStory(closers);

/** A stream with a tag that points to the first of these digits and pointed to the others. */
function putStream({ server }: ImageStory, name: string, ...digits: readonly string[]): void {
  const items = digits.map(digit => tagEvent(digit));
  server.put(IMAGE_STREAMS, imageStream({ name, history: [imported('1', 'quay.io/acme/app:1', '1', { items })] }));
}

const putList = ({ server }: ImageStory, digit: string, children: readonly string[], since?: string) =>
  server.put(IMAGES, storedObject(digit, since, { dockerImageManifests: children.map(manifestEntry) }));
const ago = ({ clock }: ImageStory, ms: number) => timestamp(clock.now() - ms);
const writes = ({ server }: ImageStory) => server.count({ verb: 'patch' }) + server.count({ verb: 'delete' });

describe('a sweep (design D11)', () => {
  test('leaves what any event of any stream names, the oldest included', async () => {
    const story = await setUp();
    for (const digit of ['1', '2', '3']) story.server.put(IMAGES, storedObject(digit));
    putStream(story, 'app', '1', '2');
    putStream(story, 'other', '3');
    await story.sweep.sweep(signal);
    expect(writes(story)).toBe(0);
  });

  test('marks what nothing names with the time, and touches nothing else of it', async () => {
    const story = await setUp();
    const before = story.server.put(IMAGES, storedObject('1'));
    expect(await story.sweep.sweep(signal)).toEqual({ images: 1, marked: 1, unmarked: 0, deleted: 0, missed: 0 });
    expect(markAt(story.server, '1')).toBe(timestamp(story.clock.now()));
    const { metadata: _new, ...after } = imageAt(story.server, '1') ?? {};
    const { metadata: _old, ...fields } = before;
    expect(after).toMatchObject(fields);
  });

  test('deletes a day later, and not before', async () => {
    const story = await setUp();
    story.server.put(IMAGES, storedObject('1'));
    await story.sweep.sweep(signal);
    await story.clock.advance(DAY - 1_000);
    await story.sweep.sweep(signal);
    expect(imageAt(story.server, '1')).toBeDefined();
    await story.clock.advance(1_000);
    await story.sweep.sweep(signal);
    expect(imageAt(story.server, '1')).toBeUndefined();
    expect(story.server.requests({ verb: 'delete' })[0]?.body).toMatchObject({
      preconditions: { uid: expect.any(String), resourceVersion: expect.any(String) },
    });
  });

  test('takes the mark from what is named again', async () => {
    const story = await setUp();
    story.server.put(IMAGES, storedObject('1', ago(story, 2 * DAY)));
    putStream(story, 'app', '1');
    expect(await story.sweep.sweep(signal)).toMatchObject({ unmarked: 1, deleted: 0 });
    expect(markAt(story.server, '1')).toBeUndefined();
  });

  test('marks anew where the time of the mark cannot be believed', async () => {
    const story = await setUp();
    story.server.put(IMAGES, storedObject('1', 'long ago'));
    story.server.put(IMAGES, storedObject('2', ago(story, -DAY)));
    expect(await story.sweep.sweep(signal)).toMatchObject({ marked: 2 });
    expect(markAt(story.server, '2')).toBe(timestamp(story.clock.now()));
  });

  test('leaves Images that are none of ours', async () => {
    const story = await setUp();
    story.server.put(IMAGES, { metadata: { name: 'by-hand' } });
    expect(await story.sweep.sweep(signal)).toMatchObject({ images: 0 });
    expect(writes(story)).toBe(0);
  });

  test('reads pages: thousands of streams and Images', async () => {
    const story = await setUp();
    const digest = (index: number) => `sha256:${index.toString(16).padStart(64, '0')}`;
    for (let index = 0; index < 1_200; index += 1) {
      story.server.put(IMAGES, { ...storedObject('1'), metadata: { name: imageObjectName(digest(index)) } });
      if (index === 1_100) continue;
      const items = [tagEvent('1', { image: digest(index) })];
      const history = [imported('1', 'quay.io/acme/app:1', '1', { items })];
      story.server.put(IMAGE_STREAMS, imageStream({ name: `s${index}`, history }));
    }
    expect(await story.sweep.sweep(signal)).toMatchObject({ images: 1_200, marked: 1 });
    const marked = story.server.requests({ verb: 'patch' });
    expect(marked.map(({ name }) => name)).toEqual([imageObjectName(digest(1_100))]);
    const whole = story.server
      .requests({ verb: 'list', resource: IMAGES })
      .filter(({ headers }) => !headers.accept?.includes('PartialObjectMetadata'));
    expect(new Set(whole.map(({ query }) => query['limit']))).toEqual(new Set(['50']));
  });
});

describe('children of lists', () => {
  test('stay while their list is named, through lists of lists', async () => {
    const story = await setUp();
    for (const digit of ['1', '2']) story.server.put(IMAGES, storedObject(digit, ago(story, 2 * DAY)));
    putList(story, 'a', ['1', 'b'], ago(story, 2 * DAY));
    putList(story, 'b', ['2'], ago(story, 2 * DAY));
    putStream(story, 'app', 'a');
    expect(await story.sweep.sweep(signal)).toMatchObject({ unmarked: 4, deleted: 0 });
  });

  test('go with their list', async () => {
    const story = await setUp();
    story.server.put(IMAGES, storedObject('1', ago(story, DAY)));
    putList(story, 'a', ['1'], ago(story, DAY));
    expect(await story.sweep.sweep(signal)).toMatchObject({ deleted: 2 });
  });

  test('are not read again while everything else is named: what a digest names never changes', async () => {
    const story = await setUp();
    story.server.put(IMAGES, storedObject('1'));
    putList(story, 'a', ['1']);
    putStream(story, 'app', 'a');
    const lists = () => story.server.count({ verb: 'list', resource: IMAGES });
    await story.sweep.sweep(signal);
    expect(lists()).toBe(2);
    await story.sweep.sweep(signal);
    expect(lists()).toBe(3);
    expect(writes(story)).toBe(0);
  });
});

describe('races between a sweep and who creates Images', () => {
  test('an Image whose stream is not written yet is only marked, and unmarked once the stream is', async () => {
    const story = await setUp();
    await story.store.ensure([image('1')], signal);
    await story.sweep.sweep(signal);
    expect(markAt(story.server, '1')).toBeDefined();
    putStream(story, 'app', '1');
    await story.sweep.sweep(signal);
    expect(markAt(story.server, '1')).toBeUndefined();
  });

  test('a creator that comes after the lists, before the deletion, keeps its Image', async () => {
    const story = await setUp();
    story.server.put(IMAGES, storedObject('1', ago(story, 2 * DAY)));
    story.between.delete = async () => {
      await story.store.ensure([image('1')], signal);
      putStream(story, 'app', '1');
    };
    expect(await story.sweep.sweep(signal)).toMatchObject({ deleted: 0, missed: 1 });
    expect(markAt(story.server, '1')).toBeUndefined();
    expect(imageAt(story.server, '1')).toBeDefined();
    expect(story.writes).toEqual(['images written', 'images conflict']);
  });

  test('a creator that comes between the two lists keeps its Image', async () => {
    const story = await setUp();
    story.server.put(IMAGES, storedObject('1', ago(story, 2 * DAY)));
    story.between.list = () => {
      story.between.list = async () => {
        await story.store.ensure([image('1')], signal);
        putStream(story, 'app', '1');
      };
    };
    await story.sweep.sweep(signal);
    expect(imageAt(story.server, '1')).toBeDefined();
  });

  test('a creator that comes after the deletion creates it again, though the watch has not told it yet', async () => {
    const story = await setUp();
    const { metadata } = story.server.put(IMAGES, storedObject('1', ago(story, 2 * DAY)));
    story.store.upsert({ metadata });
    await story.sweep.sweep(signal);
    expect(imageAt(story.server, '1')).toBeUndefined();
    await story.store.ensure([image('1')], signal);
    expect(imageAt(story.server, '1')).toBeDefined();
    expect(markAt(story.server, '1')).toBeUndefined();
  });

  test('an Image that goes meanwhile is no fault, and the others are seen to', async () => {
    const story = await setUp();
    for (const digit of ['1', '2']) story.server.put(IMAGES, storedObject(digit));
    story.between.patch = () => story.server.remove(IMAGES, { name: imageObjectName(digestOf('1')) });
    expect(await story.sweep.sweep(signal)).toMatchObject({ marked: 1, missed: 1 });
  });

  test('another object of the same name is not deleted for what its predecessor was', async () => {
    const story = await setUp();
    const old = story.server.put(IMAGES, storedObject('1', ago(story, 2 * DAY)));
    story.between.delete = () => {
      story.server.remove(IMAGES, { name: old.metadata.name ?? '' });
      story.server.put(IMAGES, storedObject('1'));
    };
    expect(await story.sweep.sweep(signal)).toMatchObject({ missed: 1 });
    expect(imageAt(story.server, '1')).toBeDefined();
  });
});

describe('a stream whose head has no Image', () => {
  test('is told of, so that the Image is fetched again', async () => {
    const story = await setUp();
    story.server.put(IMAGES, storedObject('2'));
    putStream(story, 'app', '1', '2');
    putStream(story, 'well', '2', '1');
    const reference = tagEvent('1', { image: '', dockerImageReference: 'quay.io/acme/app:1' });
    const history = [imported('1', 'quay.io/acme/app:1', '1', { items: [reference] })];
    story.server.put(IMAGE_STREAMS, imageStream({ name: 'bare', history }));
    await story.sweep.sweep(signal);
    expect(story.missing).toEqual(['demo/app']);
  });
});

describe('run()', () => {
  const listed = ({ server }: ImageStory) => server.count({ verb: 'list', resource: IMAGE_STREAMS });

  /** Ends the sweep before the API server goes. */
  function start({ sweep }: ImageStory): () => Promise<void> {
    const stop = new AbortController();
    const running = sweep.run(stop.signal);
    const end = async () => {
      stop.abort(new Error('the term is over'));
      await running;
    };
    closers.unshift(end);
    return end;
  }
  const asleep = ({ clock }: ImageStory) => until('the sweep to rest', () => clock.sleeping > 0);

  test('sweeps after ten minutes, then every hour, until its signal fires', async () => {
    const story = await setUp();
    const end = start(story);
    await story.clock.advance(9 * 60_000);
    expect(listed(story)).toBe(0);
    await story.clock.advance(60_000);
    await asleep(story);
    expect(listed(story)).toBe(1);
    await story.clock.advance(HOUR);
    await asleep(story);
    expect(listed(story)).toBe(2);
    await end();
    expect(story.clock.sleeping).toBe(0);
  });

  test('removes nothing where only some namespaces are watched: streams of others may name it', async () => {
    const { sweep, clock, server } = await imageStory(closers, ['demo']);
    await sweep.run(new AbortController().signal);
    expect([clock.sleeping, server.count({ verb: 'list', resource: IMAGES })]).toEqual([0, 0]);
  });

  test('that met a fault says so and comes back sooner', async () => {
    const story = await setUp();
    start(story);
    story.server.fail({ verb: 'list', resource: IMAGE_STREAMS }, { kind: 'status', code: 500 });
    await story.clock.advance(10 * 60_000);
    await asleep(story);
    expect(story.lines.filter(line => line.includes('could not be looked through'))).toHaveLength(1);
    await story.clock.advance(10 * 60_000);
    await asleep(story);
    expect(listed(story)).toBe(2);
    expect(story.lines).toHaveLength(1);
  });
});
