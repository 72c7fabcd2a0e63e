import { expect, test } from '@jest/globals';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import { watchStream } from '../../../src/command/watch.ts';
import type { DueTag } from '../../../src/imagestream/due.ts';
import type { TagResult } from '../../../src/imagestream/result.ts';
import { LINUX_AMD64, withDigest } from '../../../src/imagestream/source.ts';
import { fakeClock } from '../../fake/clock.ts';
import { digestOf } from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

/** Lets everything that is not asleep go on. */
const settle = () => new Promise(resolve => setImmediate(resolve));

function resultOf({ tag, request }: DueTag): TagResult {
  const image = { metadata: { name: digestOf('1') }, dockerImageReference: `quay.io/acme/app@${digestOf('1')}` };
  return { outcome: 'imported', tag, source: withDigest(request.asked, digestOf('1'), 1), image, children: [] };
}

function watchOf(tags: readonly string[]) {
  const clock = fakeClock();
  const end = new AbortController();
  const saved: ImageStream[] = [];
  const answers = new Map<string, () => void>();
  const importTag = (due: DueTag) =>
    new Promise<TagResult>(resolve => answers.set(due.tag, () => resolve(resultOf(due))));
  const done = watchStream(imageStream({ tags: tags.map(tag => specTag(tag, `quay.io/acme/app:${tag}`)) }), {
    clock,
    random: () => 0,
    options: {
      platform: LINUX_AMD64,
      historyLimit: 20,
      defaultIntervalMs: 900_000,
      minIntervalMs: 1_000,
      startedAtMs: clock.now(),
    },
    importTag,
    tell: () => {},
    save: async stream => void saved.push(stream),
    signal: end.signal,
  });
  return { clock, saved, end: () => end.abort(), done, answer: (tag: string) => answers.get(tag)?.() };
}

const savedTags = (stream: ImageStream | undefined) => (stream?.status?.tags ?? []).map(({ tag }) => tag).sort();

test('results that come back within 200 ms share a write while other tags are still asked for', async () => {
  const watch = watchOf(['a', 'b', 'c']);
  await settle();
  const before = watch.saved.length;
  watch.answer('a');
  await settle();
  watch.answer('b');
  await watch.clock.advance(199);
  expect(watch.saved).toHaveLength(before);
  await watch.clock.advance(1);
  expect(watch.saved).toHaveLength(before + 1);
  expect(savedTags(watch.saved.at(-1))).toEqual(['a', 'b']);
  watch.end();
  await watch.done;
});

test('the last result is written at once', async () => {
  const watch = watchOf(['a']);
  await settle();
  watch.answer('a');
  await settle();
  expect(savedTags(watch.saved.at(-1))).toEqual(['a']);
  watch.end();
  await watch.done;
});
