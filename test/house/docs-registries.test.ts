import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { canonicalRepository, parseReference } from '../../src/reference/reference.ts';
import { readDockerConfigJson } from '../../src/registry/docker-config.ts';
import { createKeyring } from '../../src/registry/keyring.ts';
import { ROOT, readPage } from '../docs/pages.ts';
import { sectionsOf } from '../docs/tables.ts';

const text = readFileSync(join(ROOT, 'docs/registries.md'), 'utf8');
const [rows = []] = sectionsOf(text).get('Which one matches') ?? [];
const inCode = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

/** Whether a Secret for this location opens the image. */
function opens(location: string, image: string): boolean {
  const config = readDockerConfigJson(
    JSON.stringify({ auths: { [location]: { username: 'somebody', password: 'secret' } } }),
  );
  expect(config.warnings).toEqual([]);
  const [host = '', ...path] = canonicalRepository(parseReference(image)).split('/');
  return createKeyring([config], { fingerprint: fields => fields.join() }).candidates(host, path.join('/')).length > 0;
}

test('there is a table of locations', () => {
  expect(rows.map(([registry]) => registry)).toEqual(expect.arrayContaining(['Docker Hub', 'Amazon ECR', 'GitLab']));
});

test.each(rows)('%s: %s opens %s, and not %s', (_registry, location, opened, closed) => {
  const [where = ''] = inCode(location);
  expect(inCode(opened).length).toBeGreaterThan(0);
  expect(inCode(closed).length).toBeGreaterThan(0);
  for (const image of inCode(opened)) expect(`${image}: ${opens(where, image)}`).toBe(`${image}: true`);
  for (const image of inCode(closed)) expect(`${image}: ${opens(where, image)}`).toBe(`${image}: false`);
});

describe('the recipes', () => {
  const commands = readPage('docs/registries.md', text).blocks.filter(({ text: typed }) =>
    typed.includes('docker-registry'),
  );
  const locations = new Set(rows.flatMap(([, location]) => inCode(location)));
  const hosts = [...locations].map(location => location.replace(/^https:\/\//, '').split('/')[0]);

  test.each(commands)('one at line $line is for a location of the table', ({ text: typed }) => {
    const server = /--docker-server=(\S+)/.exec(typed)?.[1] ?? 'https://index.docker.io/v1/';
    expect(hosts).toContain(server.replace(/^https:\/\//, '').split('/')[0]);
  });
});
