import { createHash } from 'node:crypto';
import { readJws } from './jws.ts';
import type { Manifest } from './manifest.ts';

/** The algorithms we can verify (R6.17). */
export type DigestAlgorithm = 'sha256' | 'sha512';

/** Digest of bytes: `sha256:<hex>`. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/**
 * Content digest of a manifest, which is also the name of its Image: of its bytes, for schema 1 of the payload without
 * signatures (R0.11).
 */
export function manifestDigest(bytes: Uint8Array, manifest: Manifest, algorithm: DigestAlgorithm = 'sha256'): string {
  return digestOf(manifest.kind === 'schema1' ? readJws(bytes).payload : bytes, algorithm);
}
