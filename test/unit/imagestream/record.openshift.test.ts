import { describe, expect, test } from '@jest/globals';
import type { ImageStream, SpecTag, TagEvent, TagHistory } from '../../../src/api/image-stream.ts';
import { type ImportedEntry, recordImport } from '../../../src/imagestream/record.ts';
import { digestOf, entry, failed, failedResult, image, importedResult, T0, T0_TEXT } from '../../gen/history.ts';
import { imageStream, imageStreamImport, specTag } from '../../gen/objects.ts';

const CHECKED = 'openshift.io/image.dockerRepositoryCheck';
const nowMs = T0 + 3_600_000;
const NOW = '2026-01-01T01:00:00Z';
const from = 'registry.com/namespace/image:mytag';
const [I1, I2] = [digestOf('1'), digestOf('2')];
const [R1, R2] = [`registry.com/namespace/image@${I1}`, `registry.com/namespace/image@${I2}`];

function record(stream: ImageStream | undefined, ...entries: readonly ImportedEntry[]) {
  const isi = imageStreamImport({ import: true });
  return recordImport({ stream, isi, entries, rules: 'openshift', nowMs, historyLimit: 1 });
}

function success(tag = 'mytag', more: Partial<ImportedEntry> = {}): ImportedEntry {
  const result = importedResult(tag, { from }, '1');
  return entry({ ...result, image: image('1', { dockerImageReference: R1 }) }, more);
}

const failure = (message = 'not found') => entry(failedResult('mytag', { from }, message));
const specTagOf = (stream: ImageStream, name = 'mytag') => stream.spec?.tags?.find(tag => tag.name === name);
const historyOf = (stream: ImageStream, name = 'mytag') => stream.status?.tags?.find(({ tag }) => tag === name);
const event = (more: Partial<TagEvent> = {}): TagEvent => ({
  created: NOW,
  dockerImageReference: R1,
  image: I1,
  generation: 2,
  ...more,
});
const old1 = event({ created: T0_TEXT, generation: 1 });
const old2 = event({ created: T0_TEXT, generation: 1, dockerImageReference: R2, image: I2 });

function streamWith(tag: Partial<SpecTag>, history: Partial<TagHistory>, annotated = true): ImageStream {
  return imageStream({
    ...(annotated && { annotations: { [CHECKED]: T0_TEXT } }),
    tags: [specTag('mytag', from, { generation: 1, ...tag })],
    history: [{ tag: 'mytag', ...history }],
  });
}

describe('recording a success (import-semantics 11.6, first table)', () => {
  const untyped = { name: 'mytag', from: { kind: 'DockerImage', name: from } } as const;
  const local = { referencePolicy: { type: 'Local' } } as const;

  test('spec gen 1, policy empty, head {R2, I2, gen 1}, import Source: new head, old kept second', () => {
    const stream = imageStream({
      tags: [{ ...untyped, generation: 1 }],
      history: [{ tag: 'mytag', items: [old2] }],
    });
    const { stream: next, specChanged, statusChanged } = record(stream, success());
    expect(historyOf(next)?.items).toEqual([event(), old2]);
    expect(specTagOf(next)?.referencePolicy).toEqual({ type: 'Source' });
    expect([specChanged, statusChanged]).toEqual([true, true]);
  });

  test('spec gen 1, policy empty, head {othertag, non-image, gen 1}, import Local: new head, policy Local', () => {
    const head = { ...old1, dockerImageReference: 'registry.com/namespace/image:othertag', image: 'non-image' };
    const stream = imageStream({
      tags: [{ ...untyped, generation: 1 }],
      history: [{ tag: 'mytag', items: [head] }],
    });
    const { stream: next } = record(stream, success('mytag', local));
    expect(historyOf(next)?.items).toEqual([event(), head]);
    expect(specTagOf(next)?.referencePolicy).toEqual({ type: 'Local' });
  });

  test('spec gen 1, policy Source, no head, import Local: first event, policy stays Source', () => {
    const { stream: next } = record(
      imageStream({ tags: [specTag('mytag', from, { generation: 1 })] }),
      success('mytag', local),
    );
    expect(historyOf(next)?.items).toEqual([event()]);
    expect(specTagOf(next)?.referencePolicy).toEqual({ type: 'Source' });
    expect(specTagOf(next)?.generation).toBe(2);
  });

  test('spec gen 2, policy Local, head {R1, I1, gen 1}: created kept, one item, generation 2', () => {
    const stream = streamWith({ generation: 2, ...local }, { items: [old1] });
    const { stream: next } = record(stream, success());
    expect(historyOf(next)?.items).toEqual([{ ...old1, generation: 2 }]);
    expect(specTagOf(next)?.referencePolicy).toEqual({ type: 'Local' });
  });

  test('spec gen 1, head {R1, I1, gen 1}, annotation there: no write', () => {
    const stream = streamWith({}, { items: [old1] });
    const { stream: next, ...rest } = record(stream, success());
    expect(rest).toMatchObject({ changed: false, specChanged: false, statusChanged: false });
    expect(next.metadata).toEqual(stream.metadata);
    expect(historyOf(next)?.items).toEqual([old1]);
  });

  test('the same without the annotation: one write, for the annotation', () => {
    const { stream: next, changed } = record(streamWith({}, { items: [old1] }, false), success());
    expect(changed).toBe(true);
    expect(next.metadata.annotations).toEqual({ [CHECKED]: NOW });
    expect(next.metadata.generation).toBe(1);
    expect(historyOf(next)?.items).toEqual([old1]);
  });
});

