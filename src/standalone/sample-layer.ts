import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

/** A layer of an image: a gzipped tar archive. */
export interface SampleLayer {
  readonly bytes: Uint8Array;
  /** Of the archive before compression, as `rootfs.diff_ids` wants it. */
  readonly diffId: string;
}

/** A layer with one file in it. Equal files give equal layers. */
export function sampleLayer(path: string, text: string): SampleLayer {
  const archive = archiveOf(path, Buffer.from(text));
  return { bytes: gzipSync(archive), diffId: sha256(archive) };
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

const BLOCK = 512;

/** POSIX ustar: a header, the content padded to whole blocks, two empty blocks. */
function archiveOf(path: string, content: Uint8Array): Buffer {
  const padding = Buffer.alloc(-content.length & (BLOCK - 1));
  return Buffer.concat([headerOf(path, content.length), content, padding, Buffer.alloc(2 * BLOCK)]);
}

function headerOf(path: string, size: number): Buffer {
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`;
  const [mode, owner, group, time] = [octal(0o644, 8), octal(0, 8), octal(0, 8), octal(0, 12)];
  const field = (checksum: string) =>
    [path.padEnd(100, '\0'), mode, owner, group, octal(size, 12), time, checksum, '0'].join('');
  const header = (checksum: string) => Buffer.from(`${field(checksum).padEnd(257, '\0')}ustar\x0000`);
  // It is the sum of a header that has spaces in its place.
  const sum = header(' '.repeat(8)).reduce((total, byte) => total + byte, 0);
  return Buffer.concat([header(`${octal(sum, 7)} `)], BLOCK);
}
