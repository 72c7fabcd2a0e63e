import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import { CommandFault } from '../../../src/command/fault.ts';
import { toYaml } from '../../../src/command/output.ts';
import { readSavedStream, writeStreamFile } from '../../../src/command/stream-file.ts';
import { imported } from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const root = mkdtempSync(join(tmpdir(), 'stream-file-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A folder of its own for each test, so that what is left behind shows. */
function folder(): string {
  return mkdtempSync(join(root, 'test-'));
}

/** A stream whose file is large enough to be written in more than one piece. */
function stream(tags: number, digit = '1'): ImageStream {
  const names = Array.from({ length: tags }, (_, index) => `v${index}`);
  return imageStream({
    tags: names.map(name => specTag(name, `quay.io/acme/app:${name}`)),
    history: names.map(name => imported(name, `quay.io/acme/app:${name}`, digit)),
  });
}

async function linesOf(action: Promise<unknown>): Promise<readonly string[]> {
  const error = await action.catch((reason: unknown) => reason);
  return error instanceof CommandFault ? error.lines : [`no fault: ${error}`];
}

describe('writeStreamFile()', () => {
  test('writes what readSavedStream() reads', async () => {
    const path = join(folder(), 'state.yaml');
    await writeStreamFile(path, stream(2));
    expect(await readSavedStream(path)).toEqual(stream(2));
  });

  test('replaces what was there and leaves nothing else', async () => {
    const at = folder();
    const path = join(at, 'state.yaml');
    await writeStreamFile(path, stream(20));
    await writeStreamFile(path, stream(1));
    expect(parse(readFileSync(path, 'utf8'))).toEqual(JSON.parse(JSON.stringify(stream(1))));
    expect(readdirSync(at)).toEqual(['state.yaml']);
  });

  test('shows a reader the old stream or the new one, never a half', async () => {
    const path = join(folder(), 'state.yaml');
    const [one, two] = [stream(60, '1'), stream(60, '2')];
    await writeStreamFile(path, one);
    const seen = new Set<string>();
    let writing = true;
    const writes = (async () => {
      for (let round = 0; round < 10; round += 1) await writeStreamFile(path, round % 2 === 0 ? two : one);
      writing = false;
    })();
    while (writing) seen.add(await readFile(path, 'utf8'));
    await writes;
    const whole = new Set([toYaml(one), toYaml(two)]);
    expect([...seen].filter(text => !whole.has(text))).toEqual([]);
  });

  test('writes over what a killed run left beside the file', async () => {
    const at = folder();
    writeFileSync(join(at, '.state.yaml.new'), 'half a str');

    await writeStreamFile(join(at, 'state.yaml'), imageStream());

    expect(readdirSync(at)).toEqual(['state.yaml']);
  });

  test('removes its temporary file when it fails, and leaves what was there', async () => {
    const at = folder();
    const path = join(at, 'state.yaml');
    mkdirSync(path);
    expect(await linesOf(writeStreamFile(path, stream(1)))).toEqual([`Cannot write "${path}": it is a folder`]);
    expect(readdirSync(at)).toEqual(['state.yaml']);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  test('says that the folder is not there', async () => {
    const path = join(folder(), 'none', 'state.yaml');
    expect(await linesOf(writeStreamFile(path, stream(1)))).toEqual([
      `Cannot write "${path}": there is no such file or folder`,
    ]);
  });
});

describe('readSavedStream()', () => {
  test('is undefined before the first run', async () => {
    expect(await readSavedStream(join(folder(), 'state.yaml'))).toBeUndefined();
  });

  test.each([
    ['something else', 'apiVersion: v1\nkind: Secret\n', /state\.yaml:2:7: kind: "Secret": expected ImageStream$/],
    ['nothing', '', /state\.yaml: there is nothing in it$/],
    ['half a file', 'apiVersion: image.openshift.io/v1\nkind: "Image', /state\.yaml:2:\d+: /],
  ])('refuses a file that holds %s, before anything overwrites it', async (_name, text, want) => {
    const path = join(folder(), 'state.yaml');
    writeFileSync(path, text);
    expect(await linesOf(readSavedStream(path))).toEqual([expect.stringMatching(want)]);
  });

  test('refuses a folder', async () => {
    const path = folder();
    expect(await linesOf(readSavedStream(path))).toEqual([`Cannot read "${path}": it is a folder`]);
  });

  test('refuses -, which is no place to keep a stream in', async () => {
    expect(await linesOf(readSavedStream('-'))).toEqual([
      '--stream-out: "-": expected a file; -o yaml prints to standard output',
    ]);
  });
});
