import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { type BodyRules, readBody } from '../../../src/registry/body.ts';
import { DEFAULT_TIMEOUTS } from '../../../src/registry/timeouts.ts';

const rules: BodyRules = {
  capBytes: 100,
  beyondCap: 'refuse',
  contentLength: undefined,
  contentEncoding: undefined,
  timeouts: DEFAULT_TIMEOUTS,
};

test('R6.13 a body that broke off while it waited for its turn fails as it did then', async () => {
  const body = new Readable({ read() {} });
  body.on('error', () => {});
  body.destroy(new Error('reset'));
  await new Promise(resolve => body.on('close', resolve));
  await expect(readBody(body, rules)).rejects.toThrow('reset');
});
