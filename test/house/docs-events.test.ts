import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT } from '../docs/pages.ts';
import { sectionsOf } from '../docs/tables.ts';
import { sourceFiles } from './sources.ts';

const [rows = []] = sectionsOf(readFileSync(join(ROOT, 'docs/operator.md'), 'utf8')).get('Events') ?? [];
const sources = sourceFiles();
const found = (pattern: RegExp) =>
  sources.flatMap(({ text }) => [...text.matchAll(pattern)].map(([, one = '']) => one));

test('docs/operator.md lists the Events that the operator writes', () => {
  const written = found(/\breason: '([A-Z]\w+)',\s+action\b/g);
  const outcomes = found(/\btype ImportReason = (.*);/g).flatMap(union => union.match(/\w+/g) ?? []);
  const told = rows.flatMap(([reasons = '']) => reasons.match(/\w+/g) ?? []);
  expect(told.toSorted()).toEqual([...written, ...outcomes].toSorted());
});
