import { describe, expect, test } from '@jest/globals';
import type { Schema } from '../../../src/api/schema.ts';
import { referencePages, registriesJsonSchema, registriesMarkdown } from '../../../src/config/reference-pages.ts';

const schema = JSON.parse(registriesJsonSchema()) as Schema & { readonly additionalProperties: unknown };

test('referencePages() are the options, the registries file and its JSON Schema', () => {
  expect(referencePages().map(({ path }) => path)).toEqual([
    'docs/reference/options.md',
    'docs/reference/registries.md',
    'docs/reference/registries.schema.json',
  ]);
});

describe('registriesJsonSchema()', () => {
  test('refuses unknown keys at every level', () => {
    expect(schema.additionalProperties).toBe(false);
    expect(schema.properties?.['registries']?.items?.additionalProperties).toBe(false);
  });

  test('asks for apiVersion and kind', () => {
    expect(schema.required).toEqual(['apiVersion', 'kind']);
  });
});

test.each(['registries[].rate.perSecond', 'registries[].mirrors[].resolveTags', 'allowed[].domainName', 'proxyTrust'])(
  'registriesMarkdown() has a row for %s',
  path => {
    expect(registriesMarkdown()).toContain(`\n| \`${path}\` |`);
  },
);
