import { beforeEach, describe, expect, test } from '@jest/globals';
import { ImportIndex } from '../../../src/controller/import-index.ts';
import { completed } from '../../../src/imagestream/import-conditions.ts';
import { imageStreamImport } from '../../gen/objects.ts';

const T0 = Date.parse('2026-05-01T12:00:00Z');

let changed: string[];
let index: ImportIndex;
beforeEach(() => {
  changed = [];
  index = new ImportIndex(key => changed.push(key));
});

const isi = (name: string, { namespace = 'demo', uid = `uid-${name}` } = {}) =>
  imageStreamImport({ name, namespace, metadata: { uid } });
const done = (name: string, atMs: number, uid?: string) => completed(isi(name, { ...(uid && { uid }) }), {}, atMs);

describe('of an ImageStreamImport is known', () => {
  test('when it was completed, once it is', () => {
    index.upsert(isi('app'));
    expect(index.get('demo/app')).toEqual({ uid: 'uid-app', leaving: false });
    index.upsert(done('app', T0));
    expect(index.get('demo/app')).toEqual({ uid: 'uid-app', leaving: false, completedAtMs: T0 });
    expect(changed).toEqual(['demo/app', 'demo/app']);
  });

  test('no later time than what was known of it before; of another of its name, its own', () => {
    index.upsert(done('app', T0));
    const record = index.get('demo/app');
    if (record) record.completedAtMs = T0 - 5_000;
    index.upsert(done('app', T0));
    expect(index.get('demo/app')?.completedAtMs).toBe(T0 - 5_000);
    index.upsert(done('app', T0 + 1_000, 'another'));
    expect(index.get('demo/app')?.completedAtMs).toBe(T0 + 1_000);
  });

  test('that somebody deletes it', () => {
    const { metadata, ...rest } = isi('app');
    index.upsert({ ...rest, metadata: { ...metadata, deletionTimestamp: '2026-05-01T12:00:00Z' } });
    expect(index.get('demo/app')?.leaving).toBe(true);
  });
});

describe('a list', () => {
  beforeEach(() => {
    for (const one of [isi('a'), isi('b'), isi('a', { namespace: 'shop' })]) index.upsert(one);
    changed = [];
  });

  test('of all namespaces says which there are, and tells of those that are gone', () => {
    index.replace(new Set(['demo/a']));
    expect([...index.keys()]).toEqual(['demo/a']);
    expect(changed).toEqual(['demo/b', 'shop/a']);
  });

  test('of one namespace says nothing of others', () => {
    index.replace(new Set(['demo/b']), 'demo');
    expect([...index.keys()]).toEqual(['demo/b', 'shop/a']);
    expect(changed).toEqual(['demo/a']);
  });
});

test('what goes is told once', () => {
  index.upsert(isi('app'));
  index.delete({ namespace: 'demo', name: 'app' });
  index.delete({ namespace: 'demo', name: 'app' });
  expect(index.size).toBe(0);
  expect(changed).toEqual(['demo/app', 'demo/app']);
});
