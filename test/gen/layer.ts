import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

/** A real layer: a gzipped tar archive with one file, and the digest of the archive before compression. */
export interface Layer {
  readonly bytes: Uint8Array;
  /** `sha256:…` of the uncompressed archive, as `rootfs.diff_ids` wants it. */
  readonly diffId: string;
}

/** The same `path` and `text` give the same bytes. */
export function sampleLayer(path: string, text: string): Layer {
  const archive = tarOf(path, Buffer.from(text));
  return { bytes: gzipSync(archive), diffId: sha256(archive) };
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

const BLOCK = 512;

/** A ustar archive of one regular file: header block, content padded to whole blocks, two empty blocks. */
function tarOf(path: string, content: Uint8Array): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(path, 0, 100);
  writeOctal(header, 100, 8, 0o644);
  writeOctal(header, 108, 8, 0);
  writeOctal(header, 116, 8, 0);
  writeOctal(header, 124, 12, content.length);
  writeOctal(header, 136, 12, 0);
  header.write('0', 156);
  header.write('ustar\0', 257);
  header.write('00', 263);
  // The checksum is taken over the header with its own field filled with spaces.
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * BLOCK)]);
}

function writeOctal(header: Buffer, offset: number, length: number, value: number): void {
  header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset);
}
