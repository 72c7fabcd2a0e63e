import { describe, expect, test } from '@jest/globals';
import type { Source, SpecTag } from '../../../src/api/image-stream.ts';
import {
  isImportable,
  isReferenceOnly,
  isUnsupported,
  judge,
  LINUX_AMD64,
  onlyPlatformDiffers,
  sameRequest,
  sameSource,
  sourceAsked,
  withDigest,
  withoutDigest,
} from '../../../src/imagestream/source.ts';
import { digestOf } from '../../gen/history.ts';
import { specTag } from '../../gen/objects.ts';

const ARCH = 'importer.image.openshift.io/prefer-arch';
const OS = 'importer.image.openshift.io/prefer-os';
const from = 'quay.io/acme/app:1';

describe('what kind of tag it is (controllers 1.2)', () => {
  const rows: readonly (readonly [string, SpecTag, boolean, boolean, boolean])[] = [
    ['DockerImage', specTag('t', from), true, false, false],
    ['DockerImage, reference=true', specTag('t', from, { reference: true }), false, true, false],
    ['without from', specTag('t'), false, false, false],
    ['empty from', { name: 't', from: {} }, false, false, false],
    ['ImageStreamTag', specTag('t', { kind: 'ImageStreamTag', name: 'x' }), false, false, true],
    ['ImageStreamImage', specTag('t', { kind: 'ImageStreamImage', name: 'x' }), false, false, true],
    ['AnotherImage, reference=true', specTag('t', { kind: 'AnotherImage' }, { reference: true }), false, false, true],
    ['no kind', specTag('t', { name: 'x' }), false, false, true],
  ];

  test.each(rows)('%s', (_name, tag, importable, referenceOnly, unsupported) => {
    expect([isImportable(tag), isReferenceOnly(tag), isUnsupported(tag)]).toEqual([
      importable,
      referenceOnly,
      unsupported,
    ]);
  });
});

describe('sourceAsked() (design D4, R7.4)', () => {
  const rows: readonly (readonly [string, Partial<SpecTag>, Source])[] = [
    ['leaves out defaults and keeps a null generation', {}, { from, specGeneration: null }],
    ['leaves out mode ""', { importPolicy: { importMode: '' } }, { from, specGeneration: null }],
    [
      'names PreserveOriginal and insecure',
      { importPolicy: { importMode: 'PreserveOriginal', insecure: true } },
      { from, importMode: 'PreserveOriginal', insecure: true, specGeneration: null },
    ],
    ['leaves out scheduled', { importPolicy: { scheduled: true } }, { from, specGeneration: null }],
    [
      'names the preferred architecture',
      { annotations: { [ARCH]: 'arm64' } },
      { from, platform: 'linux/arm64', specGeneration: null },
    ],
    [
      'names the preferred os',
      { annotations: { [OS]: 'windows' } },
      { from, platform: 'windows/amd64', specGeneration: null },
    ],
    ['takes the generation as it stands', { generation: 0 }, { from, specGeneration: 0 }],
  ];

  test.each(rows)('%s', (_name, more, want) => {
    expect(sourceAsked(specTag('t', from, more), LINUX_AMD64)).toEqual(want);
  });

  test('has no generation where the spec has none', () => {
    expect(sourceAsked({ name: 't', from: { kind: 'DockerImage', name: from } }, LINUX_AMD64)).toEqual({ from });
  });

  test('names the option where the tag prefers nothing', () => {
    const option = { os: 'linux', architecture: 's390x' };
    expect(sourceAsked(specTag('t', from), option).platform).toBe('linux/s390x');
    expect(sourceAsked(specTag('t', from, { annotations: { [ARCH]: 'amd64' } }), option).platform).toBeUndefined();
  });

  test('digests ignore preferences (import-semantics 11.4)', () => {
    const tag = specTag('t', `quay.io/acme/app@${digestOf('1')}`, { annotations: { [ARCH]: 'arm64' } });
    expect(sourceAsked(tag, LINUX_AMD64).platform).toBeUndefined();
  });
});

