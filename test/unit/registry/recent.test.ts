import { describe, expect, test } from '@jest/globals';
import { Recent } from '../../../src/registry/recent.ts';
import { fakeClock } from '../../fake/clock.ts';

describe('Recent', () => {
  test('forgets what is past its time', async () => {
    const clock = fakeClock();
    const recent = new Recent<string>(clock, 10);
    recent.set('a', 'x', clock.now() + 1000);
    await clock.advance(999);
    expect(recent.get('a')).toBe('x');
    await clock.advance(1);
    expect(recent.get('a')).toBeUndefined();
  });

  test('R2.34 drops what was used longest ago', () => {
    const clock = fakeClock();
    const recent = new Recent<number>(clock, 2);
    const untilMs = clock.now() + 1000;
    recent.set('a', 1, untilMs);
    recent.set('b', 2, untilMs);
    recent.get('a');
    recent.set('c', 3, untilMs);
    expect([recent.get('a'), recent.get('b'), recent.get('c')]).toEqual([1, undefined, 3]);
  });

  test('deleteWhere() takes what matches', () => {
    const clock = fakeClock();
    const recent = new Recent<number>(clock, 10);
    recent.set('a 1', 1, Number.POSITIVE_INFINITY);
    recent.set('b 1', 2, Number.POSITIVE_INFINITY);
    recent.deleteWhere(key => key.startsWith('a '));
    expect([recent.get('a 1'), recent.get('b 1')]).toEqual([undefined, 2]);
  });
});
