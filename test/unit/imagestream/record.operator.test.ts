import { describe, expect, test } from '@jest/globals';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import type { Status } from '../../../src/api/status.ts';
import { type ImportedEntry, recordImport } from '../../../src/imagestream/record.ts';
import {
  digestOf,
  entry,
  failed,
  failedResult,
  image,
  imported,
  importedResult,
  succeeded,
  T0,
  T0_TEXT,
  tagEvent,
} from '../../gen/history.ts';
import { imageStream, imageStreamImport, specTag } from '../../gen/objects.ts';

const nowMs = T0 + 3_600_000;
const NOW = '2026-01-01T01:00:00Z';
const from = 'quay.io/acme/app:1';

function record(stream: ImageStream | undefined, ...entries: readonly ImportedEntry[]) {
  const isi = imageStreamImport({ import: true });
  return recordImport({ stream, isi, entries, rules: 'operator', nowMs, historyLimit: 3, uid: 'new' });
}

const success = (digit = '1') => entry(importedResult('1', { from }, digit));
const failure = (asked = from) => entry(failedResult('1', { from: asked }));
const specTagOf = (stream: ImageStream) => stream.spec?.tags?.find(tag => tag.name === '1');
const historyOf = (stream: ImageStream) => stream.status?.tags?.find(({ tag }) => tag === '1');

describe('recordImport() by the operator’s rules (design D6)', () => {
  test('creates a stream without writing a generation to its spec tag', () => {
    const { stream, changed, images } = record(undefined, success());
    expect(changed).toBe(true);
    expect(images).toEqual([image('1')]);
    expect(stream).toEqual({
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStream',
      metadata: { name: 'app', namespace: 'demo', uid: 'new', creationTimestamp: NOW, generation: 1 },
      spec: {
        lookupPolicy: { local: false },
        tags: [
          {
            name: '1',
            from: { kind: 'DockerImage', name: from },
            importPolicy: { importMode: 'Legacy' },
            referencePolicy: { type: 'Source' },
          },
        ],
      },
      status: {
        tags: [
          {
            tag: '1',
            items: [tagEvent('1', { created: NOW })],
            conditions: [succeeded({ lastTransitionTime: NOW })],
            source: { from, digest: digestOf('1') },
          },
        ],
      },
    });
  });

  test('raises metadata.generation, and records with it, when the spec changes', () => {
    const { stream, specChanged } = record(imageStream({ generation: 4 }), success());
    expect(specChanged).toBe(true);
    expect(stream.metadata.generation).toBe(5);
    expect(historyOf(stream)?.items?.[0]?.generation).toBe(5);
    expect(historyOf(stream)?.conditions?.[0]?.generation).toBe(5);
  });

  test('leaves metadata.generation when the spec says it all already', () => {
    const { stream, ...rest } = record(imageStream({ generation: 4, tags: [specTag('1', from)] }), success());
    expect(rest).toMatchObject({ changed: true, specChanged: false, statusChanged: true });
    expect(stream.metadata.generation).toBe(4);
    expect(historyOf(stream)?.items?.[0]?.generation).toBe(4);
  });

  test('records a larger generation of the user', () => {
    const stream = imageStream({ generation: 4, tags: [specTag('1', from, { generation: 9 })] });
    const { stream: next } = record(stream, success());
    expect(historyOf(next)?.items?.[0]?.generation).toBe(9);
    expect(specTagOf(next)?.generation).toBe(9);
    expect(historyOf(next)?.source?.specGeneration).toBe(9);
  });

  test('changes nothing, and hands back the same stream, when all is recorded', () => {
    const stream = imageStream({ tags: [specTag('1', from)], history: [imported('1', from)] });
    const recorded = record(stream, success());
    expect(recorded).toMatchObject({ changed: false, specChanged: false, statusChanged: false });
    expect(recorded.stream).toBe(stream);
    expect(recorded.images).toEqual([image('1')]);
  });

  test('caps the history and never drops the head', () => {
    const items = ['2', '3', '4', '5'].map(digit => tagEvent(digit));
    const stream = imageStream({ tags: [specTag('1', from)], history: [imported('1', from, '2', { items })] });
    const images = historyOf(record(stream, success()).stream)?.items?.map(item => item.image);
    expect(images).toEqual(['1', '2', '3'].map(digestOf));
  });

  test('heals a failed tag', () => {
    const history = imported('1', from, '1', { conditions: [failed()] });
    const { stream } = record(imageStream({ tags: [specTag('1', from)], history: [history] }), success());
    expect(historyOf(stream)?.conditions).toEqual([succeeded({ lastTransitionTime: NOW })]);
  });

  test('records a failure that the spec asks for, with the digest of the last success of the same request', () => {
    const history = imported('1', from);
    const { stream } = record(imageStream({ tags: [specTag('1', from)], history: [history] }), failure());
    expect(historyOf(stream)).toEqual({ ...history, conditions: [failed({ lastTransitionTime: NOW })] });
  });

  test('creates the spec tag of a failed image, as the user asked', () => {
    const { stream } = record(imageStream(), failure());
    expect(specTagOf(stream)?.from?.name).toBe(from);
    expect(historyOf(stream)).toEqual({
      tag: '1',
      items: [],
      conditions: [failed({ lastTransitionTime: NOW, generation: 2 })],
      source: { from },
    });
  });

  test('D12 a failed entry that the spec does not ask for is told in the import alone', () => {
    const stream = imageStream({ tags: [specTag('1', from)], history: [imported('1', from)] });
    expect(record(stream, failure('quay.io/acme/other:1')).stream).toBe(stream);
    const repositoryTag = { ...failure(), ensureSpecTagOnFailure: false };
    expect(record(imageStream(), repositoryTag).changed).toBe(false);
  });

  test('D4 another import mode of the same image is recorded in the source', () => {
    const stream = imageStream({ tags: [specTag('1', from)], history: [imported('1', from)] });
    const result = importedResult('1', { from, importMode: 'PreserveOriginal' }, '1');
    const { stream: next } = record(stream, entry(result, { importPolicy: { importMode: 'PreserveOriginal' } }));
    expect(historyOf(next)?.source).toEqual({
      from,
      importMode: 'PreserveOriginal',
      specGeneration: null,
      digest: digestOf('1'),
    });
  });

  test('D4 the source stays when the spec keeps asking for something else of the same image', () => {
    const stream = imageStream({ tags: [specTag('1', from)], history: [imported('1', from)] });
    const result = importedResult('1', { from: 'quay.io/acme/app:other' }, '1');
    const ofAnotherList = { ...result, source: { ...result.source, digest: digestOf('f') } };
    const { stream: next } = record(stream, entry(ofAnotherList));
    expect(specTagOf(next)?.from?.name).toBe(from);
    expect(historyOf(next)?.source).toEqual(imported('1', from).source);
  });

  test('D4 the platform is recorded as it was in force', () => {
    const { stream } = record(undefined, entry(importedResult('1', { from, platform: 'linux/arm64' }, '1')));
    expect(historyOf(stream)?.source?.platform).toBe('linux/arm64');
  });

  test('a tag that only records its pull spec has no source', () => {
    const stream = imageStream({ tags: [specTag('1', from, { reference: true })] });
    expect(historyOf(record(stream, success()).stream)).not.toHaveProperty('source');
  });

  test('created keeps its time when only the reference moves', () => {
    const stream = imageStream({ tags: [specTag('1', from)], history: [imported('1', from)] });
    const result = importedResult('1', { from: 'mirror.io/acme/app:1' }, '1');
    const elsewhere = { dockerImageReference: `mirror.io/acme/app@${digestOf('1')}` };
    const { stream: next } = record(stream, entry({ ...result, image: image('1', elsewhere) }));
    expect(historyOf(next)?.items).toEqual([tagEvent('1', { ...elsewhere, created: T0_TEXT, generation: 2 })]);
    expect(specTagOf(next)?.from?.name).toBe('mirror.io/acme/app:1');
  });

  test('what was handed in is left as it was', () => {
    const stream = imageStream({ tags: [specTag('1', from)], history: [imported('1', from)] });
    const copy = structuredClone(stream);
    record(stream, success('2'), failure());
    expect(stream).toEqual(copy);
  });
});

