import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CommandFault } from '../../../src/command/fault.ts';
import { type ImportInput, readImportFile, readStreamFile, validImport } from '../../../src/command/input.ts';
import { parseAllowList } from '../../../src/imagestream/allow-list.ts';
import { failed, imported } from '../../gen/history.ts';
import { imageStream, imageStreamImport, specTag } from '../../gen/objects.ts';

const folder = mkdtempSync(join(tmpdir(), 'input-'));
afterAll(() => rmSync(folder, { recursive: true }));

const HEAD = 'apiVersion: image.openshift.io/v1\nkind: ImageStreamImport\nmetadata:\n  name: app\n';
const STREAM = 'apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata:\n  name: app\n';
const nothing = () => Readable.from([]);

/** Reads a file of this text; it is called isi.yaml in messages. */
async function read(text: string): Promise<ImportInput> {
  const path = join(folder, 'isi.yaml');
  writeFileSync(path, text);
  try {
    return await readImportFile(path, nothing(), undefined);
  } catch (error) {
    if (!(error instanceof CommandFault)) throw error;
    throw new CommandFault(
      error.lines.map(line => line.replaceAll(path, 'isi.yaml')),
      error.status,
    );
  }
}

async function faultOf(input: Promise<unknown>): Promise<CommandFault> {
  const error = await input.then(
    () => new Error('no fault'),
    (reason: unknown) => reason,
  );
  if (error instanceof CommandFault) return error;
  throw error;
}

const linesOf = async (text: string) => (await faultOf(read(text))).lines;

describe('readImportFile()', () => {
  test('reads an ImageStreamImport, with its defaults', async () => {
    const text = `${HEAD}  namespace: demo\nspec:\n  import: true\n  images:\n  - from: {kind: DockerImage, name: a/b:1}\n`;
    expect(await read(text)).toMatchObject({
      kind: 'ImageStreamImport',
      isi: { metadata: { name: 'app', namespace: 'demo' }, spec: { import: true, images: [{ to: { name: '1' } }] } },
    });
  });

  test('reads an ImageStream', async () => {
    expect(
      await read(`${STREAM}spec:\n  tags:\n  - name: "1"\n    from: {kind: DockerImage, name: a/b:1}\n`),
    ).toMatchObject({
      kind: 'ImageStream',
      stream: { metadata: { name: 'app', namespace: 'default' }, spec: { tags: [{ name: '1' }] } },
    });
  });

  test('reads JSON', async () => {
    const isi = imageStreamImport({ images: ['a/b'] });
    expect(await read(JSON.stringify(isi))).toMatchObject({ isi: { spec: { images: [{ from: { name: 'a/b' } }] } } });
  });

  test('reads standard input for -, in pieces that cut a character in two', async () => {
    const bytes = Buffer.from(`# ä\n${HEAD}spec: {import: false, images: [{from: {kind: DockerImage, name: a/b}}]}\n`);
    const input = await readImportFile('-', Readable.from([bytes.subarray(0, 3), bytes.subarray(3)]), undefined);
    expect(input.kind).toBe('ImageStreamImport');
  });

  test('stops reading standard input that does not end', async () => {
    let pieces = 0;
    const endless = Readable.from(
      (function* () {
        for (;;) {
          pieces += 1;
          yield Buffer.alloc(1024 * 1024, ' ');
        }
      })(),
    );
    expect((await faultOf(readImportFile('-', endless, undefined))).lines).toEqual([
      'standard input: larger than 8 MiB',
    ]);
    expect(pieces).toBeLessThan(64);
  });
});

