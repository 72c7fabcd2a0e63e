import { describe, expect, test } from '@jest/globals';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import { tagChanges } from '../../../src/command/tag-change.ts';
import { checkName, continued, isImported } from '../../../src/command/target-stream.ts';
import { failed, imported, T0 } from '../../gen/history.ts';
import { imageStream, imageStreamImport, specTag } from '../../gen/objects.ts';

const from = 'quay.io/acme/app:1';
const tags = [specTag('1', from)];
const repositoryFailed = { type: 'RepositoryImport', status: 'False', reason: 'NotFound' };

describe('isImported()', () => {
  test.each<{ name: string; stream: ImageStream; want: boolean }>([
    { name: 'every tag has an image', stream: imageStream({ tags, history: [imported('1', from)] }), want: true },
    { name: 'a tag was never imported', stream: imageStream({ tags }), want: false },
    {
      name: 'the last import of a tag failed',
      stream: imageStream({ tags, history: [imported('1', from, '1', { conditions: [failed()] })] }),
      want: false,
    },
    {
      name: 'the repository failed',
      stream: imageStream({ status: { conditions: [repositoryFailed] } }),
      want: false,
    },
    { name: 'a tag asks for nothing', stream: imageStream({ tags: [specTag('pushed')] }), want: true },
  ])('$name: $want', ({ stream, want }) => {
    expect(isImported(stream)).toBe(want);
  });
});

test('checkName() refuses a stream of another name', () => {
  const isi = imageStreamImport({});
  expect(() => checkName(isi, imageStream({ name: 'web' }))).toThrow(
    'metadata.name: "app": expected "web", the stream to import into',
  );
  expect(() => checkName(isi, imageStream({ namespace: 'elsewhere' }))).not.toThrow();
  expect(() => checkName(isi, undefined)).not.toThrow();
});

test('continued() takes what is asked from one stream and what was found from the other', () => {
  const given = imageStream({ tags });
  const saved = imageStream({ history: [imported('1', from)] });
  expect(continued(given, saved)).toEqual({ ...given, status: saved.status });
  expect(() => continued(given, imageStream({ name: 'web' }))).toThrow(
    '--stream-out holds the stream "demo/web", not "demo/app"',
  );
});

describe('tagChanges()', () => {
  test('tells the tags of a stream that an import created, failures included', () => {
    const after = imageStream({
      history: [imported('1', from), { tag: '2', items: [], conditions: [failed()] }],
    });
    expect(tagChanges(undefined, after, T0)).toMatchObject([
      { tag: 'demo/app:1', change: 'imported', reason: 'neverImported' },
      { tag: 'demo/app:2', change: 'failed', reason: 'neverImported', failure: 'NotFound: not found' },
    ]);
  });

  test('tells what moved, and nothing of what stayed', () => {
    const before = imageStream({ history: [imported('1', from), imported('2', from)] });
    const after = imageStream({ history: [imported('1', from, '2'), imported('2', from)] });
    expect(tagChanges(before, after, T0)).toMatchObject([{ tag: 'demo/app:1', change: 'moved', reason: 'requested' }]);
  });
});