describe('what came of the repository that a stream asks for', () => {
  const asking = imageStream({ dockerImageRepository: 'quay.io/acme/app' });
  const refusal = { metadata: {}, status: 'Failure', reason: 'NotFound', message: 'not found', code: 404 } as const;
  const success = { metadata: {}, status: 'Success' } as const;
  const told = (stream: ImageStream) => stream.status?.conditions;

  function recordRepository(stream: ImageStream, repository: Status, more: { name?: string; nowMs?: number } = {}) {
    const { name = 'quay.io/acme/app' } = more;
    const isi = imageStreamImport({ import: true, repository: { from: { kind: 'DockerImage', name } } });
    const rest = { rules: 'operator', nowMs, historyLimit: 3, ...(more.nowMs && { nowMs: more.nowMs }) } as const;
    return recordImport({ stream, isi, entries: [], repository, ...rest });
  }

  test('a failure is told in the condition RepositoryImport', () => {
    const { stream, statusChanged, specChanged } = recordRepository(asking, refusal);
    expect({ statusChanged, specChanged }).toEqual({ statusChanged: true, specChanged: false });
    expect(told(stream)).toEqual([
      {
        type: 'RepositoryImport',
        status: 'False',
        reason: 'NotFound',
        message: 'not found',
        lastTransitionTime: NOW,
        observedGeneration: 1,
      },
    ]);
  });

  test('the same failure again changes nothing; another keeps the time of transition', () => {
    const { stream } = recordRepository(asking, refusal);
    const later = { nowMs: nowMs + 60_000 };
    expect(recordRepository(stream, refusal, later).stream).toBe(stream);
    const other = recordRepository(stream, { ...refusal, message: 'gone' }, later).stream;
    expect(told(other)).toMatchObject([{ message: 'gone', lastTransitionTime: NOW }]);
  });

  test('a success after it is told as True, with its time', () => {
    const { stream } = recordRepository(asking, refusal);
    const healed = recordRepository(stream, success, { nowMs: nowMs + 60_000 }).stream;
    expect(told(healed)).toEqual([
      {
        type: 'RepositoryImport',
        status: 'True',
        reason: 'Imported',
        lastTransitionTime: '2026-01-01T01:01:00Z',
        observedGeneration: 1,
      },
    ]);
  });

  test('a repository that the stream does not ask for is told in the import alone (D12)', () => {
    expect(recordRepository(asking, refusal, { name: 'quay.io/acme/other' }).changed).toBe(false);
    expect(recordRepository(imageStream(), refusal).changed).toBe(false);
  });
});
