import { describe, expect, test } from '@jest/globals';
import type { ImageStream, SpecTag, TagHistory } from '../../../src/api/image-stream.ts';
import { type ApplyOptions, applyResults } from '../../../src/imagestream/apply.ts';
import type { TagResult } from '../../../src/imagestream/result.ts';
import { LINUX_AMD64, withDigest } from '../../../src/imagestream/source.ts';
import {
  digestOf,
  failed,
  failedResult,
  image,
  imported,
  importedResult,
  succeeded,
  T0,
  tagEvent,
  unchangedResult,
} from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const from = 'quay.io/acme/app:1';
const asked = { from, specGeneration: null };
const NOW = '2026-01-01T01:00:00Z';
const options: ApplyOptions = { rules: 'operator', nowMs: T0 + 3_600_000, historyLimit: 3, platform: LINUX_AMD64 };

/** A stream with the one tag `1`, whose status was last written for generation 1. */
function streamOf(history?: TagHistory, spec: Partial<SpecTag> = {}, generation = 1): ImageStream {
  return imageStream({
    generation,
    tags: [specTag('1', from, spec)],
    status: { observedGeneration: generation },
    ...(history && { history: [history] }),
  });
}

function historyAfter(stream: ImageStream, ...results: readonly TagResult[]): TagHistory | undefined {
  return applyResults(stream, results, options).status?.tags?.[0];
}

describe('applyResults() imported', () => {
  test('the first image: event, True condition, source with its digest', () => {
    expect(historyAfter(streamOf(), importedResult('1', asked, '1'))).toEqual({
      tag: '1',
      items: [tagEvent('1', { created: NOW })],
      conditions: [succeeded({ lastTransitionTime: NOW })],
      source: { ...asked, digest: digestOf('1') },
    });
  });

  test('a new digest becomes the head; the condition stays as it is', () => {
    expect(historyAfter(streamOf(imported('1', from)), importedResult('1', asked, '2'))).toEqual({
      tag: '1',
      items: [tagEvent('2', { created: NOW }), tagEvent('1')],
      conditions: [succeeded()],
      source: { ...asked, digest: digestOf('2') },
    });
  });

  test('R0.8 another source digest of the same image: no new event', () => {
    const result: TagResult = { ...importedResult('1', asked, '1'), source: withDigest(asked, digestOf('f'), 1) };
    expect(historyAfter(streamOf(imported('1', from)), result)).toEqual({
      ...imported('1', from),
      source: { ...asked, digest: digestOf('f') },
    });
  });

  test('D7 the history is capped and the head stays', () => {
    const items = ['2', '3', '4'].map(digit => tagEvent(digit));
    const history = historyAfter(streamOf(imported('1', from, '2', { items })), importedResult('1', asked, '1'));
    expect(history?.items?.map(event => event.image)).toEqual(['1', '2', '3'].map(digestOf));
  });

  test('D5 the generation is the larger of the stream’s and a positive one of the tag', () => {
    const result = (specGeneration: number) => importedResult('1', { from, specGeneration }, '1');
    const generationOf = (spec: number) =>
      historyAfter(streamOf(undefined, { generation: spec }, 4), result(spec))?.items?.[0]?.generation;
    expect([generationOf(0), generationOf(9)]).toEqual([4, 9]);
  });

  test('8.4 a user who asks again gets a new generation on the same event', () => {
    const stream = streamOf(imported('1', from), { generation: 0 }, 2);
    const history = historyAfter(stream, importedResult('1', { from, specGeneration: 0 }, '1'));
    expect(history?.items).toEqual([tagEvent('1', { generation: 2 })]);
    expect(history?.source?.specGeneration).toBe(0);
  });

  test('everything as recorded: the same object', () => {
    const stream = streamOf(imported('1', from));
    expect(applyResults(stream, [importedResult('1', asked, '1')], options)).toBe(stream);
  });
});

describe('applyResults() unchanged', () => {
  test('of a tag that is well: the same object', () => {
    const stream = streamOf(imported('1', from));
    expect(applyResults(stream, [unchangedResult('1', asked, '1')], options)).toBe(stream);
  });

  test('heals a False condition and touches nothing else', () => {
    const stream = streamOf(imported('1', from, '1', { conditions: [failed()] }));
    expect(historyAfter(stream, unchangedResult('1', asked, '1'))).toEqual({
      ...imported('1', from),
      conditions: [succeeded({ lastTransitionTime: NOW })],
    });
  });

  test('R1.2 records the digest of another Accept version without an event', () => {
    const source = { ...asked, digest: digestOf('f'), acceptVersion: 2 };
    const history = historyAfter(streamOf(imported('1', from)), { outcome: 'unchanged', tag: '1', source });
    expect(history).toEqual({ ...imported('1', from), source });
  });

  test('D20 only `from` differs: the head’s reference is rewritten in place', () => {
    const mirror = 'mirror.io/acme/app:1';
    const stream = imageStream({
      generation: 2,
      tags: [specTag('1', mirror)],
      history: [imported('1', from)],
    });
    const history = historyAfter(stream, unchangedResult('1', { from: mirror, specGeneration: null }, '1'));
    const dockerImageReference = `mirror.io/acme/app@${digestOf('1')}`;
    expect(history?.items).toEqual([tagEvent('1', { dockerImageReference, generation: 2 })]);
    expect(history?.source?.from).toBe(mirror);
  });

  test('without a head there is nothing to be unchanged from', () => {
    const stream = streamOf();
    expect(applyResults(stream, [unchangedResult('1', asked, '1')], options)).toBe(stream);
  });
});