describe('a fault of the whole file', () => {
  test.each([
    ['an empty file', '', 'isi.yaml: there is nothing in it'],
    ['nothing but a comment', '# later\n', 'isi.yaml: there is nothing in it'],
    ['a list', '- a\n', 'isi.yaml:1:1: expected ImageStreamImport or ImageStream'],
    ['a text', 'hello\n', 'isi.yaml:1:1: expected ImageStreamImport or ImageStream'],
    [
      'another kind',
      'apiVersion: v1\nkind: Secret\n',
      'isi.yaml:2:7: kind: "Secret": expected ImageStreamImport or ImageStream',
    ],
    [
      'no kind',
      'apiVersion: image.openshift.io/v1\n',
      'isi.yaml:1:1: kind: nothing: expected ImageStreamImport or ImageStream',
    ],
    [
      'another version',
      'apiVersion: image.openshift.io/v2\nkind: ImageStream\n',
      'isi.yaml:1:13: apiVersion: "image.openshift.io/v2": expected image.openshift.io/v1',
    ],
    [
      'the version of before',
      'apiVersion: v1\nkind: ImageStream\n',
      'isi.yaml:1:13: apiVersion: "v1": expected image.openshift.io/v1',
    ],
    ['a tab', 'kind:\n\tx\n', 'isi.yaml:2:1: Tabs are not allowed as indentation'],
    ['a bracket left open', '{"kind": "ImageStream",\n', expect.stringMatching(/^isi\.yaml:2:1: Flow map/)],
    ['a key twice', 'kind: a\nkind: b\n', 'isi.yaml:2:1: Map keys must be unique'],
    ['two documents', `${STREAM}---\n${STREAM}`, 'isi.yaml:6:1: a second document begins here; expected one'],
  ])('%s', async (_name, text, want) => {
    const { lines, status } = await faultOf(read(text));
    expect(lines).toEqual([want]);
    expect(status).toBeUndefined();
  });

  test('aliases that multiply', async () => {
    const rows = [...'abcdefgh'].map((name, index, all) => {
      const part = index === 0 ? 'x' : `*${all[index - 1]}`;
      return `${name}: &${name} [${Array(9).fill(part).join(', ')}]`;
    });
    const lines = await linesOf(`${STREAM}${rows.join('\n')}\n`);
    expect(lines).toEqual([expect.stringMatching(/^isi\.yaml: Excessive alias count/)]);
  });

  test('a file that is not there', async () => {
    const { lines } = await faultOf(readImportFile(join(folder, 'none.yaml'), nothing(), undefined));
    expect(lines).toEqual([`Cannot read "${join(folder, 'none.yaml')}": there is no such file or folder`]);
  });

  test('a folder', async () => {
    const { lines } = await faultOf(readImportFile(folder, nothing(), undefined));
    expect(lines).toEqual([`Cannot read "${folder}": it is a folder`]);
  });
});

describe('faults of fields', () => {
  test('name the field, what was found, what was expected, and the place', async () => {
    const text = `${HEAD}spec:\n  import: false\n  images:\n  - from: {kind: DockerImage, name: a/b}\n  - from:\n      kind: Foo\n      name: a/c\n`;
    const { lines, status } = await faultOf(read(text));
    expect(lines).toEqual(['spec.images[1].from.kind: "Foo": only DockerImage is supported (isi.yaml:10:13)']);
    expect(status).toMatchObject({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      code: 422,
      reason: 'Invalid',
      details: { name: 'app', kind: 'ImageStreamImport', causes: [{ field: 'spec.images[1].from.kind' }] },
    });
  });

  test('come all together, one line each', async () => {
    const text = `${HEAD}spec:\n  import: false\n  images:\n  - from: {kind: Foo, name: a/b}\n  - from: {kind: DockerImage, name: a/B}\n`;
    const { lines, status } = await faultOf(read(text));
    expect(lines).toEqual([
      'spec.images[0].from.kind: "Foo": only DockerImage is supported (isi.yaml:8:18)',
      expect.stringMatching(/^spec\.images\[1\]\.from\.name: "a\/B": .+ \(isi\.yaml:9:37\)$/),
    ]);
    expect(status?.details?.causes).toHaveLength(2);
  });

  test('that is missing are placed at what is around them', async () => {
    const lines = await linesOf(`${HEAD}spec:\n  import: false\n  images:\n  - from:\n      kind: DockerImage\n`);
    expect(lines).toEqual([
      expect.stringMatching(/^spec\.images\[0\]\.from\.name: a value is required.* \(isi\.yaml:9:7\)$/),
    ]);
  });

  test.each([
    ['{}', 'spec.images[0].from: Required value (isi.yaml:8:5)'],
    ['{from: {}}', 'spec.images[0].from.kind: "": only DockerImage is supported (isi.yaml:8:12)'],
    [
      '{from: null}',
      expect.stringMatching(/^spec\.images\[0\]\.from: .+ must be of type object: "null" \(isi\.yaml:8:12\)$/),
    ],
    [
      '{from: a/b}',
      expect.stringMatching(/^spec\.images\[0\]\.from: .+ must be of type object: "string" \(isi\.yaml:8:12\)$/),
    ],
  ])('are found in the entry %s', async (entry, want) => {
    const lines = await linesOf(`${HEAD}spec:\n  import: false\n  images:\n  - ${entry}\n`);
    expect(lines[0]).toEqual(want);
  });

  test('find a tag of a stream by its name', async () => {
    const text = `${STREAM}spec:\n  tags:\n  - name: "1.0"\n  - name: new.est\n    from:\n      kind: DockerImage\n      name: a/B\n`;
    expect(await linesOf(text)).toEqual([
      expect.stringMatching(/^spec\.tags\[new\.est\]\.from\.name: "a\/B": .+ \(isi\.yaml:11:13\)$/),
    ]);
  });

  test('we do not know are a bad request, as the API server has it', async () => {
    const { lines, status } = await faultOf(
      read(
        `${HEAD}spec:\n  import: false\n  immages: []\n  images:\n  - from: {kind: DockerImage, name: a/b, tag: x}\n`,
      ),
    );
    expect(lines).toEqual([
      'unknown field "spec.immages" (isi.yaml:7:12)',
      'unknown field "spec.images[0].from.tag" (isi.yaml:9:47)',
    ]);
    expect(status).toMatchObject({
      code: 400,
      reason: 'BadRequest',
      message:
        'ImageStreamImport in version "v1" cannot be handled as a ImageStreamImport: strict decoding error: unknown field "spec.immages", unknown field "spec.images[0].from.tag"',
    });
  });

  test('of another type', async () => {
    const { lines, status } = await faultOf(read(`${HEAD}spec:\n  import: "yes"\n  images: {}\n`));
    expect(lines).toEqual([
      'spec.import: Invalid value: "string": spec.import in body must be of type boolean: "string" (isi.yaml:6:11)',
      'spec.images: Invalid value: "object": spec.images in body must be of type array: "object" (isi.yaml:7:11)',
    ]);
    expect(status).toMatchObject({ code: 422, reason: 'Invalid', details: { causes: [{}, {}] } });
  });

  test('that an alias brings in are placed where they are told', async () => {
    const text = `${HEAD}spec:\n  import: false\n  images:\n  - from: &x {kind: Foo, name: a/b}\n  - from: *x\n`;
    expect(await linesOf(text)).toEqual([
      'spec.images[0].from.kind: "Foo": only DockerImage is supported (isi.yaml:8:21)',
      'spec.images[1].from.kind: "Foo": only DockerImage is supported (isi.yaml:9:11)',
    ]);
  });

  test('of a registry that is not allowed', async () => {
    const path = join(folder, 'allowed.yaml');
    writeFileSync(path, `${HEAD}spec: {import: false, images: [{from: {kind: DockerImage, name: quay.io/a/b}}]}\n`);
    const { lines } = await faultOf(
      readImportFile(path, nothing(), parseAllowList([{ domainName: 'registry.example.com' }])),
    );
    expect(lines).toEqual([expect.stringMatching(/^spec\.images\[0\]\.from\.name: .*registry\.example\.com:443/)]);
  });
});

