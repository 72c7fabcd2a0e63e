import { describe, expect, test } from '@jest/globals';
import type { ImageStream, TagHistory } from '../../../src/api/image-stream.ts';
import { Announcer, type News, regardingOf } from '../../../src/controller/announcer.ts';
import { deafController } from '../../../src/controller/observer.ts';
import { type LogFields, silentLogger } from '../../../src/log.ts';
import { fakeClock } from '../../fake/clock.ts';

const NOW = '2026-01-02T03:04:05.000Z';

function scene() {
  const events: News[] = [];
  const writes: string[] = [];
  const lines: string[] = [];
  const line = (fields: LogFields, message: string) => void lines.push(`${message}: ${fields['stream']}`);
  const announcer = new Announcer({
    events: { event: news => void events.push(news) },
    observer: { ...deafController, patched: (kind, outcome) => void writes.push(`${kind} ${outcome}`) },
    clock: fakeClock(Date.parse(NOW)),
    log: { ...silentLogger, info: line, warn: line, error: line },
  });
  return { announcer, events, writes, lines };
}

function stream(...tags: readonly (readonly [tag: string, image: string])[]): ImageStream {
  const history = ([tag, image]: readonly [string, string]): TagHistory => ({
    tag,
    items: [{ created: NOW, dockerImageReference: `quay.io/acme/app@${image}`, image, generation: 1 }],
  });
  return {
    metadata: { namespace: 'demo', name: 'app', uid: 'uid-1', resourceVersion: '7' },
    status: { tags: tags.map(history) },
  };
}

const REGARDING = {
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  namespace: 'demo',
  name: 'app',
  uid: 'uid-1',
  resourceVersion: '7',
};

describe('what was stored', () => {
  test('is told by one Event and one line for each tag that changed, with its own reason', () => {
    const { announcer, events, lines } = scene();
    const before = stream(['still', 'sha256:1'], ['moved', 'sha256:1']);
    const after = stream(['still', 'sha256:1'], ['moved', 'sha256:2'], ['new', 'sha256:3']);
    announcer.changed(before, after, new Map([['moved', 'scheduled']]));
    expect(events).toMatchObject([
      { regarding: REGARDING, reason: 'TagMoved', change: { tag: 'demo/app:moved', reason: 'scheduled', time: NOW } },
      { regarding: REGARDING, reason: 'TagImported', change: { tag: 'demo/app:new', reason: 'specChanged' } },
    ]);
    expect(lines).toEqual(['Tag moved: demo/app', 'Tag imported: demo/app']);
  });

  test('of a stream that nobody knew before is all new', () => {
    const { announcer, events } = scene();
    announcer.changed(undefined, stream(['v1', 'sha256:1']), new Map());
    expect(events.map(({ reason }) => reason)).toEqual(['TagImported']);
  });

  test('of a stream without a status is nothing', () => {
    const { announcer, events, lines } = scene();
    announcer.changed(stream(['v1', 'sha256:1']), { metadata: { name: 'app' } }, new Map());
    expect([events, lines]).toEqual([[], []]);
  });
});

test('a stream that cannot be stored is told by an Event and a line, and counted', () => {
  const { announcer, events, writes, lines } = scene();
  announcer.notStorable(stream(), 'too large');
  expect(events).toEqual([
    { regarding: REGARDING, type: 'Warning', reason: 'StreamNotStored', action: 'Store', note: 'too large' },
  ]);
  expect(writes).toEqual(['imagestreams refused']);
  expect(lines).toEqual(['A stream cannot be stored: demo/app']);
});

test('intervals that cannot be read are told by one Event with a line for each', () => {
  const { announcer, events, lines } = scene();
  announcer.intervalIgnored(stream(), ['this one', 'that one']);
  expect(events).toMatchObject([
    { regarding: REGARDING, type: 'Warning', reason: 'IntervalIgnored', note: 'this one\nthat one' },
  ]);
  expect(lines).toEqual(['An interval cannot be read: demo/app']);
});

test('regardingOf() leaves out what an object lacks', () => {
  expect(regardingOf('Image', { metadata: { name: 'sha256:1', uid: 'uid-2' } })).toEqual({
    apiVersion: 'image.openshift.io/v1',
    kind: 'Image',
    name: 'sha256:1',
    uid: 'uid-2',
  });
});
