import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { crdTemplate } from '../../../hack/chart/crd-template.ts';
import { CHART } from '../../../hack/chart/files.ts';
import { optionValues, valueName } from '../../../hack/chart/option-values.ts';
import { valuesMarkdown, valuesYaml } from '../../../hack/chart/print.ts';
import { closedSchema, valuesSchema } from '../../../hack/chart/schema.ts';
import { isGroup, texts, type ValueSchema, type ValueTable } from '../../../hack/chart/value.ts';
import { VALUES } from '../../../hack/chart/values.ts';
import { imageCrd } from '../../../src/api/crd.ts';
import { rowsOf } from '../../../src/config/options.ts';

const templates = join(import.meta.dirname, '../../..', CHART, 'templates');
const templateText = readdirSync(templates, { encoding: 'utf8' })
  .map(name => (name === 'crds' ? 'crds/images.yaml' : name))
  .map(name => readFileSync(join(templates, name), 'utf8'))
  .join('\n');

/** `image.tag`, for every value of the table. */
function pathsOf(table: ValueTable, before: readonly string[] = []): (readonly string[])[] {
  return Object.entries(table).flatMap(([name, entry]) =>
    isGroup(entry) ? pathsOf(entry.values, [...before, name]) : [[...before, name]],
  );
}

/** Objects that admit any keys, less those of labels and the like, which say of what type. */
function* openObjects(schema: ValueSchema, path: string): Iterable<string> {
  const { type, properties = {}, items, additionalProperties } = schema;
  if (type === 'object' && additionalProperties === undefined) yield path;
  for (const [name, child] of Object.entries(properties))
    yield* openObjects(child, path === '' ? name : `${path}.${name}`);
  if (items !== undefined) yield* openObjects(items, `${path}[]`);
}

describe('VALUES', () => {
  test('are all read by a template', () => {
    // Options are read in one go.
    const paths = pathsOf(VALUES).filter(([first]) => first !== 'options');
    expect(paths.filter(path => path.some(name => !new RegExp(`\\.${name}\\b`).test(templateText)))).toEqual([]);
  });

  test('admit nothing unknown, but deep in what the API server judges', () => {
    const open = [...openObjects(valuesSchema(VALUES), '')].map(path => path.replace(/[.[].*/, ''));
    expect([...new Set(open)].sort()).toEqual([
      'affinity',
      'extraEnv',
      'extraEnvFrom',
      'extraVolumes',
      'global',
      'networkPolicy',
      'podSecurityContext',
      'resources',
      'securityContext',
      'topologySpreadConstraints',
    ]);
  });
});

describe('optionValues()', () => {
  test('are the options of the operator that say how it works, each under a name that leads back to its flag', () => {
    const kebab = (name: string) => name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
    const here = Object.keys(optionValues()).map(kebab);
    const elsewhere = rowsOf('operator')
      .map(([, row]) => row.flag)
      .filter(name => !here.includes(name));
    expect(elsewhere.sort()).toEqual([
      'default-pull-secret',
      'health-address',
      'help',
      'kubeconfig',
      'metrics-address',
      'namespace',
      'registries-file',
      'version',
      'watch-namespaces',
    ]);
    expect(valueName('max-images-per-repository')).toBe('maxImagesPerRepository');
  });

  test.each([
    ['defaultInterval', { default: '15m', schema: { type: 'string', pattern: '^(([0-9]+(h|ms|m|s))+)?$' } }],
    ['isiTtl', { default: '10m', schema: { type: 'string', pattern: '^(0|([0-9]+(h|ms|m|s))+)?$' } }],
    ['leaderElect', { default: true, schema: { type: 'boolean' } }],
    ['historyLimit', { default: 20, schema: { type: 'integer', minimum: 1 } }],
    ['images', { default: 'on', schema: { enum: ['on', true, 'off', false] } }],
    ['tenantInsecure', { default: '', schema: { enum: ['allow', 'listedHosts', 'deny', ''] } }],
  ])('%s is as the table of options has it', (name, want) => {
    expect(optionValues()[name]).toMatchObject(want);
  });
});

describe('what is made of the values', () => {
  const table: ValueTable = {
    image: {
      about: 'The image.',
      values: { tag: { about: 'Its tag | name.', default: '', schema: { type: 'string' } } },
    },
    labels: texts('Labels.', { 'a.b/c': 'on' }),
  };

  test('valuesYaml() has every default, and above it what it is for', () => {
    const text = valuesYaml(table, 'Made.');
    expect(text).toBe(
      '# Made.\n\n# The image.\nimage:\n  # Its tag | name.\n  tag: ""\n\n# Labels.\nlabels:\n  a.b/c: "on"\n',
    );
    expect(parse(text, { version: '1.1' })).toEqual({ image: { tag: '' }, labels: { 'a.b/c': 'on' } });
  });

  test('valuesMarkdown() has a row for each', () => {
    expect(valuesMarkdown(table).split('\n').slice(2)).toEqual([
      '| `image.tag` |  | Its tag \\| name. |',
      '| `labels` | `{"a.b/c":"on"}` | Labels. |',
    ]);
  });

  test('closedSchema() leaves out what it is told, and closes every level', () => {
    const schema = closedSchema(
      {
        type: 'object',
        properties: {
          kind: { type: 'string' },
          hosts: {
            type: 'array',
            items: { type: 'object', properties: { host: { type: 'string' } }, required: ['host'] },
          },
        },
        required: ['kind'],
      },
      ['kind'],
    );
    expect(schema).toEqual({
      type: 'object',
      properties: {
        hosts: {
          type: 'array',
          items: {
            type: 'object',
            properties: { host: { type: 'string' } },
            additionalProperties: false,
            required: ['host'],
          },
        },
      },
      additionalProperties: false,
    });
  });

  test('crdTemplate() refuses a text that Helm would read as its own', () => {
    expect(crdTemplate(imageCrd, '# Made.\n')).toContain('\n  name: images.image.openshift.io\n  labels:\n');
    const crd = { ...imageCrd, metadata: { name: 'x' }, spec: { ...imageCrd.spec, group: '{{ a }}' } };
    expect(() => crdTemplate(crd, '')).toThrow('x holds "{{"');
  });
});
