import { describe, expect, test } from '@jest/globals';
import type { ImageStream, TagHistory } from '../../../src/api/image-stream.ts';
import { changeLine, streamName, type TagChange, tagChange } from '../../../src/command/tag-change.ts';
import { digestOf, failed, imported, T0, tagEvent } from '../../gen/history.ts';
import { imageStream } from '../../gen/objects.ts';

const FROM = 'quay.io/acme/app:1';
const good = (digit: string) => imported('latest', FROM, digit);
const bad = (message: string, digit?: string): TagHistory => ({
  tag: 'latest',
  items: digit === undefined ? [] : [tagEvent(digit)],
  conditions: [failed({ message })],
});
const told = { time: '2026-01-01T00:00:00.000Z', tag: 'demo/app:latest', reason: 'scheduled' } as const;

const cases: readonly {
  readonly name: string;
  readonly before?: TagHistory;
  readonly after?: TagHistory;
  readonly want: Partial<TagChange> | undefined;
}[] = [
  { name: 'is "imported" for the first image', after: good('1'), want: { change: 'imported', image: digestOf('1') } },
  {
    name: 'is "moved" for another image',
    before: good('1'),
    after: good('2'),
    want: { change: 'moved', image: digestOf('2'), previousImage: digestOf('1') },
  },
  {
    name: 'is "failed" for a new failure, the image left out',
    before: good('1'),
    after: bad('gone', '1'),
    want: { change: 'failed', failure: 'NotFound: gone' },
  },
  {
    name: 'is "failed" for a tag that never had an image',
    after: bad('gone'),
    want: { change: 'failed', failure: 'NotFound: gone' },
  },
  {
    name: 'is "failed" for a failure that says something else now',
    before: bad('gone', '1'),
    after: bad('really gone', '1'),
    want: { change: 'failed', failure: 'NotFound: really gone' },
  },
  { name: 'is nothing for the same failure again', before: bad('gone', '1'), after: bad('gone', '1'), want: undefined },
  {
    name: 'is "healed" when the same image is back',
    before: bad('gone', '1'),
    after: good('1'),
    want: { change: 'healed', image: digestOf('1') },
  },
  {
    name: 'is "moved" when another image is back',
    before: bad('gone', '1'),
    after: good('2'),
    want: { change: 'moved', image: digestOf('2'), previousImage: digestOf('1') },
  },
  { name: 'is nothing when nothing changed', before: good('1'), after: good('1'), want: undefined },
  { name: 'is nothing for a tag without history', want: undefined },
  {
    name: 'shows the pull spec of a tag that is only a reference',
    after: { tag: 'latest', items: [tagEvent('1', { image: '', dockerImageReference: FROM })] },
    want: { change: 'imported', image: FROM },
  },
];

test.each(cases)('tagChange() $name', ({ before, after, want }) => {
  const change = tagChange(streamWith(before), streamWith(after), 'latest', 'scheduled', T0);
  expect(change).toEqual(want && { ...told, ...want });
});

function streamWith(history: TagHistory | undefined): ImageStream {
  return imageStream({ history: history === undefined ? [] : [history] });
}

describe('changeLine()', () => {
  // The clock on the wall of whoever reads it.
  const time = new Date(T0).toTimeString().slice(0, 8);

  test.each<[Partial<TagChange>, string]>([
    [{ change: 'imported', image: digestOf('1') }, 'imported sha256:111111111111…'],
    [
      { change: 'moved', image: digestOf('2'), previousImage: digestOf('1') },
      'moved sha256:111111111111… → sha256:222222222222…',
    ],
    [{ change: 'healed', image: digestOf('1') }, 'healed sha256:111111111111…'],
    [{ change: 'failed', failure: 'NotFound: gone' }, 'failed NotFound: gone'],
  ])('%j', (change, want) => {
    const line = changeLine({ change: 'imported', ...told, ...change });
    expect(line).toBe(`${time} demo/app:latest ${want} (scheduled)\n`);
  });

  test('is one line, whatever a message holds', () => {
    const line = changeLine({ ...told, change: 'failed', failure: 'InternalError: a\nb' });
    expect(line).toBe(`${time} demo/app:latest failed InternalError: a b (scheduled)\n`);
  });
});

test.each([
  [{ name: 'app', namespace: 'demo' }, 'demo/app'],
  [{ name: 'app' }, 'app'],
])('streamName() of %j is %s', (metadata, want) => {
  expect(streamName({ metadata })).toBe(want);
});
