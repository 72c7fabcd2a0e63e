import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT, readPage } from '../docs/pages.ts';
import { knownMetrics } from './known-metrics.ts';
import { readQuery } from './promql.ts';

const PAGES = ['docs/metrics.md', 'docs/reference/alerts.md'];
const known = await knownMetrics();
const queries = PAGES.flatMap(path =>
  readPage(path, readFileSync(join(ROOT, path), 'utf8'))
    .blocks.filter(({ info }) => info === 'promql')
    .map(({ line, text }) => ({ at: `${path}:${line}`, text })),
);

test('pages have queries', () => {
  expect(queries.length).toBeGreaterThan(20);
});

test.each(queries)('$at asks for metrics, labels and values that there are', ({ text }) => {
  expect(readQuery(text, known).faults).toEqual([]);
});
