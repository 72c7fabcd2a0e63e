import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type FieldError, formatFieldError } from '../../../src/api/errors.ts';
import type { Image, ImageManifestEntry } from '../../../src/api/image.ts';
import type { SpecTag, TagEvent } from '../../../src/api/image-stream.ts';
import type { ImageImport } from '../../../src/api/image-stream-import.ts';
import { validateImage, validateImageStream, validateImageStreamImport } from '../../../src/imagestream/validation.ts';
import { imageStream, imageStreamImport, specTag } from '../../gen/objects.ts';

const texts = (errors: readonly FieldError[]) => errors.map(formatFieldError);
const nameRule = 'must match "[a-z0-9]+(?:[._-][a-z0-9]+)*"';
const modeRule = "invalid import mode, valid modes are '', 'Legacy', 'PreserveOriginal'";
const scheduledRule = 'only tags pointing to Docker repositories may be scheduled for background import';

describe('api-types 10.1, metadata of a stream', () => {
  const tooLong = "'namespace/name' cannot be longer than 255 characters";
  const longest = `x${'b'.repeat(191)}`;
  test.each<[namespace: string, name: string, want: readonly string[]]>([
    ['foo', '', ['metadata.name: Required value: name or generateName is required']],
    ['foo', 'foo/bar', [`metadata.name: Invalid value: "foo/bar": may not contain '/'`]],
    ['foo', 'foo%%bar', [`metadata.name: Invalid value: "foo%%bar": may not contain '%'`]],
    ['foo', 'foo bar', [`metadata.name: Invalid value: "foo bar": ${nameRule}`]],
    ['foo', 'foo\n', [`metadata.name: Invalid value: "foo\\n": ${nameRule}`]],
    ['foo', 'a__b', [`metadata.name: Invalid value: "a__b": ${nameRule}`]],
    ['foo', '.', [`metadata.name: Invalid value: ".": may not be '.'`]],
    ['foo', '..', [`metadata.name: Invalid value: "..": may not be '..'`]],
    ['abcdefghijklmnopqrstuvwxyz-1234567890', 'abcdefghijklmnopqrstuvwxyz-1234567890.dot_underscore-dash', []],
    ['a'.repeat(63), 'b'.repeat(191), []],
    ['a'.repeat(63), longest, [`metadata.name: Invalid value: "${longest}": ${tooLong}`]],
    ['f', 'g', []],
    ['', 'g', ['metadata.namespace: Required value']],
  ])('namespace %s, name %s', (namespace, name, want) => {
    expect(texts(validateImageStream(imageStream({ namespace, name })))).toEqual(want);
    const request = imageStreamImport({ namespace, name, images: ['redis'] });
    expect(texts(validateImageStreamImport(request))).toEqual(want);
  });

  test('a generateName is as good as a name', () => {
    expect(validateImageStream({ metadata: { generateName: 'app-', namespace: 'demo' } })).toEqual([]);
  });
});

describe('api-types 10.1, spec.dockerImageRepository', () => {
  const path = 'spec.dockerImageRepository: Invalid value:';
  test.each<[text: string, want: readonly string[]]>([
    ['', []],
    ['quay.io/acme/app', []],
    ['a-|///bbb', [`${path} "a-|///bbb": invalid reference format`]],
    ['a/b:tag', [`${path} "a/b:tag": the repository name may not contain a tag`]],
    ['a/b@sha256:something', [`${path} "a/b@sha256:something": invalid reference format`]],
    [
      `a/b:tag@sha256:${'a'.repeat(64)}`,
      [
        `${path} "a/b:tag@sha256:${'a'.repeat(64)}": the repository name may not contain a tag`,
        `${path} "a/b:tag@sha256:${'a'.repeat(64)}": the repository name may not contain an ID`,
      ],
    ],
  ])('%s', (text, want) => {
    expect(texts(validateImageStream(imageStream({ dockerImageRepository: text })))).toEqual(want);
  });
});

