import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { root } from './sources.ts';

const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\0')
  .filter(path => path !== '' && !path.endsWith('.png'));

test('no test is skipped, focused or left to do', () => {
  const marks = /\b(?:it|test|describe)\.(?:skip|todo|only)\b|\bx(?:it|describe)\(/;
  const found = tracked.filter(
    path => path.startsWith('test/') && path.endsWith('.test.ts') && marks.test(read(path).replace(/\/.*\//g, '')),
  );
  expect(found).toEqual([]);
});

test('the lock file names no download addresses', () => {
  expect(read('package-lock.json')).not.toMatch(/"resolved": "https?:/);
});

test('every dependency has its reason in docs/decisions', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  const decisions = tracked
    .filter(path => path.startsWith('docs/decisions/'))
    .map(read)
    .join('\n');
  const names = Object.keys({ ...dependencies, ...devDependencies });
  expect(names.filter(name => !decisions.includes(`\`${name}\``))).toEqual([]);
});

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
