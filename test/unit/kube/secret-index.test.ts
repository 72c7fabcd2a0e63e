import { beforeEach, describe, expect, test } from '@jest/globals';
import { SecretIndex } from '../../../src/kube/secret-index.ts';

let changes: string[];
let index: SecretIndex;
beforeEach(() => {
  changes = [];
  index = new SecretIndex(namespace => changes.push(namespace));
});

function meta(name: string, resourceVersion = '1', namespace = 'demo', excluded?: string) {
  const annotations = excluded === undefined ? {} : { 'openshift.io/image.excludeSecret': excluded };
  return { metadata: { namespace, name, resourceVersion, annotations } };
}

describe('SecretIndex', () => {
  test('names the secrets of all collections, in one order', () => {
    const [json, cfg] = [index.sink(), index.sink()];
    json.upsert(meta('b'));
    cfg.upsert(meta('c'));
    cfg.upsert(meta('a'));
    cfg.upsert(meta('B'));
    json.upsert(meta('x', '1', 'other'));
    expect(index.names('demo')).toEqual(['B', 'a', 'b', 'c']);
    expect(index.names('nowhere')).toEqual([]);
  });

  test('a version that is known already is no change', () => {
    const sink = index.sink();
    sink.upsert(meta('a', '1'));
    sink.upsert(meta('a', '1'));
    expect(changes).toEqual(['demo']);
    sink.upsert(meta('a', '2'));
    expect(changes).toEqual(['demo', 'demo']);
  });

  test('7.1 an excluded one is not there, and was never a change', () => {
    const sink = index.sink();
    sink.upsert(meta('a', '1', 'demo', 'true'));
    sink.upsert(meta('a', '2', 'demo', 'true'));
    sink.delete({ namespace: 'demo', name: 'a' });
    expect([index.names('demo'), changes]).toEqual([[], []]);
  });

  test('7.1 excluding and including are changes; only "true" excludes', () => {
    const sink = index.sink();
    sink.upsert(meta('a', '1', 'demo', 'false'));
    expect(index.names('demo')).toEqual(['a']);
    sink.upsert(meta('a', '2', 'demo', 'true'));
    expect(index.names('demo')).toEqual([]);
    sink.upsert(meta('a', '3'));
    expect([index.names('demo'), changes.length]).toEqual([['a'], 3]);
  });

  test('one that is made again with another type stays, whichever watch is faster', () => {
    const [json, cfg] = [index.sink(), index.sink()];
    json.upsert(meta('a', '1'));
    cfg.upsert(meta('a', '3'));
    json.delete({ namespace: 'demo', name: 'a' });
    expect(index.names('demo')).toEqual(['a']);
  });

  test('a new list takes away what is gone, of its own collection alone', () => {
    const [json, cfg] = [index.sink(), index.sink()];
    for (const name of ['a', 'b', 'c']) json.upsert(meta(name));
    json.upsert(meta('x', '1', 'other'));
    cfg.upsert(meta('d'));
    changes.length = 0;
    json.upsert(meta('b'));
    json.replace(new Set(['demo/b']));
    expect([index.names('demo'), index.names('other')]).toEqual([['b', 'd'], []]);
    expect(changes.sort()).toEqual(['demo', 'demo', 'other']);
  });
});