describe('api-types 10.1, spec tags', () => {
  const { referencePolicy: _, ...undefaulted } = specTag('tag', 'abc');
  const policyPath = 'spec.tags[tag].referencePolicy.type: Invalid value:';
  const mode = (importMode: string) => specTag('tag', 'abc', { importPolicy: { importMode: importMode as 'Legacy' } });
  const scheduled = { importPolicy: { scheduled: true } };

  test.each<[what: string, tag: SpecTag, want: readonly string[]]>([
    ['without from', specTag('tag'), []],
    ['without reference policy', undefaulted, [`${policyPath} "": valid values are "Source", "Local"`]],
    [
      'reference policy Other',
      specTag('tag', 'abc', { referencePolicy: { type: 'Other' as 'Local' } }),
      [`${policyPath} "Other": valid values are "Source", "Local"`],
    ],
    [
      'ImageStreamTag, scheduled',
      specTag('other', { kind: 'ImageStreamTag', name: 'other:latest' }, scheduled),
      [`spec.tags[other].importPolicy.scheduled: Invalid value: true: ${scheduledRule}`],
    ],
    [
      'ImageStreamImage, scheduled',
      specTag('otherimage', { kind: 'ImageStreamImage', name: 'other@latest' }, scheduled),
      [`spec.tags[otherimage].importPolicy.scheduled: Invalid value: true: ${scheduledRule}`],
    ],
    [
      'a bad digest, scheduled',
      specTag('badid', 'abc@badid', scheduled),
      ['spec.tags[badid].from.name: Invalid value: "abc@badid": invalid reference format'],
    ],
    ['a good digest, scheduled', specTag('ok', `abc@sha256:${'a'.repeat(64)}`, scheduled), []],
    [
      'import mode Invalid',
      mode('Invalid'),
      [`spec.tags[tag].importPolicy.importMode: Invalid value: "Invalid": ${modeRule}`],
    ],
    ['import mode PreserveOriginal', mode('PreserveOriginal'), []],
    ['import mode empty', mode(''), []],
    ['no source name', specTag('tag', { kind: 'DockerImage', name: '' }), ['spec.tags[tag].from.name: Required value']],
    [
      'an unknown kind',
      specTag('tag', { kind: 'Pod', name: 'a' }),
      [
        "spec.tags[tag].from.kind: Required value: valid values are 'DockerImage', 'ImageStreamImage', 'ImageStreamTag'",
      ],
    ],
    [
      'neither kind nor name',
      specTag('tag', {}),
      [
        'spec.tags[tag].from.name: Required value',
        "spec.tags[tag].from.kind: Required value: valid values are 'DockerImage', 'ImageStreamImage', 'ImageStreamTag'",
      ],
    ],
  ])('%s', (_what, tag, want) => {
    expect(texts(validateImageStream(imageStream({ tags: [tag] })))).toEqual(want);
  });

  test('faults come in the order of the tags', () => {
    const stream = imageStream({ tags: [specTag('b', 'x@bad'), specTag('a', 'y@bad')] });
    expect(validateImageStream(stream).map(({ path }) => path)).toEqual([
      'spec.tags[b].from.name',
      'spec.tags[a].from.name',
    ]);
  });
});

describe('api-types 10.1, history', () => {
  const event = (dockerImageReference: string): TagEvent => ({
    created: '2026-01-01T00:00:00Z',
    dockerImageReference,
    image: '',
    generation: 1,
  });

  test('items without reference', () => {
    const items = ['', 'foo/bar:latest', ''].map(event);
    expect(texts(validateImageStream(imageStream({ history: [{ tag: 'tag', items }] })))).toEqual([
      'status.tags[tag].items[0].dockerImageReference: Required value',
      'status.tags[tag].items[2].dockerImageReference: Required value',
    ]);
  });

  test('an unparsable one, and a tag with a condition only', () => {
    const history = [{ tag: 'a', items: [event('a//b')] }, { tag: 'b', items: null }, { tag: 'c' }];
    expect(texts(validateImageStream(imageStream({ history })))).toEqual([
      'status.tags[a].items[0].dockerImageReference: Invalid value: "a//b": invalid reference format',
    ]);
  });
});

