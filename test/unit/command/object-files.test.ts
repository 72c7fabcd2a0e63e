import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, test } from '@jest/globals';
import { CommandFault } from '../../../src/command/fault.ts';
import { readObjectFiles } from '../../../src/command/object-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'object-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const map = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;

async function read(paths: readonly string[], stdin = '') {
  const objects = await readObjectFiles(paths, Readable.from([Buffer.from(stdin)]));
  return objects.map(({ object, place }) => [object.metadata.name, place.replace(`${folder}/`, '')]);
}

async function faults(...paths: string[]): Promise<readonly string[]> {
  const fault = await readObjectFiles(paths, Readable.from([])).catch((error: unknown) => error);
  if (!(fault instanceof CommandFault)) throw fault;
  return fault.lines.map(line => line.replaceAll(`${folder}/`, ''));
}

describe('readObjectFiles()', () => {
  test('reads the documents of files, in order', async () => {
    const [one, two] = [file('1.yaml', `${map('a')}---\n# nothing\n---\n${map('b')}`), file('2.yaml', map('c'))];
    expect(await read([two, one])).toEqual([
      ['c', '2.yaml:1:1'],
      ['a', '1.yaml:1:1'],
      ['b', '1.yaml:8:1'],
    ]);
  });

  test('takes lists apart', async () => {
    const items = ['a', 'b'].map(name => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } }));
    const list = file('list.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 1));
    expect(await read([list])).toEqual([
      ['a', 'list.json:5:3'],
      ['b', 'list.json:12:3'],
    ]);
  });

  test('reads the files of a folder that hold objects, by name', async () => {
    const inner = join(folder, 'inner');
    mkdirSync(inner);
    for (const name of ['b.yaml', 'a.json', 'c.yml']) writeFileSync(join(inner, name), map(name.slice(0, 1)));
    writeFileSync(join(inner, 'README.md'), 'no object');
    expect((await read([inner])).map(([name]) => name)).toEqual(['a', 'b', 'c']);
  });

  test('reads standard input', async () => {
    expect(await read(['-'], map('a'))).toEqual([['a', 'standard input:1:1']]);
  });

  test('takes an object whose name is to be made', async () => {
    expect(await read([file('generate.yaml', map('x').replace('name:', 'generateName:'))])).toHaveLength(1);
  });

  test('tells all faults of all files', async () => {
    const paths = [
      file('syntax.yaml', 'a: [\n'),
      join(folder, 'none.yaml'),
      file('kind.yaml', `apiVersion: v1\nmetadata: {name: a}\n---\nkind: ConfigMap\nmetadata: {name: a}\n`),
      file('name.yaml', 'apiVersion: v1\nkind: ConfigMap\n'),
      file('text.yaml', 'hello\n'),
      file('items.yaml', 'apiVersion: v1\nkind: List\nitems:\n- 1\n'),
      file('good.yaml', map('good')),
    ];
    expect(await faults(...paths)).toEqual([
      expect.stringMatching(/^syntax\.yaml:2:1: /),
      'Cannot read "none.yaml": there is no such file or folder',
      'kind.yaml:1:1: kind: a value is required',
      'kind.yaml:4:1: apiVersion: a value is required',
      'name.yaml:1:1: metadata.name: a value is required',
      'text.yaml:1:1: expected an object',
      'items.yaml:4:3: expected an object',
    ]);
  });
});
