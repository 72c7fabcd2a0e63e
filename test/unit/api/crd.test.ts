import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { generatedFiles, staleFiles } from '../../../hack/generate.ts';
import { type CustomResourceDefinition, imageCrd, imageStreamCrd, imageStreamImportCrd } from '../../../src/api/crd.ts';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import { imageStreamSchema } from '../../../src/api/image-stream.ts';
import { type ImageStreamImport, imageStreamImportSchema } from '../../../src/api/image-stream-import.ts';
import type { Schema } from '../../../src/api/schema.ts';
import { checkSchema } from '../../../src/api/validate.ts';
import { withImportDefaults, withStreamDefaults } from '../../../src/imagestream/defaults.ts';
import { validateImageStream, validateImageStreamImport } from '../../../src/imagestream/validation.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const crds: readonly [name: string, crd: CustomResourceDefinition][] = [
  ['imagestreams', imageStreamCrd],
  ['imagestreamimports', imageStreamImportCrd],
  ['images', imageCrd],
];

const schemaOf = (crd: CustomResourceDefinition): Schema =>
  crd.spec.versions[0]?.schema.openAPIV3Schema ?? { type: 'object' };

describe('generated files', () => {
  test('are what their source says (else run `make generate`)', () => {
    expect(staleFiles(root)).toEqual([]);
  });

  test('staleFiles() finds a file that differs and one that is missing', () => {
    const files = [
      { path: 'crds/images.yaml', text: () => 'something else' },
      { path: 'crds/no-such-file.yaml', text: () => '' },
    ];
    expect(staleFiles(root, files)).toEqual(['crds/images.yaml', 'crds/no-such-file.yaml']);
  });

  test.each(generatedFiles.filter(({ path }) => !path.endsWith('.json')))('$path says who made it', ({ text }) => {
    expect(text()).toMatch(/`make generate`: do not edit\./);
  });

  test.each(generatedFiles.filter(({ path }) => path.endsWith('.yaml')))('$path has no anchors', ({ text }) => {
    expect(text()).not.toMatch(/: [&*]a\d/);
  });

  test.each(crds)('crds/%s.yaml reads back as the object', (name, crd) => {
    expect(parse(readFileSync(join(root, `crds/${name}.yaml`), 'utf8'), { version: '1.1' })).toEqual(crd);
  });
});

describe('CRDs', () => {
  test('D1 names, scopes, versions, subresources', () => {
    const facts = crds.map(([, { metadata, spec }]) => ({
      name: metadata.name,
      scope: spec.scope,
      short: spec.names.shortNames ?? [],
      versions: spec.versions.map(({ name }) => name),
      status: spec.versions.map(({ subresources }) => subresources !== undefined),
    }));
    expect(facts).toEqual([
      { name: 'imagestreams.image.openshift.io', scope: 'Namespaced', short: ['is'], versions: ['v1'], status: [true] },
      {
        name: 'imagestreamimports.image.openshift.io',
        scope: 'Namespaced',
        short: ['isi'],
        versions: ['v1'],
        status: [false],
      },
      { name: 'images.image.openshift.io', scope: 'Cluster', short: [], versions: ['v1alpha1'], status: [false] },
    ]);
  });

  test('D2 the spec of an import cannot be changed', () => {
    const rules = schemaOf(imageStreamImportCrd).properties?.['spec']?.['x-kubernetes-validations'] ?? [];
    expect(rules.map(({ rule }) => rule)).toContain('self == oldSelf');
  });

  test.each(crds)('%s: metadata is left to the API server', (_name, crd) => {
    expect(schemaOf(crd).properties?.['metadata']).toEqual({ type: 'object' });
  });

  test.each(crds)('%s: every field says what it is', (_name, crd) => {
    const silent = nodes(schemaOf(crd)).filter(({ schema }) => (schema.description ?? '') === '');
    expect(silent.map(({ path }) => path)).toEqual(['.metadata']);
  });

  test.each(crds)('%s: the schema is structural', (_name, crd) => {
    for (const { path, schema } of nodes(schemaOf(crd))) {
      const { properties, additionalProperties, items, required = [], nullable } = schema;
      const at = { path, schema };
      if (schema.type === 'array') expect({ ...at, items }).toMatchObject({ items: expect.anything() });
      if (properties) expect({ ...at, additionalProperties }).toMatchObject({ additionalProperties: undefined });
      if (nullable) expect({ ...at, default: schema.default }).toMatchObject({ default: undefined });
      for (const name of required) expect(Object.keys(properties ?? {})).toContain(name);
      // Keys of a list-map: always there, never null.
      for (const key of schema['x-kubernetes-list-map-keys'] ?? []) {
        expect(items?.required).toContain(key);
        expect(items?.properties?.[key]).toMatchObject({ type: 'string' });
        expect(items?.properties?.[key]?.nullable).toBeUndefined();
      }
      // An object that declares nothing would be stored as `{}` (D2).
      const declares = properties ?? additionalProperties ?? schema['x-kubernetes-preserve-unknown-fields'];
      if (schema.type === 'object' && path !== '.metadata')
        expect({ path, declares }).not.toEqual({ path, declares: undefined });
    }
  });

  test.each(crds)('%s: lists on the way to a CEL rule are bounded', (_name, crd) => {
    const all = nodes(schemaOf(crd));
    for (const { path } of all.filter(({ schema }) => schema['x-kubernetes-validations'])) {
      const above = all.filter(({ path: other, schema }) => schema.type === 'array' && path.startsWith(`${other}[]`));
      expect(above.filter(({ schema }) => schema.maxItems === undefined).map(node => node.path)).toEqual([]);
    }
  });
});

describe('examples', () => {
  const read = (name: string) => parse(readFileSync(join(root, 'crds/examples', name), 'utf8'), { version: '1.1' });

  test('stream.yaml is a valid stream', () => {
    const stream = read('stream.yaml') as ImageStream;
    expect(stream).toMatchObject({ apiVersion: 'image.openshift.io/v1', kind: 'ImageStream' });
    expect(checkSchema(imageStreamSchema, stream, '')).toEqual([]);
    expect(validateImageStream(withStreamDefaults(stream))).toEqual([]);
    expect(stream.spec?.tags?.map(({ name }) => name)).toEqual(['latest', '1.0', '1.1', 'all-platforms']);
  });

  test.each(['isi.yaml', 'isi-repository.yaml'])('%s is a valid import request', name => {
    const request = read(name) as ImageStreamImport;
    expect(request).toMatchObject({ apiVersion: 'image.openshift.io/v1', kind: 'ImageStreamImport' });
    expect(request.metadata.name).toBeDefined();
    expect(checkSchema(imageStreamImportSchema, request, '')).toEqual([]);
    expect(validateImageStreamImport(withImportDefaults(request))).toEqual([]);
  });
});

interface SchemaNode {
  readonly path: string;
  readonly schema: Schema;
}

function nodes(schema: Schema, path = ''): SchemaNode[] {
  return [
    { path, schema },
    ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => nodes(inner, `${path}.${name}`)),
    ...(schema.items ? nodes(schema.items, `${path}[]`) : []),
    ...(schema.additionalProperties ? nodes(schema.additionalProperties, `${path}{}`) : []),
  ];
}