describe('api-types 10.2, repository of an import', () => {
  const path = 'spec.repository.from.name: Invalid value:';
  test.each<[name: string, want: readonly string[]]>([
    ['redis', []],
    ['a-|///bbb', [`${path} "a-|///bbb": invalid reference format`]],
    ['a/b:tag', [`${path} "a/b:tag": you must specify an image repository, not a tag or ID`]],
    [
      `a/b@sha256:${'a'.repeat(64)}`,
      [`${path} "a/b@sha256:${'a'.repeat(64)}": you must specify an image repository, not a tag or ID`],
    ],
    ['a/b@sha256:something', [`${path} "a/b@sha256:something": invalid reference format`]],
    ['*', [`${path} "*": invalid reference format`]],
    ['', ['spec.repository.from.name: Required value: container image references require a name']],
  ])('%s', (repository, want) => {
    expect(texts(validateImageStreamImport(imageStreamImport({ repository })))).toEqual(want);
  });

  test('import mode Invalid', () => {
    const importPolicy = { importMode: 'Invalid' as 'Legacy' };
    const repository = { from: { kind: 'DockerImage', name: 'abc' }, importPolicy };
    expect(texts(validateImageStreamImport(imageStreamImport({ repository })))).toEqual([
      `spec.repository.importPolicy.importMode: Invalid value: "Invalid": ${modeRule}`,
    ]);
  });

  test('another kind', () => {
    const repository = { from: { kind: 'ImageStreamTag', name: '' } };
    expect(texts(validateImageStreamImport(imageStreamImport({ repository })))).toEqual([
      'spec.repository.from.kind: Invalid value: "ImageStreamTag": only DockerImage is supported',
    ]);
  });
});

describe('api-types 10.2, images of an import', () => {
  const docker = (name: string, more: Partial<ImageImport> = {}): ImageImport => ({
    from: { kind: 'DockerImage', name },
    ...more,
  });
  const scheduled = { importPolicy: { scheduled: true } };
  const badMode = { importPolicy: { importMode: 'Invalid' as 'Legacy' } };

  test('good, bad digest, two wrong kinds', () => {
    const images = [
      docker('abc', scheduled),
      docker('abc@badid', scheduled),
      { from: { kind: 'ImageStreamTag', name: '' }, to: { name: '' } },
      { from: { kind: 'ImageStreamImage', name: 'other@latest' }, ...scheduled },
    ];
    expect(texts(validateImageStreamImport(imageStreamImport({ images })))).toEqual([
      'spec.images[1].from.name: Invalid value: "abc@badid": invalid reference format',
      'spec.images[2].from.kind: Invalid value: "ImageStreamTag": only DockerImage is supported',
      'spec.images[3].from.kind: Invalid value: "ImageStreamImage": only DockerImage is supported',
    ]);
  });

  test.each<[what: string, image: ImageImport, want: readonly string[]]>([
    [
      'import mode Invalid',
      docker('abc', badMode),
      [`spec.images[0].importPolicy.importMode: Invalid value: "Invalid": ${modeRule}`],
    ],
    ['*', docker('*'), []],
    ['* with import mode Invalid', docker('*', badMode), []],
    [
      '* with an empty target',
      docker('*', { to: { name: '' } }),
      ['spec.images[0].to.name: Invalid value: "": the name of the target tag must be specified'],
    ],
    ['no name', docker(''), ['spec.images[0].from.name: Required value']],
    [
      'a target without name',
      docker('abc', { to: {} }),
      ['spec.images[0].to.name: Invalid value: "": the name of the target tag must be specified'],
    ],
    [
      'another kind, whose name and target are not looked at, with import mode Invalid',
      { from: { kind: 'ImageStreamTag', name: 'A B' }, to: { name: '' }, ...badMode },
      [
        'spec.images[0].from.kind: Invalid value: "ImageStreamTag": only DockerImage is supported',
        `spec.images[0].importPolicy.importMode: Invalid value: "Invalid": ${modeRule}`,
      ],
    ],
    [
      'no kind',
      { from: { name: 'abc' } },
      ['spec.images[0].from.kind: Invalid value: "": only DockerImage is supported'],
    ],
  ])('%s', (_what, image, want) => {
    expect(texts(validateImageStreamImport(imageStreamImport({ images: [image] })))).toEqual(want);
  });

  test.each([{}, { images: [] }])('nothing to import: %j', parts => {
    expect(texts(validateImageStreamImport(imageStreamImport(parts)))).toEqual([
      'spec.images: Invalid value: null: you must specify at least one image or a repository import',
    ]);
  });

  test('never throws, whatever the names', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 4 }), fc.string(), (images, repository) => {
        const request = imageStreamImport({ images, repository });
        for (const text of texts(validateImageStreamImport(request))) expect(text).toMatch(/^spec\./);
      }),
    );
  });
});

