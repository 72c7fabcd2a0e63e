import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { DIFFERENCES } from '../../contract/differences.ts';

const page = readFileSync(new URL('../../../docs/dev.md', import.meta.url), 'utf8').replace(/\s+/g, ' ');

test.each(Object.entries(DIFFERENCES))('docs/dev.md lists the difference "%s"', (_name, text) => {
  expect(page).toContain(`- ${text}`);
});
