import { describe, expect, test } from '@jest/globals';
import type { ImageStreamImport, ImageStreamImportStatus } from '../../../src/api/image-stream-import.ts';
import type { Status } from '../../../src/api/status.ts';
import { completed, completedAtMs, isDone, refused, streamNameOf } from '../../../src/imagestream/import-conditions.ts';
import { image, T0, T0_TEXT } from '../../gen/history.ts';
import { imageStreamImport } from '../../gen/objects.ts';

const isi = imageStreamImport({ import: true, metadata: { uid: 'u1' }, images: ['quay.io/acme/app:1'] });
const success: Status = { metadata: {}, status: 'Success' };
const failure = (message: string): Status => ({ status: 'Failure', reason: 'NotFound', message, code: 404 });
const conditionsOf = ({ status }: ImageStreamImport) =>
  status?.conditions?.map(({ type, status: value, reason, message }) => [type, value, reason, message].join(' | '));

describe('completed() (design D12)', () => {
  const rows: readonly {
    readonly name: string;
    readonly status: ImageStreamImportStatus;
    readonly want: readonly [succeeded: 'True' | 'False', reason: string, message: string];
  }[] = [
    {
      name: 'Imported: the one image was',
      status: { images: [{ status: success, image: image('1') }] },
      want: ['True', 'Imported', 'the image was imported'],
    },
    {
      name: 'Imported: all were, the tags of the repository included',
      status: { images: [{ status: success }], repository: { status: success, images: [{ status: success }] } },
      want: ['True', 'Imported', 'all 2 images were imported'],
    },
    {
      name: 'PartlyFailed: some failed; the first failure is quoted',
      status: { images: [{ status: success }, { status: failure('one') }, { status: failure('two') }] },
      want: ['False', 'PartlyFailed', '2 of 3 images failed: one'],
    },
    {
      name: 'PartlyFailed: a tag of the repository failed',
      status: { repository: { status: success, images: [{ status: success }, { status: failure('gone') }] } },
      want: ['False', 'PartlyFailed', '1 of 2 images failed: gone'],
    },
    {
      name: 'Failed: the one image did',
      status: { images: [{ status: failure('not there') }] },
      want: ['False', 'Failed', 'the image failed: not there'],
    },
    {
      name: 'Failed: all did',
      status: { images: [{ status: failure('one') }, { status: failure('two') }] },
      want: ['False', 'Failed', '2 of 2 images failed: one'],
    },
    {
      name: 'Failed: the repository could not be looked at',
      status: { repository: { status: failure('no such repository') } },
      want: ['False', 'Failed', 'the image failed: no such repository'],
    },
  ];

  test.each(rows)('$name', ({ status, want: [succeeded, reason, message] }) => {
    const done = completed(isi, status, T0);
    expect(conditionsOf(done)).toEqual([
      `Complete | True | ${reason} | ${message}`,
      `Succeeded | ${succeeded} | ${reason} | ${message}`,
    ]);
    expect(done.status).toMatchObject({ ...status, handledUID: 'u1' });
    expect(done.status?.conditions?.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual([T0_TEXT, T0_TEXT]);
    expect(done.spec).toBe(isi.spec);
  });
});

test('an import that only looks says that it found, not that it imported', () => {
  const looks = imageStreamImport({ import: false, images: ['quay.io/acme/app:1'] });
  const done = completed(looks, { images: [{ status: success }, { status: success }] }, T0);
  expect(conditionsOf(done)?.[0]).toBe('Complete | True | Imported | all 2 images were found');
});

test('refused() says what the API would have answered, and nothing else', () => {
  const before = imageStreamImport({ metadata: { uid: 'u1' }, status: { images: [{ status: success }] } });
  const done = refused(before, failure('spec.images[0].from.name: Required value'), T0);
  expect(conditionsOf(done)).toEqual([
    'Complete | True | Refused | spec.images[0].from.name: Required value',
    'Succeeded | False | Refused | spec.images[0].from.name: Required value',
  ]);
  expect(done.status?.images).toBeUndefined();
  expect(isDone(done)).toBe(true);
});

describe('isDone()', () => {
  const done = completed(isi, { images: [{ status: success }] }, T0);
  const rows = [
    { name: 'is true for this very object', of: done, want: true },
    {
      name: 'is true whatever the outcome',
      of: completed(isi, { images: [{ status: failure('x') }] }, T0),
      want: true,
    },
    { name: 'is false without a status', of: isi, want: false },
    {
      name: 'is false for a restored backup: the uid is another',
      of: { ...done, metadata: { ...done.metadata, uid: 'u2' } },
      want: false,
    },
    { name: 'is false without a uid', of: completed(imageStreamImport(), {}, T0), want: false },
    {
      name: 'is false without the condition',
      of: { ...done, status: { ...done.status, conditions: [] } },
      want: false,
    },
    {
      name: 'is false when somebody wrote the condition as False',
      of: {
        ...done,
        status: { ...done.status, conditions: [{ type: 'Complete', status: 'False', lastTransitionTime: T0_TEXT }] },
      },
      want: false,
    },
  ] as const;

  test.each(rows)('$name', ({ of, want }) => {
    expect(isDone(of)).toBe(want);
  });
});

test('completedAtMs() is the time of the condition, and long ago when there is none', () => {
  expect(completedAtMs(completed(isi, {}, T0))).toBe(T0);
  expect(completedAtMs(isi)).toBe(0);
});

describe('streamNameOf()', () => {
  const named = (annotations?: Record<string, string>) =>
    streamNameOf(imageStreamImport({ name: 'app-x7f', metadata: annotations ? { annotations } : {} }));

  test('is the name of the import', () => {
    expect(named()).toBe('app-x7f');
    expect(named({ 'imagestream-operator/stream': '' })).toBe('app-x7f');
  });

  test('D10 is what the annotation says, which generateName needs', () => {
    expect(named({ 'imagestream-operator/stream': 'app' })).toBe('app');
  });
});
