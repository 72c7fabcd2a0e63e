import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { type Content, sampleImage } from '../../../src/standalone/sample-image.ts';

const sha256 = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const parsed = ({ bytes }: Content) => JSON.parse(Buffer.from(bytes).toString());
const image = sampleImage('1.2', Date.UTC(2026, 0, 2, 3, 4, 5));
const all = [image.index, ...image.manifests, ...image.blobs];

describe('sampleImage()', () => {
  test('has everything under its own digest', () => {
    expect(all.map(({ digest }) => digest)).toEqual(all.map(({ bytes }) => sha256(bytes)));
  });

  test('is for two platforms', () => {
    const platforms = parsed(image.index).manifests.map(({ platform }: { platform: object }) => platform);
    expect(platforms).toEqual([
      { architecture: 'amd64', os: 'linux' },
      { architecture: 'arm64', os: 'linux' },
    ]);
  });

  test('names nothing that it does not hold, with its right type and size', () => {
    const named = [
      ...parsed(image.index).manifests,
      ...image.manifests.flatMap(manifest => [parsed(manifest).config, ...parsed(manifest).layers]),
    ];
    for (const { digest, size, mediaType } of named) {
      expect(all.find(content => content.digest === digest)).toMatchObject({ mediaType });
      expect(all.find(content => content.digest === digest)?.bytes).toHaveLength(size);
    }
    expect(named).toHaveLength(6);
  });

  test('has a layer that is an archive with the version in it, under the digest that its configs tell', () => {
    const [layer, ...configs] = image.blobs as [Content, ...Content[]];
    const archive = gunzipSync(layer.bytes);
    expect(configs.map(config => parsed(config).rootfs.diff_ids)).toEqual([[sha256(archive)], [sha256(archive)]]);
    expect(archive.toString('latin1', 0, 18)).toBe('etc/demo-app-versi');
    expect(archive.toString('latin1', 257, 265)).toBe('ustar\x0000');
    expect(archive.toString('latin1', 512, 516)).toBe('1.2\n');
    const header = Buffer.from(archive.subarray(0, 512)).fill(' ', 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    expect(Number.parseInt(archive.toString('latin1', 148, 154), 8)).toBe(sum);
  });

  test('is another one for another version, and for another time', () => {
    const digests = [image, sampleImage('1.2', Date.UTC(2026, 0, 2, 3, 4, 6)), sampleImage('1.3', 0)];
    expect(new Set(digests.map(({ index }) => index.digest)).size).toBe(3);
    expect(sampleImage('1.3', 0).index.digest).toBe(digests[2]?.index.digest);
  });
});