describe('readStreamFile()', () => {
  test('wants an ImageStream', async () => {
    const path = join(folder, 'stream.yaml');
    writeFileSync(path, `${HEAD}spec: {import: false}\n`);
    const { lines } = await faultOf(readStreamFile(path, nothing()));
    expect(lines).toEqual([`${path}:2:7: kind: "ImageStreamImport": expected ImageStream`]);
  });
});

describe('validImport()', () => {
  test('refuses what was typed without naming a file', async () => {
    const isi = imageStreamImport({ images: ['quay.io/Acme/app'] });
    const { lines } = await faultOf((async () => validImport(isi, undefined))());
    expect(lines).toEqual(['spec.images[0].from.name: "quay.io/Acme/app": repository name must be lowercase']);
  });
});

describe('any input', () => {
  const mutated = fc
    .tuple(fc.constantFrom('ImageStreamImport', 'ImageStream'), fc.jsonValue(), fc.jsonValue())
    .map(([kind, metadata, spec]) => ({ apiVersion: 'image.openshift.io/v1', kind, metadata, spec }));
  const entries = fc
    .array(fc.dictionary(fc.constantFrom('from', 'to', 'name', 'importPolicy', 'generation'), fc.jsonValue()))
    .map(list => ({
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStreamImport',
      metadata: { name: 'app' },
      spec: { import: true, images: list },
    }));

  const valid = [
    imageStreamImport({ import: true, images: ['a/b:1'], repository: 'a/b' }),
    imageStream({
      tags: [specTag('1', 'a/b:1')],
      history: [imported('1', 'a/b:1'), { tag: '2', conditions: [failed()] }],
    }),
  ];
  const mutants = fc
    .tuple(fc.constantFrom(...valid), fc.array(fc.nat(), { minLength: 1, maxLength: 6 }), fc.jsonValue())
    .map(([object, way, value]) => replaced(object, way, value));

  test.each([
    ['object', fc.oneof(fc.jsonValue(), mutated, entries, mutants).map(value => JSON.stringify(value))],
    ['text', fc.string({ unit: 'binary' })],
  ])('%s is read or refused in lines, never anything else', async (_name, texts) => {
    await fc.assert(
      fc.asyncProperty(texts, async text => {
        const input = readImportFile('-', Readable.from([Buffer.from(text)]), undefined);
        const lines = await input.then(
          () => [],
          (error: unknown) => {
            if (error instanceof CommandFault) return error.lines;
            throw error;
          },
        );
        for (const line of lines) {
          expect(line).not.toBe('');
          expect(line).not.toMatch(/[\n\r]|\bat .*\.ts:/);
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** The object with one of its parts replaced; `way` says which, by the places of keys. */
function replaced(object: unknown, [at, ...way]: readonly number[], value: unknown): unknown {
  if (at === undefined || typeof object !== 'object' || object === null) return value;
  const keys = Object.keys(object);
  const key = keys[at % keys.length];
  if (key === undefined) return value;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(object) ? [...object] : { ...object };
  return Object.assign(copy, { [key]: replaced(Reflect.get(object, key), way, value) });
}