describe('recording (import-semantics 11.6, second table)', () => {
  test('success with 2 sub-manifests: 3 Image creates (children first), no condition', () => {
    const result = { ...importedResult('mytag', { from }, '1'), children: [image('2'), image('3')] };
    const { images, stream } = record(undefined, entry(result));
    expect(images.map(({ metadata }) => metadata.name)).toEqual([I2, digestOf('3'), I1]);
    expect(historyOf(stream)?.conditions).toBeUndefined();
  });

  test('same image and children again within one request: no further creates', () => {
    const result = { ...importedResult('mytag', { from }, '1'), children: [image('2')] };
    const { images } = record(undefined, entry(result), entry({ ...result, tag: 'other' }));
    expect(images).toHaveLength(2);
  });

  test('8.6 an image that is found at two places keeps the first', () => {
    const elsewhere = success('other');
    const moved = { ...elsewhere, result: { ...elsewhere.result, image: image('1', { dockerImageReference: R2 }) } };
    const { images } = record(undefined, success(), moved as ImportedEntry);
    expect(images.map(({ dockerImageReference }) => dockerImageReference)).toEqual([R1]);
  });

  test('8.6 manifest, config and signatures are not stored', () => {
    const raw = { dockerImageManifest: '{}', dockerImageConfig: '{}', signatures: [{}] };
    const result = { ...importedResult('mytag', { from }, '1'), image: image('1', raw) };
    expect(record(undefined, entry(result)).images).toEqual([image('1')]);
  });

  test('failed status without message: condition False, `unknown error prevented import`, no Image creates', () => {
    const result = failedResult('mytag', { from }, '');
    const { stream, images } = record(streamWith({}, {}), entry(result));
    expect(historyOf(stream)?.conditions).toEqual([
      failed({ message: 'unknown error prevented import', lastTransitionTime: NOW, generation: 2 }),
    ]);
    expect(images).toEqual([]);
  });

  test('failure on a tag with a good head: head unchanged, condition added, spec tag generation → next', () => {
    const { stream } = record(streamWith({}, { items: [old1] }), failure());
    expect(historyOf(stream)).toEqual({
      tag: 'mytag',
      items: [old1],
      conditions: [failed({ lastTransitionTime: NOW, generation: 2 })],
    });
    expect([stream.metadata.generation, specTagOf(stream)?.generation]).toEqual([2, 2]);
  });

  test('identical failure again (same reason + message): nothing changes', () => {
    const { stream, changed } = record(streamWith({}, { items: [old1], conditions: [failed()] }), failure());
    expect(changed).toBe(false);
    expect(historyOf(stream)?.conditions).toEqual([failed()]);
  });

  test('same reason, other message: condition replaced with new generation, spec tag generation bumped', () => {
    const { stream } = record(streamWith({}, { conditions: [failed()] }), failure('gone'));
    expect(historyOf(stream)?.conditions).toEqual([
      failed({ message: 'gone', lastTransitionTime: NOW, generation: 2 }),
    ]);
    expect(specTagOf(stream)?.generation).toBe(2);
  });

  test('failure with `to: new` not in spec: spec tag created from from.name; status tag with only a condition', () => {
    const { stream } = record(imageStream(), entry(failedResult('new', { from })));
    expect(specTagOf(stream, 'new')).toEqual(specTag('new', from, { generation: 2 }));
    expect(historyOf(stream, 'new')).toEqual({
      tag: 'new',
      items: null,
      conditions: [failed({ lastTransitionTime: NOW, generation: 2 })],
    });
  });

  test('repository tag failure, tag not in spec: status tag with only a condition; no spec tag', () => {
    const { stream } = record(imageStream(), { ...failure(), ensureSpecTagOnFailure: false });
    expect(specTagOf(stream)).toBeUndefined();
    expect(historyOf(stream)?.conditions).toHaveLength(1);
    expect(stream.metadata.generation).toBe(1);
  });

  test('success after failure with unchanged image, spec gen > head gen: generation in place, condition cleared', () => {
    const stream = streamWith({ generation: 2 }, { items: [old1], conditions: [failed()] });
    const { stream: next } = record(stream, success());
    expect(historyOf(next)).toEqual({ tag: 'mytag', items: [{ ...old1, generation: 2 }] });
  });

  test('image without `to` and untagged: nothing tagged, no Image stored', () => {
    const { stream, images } = record(undefined);
    expect(images).toEqual([]);
    expect(stream.spec?.tags).toBeUndefined();
    expect(stream.metadata.annotations).toEqual({ [CHECKED]: NOW });
  });

  test('new stream, import `redis:6`: generations 1, annotation set', () => {
    const { stream, changed, specChanged } = record(undefined, entry(importedResult('6', { from: 'redis:6' }, '1')));
    expect(stream.metadata).toEqual({
      name: 'app',
      namespace: 'demo',
      creationTimestamp: NOW,
      generation: 1,
      annotations: { [CHECKED]: NOW },
    });
    expect(specTagOf(stream, '6')).toEqual(specTag('6', 'redis:6', { generation: 1 }));
    expect(historyOf(stream, '6')?.items?.[0]?.generation).toBe(1);
    expect([changed, specChanged]).toEqual([true, true]);
  });

  test('existing stream gen 1, spec tag gen 1, first import: 2, 2, 2', () => {
    const { stream } = record(imageStream({ tags: [specTag('mytag', from, { generation: 1 })] }), success());
    const event = historyOf(stream)?.items?.[0];
    expect([stream.metadata.generation, specTagOf(stream)?.generation, event?.generation]).toEqual([2, 2, 2]);
  });
});

