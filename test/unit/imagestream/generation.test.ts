import { describe, expect, test } from '@jest/globals';
import type { ImageStream, SpecTag } from '../../../src/api/image-stream.ts';
import { eventGeneration, tagRefChanged, withGenerations } from '../../../src/imagestream/generation.ts';
import { imported } from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const docker = (name: string) => specTag('t', name);
const streamTag = (name: string, namespace?: string) =>
  specTag('t', { kind: 'ImageStreamTag', name, ...(namespace !== undefined && { namespace }) });
const none: SpecTag = { name: 't' };
const empty = { name: 't', from: { kind: '', name: '' } } as unknown as SpecTag;
const foo = docker('foo');

describe('tagRefChanged() (controllers 9.6)', () => {
  const rows: readonly (readonly [string, SpecTag, SpecTag, boolean])[] = [
    ['none → none', none, none, false],
    ['DockerImage foo → DockerImage foo', foo, foo, false],
    ['DockerImage foo → DockerImage bar', foo, docker('bar'), true],
    ['none → empty kind and name', none, empty, false],
    ['none → another/other:latest', none, streamTag('other:latest', 'another'), true],
    ['(implicit) → another', streamTag('other:latest'), streamTag('other:latest', 'another'), true],
    ['something → another', streamTag('other:latest', 'something'), streamTag('other:latest', 'another'), true],
    ['something → (implicit)', streamTag('other:latest', 'something'), streamTag('other:latest'), true],
    ['(implicit) → own, other name', streamTag('other:latest'), streamTag('other:other', 'streamnamespace'), true],
    ['own → (implicit), other name', streamTag('other:latest', 'streamnamespace'), streamTag('other:other'), true],
    ['(implicit) → own', streamTag('other:latest'), streamTag('other:latest', 'streamnamespace'), false],
    ['own → own', streamTag('other:latest', 'streamnamespace'), streamTag('other:latest', 'streamnamespace'), false],
    ['importMode Legacy → PreserveOriginal', foo, { ...foo, importPolicy: { importMode: 'PreserveOriginal' } }, true],
    ['importMode "" → Legacy', { ...foo, importPolicy: {} }, foo, false],
    ['scheduled false → true', foo, { ...foo, importPolicy: { scheduled: true } }, false],
    ['generation 3 → 0', { ...foo, generation: 3 }, { ...foo, generation: 0 }, true],
    ['generation 3 → 7', { ...foo, generation: 3 }, { ...foo, generation: 7 }, false],
    ['generation null → 0', foo, { ...foo, generation: 0 }, false],
    ['reference false → true', foo, { ...foo, reference: true }, true],
    ['ImageStreamTag x → DockerImage x (kind only)', streamTag('x'), docker('x'), false],
  ];

  test.each(rows)('%s', (_name, old, next, changed) => {
    expect(tagRefChanged(old, next, 'streamnamespace')).toBe(changed);
  });
});

describe('withGenerations() (controllers 9.7)', () => {
  const a = specTag('a', 'x', { generation: 2 });
  const old = imageStream({ generation: 4, tags: [a], history: [imported('a', 'x')] });
  const with_ = (tags: readonly SpecTag[]): ImageStream => ({ ...old, spec: { ...old.spec, tags } });
  const tagGenerations = (stream: ImageStream) =>
    Object.fromEntries((stream.spec?.tags ?? []).map(tag => [tag.name, tag.generation]));

  const rows: readonly (readonly [string, ImageStream, number, Record<string, number>])[] = [
    ['nothing', old, 4, { a: 2 }],
    ['from x → y', with_([specTag('a', 'y', { generation: 2 })]), 5, { a: 5 }],
    ['generation → 0', with_([{ ...a, generation: 0 }]), 5, { a: 5 }],
    ['generation → 9', with_([{ ...a, generation: 9 }]), 4, { a: 2 }],
    ['generation → null', with_([{ ...a, generation: null }]), 4, { a: 2 }],
    ['scheduled → true', with_([{ ...a, importPolicy: { importMode: 'Legacy', scheduled: true } }]), 5, { a: 2 }],
    ['metadata label', { ...old, metadata: { ...old.metadata, labels: { x: 'y' } } }, 4, { a: 2 }],
    ['lookupPolicy.local → true', { ...old, spec: { lookupPolicy: { local: true }, tags: [a] } }, 5, { a: 2 }],
    ['add tag b', with_([a, specTag('b', 'z')]), 5, { a: 2, b: 5 }],
    ['remove tag a', with_([]), 5, {}],
  ];

  test.each(rows)('%s', (_name, next, generation, tags) => {
    const after = withGenerations(old, next);
    expect(after.metadata.generation).toBe(generation);
    expect(tagGenerations(after)).toEqual(tags);
    expect(after.status).toBe(old.status);
  });

  test('legacy stored tag with null generation, unchanged', () => {
    const legacy = imageStream({ generation: 4, tags: [specTag('a', 'x')] });
    const after = withGenerations(legacy, legacy);
    expect([after.metadata.generation, tagGenerations(after)]).toEqual([4, { a: 4 }]);
  });

  test('create with tags a, b', () => {
    const after = withGenerations(undefined, imageStream({ generation: 7, tags: [a, specTag('b', 'y')] }));
    expect([after.metadata.generation, tagGenerations(after)]).toEqual([1, { a: 1, b: 1 }]);
  });

  test('delete istag at stream gen 2, other tag null', () => {
    const stream = imageStream({ generation: 2, tags: [a, specTag('b', 'y')] });
    const after = withGenerations(stream, { ...stream, spec: { ...stream.spec, tags: [specTag('b', 'y')] } });
    expect([after.metadata.generation, tagGenerations(after)]).toEqual([3, { b: 3 }]);
  });

  test('a stream without generation gets one', () => {
    const { generation: _, ...metadata } = old.metadata;
    const stream = { ...old, metadata };
    expect(withGenerations(stream, stream).metadata.generation).toBe(1);
  });
});

describe('eventGeneration() (design D5)', () => {
  test.each([
    [3, undefined, 3],
    [3, null, 3],
    [3, 0, 3],
    [3, 2, 3],
    [3, 9, 9],
  ])('stream %p, spec tag %p: %p', (stream, tag, want) => {
    expect(eventGeneration(stream, tag === undefined ? { name: 't' } : specTag('t', 'x', { generation: tag }))).toBe(
      want,
    );
  });
});
