import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { OTHER_RATE, wellKnownRate } from '../../src/registry/defaults.ts';
import { ROOT } from '../docs/pages.ts';
import { sectionsOf } from '../docs/tables.ts';

const [rows = []] =
  sectionsOf(readFileSync(join(ROOT, 'docs/scheduling.md'), 'utf8')).get('What fits into an interval') ?? [];

test('there is a table of what fits', () => {
  expect(rows.map(([host]) => host)).toContain('any other');
});

test.each(rows)('%s: %s requests a second are %s unchanged tags in 15m', (host = '', perSecond, tags) => {
  const rate = host === 'any other' ? OTHER_RATE : wellKnownRate(host.replaceAll('`', ''));
  expect(perSecond).toBe(String(rate?.perSecond));
  expect(tags).toBe(((rate?.perSecond ?? 0) * 15 * 60).toLocaleString('en'));
});
