import { describe, expect, test } from '@jest/globals';
import { StreamIndex } from '../../../src/controller/stream-index.ts';
import { imported } from '../../gen/history.ts';
import { imageStream, type StreamParts, specTag } from '../../gen/objects.ts';

const from = 'quay.io/acme/app:1';
const at = (resourceVersion: string, parts: StreamParts = {}) =>
  imageStream({ ...parts, metadata: { resourceVersion, ...parts.metadata } });

function newIndex() {
  const changes: string[] = [];
  const index = new StreamIndex(key => changes.push(key));
  return { index, changes };
}
const tagsOf = (index: StreamIndex) => index.get('demo/app')?.spec?.tags?.map(({ name }) => name);

describe('StreamIndex (design D16)', () => {
  test('tells of every stream that appears, changes or goes', () => {
    const { index, changes } = newIndex();
    index.upsert(at('1'));
    index.upsert(at('2', { tags: [specTag('1', from)] }));
    index.delete({ namespace: 'demo', name: 'app' });
    expect(changes).toEqual(['demo/app', 'demo/app', 'demo/app']);
    expect({ size: index.size, stream: index.get('demo/app') }).toEqual({ size: 0, stream: undefined });
  });

  test('a change of nothing that decides is no news', () => {
    const { index, changes } = newIndex();
    index.upsert(at('1', { tags: [specTag('1', from)] }));
    index.upsert(at('2', { tags: [specTag('1', from)], metadata: { labels: { a: 'b' } } }));
    index.delete({ namespace: 'demo', name: 'unknown' });
    expect(changes).toEqual(['demo/app']);
  });

  test('knows what decisions need', () => {
    const { index } = newIndex();
    index.upsert(at('1', { tags: [specTag('1', from)], history: [imported('1', from)] }));
    const stream = index.get('demo/app');
    expect(stream?.metadata).toMatchObject({ namespace: 'demo', name: 'app', uid: 'uid-of-demo-app', generation: 1 });
    expect(stream?.spec?.tags?.[0]?.from?.name).toBe(from);
    expect(stream?.status?.tags?.[0]?.source).toEqual(imported('1', from).source);
    expect([...index.keys()]).toEqual(['demo/app']);
  });

  test('what was before our own write does not come back', () => {
    const { index, changes } = newIndex();
    index.upsert(at('5', { tags: [specTag('old', from)] }));
    index.wrote(at('7', { tags: [specTag('new', from)] }));
    index.upsert(at('6', { tags: [specTag('old', from)] }));
    expect(tagsOf(index)).toEqual(['new']);
    index.upsert(at('7', { tags: [specTag('new', from)] }));
    expect(changes).toHaveLength(2);
    index.upsert(at('8', { tags: [specTag('newer', from)] }));
    expect(tagsOf(index)).toEqual(['newer']);
  });

  test('once the watch has shown our write, a restored API server may show any version', () => {
    const { index } = newIndex();
    index.wrote(at('7', { tags: [specTag('new', from)] }));
    index.upsert(at('7', { tags: [specTag('new', from)] }));
    index.upsert(at('3', { tags: [specTag('restored', from)] }));
    expect(tagsOf(index)).toEqual(['restored']);
  });

  test('an edit that the watch shows before the answer to our own write is here does not go', () => {
    const { index, changes } = newIndex();
    index.upsert(at('5', { tags: [specTag('old', from)] }));
    const told = index.writing('demo/app');
    index.upsert(at('7', { tags: [specTag('old', from)], history: [imported('old', from)] }));
    index.upsert(at('8', { tags: [specTag('edited', from)] }));
    changes.length = 0;
    index.wrote(at('7', { tags: [specTag('old', from)], history: [imported('old', from)] }));
    told();
    expect({ tags: tagsOf(index), changes }).toEqual({ tags: ['edited'], changes: [] });
    // The next write is measured by what is shown during it alone.
    index.writing('demo/app');
    index.wrote(at('9', { tags: [specTag('new', from)] }));
    expect(tagsOf(index)).toEqual(['new']);
  });

  test('the end of a stream whose successor is known already is no news', () => {
    const { index } = newIndex();
    index.upsert(at('5'));
    const again = at('7', { tags: [specTag('again', from)], metadata: { uid: 'another' } });
    index.wrote(again);
    index.delete({ namespace: 'demo', name: 'app', uid: 'uid-of-demo-app' });
    expect(tagsOf(index)).toEqual(['again']);
    index.delete({ namespace: 'demo', name: 'app', uid: 'another' });
    expect(index.size).toBe(0);
  });

  test('versions are compared as numbers', () => {
    const { index } = newIndex();
    index.wrote(at('100', { tags: [specTag('new', from)] }));
    index.upsert(at('99', { tags: [specTag('old', from)] }));
    expect(tagsOf(index)).toEqual(['new']);
  });

  test('an answer to our write that comes after the end of its stream does not bring it back', () => {
    const { index } = newIndex();
    index.upsert(at('5'));
    index.delete({ namespace: 'demo', name: 'app', uid: 'uid-of-demo-app' });
    index.wrote(at('6'));
    expect(index.size).toBe(0);
  });

  test('after a complete list lower versions count again: a backup may have been restored', async () => {
    const { index } = newIndex();
    index.wrote(at('100', { tags: [specTag('new', from)] }));
    await index.replace(new Set(['demo/app']));
    index.upsert(at('50', { tags: [specTag('restored', from)] }));
    expect(tagsOf(index)).toEqual(['restored']);
  });

  test('a stream of the same name after a deletion is another one', () => {
    const { index } = newIndex();
    index.wrote(at('7'));
    index.delete({ namespace: 'demo', name: 'app' });
    index.upsert(at('6', { tags: [specTag('again', from)] }));
    expect(tagsOf(index)).toEqual(['again']);
  });

  test('a complete list removes what is not in it, of its namespace alone', async () => {
    const { index, changes } = newIndex();
    for (const [namespace, name] of [
      ['demo', 'a'],
      ['demo', 'b'],
      ['demo-2', 'c'],
    ] as const) {
      index.upsert(at('1', { namespace, name }));
    }
    changes.length = 0;
    await index.replace(new Set(['demo/a']), 'demo');
    expect(changes).toEqual(['demo/b']);
    await index.replace(new Set(['demo/a']));
    expect([...index.keys()]).toEqual(['demo/a']);
  });

  test('what is written while a complete list is compared stays, also where the list has lost it', async () => {
    const { index } = newIndex();
    for (let i = 0; i < 1_500; i += 1) index.upsert(at('1', { name: `s${i}` }));
    setImmediate(() => index.wrote(at('2', { name: 's1400' })));
    await index.replace(new Set());
    expect([...index.keys()]).toEqual(['demo/s1400']);
  });

  test('others have turns while very many are compared with a list, and what they write meanwhile stays', async () => {
    const { index, changes } = newIndex();
    for (let i = 0; i < 2_500; i += 1) index.upsert(at('1', { name: `s${i}` }));
    changes.length = 0;
    const left: number[] = [];
    const look = () => {
      left.push(index.size);
      if (left.length === 1) index.wrote(at('2', { name: 'new' }));
      setImmediate(look).unref();
    };
    setImmediate(look);
    await index.replace(new Set(['demo/s0']));
    expect(left.slice(0, 2)).toEqual([1_501, 502]);
    expect([...index.keys()]).toEqual(['demo/s0', 'demo/new']);
    expect(changes).toHaveLength(2_500);
  });
});