describe('sameRequest() (design D5)', () => {
  const base: Source = { from, specGeneration: 2, digest: digestOf('1') };
  const rows: readonly (readonly [string, Source, boolean])[] = [
    ['from', { ...base, from: 'quay.io/acme/app:2' }, false],
    ['importMode', { ...base, importMode: 'PreserveOriginal' }, false],
    ['insecure', { ...base, insecure: true }, false],
    ['platform', { ...base, platform: 'linux/arm64' }, false],
    ['specGeneration', { ...base, specGeneration: 0 }, false],
    ['specGeneration to null', { ...base, specGeneration: null }, false],
    ['digest', { ...base, digest: digestOf('2') }, true],
    ['acceptVersion', { ...base, acceptVersion: 2 }, true],
    ['defaults written out', { ...base, importMode: 'Legacy', insecure: false, platform: 'linux/amd64' }, true],
    ['mode ""', { ...base, importMode: '' }, true],
  ];

  test.each(rows)('another %s: %p', (_name, other, same) => {
    expect(sameRequest(base, other)).toBe(same);
    expect(sameRequest(other, base)).toBe(same);
  });

  test('a null generation and none are one', () => {
    expect(sameRequest({ from }, { from, specGeneration: null })).toBe(true);
  });

  test('onlyPlatformDiffers() is about the platform alone', () => {
    expect(onlyPlatformDiffers(base, { ...base, platform: 'linux/arm64' })).toBe(true);
    expect(onlyPlatformDiffers(base, base)).toBe(false);
    expect(onlyPlatformDiffers(base, { ...base, platform: 'linux/arm64', from: 'x' })).toBe(false);
  });
});

describe('judge() (design D20)', () => {
  const recorded: Source = { from, specGeneration: null, digest: digestOf('1') };
  const rows: readonly (readonly [string, Source, Source | undefined, string])[] = [
    ['everything equal', recorded, recorded, 'unchanged'],
    ['another digest', { ...recorded, digest: digestOf('2') }, recorded, 'changed'],
    ['nothing recorded', recorded, undefined, 'changed'],
    ['no digest recorded', recorded, withoutDigest(recorded), 'changed'],
    ['only from differs', { ...recorded, from: 'mirror.io/acme/app:1' }, recorded, 'mirrored'],
    ['from and digest differ', { ...recorded, from: 'mirror.io/a:1', digest: digestOf('2') }, recorded, 'changed'],
    [
      'from and mode differ',
      { ...recorded, from: 'mirror.io/a:1', importMode: 'PreserveOriginal' },
      recorded,
      'changed',
    ],
    [
      'R1.2 from and Accept version differ',
      { ...recorded, from: 'mirror.io/acme/app:1', acceptVersion: 2 },
      recorded,
      'changed',
    ],
    ['another generation asks', { ...recorded, specGeneration: 0 }, recorded, 'changed'],
    ['R1.2 another Accept version', { ...recorded, acceptVersion: 2, digest: digestOf('2') }, recorded, 'rebaseline'],
  ];

  test.each(rows)('%s: %p', (_name, seen, before, verdict) => {
    expect(judge(seen, before)).toBe(verdict);
  });
});

test('withDigest() leaves out Accept version 1, and withoutDigest() is what was asked', () => {
  const asked: Source = { from, specGeneration: null };
  expect(withDigest(asked, digestOf('1'), 1)).toEqual({ ...asked, digest: digestOf('1') });
  expect(withDigest(asked, digestOf('1'), 2)).toEqual({ ...asked, acceptVersion: 2, digest: digestOf('1') });
  expect(withoutDigest(withDigest(asked, digestOf('1'), 2))).toEqual(asked);
});

test('sameSource() counts digest and Accept version', () => {
  const source: Source = { from, digest: digestOf('1') };
  expect(sameSource(source, { ...source, acceptVersion: 1 })).toBe(true);
  expect(sameSource(source, { ...source, acceptVersion: 2 })).toBe(false);
  expect(sameSource(source, { ...source, digest: digestOf('2') })).toBe(false);
});
