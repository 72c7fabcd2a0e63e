import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { ROOT } from '../../docs/pages.ts';
import { makers } from './message-makers.ts';

/**
 * The messages of docs/troubleshooting.md, made by the code that says them. What differs from case to case is `…` on the
 * page, and is not looked at.
 */
const page = readFileSync(join(ROOT, 'docs/troubleshooting.md'), 'utf8');
const told = [...page.matchAll(/^### `(.*)`$/gm)].map(([, message = '']) => message);

const folder = mkdtempSync(join(tmpdir(), 'messages-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('there are twenty messages at least, and a maker for each', () => {
  expect(told.length).toBeGreaterThanOrEqual(20);
  expect(Object.keys(makers)).toEqual(told);
});

test.each(Object.entries(makers))('%s', async (message, make) => {
  const parts = message.split('…').map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  expect(await make(folder)).toMatch(new RegExp(`^${parts.join('[^\\n]+')}$`));
});