describe('recording, other rules of import-semantics 8', () => {
  test('8.3 a reset turns a tag of another kind into DockerImage and keeps its annotations', () => {
    const tag = specTag('mytag', { kind: 'ImageStreamTag', name: 'x' }, { annotations: { a: 'b' }, generation: 1 });
    const { stream } = record(imageStream({ tags: [tag] }), success());
    expect(specTagOf(stream)).toMatchObject({ annotations: { a: 'b' }, from: { kind: 'DockerImage', name: from } });
  });

  test('8.3 a spec tag without generation counts as changed', () => {
    const { stream } = record(streamWith({ generation: null }, { items: [old1] }), success());
    expect(specTagOf(stream)?.generation).toBe(2);
    expect(historyOf(stream)?.items).toEqual([{ ...old1, generation: 2 }]);
  });

  test('8.3 the import policy is always taken over, so that scheduling stops', () => {
    const scheduled = { importPolicy: { scheduled: true, importMode: 'Legacy' } } as const;
    const { stream, specChanged, statusChanged } = record(streamWith(scheduled, { items: [old1] }), success());
    expect(specTagOf(stream)?.importPolicy).toEqual({ importMode: 'Legacy' });
    expect([stream.metadata.generation, specTagOf(stream)?.generation]).toEqual([2, 1]);
    expect([specChanged, statusChanged]).toEqual([true, false]);
  });

  test('8.3 a tag with `reference: true` that now refers to something else gets the bare reference as head', () => {
    const bare = { ...old2, dockerImageReference: 'registry.com/other:1', image: '' };
    const tag = specTag('mytag', 'registry.com/other:1', { reference: true, generation: 1 });
    const stream = imageStream({ tags: [tag], history: [{ tag: 'mytag', items: [bare] }] });
    const { stream: next } = record(stream, success());
    expect(specTagOf(next)?.reference).toBe(true);
    expect(historyOf(next)?.items).toEqual([event({ dockerImageReference: from, image: '' }), event(), bare]);
  });

  test('8.4 history is never trimmed', () => {
    const items = [old2, ...Array.from({ length: 30 }, (_, index) => ({ ...old1, generation: index }))];
    expect(historyOf(record(streamWith({}, { items }), success()).stream)?.items).toHaveLength(32);
  });

  test('8.7 tags are sorted, and repository and empty lists are printed', () => {
    const stream = imageStream({ tags: [specTag('z', 'a:1'), specTag('a', 'a:2')], dockerImageRepository: 'a/b' });
    const { stream: next } = record(stream, success());
    expect(next.spec?.tags?.map(tag => tag.name)).toEqual(['a', 'mytag', 'z']);
    expect(next.status?.dockerImageRepository).toBe('a/b');
  });

  test('8.7 keys that OpenShift always prints are there, also in a stream that is not written', () => {
    const { generation: _none, ...bare } = specTag('z', 'a:1');
    const stream = imageStream({
      annotations: { [CHECKED]: T0_TEXT },
      tags: [bare, specTag('mytag', from, { generation: 1 })],
      history: [{ tag: 'mytag', items: [old1] }, { tag: 'empty' }],
    });
    const { stream: next, changed } = record(stream, success());
    expect(changed).toBe(false);
    expect(specTagOf(next, 'z')).toMatchObject({ annotations: null, generation: null });
    expect(historyOf(next, 'empty')).toEqual({ tag: 'empty', items: null });
  });

  test('controllers 5.7 a repository that an integrated registry gave stays', () => {
    const given = imageStream({
      dockerImageRepository: 'a/b',
      status: { dockerImageRepository: 'registry:5000/demo/app' },
    });
    expect(record(given, success()).stream.status?.dockerImageRepository).toBe('registry:5000/demo/app');
    expect(record(undefined, success()).stream.status?.dockerImageRepository).toBe('');
  });

  test('8.2 several entries for one tag are recorded in order', () => {
    const second = importedResult('mytag', { from }, '2');
    const { stream } = record(
      undefined,
      success(),
      entry({ ...second, image: image('2', { dockerImageReference: R2 }) }),
    );
    expect(historyOf(stream)?.items?.map(item => item.image)).toEqual([I2, I1]);
  });

  test('D6 our additions are not printed', () => {
    const source = { from, digest: I1 };
    const stream = streamWith({}, { items: [old2], source });
    const { stream: next } = record({ ...stream, status: { ...stream.status, observedGeneration: 1 } }, success());
    expect(historyOf(next)).not.toHaveProperty('source');
    expect(next.status).not.toHaveProperty('observedGeneration');
  });

  test('what was handed in is left as it was', () => {
    const stream = streamWith({}, { items: [old2], conditions: [failed()] });
    const copy = structuredClone(stream);
    record(stream, success(), failure());
    expect(stream).toEqual(copy);
  });
});

test('a recorded stream reads spec before status, and its tags name first', () => {
  const { stream } = recordImport({
    stream: undefined,
    isi: imageStreamImport({ import: true }),
    entries: [entry(importedResult('1', { from: 'quay.io/acme/app:1' }, '1'))],
    rules: 'openshift',
    nowMs,
    historyLimit: 1,
  });
  expect(Object.keys(stream)).toEqual(['apiVersion', 'kind', 'metadata', 'spec', 'status']);
  expect(Object.keys(stream.spec?.tags?.[0] ?? {}).slice(0, 2)).toEqual(['name', 'annotations']);
});
