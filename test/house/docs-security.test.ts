import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../docs/pages.ts';
import { sectionsOf } from '../docs/tables.ts';

const text = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');
const THREATS = [
  'A hostile registry',
  'A hostile tenant',
  'A compromised pull secret',
  'Requests to the inside',
  'A man in the middle',
  'Exhaustion',
  'Leaks',
  'What it is made of',
];

interface Rule {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** A file of tests, and the titles of some of its tests. */
interface Evidence {
  readonly path: string;
  readonly titles: readonly string[];
}

const rows = THREATS.flatMap(threat =>
  (sectionsOf(text).get(threat) ?? []).flat().map(([what = '', , shown = '']) => ({ threat, what, shown })),
);

test('every threat has answers', () => {
  expect(THREATS.filter(threat => !rows.some(row => row.threat === threat))).toEqual([]);
  expect(rows.length).toBeGreaterThan(40);
});

test('what it may do is what the manifests grant', () => {
  const told = (sectionsOf(text).get('What it may read and write') ?? []).flat().flatMap(([verbs = '', resource]) => {
    return verbs.split(', ').map(verb => `${verb} ${resource}`);
  });
  const manifest = readFileSync(join(ROOT, 'manifests/install/20-rbac.yaml'), 'utf8');
  const rules = parseAllDocuments(manifest).flatMap(document => (document.toJS().rules ?? []) as readonly Rule[]);
  const granted = rules.flatMap(({ resources, verbs }) =>
    resources.flatMap(resource => verbs.map(verb => `${verb} ${resource}`)),
  );
  expect(told.toSorted()).toEqual([...new Set(granted)].toSorted());
});

test.each(rows)('$threat, $what: the tests that show the answer exist', ({ shown }) => {
  const evidence = evidenceOf(shown);
  expect(evidence.length).toBeGreaterThan(0);
  const missing = evidence.flatMap(({ path, titles }) => {
    if (!existsSync(join(ROOT, path))) return [path];
    const source = readFileSync(join(ROOT, path), 'utf8');
    return titles.length === 0 ? [`${path}: no test is named`] : titles.filter(title => !isTitle(title, source));
  });
  expect(missing).toEqual([]);
});

/** `[name](../test/x.test.ts) "one title", "another"`, and more of these. */
function evidenceOf(cell: string): readonly Evidence[] {
  return [...cell.matchAll(/\[[^\]]*\]\(\.\.\/(test\/[^)]+)\)((?:,? "[^"]*")*)/g)].map(([, path = '', rest = '']) => ({
    path,
    titles: [...rest.matchAll(/"([^"]*)"/g)].map(([, title = '']) => title),
  }));
}

/** Whether a file of tests has a test, a group, or a row of a table of this name. */
function isTitle(title: string, source: string): boolean {
  return ["'", '"', '`'].some(quote => source.includes(`${quote}${title}${quote}`));
}
