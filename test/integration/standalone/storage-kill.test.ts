import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createSqliteStorage } from '../../../src/standalone/sqlite-storage.ts';

const ESBUILD = join(import.meta.dirname, '../../../node_modules/.bin/esbuild');
const WRITER = join(import.meta.dirname, 'storage-writer.ts');
const KILLS = 200;
/** Writers that live and die beside each other, each on a file of its own. */
const LANES = 4;
/** A writer is killed at any moment up to this after its first acknowledgement, or while it opens its file. */
const LIFE_MS = 30;

interface Acknowledged {
  readonly number: number;
  readonly version: number;
}

let folder: string;
let writerFile: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'storage-kill-'));
  writerFile = join(folder, 'writer.mjs');
  // Bundled once, it starts in a quarter of the time.
  execFileSync(ESBUILD, [WRITER, '--bundle', '--format=esm', '--platform=node', `--outfile=${writerFile}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

test(`${KILLS} times killed while it writes, a storage has all that it acknowledged, and nothing by half`, async () => {
  const lanes = await Promise.all(Array.from({ length: LANES }, (_, lane) => live(join(folder, `${lane}.db`))));
  // Or nothing was put to the proof.
  expect(Math.min(...lanes)).toBeGreaterThan(KILLS / LANES);
});

/** Kills writers on one file, and looks at it after each. Resolves to how many transactions it saw in the end. */
async function live(file: string): Promise<number> {
  let last: Acknowledged = { number: 0, version: 0 };
  for (let kill = 0; kill < KILLS / LANES; kill++) {
    last = latest(last, await writeUntilKilled(file, kill % 10 === 0));
    last = await inspect(file, last);
  }
  return last.number;
}

/** Starts a writer, and kills it at a random moment. Resolves to what it had acknowledged last, if anything. */
async function writeUntilKilled(file: string, early: boolean): Promise<Acknowledged | undefined> {
  const writer = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', writerFile, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise(resolve => writer.once('close', resolve));
  let text = '';
  const begun = new Promise<void>(resolve => {
    writer.stdout.on('data', chunk => {
      text += chunk;
      resolve();
    });
  });
  await (early ? sleep(Math.random() * 150) : Promise.race([begun, ended]));
  if (!early) await sleep(Math.random() * LIFE_MS);
  writer.kill('SIGKILL');
  await ended;
  const [number, version] = (text.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return number === undefined || version === undefined ? undefined : { number, version };
}

/** What is there after a kill, as it must be. */
async function inspect(file: string, last: Acknowledged): Promise<Acknowledged> {
  const storage = createSqliteStorage({ file });
  try {
    const version = await storage.version();
    expect(version).toBeGreaterThanOrEqual(last.version);
    const { items: pairs } = await storage.list('pairs');
    const numbers = pairs.map(({ text }) => JSON.parse(text).number as number);
    const [number = 0] = numbers;
    // The last transaction may have been stored without a word of it.
    expect([last.number, last.number + 1]).toContain(number);
    expect(numbers).toEqual(number === 0 ? [] : [number, number]);
    const { items: marks } = await storage.list('marks');
    const names = Array.from({ length: Math.min(number, 20) }, (_, at) => `mark-${number - at}`);
    expect(marks.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
    for (const item of [...pairs, ...marks]) {
      expect(JSON.parse(item.text)).toMatchObject({ metadata: { resourceVersion: String(item.version) } });
      expect(item.version).toBeLessThanOrEqual(version);
    }
    return { number, version };
  } finally {
    await storage.close();
  }
}

function latest(before: Acknowledged, after: Acknowledged | undefined): Acknowledged {
  if (after === undefined) return before;
  expect(after.version).toBeGreaterThan(before.version);
  return after;
}
