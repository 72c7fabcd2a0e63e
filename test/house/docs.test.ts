import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { imageStreamSchema } from '../../src/api/image-stream.ts';
import { imageStreamImportSchema } from '../../src/api/image-stream-import.ts';
import * as names from '../../src/api/names.ts';
import type { Schema } from '../../src/api/schema.ts';
import { checkSchema, formatFault } from '../../src/api/validate.ts';
import { OPTIONS } from '../../src/config/options.ts';
import { readRegistriesFile } from '../../src/config/registries-file.ts';
import { METRICS } from '../../src/telemetry/metrics.ts';
import { faultOf, linksOf } from '../docs/links.ts';
import { meaningOf, RULES } from '../docs/meaning.ts';
import { type Block, type Page, place, prose, readPage, readPages } from '../docs/pages.ts';

const pages = readPages();
/** Pages that are made from their source show what that holds. */
const written = pages.filter(({ text }) => !text.includes('by `make generate`: do not edit'));

test('there are pages, and blocks in them', () => {
  expect(pages.map(({ path }) => path)).toEqual(expect.arrayContaining(['README.md', 'docs/operator.md']));
  expect(pages.flatMap(({ blocks }) => blocks).length).toBeGreaterThan(10);
});

test.each(pages)('$path says of every fenced block what it is', page => {
  const faults = page.blocks.flatMap(block => {
    const meaning = meaningOf(block);
    return meaning.kind === 'fault' ? [`${place(page, block)}: ${meaning.fault}`] : [];
  });
  expect(faults.length === 0 ? '' : `${faults.join('\n')}\n${RULES}`).toBe('');
});

test.each(pages)('$path links to what is there', page => {
  const faults = linksOf(page).flatMap(link => {
    const fault = faultOf(page, link, pages);
    return fault === undefined ? [] : [`${page.path}:${link.line}: ${link.target}: ${fault}`];
  });
  expect(faults).toEqual([]);
});

test('docs/README.md leads to every page of docs', () => {
  const index = pages.find(({ path }) => path === 'docs/README.md');
  const led = new Set(linksOf(index ?? { text: '' }).map(({ target }) => `docs/${target}`));
  const all = pages.map(({ path }) => path).filter(path => path.startsWith('docs/') && path !== 'docs/README.md');
  expect(all.filter(path => !led.has(path))).toEqual([]);
});

describe('what is in backquotes', () => {
  const spans = ({ text }: Page) => [...prose(text).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  const known: ReadonlySet<string> = new Set(Object.values(OPTIONS).map(({ flag }) => flag));
  const annotations: ReadonlySet<string> = new Set(
    Object.values(names).filter(name => name.startsWith('imagestream-operator/')),
  );

  test.each(written)('$path names options that there are', page => {
    const flags = spans(page).flatMap(code => /^--([a-z][a-z-]*)/.exec(code)?.[1] ?? []);
    expect(flags.filter(flag => !known.has(flag))).toEqual([]);
  });

  test.each(written)('$path names annotations that there are', page => {
    const named = spans(page).filter(code => /^imagestream-operator\/[a-z-]+$/.test(code));
    expect(named.filter(name => !annotations.has(name))).toEqual([]);
  });
});

test.each(written)('$path names metrics that there are', page => {
  const known = new Set<string>(Object.values(METRICS).map(({ name }) => name));
  const named = page.text.match(/\bimagestream_operator_[a-z_]+/g) ?? [];
  expect(named.filter(name => !known.has(name.replace(/_(?:bucket|sum|count)$/, '')))).toEqual([]);
});

describe('what files hold', () => {
  const files = pages.flatMap(page =>
    page.blocks.filter(block => meaningOf(block).kind === 'file').map(block => ({ at: place(page, block), block })),
  );

  test.each(files)('$at is what the API server, or the operator, takes', ({ at, block }) => {
    expect(faultsOf(block, at)).toEqual([]);
  });
});

const SCHEMAS: Readonly<Record<string, Schema>> = {
  ImageStream: imageStreamSchema,
  ImageStreamImport: imageStreamImportSchema,
};

/** Of other people's kinds no more than that they can be read. */
function faultsOf({ text }: Block, at: string): readonly string[] {
  return parseAllDocuments(text).flatMap(document => {
    if (document.errors.length > 0) return document.errors.map(({ message }) => message);
    const value = document.toJS() ?? {};
    if (value.kind === 'Registries') return readRegistriesFile(String(document), at) === undefined ? ['unread'] : [];
    return value.kind === 'List' ? value.items.flatMap(objectFaults) : objectFaults(value);
  });
}

function objectFaults(object: { readonly apiVersion?: string; readonly kind?: string }): readonly string[] {
  const schema = object.apiVersion === names.API_VERSION ? SCHEMAS[object.kind ?? ''] : undefined;
  return schema === undefined ? [] : checkSchema(schema, object, '').map(formatFault);
}

describe('the rules', () => {
  const block = (text: string) => readPage('page.md', text).blocks[0] as Block;

  test.each([
    { name: 'a block that says nothing is a fault', text: '```\nls\n```', want: 'fault' },
    { name: 'so is another shell', text: '```bash\nls\n```', want: 'fault' },
    { name: 'so is another word after sh', text: '```sh custer\nls\n```', want: 'fault' },
    { name: 'so is a manual one without a reason', text: '```sh manual\nls\n```', want: 'fault' },
    { name: 'and one whose comment alone says so', text: '<!-- manual: no -->\n```sh\nls\n```', want: 'fault' },
    { name: 'a reason may be long', text: '<!-- manual: it\nneeds nodes -->\n\n```sh manual\nls\n```', want: 'manual' },
    { name: 'one in a list is found', text: '- so:\n\n  ```sh\n  ls\n  ```', want: 'commands' },
    { name: 'a file may have a name', text: '```yaml app.yaml\na: b\n```', want: 'file' },
  ])('$name', ({ text, want }) => {
    expect(meaningOf(block(text)).kind).toBe(want);
  });

  test('a comment belongs to the block that it stands right before', () => {
    const [, second] = readPage('page.md', '<!-- manual: why -->\n```sh manual\na\n```\nso\n```sh\nb\n```').blocks;
    expect(second?.notes).toEqual([]);
  });

  test.each([
    ['docs/operator.md', 'nothing.md', 'there is no such file'],
    ['docs/operator.md', '../../README.md', 'it leads out of the repository'],
    ['docs/operator.md', '#no-such', '"docs/operator.md" has no such heading'],
    ['docs/operator.md', '../Dockerfile#x', 'only pages have headings to lead to'],
    ['docs/operator.md', '#schedule', undefined],
    ['README.md', 'docs/operator.md#schedule', undefined],
  ])('in %s a link to %s: %s', (path, target, want) => {
    expect(faultOf({ path }, { line: 1, target }, pages)).toBe(want);
  });
});