describe('applyResults() failed', () => {
  test('the first attempt: False condition, source as asked, without digest', () => {
    expect(historyAfter(streamOf(), failedResult('1', asked))).toEqual({
      tag: '1',
      items: [],
      conditions: [failed({ lastTransitionTime: NOW })],
      source: asked,
    });
  });

  test('D8 the head stays, and so does the digest of the same request', () => {
    expect(historyAfter(streamOf(imported('1', from)), failedResult('1', asked))).toEqual({
      ...imported('1', from),
      conditions: [failed({ lastTransitionTime: NOW })],
    });
  });

  test('D4 another request has no digest until it first succeeds', () => {
    const stream = streamOf(imported('1', 'quay.io/acme/app:0'));
    const history = historyAfter(stream, failedResult('1', asked));
    expect(history?.source).toEqual(asked);
    expect(history?.items).toEqual([tagEvent('1')]);
  });

  test('the same failure again: the same object', () => {
    const stream = streamOf(imported('1', from, '1', { conditions: [failed()] }));
    expect(applyResults(stream, [failedResult('1', asked)], options)).toBe(stream);
  });

  test('another message: the time of transition stays', () => {
    const stream = streamOf(imported('1', from, '1', { conditions: [failed()] }), {}, 3);
    const history = historyAfter(stream, failedResult('1', asked, 'gone'));
    expect(history?.conditions).toEqual([failed({ message: 'gone', generation: 3 })]);
  });
});

describe('applyResults() drops what the spec no longer asks for', () => {
  const rows: readonly (readonly [string, Partial<SpecTag>])[] = [
    ['another pull spec', { from: { kind: 'DockerImage', name: 'quay.io/acme/app:2' } }],
    ['another mode', { importPolicy: { importMode: 'PreserveOriginal' } }],
    ['insecure', { importPolicy: { insecure: true } }],
    ['another generation', { generation: 0 }],
    ['another platform', { annotations: { 'importer.image.openshift.io/prefer-arch': 'arm64' } }],
  ];

  test.each(rows)('%s', (_name, spec) => {
    const stream = streamOf(imported('1', from), spec);
    expect(applyResults(stream, [importedResult('1', asked, '2')], options)).toBe(stream);
  });

  test('a tag that left the spec', () => {
    const stream = imageStream({ status: { observedGeneration: 1 } });
    expect(applyResults(stream, [importedResult('1', asked, '2')], options)).toBe(stream);
  });
});

describe('applyResults() without a registry', () => {
  const bare = tagEvent('1', { created: NOW, dockerImageReference: from, image: '' });

  test('a tag that only records its pull spec gets its event as written, and no condition', () => {
    const stream = streamOf(imported('1', from, '1', { conditions: [failed()] }), { reference: true });
    expect(historyAfter(stream)).toEqual({ tag: '1', items: [bare, tagEvent('1')] });
  });

  test('once: an edit elsewhere in the stream is no news', () => {
    const stream = streamOf({ tag: '1', items: [bare] }, { reference: true }, 7);
    expect(applyResults(stream, [], options)).toBe(stream);
  });

  test('D13 a kind that is not resolved yet is told, once, and its history stays', () => {
    const spec = { from: { kind: 'ImageStreamTag', name: 'other:1' } } as const;
    const stream = streamOf(imported('1', from), spec);
    const after = applyResults(stream, [], options);
    expect(after.status?.tags?.[0]).toEqual({
      tag: '1',
      items: [tagEvent('1')],
      conditions: [
        failed({
          reason: 'NotSupported',
          message: 'a tag from ImageStreamTag is not supported yet: only DockerImage is',
          lastTransitionTime: NOW,
        }),
      ],
    });
    expect(applyResults(after, [], options)).toBe(after);
  });

  test('D4 the source goes when the tag stops being importable or leaves the spec; D8 the history stays', () => {
    const history = imported('1', from);
    const { source: _, ...rest } = history;
    const withoutFrom = imageStream({ tags: [specTag('1')], history: [history] });
    const gone = imageStream({ history: [history] });
    expect(historyAfter(withoutFrom)).toEqual(rest);
    expect(historyAfter(gone)).toEqual(rest);
  });

  test('controllers 5.2 an entry that says nothing any more is dropped', () => {
    const stream = imageStream({ history: [{ tag: '1', items: [], source: { from } }] });
    expect(applyResults(stream, [], options).status?.tags).toEqual([]);
  });

  test('the generation that was looked at and the request that was answered are echoed', () => {
    const stream = streamOf(imported('1', from), {}, 4);
    const seen = { ...stream, status: { ...stream.status, observedGeneration: 3 } };
    expect(applyResults(seen, [], options).status?.observedGeneration).toBe(4);
    expect(applyResults(seen, [], { ...options, handledRequest: 'now' }).status?.lastHandledRequest).toBe('now');
  });
});

test('one failed tag never sinks another, and the order of tags stays', () => {
  const stream = imageStream({
    tags: ['b', 'a', 'c'].map(name => specTag(name, from)),
    history: [imported('a', from)],
  });
  const results = [importedResult('c', asked, '3'), failedResult('a', asked), importedResult('b', asked, '2')];
  const { status } = applyResults(stream, results, options);
  expect(status?.tags?.map(({ tag, items, conditions }) => [tag, items?.[0]?.image, conditions?.[0]?.status])).toEqual([
    ['a', digestOf('1'), 'False'],
    ['b', digestOf('2'), 'True'],
    ['c', digestOf('3'), 'True'],
  ]);
});

test('the reference written is that of the image', () => {
  const result: TagResult = {
    ...importedResult('1', asked, '1'),
    image: image('2', { dockerImageReference: `quay.io/acme/app@${digestOf('2')}` }),
  };
  expect(historyAfter(streamOf(), result)?.items).toEqual([tagEvent('2', { created: NOW })]);
});
