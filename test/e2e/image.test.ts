import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { bytesBelow } from '../../hack/image/size.ts';
import { type BuiltImage, buildImage } from '../../hack/image/steps.ts';
import manifest from '../../package.json' with { type: 'json' };
import { sampleImage } from '../gen/content.ts';
import { push, setUp, stopAll } from './setups.ts';
import { BUNDLE, ROOT } from './shipped.ts';

/** npm installs everything once more. */
jest.setTimeout(300_000);

const DIST = dirname(BUNDLE);
const SBOM = 'sbom.cdx.json';
/** Of all that the image adds to its base. */
const MOST_BYTES = 2_500_000;

const work = mkdtempSync(join(tmpdir(), 'image-'));
let image: BuiltImage;
beforeAll(() => {
  // The user of the image must get at it.
  chmodSync(work, 0o755);
  image = buildImage({ context: ROOT, work, node: process.execPath, say: () => {} });
});
afterAll(async () => {
  rmSync(work, { recursive: true, force: true });
  await stopAll();
});

/** SHA-256 of every file below a folder, the bill of materials aside. */
function sums(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile());
  const paths = files.map(entry => join(entry.parentPath, entry.name)).filter(path => !path.endsWith(SBOM));
  const sum = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
  return Object.fromEntries(paths.sort().map(path => [path.slice(folder.length + 1), sum(path)]));
}

/** Runs the image as its user, in `/`, with nothing of our environment. */
function run(...args: readonly string[]) {
  const [program = '', ...fixed] = image.entrypoint;
  const inside = (path: string) => (path.startsWith('/') ? join(image.root, path) : path);
  const [uid = 0, gid = 0] = image.user.split(':').map(Number);
  return spawnSync(join(image.root, 'usr/local/bin', program), [...fixed.map(inside), ...args], {
    cwd: '/',
    // What container runtimes give a user that /etc/passwd does not know.
    env: { ...image.env, PATH: join(image.root, 'usr/local/bin'), HOME: '/' },
    encoding: 'utf8',
    // Who is not root already is somebody with few rights.
    ...(process.getuid?.() === 0 && { uid, gid }),
  });
}

test('the bundle is the same, byte by byte, wherever it is built', () => {
  expect(Object.keys(sums(DIST)).length).toBeGreaterThan(3);
  expect(sums(join(image.root, 'app'))).toEqual(sums(DIST));
});

test('so is the bill of materials, which names what is in the bundle with its licences', () => {
  const made = spawnSync(process.execPath, ['hack/image/sbom.ts'], { cwd: ROOT, encoding: 'utf8' });
  expect(made).toMatchObject({ status: 0, stderr: '' });
  const text = readFileSync(join(image.root, 'app', SBOM), 'utf8');
  expect(text).toBe(readFileSync(join(DIST, SBOM), 'utf8'));
  const bom = JSON.parse(text);
  expect(bom).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: manifest.name } } });
  const components: { name: string; version: string; type: string; licenses?: unknown[] }[] = bom.components;
  const named = components.map(({ name, version }) => `${name}@${version}`);
  expect(named).toEqual(
    expect.arrayContaining(
      Object.entries({ ...manifest.dependencies, node: manifest.devDependencies.node }).map(pair => pair.join('@')),
    ),
  );
  expect(named.filter(one => /^(jest|esbuild|typescript)@/.test(one))).toEqual([]);
  expect(components.filter(({ type, licenses = [] }) => type === 'library' && licenses.length === 0)).toEqual([]);
});

test('the image starts as its user, who is nobody', () => {
  expect(image.user).toBe('65532:65532');
  expect(run('--version')).toMatchObject({ status: 0, stdout: `${manifest.version}\n`, stderr: '' });
});

test('and does its work', async () => {
  const registry = await setUp({ name: 'open', auth: 'open' });
  const content = sampleImage({ seed: 'image' });
  await push(registry, 'team/app', 'v1', content);
  const { status, stdout, stderr } = run('import', '--insecure', '-o', 'yaml', `${registry.host}/team/app:v1`);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain(content.digest);
});

test('it adds little to its base', () => {
  expect(bytesBelow(join(image.root, 'app'))).toBeLessThan(MOST_BYTES);
});

describe('a step that does not work is noticed:', () => {
  const cases: [dockerfile: string, complaint: string][] = [
    ['FROM node:1.2.3-slim', 'is no image of Node'],
    ['FROM node:NODE-slim\nRUN exit 3', 'Command failed: /bin/sh -c exit 3'],
    ['FROM node:NODE-slim\nCOPY missing .', 'COPY missing: there is no such file'],
    ['FROM node:NODE-slim\nCOPY kept-out .', 'COPY kept-out: .dockerignore keeps it out'],
    ['FROM node:NODE-slim\nCOPY --from=build /a /b', 'there is no such stage'],
    ['FROM node:NODE-slim\nVOLUME /a', 'VOLUME is not known here'],
  ];
  test.each(cases)('%j', (dockerfile, complaint) => {
    const context = mkdtempSync(join(work, 'context-'));
    writeFileSync(join(context, 'Dockerfile'), dockerfile.replace('NODE', process.versions.node));
    writeFileSync(join(context, '.dockerignore'), 'kept-out\n');
    writeFileSync(join(context, 'kept-out'), '');
    const folder = join(context, 'work');
    mkdirSync(folder);
    expect(() => buildImage({ context, work: folder, node: process.execPath, say: () => {} })).toThrow(complaint);
  });
});
