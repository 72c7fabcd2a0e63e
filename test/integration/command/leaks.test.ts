import { expect, test } from '@jest/globals';
import { startFakeRegistry } from '../../fake/registry.ts';
import { typed } from './typed.ts';

/** What an internal service might answer to whoever has the operator ask it. */
const INSIDE = 'inside-information';

const answers: readonly [name: string, status: number, body: unknown, headers?: Record<string, string>][] = [
  ['a page', 404, `<html>${INSIDE}</html>`, { 'Content-Type': 'text/html' }],
  ['JSON of another form', 403, { message: INSIDE, error: INSIDE }],
  ['a text', 400, INSIDE],
  ['an error document with a detail', 404, { errors: [{ code: 'MANIFEST_UNKNOWN', detail: INSIDE }] }],
  ['a good answer that is no manifest', 200, { secret: INSIDE }],
  ['a good answer that is no JSON', 200, INSIDE],
  ['a challenge', 401, INSIDE, { 'WWW-Authenticate': `Basic realm="${INSIDE}"` }],
  ['a header', 404, '', { 'X-Inside': INSIDE, 'Docker-Content-Digest': INSIDE }],
];

test.each(answers)(
  'nothing of an answer is shown that is no error document: %s',
  async (_name, status, body, headers = {}) => {
    const registry = await startFakeRegistry();
    try {
      registry.on({ path: /./ }, { status, body, headers });
      const args = ['import', '--insecure', '--log-level', 'debug', '-o', 'yaml', `${registry.host}/acme/app:v1`];
      const { status: ended, stdout, stderr } = await typed(args);
      expect(ended).toBe(1);
      expect(stdout).toContain('status: Failure');
      expect(`${stdout}${stderr}`).not.toContain(INSIDE);
    } finally {
      await registry.close();
    }
  },
);
