import { describe, expect, test } from '@jest/globals';
import { withImportDefaults, withStreamDefaults } from '../../../src/imagestream/defaults.ts';
import { validateImageStream } from '../../../src/imagestream/validation.ts';
import { imageStream, imageStreamImport } from '../../gen/objects.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('api-types 10.3, defaulting of `to`', () => {
  test.each<[name: string, to: string | undefined]>([
    ['redis', undefined],
    ['redis:6', '6'],
    [`quay.io/org/app@${digest}`, undefined],
    [`quay.io/org/app:v1@${digest}`, 'v1'],
    ['abc@badid', undefined],
    // A bare registry by OpenShift's rules: there is no tag in it.
    ['foo.bar:tag', undefined],
    ['*', undefined],
    ['', undefined],
  ])('%s -> %s', (name, to) => {
    const [image] = withImportDefaults(imageStreamImport({ images: [name] })).spec.images ?? [];
    expect(image?.to).toEqual(to === undefined ? undefined : { name: to });
  });

  test('a given `to` stays, an empty one too: validation speaks of it', () => {
    const from = { kind: 'DockerImage', name: 'redis:6' };
    const images = [
      { from, to: { name: 'stable' } },
      { from, to: { name: '' } },
    ];
    const defaulted = withImportDefaults(imageStreamImport({ images }));
    expect(defaulted.spec.images?.map(({ to }) => to)).toEqual([{ name: 'stable' }, { name: '' }]);
  });
});

describe('withImportDefaults()', () => {
  test('fills in import mode and reference policy, and leaves the rest', () => {
    const from = { kind: 'DockerImage', name: 'redis' };
    const request = imageStreamImport({
      images: [{ from, importPolicy: { insecure: true }, referencePolicy: { type: '' } }],
      repository: { from, importPolicy: { importMode: 'PreserveOriginal' }, referencePolicy: { type: 'Local' } },
    });
    expect(withImportDefaults(request)).toEqual({
      ...request,
      spec: {
        import: false,
        images: [{ from, importPolicy: { insecure: true, importMode: 'Legacy' }, referencePolicy: { type: 'Source' } }],
        repository: {
          from,
          importPolicy: { importMode: 'PreserveOriginal' },
          referencePolicy: { type: 'Local' },
        },
      },
    });
  });
});

describe('withStreamDefaults()', () => {
  test('fills in what the spec leaves open and keeps the order of its tags', () => {
    const bare = { metadata: { name: 'app', namespace: 'demo' }, spec: { tags: [{ name: 'b' }, { name: 'a' }] } };
    const defaulted = withStreamDefaults(bare);
    const policies = { importPolicy: { importMode: 'Legacy' }, referencePolicy: { type: 'Source' } };
    expect(defaulted.spec).toEqual({
      lookupPolicy: { local: false },
      tags: [
        { name: 'b', ...policies },
        { name: 'a', ...policies },
      ],
    });
    expect(validateImageStream(defaulted)).toEqual([]);
  });

  test('once is enough', () => {
    const once = withStreamDefaults(imageStream({ tags: [{ name: 'a', importPolicy: { importMode: '' } }] }));
    expect(withStreamDefaults(once)).toEqual(once);
    expect(once.spec?.tags?.[0]?.importPolicy?.importMode).toBe('Legacy');
  });

  test('a stream without spec gets one', () => {
    expect(withStreamDefaults({ metadata: { name: 'a' } }).spec).toEqual({ lookupPolicy: { local: false } });
  });
});
