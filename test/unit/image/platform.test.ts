import { describe, expect, test } from '@jest/globals';
import type { IndexEntry } from '../../../src/image/manifest.ts';
import { choosePlatform, parsePlatform } from '../../../src/image/platform.ts';

/** An entry whose media type is its name: `entry('A linux/arm64/v8')`; no platform: `entry('A')`. */
function entry(text: string): IndexEntry {
  const [mediaType = '', platform] = text.split(' ');
  const [os = '', architecture = '', variant = ''] = platform?.split('/') ?? [];
  const descriptor = { mediaType, digest: 'sha256:00', size: 1 };
  return platform === undefined ? descriptor : { ...descriptor, platform: { os, architecture, variant } };
}

describe('import-semantics 5.2, choosePlatform()', () => {
  const both = ['A linux/amd64', 'B linux/arm64/v8'];
  test.each([
    ['the wanted one', both, 'linux/amd64', 'A'],
    ['another wanted one, whatever its variant', both, 'linux/arm64', 'B'],
    ['linux/amd64 when the wanted is not there', ['B linux/arm64', 'A linux/amd64'], 'linux/s390x', 'A'],
    ['linux/amd64 when the os is not there', both, 'windows/amd64', 'A'],
    ['the first when neither is there', ['S linux/s390x', 'P linux/ppc64le'], 'linux/amd64', 'S'],
    ['the first of several that fit', ['V linux/arm/v7', 'W linux/arm/v6'], 'linux/arm', 'V'],
    ['by exact comparison', ['U Linux/AMD64', 'A linux/amd64'], 'Linux/amd64', 'A'],
    ['past entries without platform', ['N', 'A linux/amd64'], 'linux/amd64', 'A'],
    ['the first, without platform, when nothing fits', ['N', 'S linux/s390x'], 'linux/amd64', 'N'],
    ['nothing of an empty list', [], 'linux/amd64', undefined],
  ])('%s', (_, entries, wanted, want) => {
    expect(choosePlatform(entries.map(entry), parsePlatform(wanted))?.mediaType).toBe(want);
  });
});

test.each([
  ['linux/amd64', { os: 'linux', architecture: 'amd64' }],
  ['windows/arm64', { os: 'windows', architecture: 'arm64' }],
])('parsePlatform(): %s', (text, platform) => {
  expect(parsePlatform(text)).toEqual(platform);
});

test.each(['', 'linux', 'linux/', '/amd64', 'linux/arm64/v8', 'linux amd64', 'linux/amd64 '])(
  'parsePlatform() refuses %j',
  text => {
    expect(() => parsePlatform(text)).toThrow(`Cannot read platform "${text}": expected <os>/<architecture>`);
  },
);