describe('api-types 10.4, lists of manifests', () => {
  const good: ImageManifestEntry = {
    digest: `sha256:${'a'.repeat(64)}`,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    manifestSize: 10,
    architecture: 'amd64',
    os: 'linux',
  };
  const image = (entry: Partial<ImageManifestEntry>, more: Partial<Image> = {}): Image => ({
    metadata: { name: good.digest },
    dockerImageReference: `quay.io/acme/app@${good.digest}`,
    dockerImageManifests: [{ ...good, ...entry }],
    ...more,
  });
  const at = 'dockerImageManifests[0]';
  const badDigest = 'digest does not conform with OCI image specification';

  test.each<[what: string, image: Image, want: readonly string[]]>([
    ['a valid entry', image({}), []],
    ['digest invalid', image({ digest: 'invalid' }), [`${at}.digest: Invalid value: "invalid": ${badDigest}`]],
    ['a digest somewhere in the text', image({ digest: `!x+y9:${'a'.repeat(32)}!` }), []],
    [
      'an algorithm that begins with no letter',
      image({ digest: `9:${'a'.repeat(32)}` }),
      [`${at}.digest: Invalid value: "9:${'a'.repeat(32)}": ${badDigest}`],
    ],
    [
      'mediaType bogus',
      image({ mediaType: 'bogus' }),
      [`${at}.mediaType: Invalid value: "bogus": media type does not conform to RFC6838`],
    ],
    [
      'no architecture, no os',
      image({ architecture: '', os: '' }),
      [`${at}.architecture: Required value`, `${at}.os: Required value`],
    ],
    ['size -1', image({ manifestSize: -1 }), [`${at}.size: Invalid value: -1: manifest size cannot be negative`]],
    [
      'manifests and a layer',
      image({}, { dockerImageLayers: [{ name: 'sha256:b', size: 1, mediaType: 'a/b' }] }),
      [
        'dockerImageLayers: Invalid value: [{"name":"sha256:b","size":1,"mediaType":"a/b"}]: dockerImageLayers should not be set when dockerImageManifests is set',
      ],
    ],
    ['manifests and no layers', image({}, { dockerImageLayers: [] }), []],
    ['no reference', image({}, { dockerImageReference: '' }), ['dockerImageReference: Required value']],
    [
      'an unparsable reference',
      image({}, { dockerImageReference: 'a//b' }),
      ['dockerImageReference: Invalid value: "a//b": invalid reference format'],
    ],
    [
      'a name with a slash',
      image({}, { metadata: { name: 'a/b' } }),
      [`metadata.name: Invalid value: "a/b": may not contain '/'`],
    ],
  ])('%s', (_what, value, want) => {
    expect(texts(validateImage(value))).toEqual(want);
  });

  test('the digest rule says what OpenShift says', () => {
    const theirs = /[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}/;
    const part = fc.string({ unit: fc.constantFrom('a', '1', '-', '+', ':'), maxLength: 8 });
    const hex = fc.constantFrom(31, 32, 33).map(length => 'f'.repeat(length));
    fc.assert(
      fc.property(part, hex, part, (before, digits, after) => {
        const digest = `${before}:${digits}${after}`;
        expect(validateImage(image({ digest })).length === 0).toBe(theirs.test(digest));
      }),
      { numRuns: 1_000 },
    );
  });
});
