import { describe, expect, test } from '@jest/globals';
import { ImageRefusals } from '../../../src/controller/image-refusals.ts';
import { ApiError } from '../../../src/kube/api-error.ts';
import { silentLogger } from '../../../src/log.ts';
import { fakeClock } from '../../fake/clock.ts';

const HOUR = 60 * 60_000;

function setUp() {
  const clock = fakeClock();
  const told: unknown[] = [];
  const log = { ...silentLogger, error: (fields: object) => told.push(fields) };
  const refusals = new ImageRefusals({ observer: { patched: () => {} }, clock, log });
  const refuse = (name: string, code = 422) => refusals.add(name, new ApiError('create images', code, { code }));
  return { clock, refusals, refuse, told };
}

describe('ImageRefusals', () => {
  test('has what was refused within the hour', async () => {
    const { clock, refusals, refuse } = setUp();
    refuse('sha256:1');
    await clock.advance(HOUR - 1);
    expect([refusals.has('sha256:1'), refusals.has('sha256:2')]).toEqual([true, false]);
    await clock.advance(1);
    expect(refusals.has('sha256:1')).toBe(false);
  });

  test('tells of each once, and of a missing right once for all', () => {
    const { refuse, told } = setUp();
    for (const name of ['sha256:1', 'sha256:1', 'sha256:2']) refuse(name);
    for (const name of ['sha256:3', 'sha256:4']) refuse(name, 403);
    expect(told).toMatchObject([{ image: 'sha256:1' }, { image: 'sha256:2' }, { image: 'sha256:3' }]);
  });

  test('remembers ten thousand, the newest, so that a right that is missing for weeks fills no memory', () => {
    const { refusals, refuse, told } = setUp();
    const names = Array.from({ length: 10_001 }, (_each, index) => `sha256:${index}`);
    for (const name of names) refuse(name);
    expect(names.filter(name => !refusals.has(name))).toEqual(['sha256:0']);
    refuse('sha256:1');
    // Those of whom it was told are forgotten as well, all at once.
    expect(told).toHaveLength(10_002);
  });
});
