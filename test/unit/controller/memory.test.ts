import { describe, expect, test } from '@jest/globals';
import { TagMemories } from '../../../src/controller/memory.ts';

const key = 'demo/app';

describe('TagMemories', () => {
  test('remembers by stream and tag', () => {
    const memories = new TagMemories();
    memories.set(key, 'u1', '1', { lastCheckedMs: 5 });
    memories.set(key, 'u1', '2', { failures: 1 });
    memories.set(key, 'u1', '1', { lastCheckedMs: 6 });
    expect([...memories.of(key, 'u1')]).toEqual([
      ['1', { lastCheckedMs: 6 }],
      ['2', { failures: 1 }],
    ]);
    expect(memories.of('demo/other', 'u1').size).toBe(0);
  });

  test('a stream that was deleted and created again starts with nothing', () => {
    const memories = new TagMemories();
    memories.set(key, 'u1', '1', { failures: 3 });
    expect(memories.of(key, 'u2').size).toBe(0);
    memories.set(key, 'u2', '2', { failures: 1 });
    expect([...memories.of(key, 'u2').keys()]).toEqual(['2']);
    expect(memories.of(key, 'u1').size).toBe(0);
  });

  test('forgets tags that the stream no longer has', () => {
    const memories = new TagMemories();
    for (const tag of ['1', '2']) memories.set(key, 'u1', tag, { failures: 1 });
    memories.prune(key, [{ name: '2' }]);
    expect([...memories.of(key, 'u1').keys()]).toEqual(['2']);
    memories.prune('demo/other', []);
  });

  test('forgets a stream, or everything', () => {
    const memories = new TagMemories();
    for (const each of ['demo/a', 'demo/b', 'demo/c']) memories.set(each, 'u', '1', { failures: 1 });
    memories.forget('demo/a');
    expect([memories.of('demo/a', 'u').size, memories.of('demo/b', 'u').size]).toEqual([0, 1]);
    memories.clear();
    expect(memories.of('demo/c', 'u').size).toBe(0);
  });
});
