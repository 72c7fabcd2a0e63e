import type { Image, ImageManifestEntry } from '../api/image.ts';
import { InvalidContent } from './content.ts';
import { Fields } from './fields.ts';
import { decodeText, readJson } from './json.ts';
import { layeredMeta, sizeOfDistinct } from './layers.ts';
import type { ImageManifest, IndexEntry, IndexManifest } from './manifest.ts';
import { dockerImageMetadata, emptyMetadata, type ImageIdentity, METADATA_VERSION } from './metadata.ts';

export type { ImageIdentity } from './metadata.ts';
export { imageFromSchema1, missingLayerSizes } from './schema1-image.ts';

export interface ImageInput extends ImageIdentity {
  readonly manifest: ImageManifest;
  readonly manifestBytes: Uint8Array;
  readonly configBytes: Uint8Array;
}

export interface IndexInput extends ImageIdentity {
  readonly manifest: IndexManifest;
  /** The present, RFC 3339: a list does not say itself when it was made. */
  readonly created: string;
}

/**
 * The Image of a schema 2 or OCI manifest (import-semantics 5.4), raw manifest and config included.
 * @throws {InvalidContent}
 */
export function imageFromManifest(input: ImageInput): Image {
  const { name, reference, manifest, manifestBytes, configBytes } = input;
  const configText = decodeText(configBytes, 'config');
  const config = new Fields('config', readJson(configText, 'config'));
  const layers = manifest.layers.map(({ digest, size, mediaType }) => ({ name: digest, size, mediaType }));
  const counted = layers.filter(layer => layer.name !== manifest.config.digest);
  const size = configBytes.length + sizeOfDistinct(counted);
  return {
    metadata: layeredMeta(name),
    dockerImageReference: reference,
    dockerImageMetadata: dockerImageMetadata(config, manifest.config.digest, size),
    dockerImageMetadataVersion: METADATA_VERSION,
    dockerImageManifest: decodeText(manifestBytes, 'manifest'),
    dockerImageManifestMediaType: manifest.mediaType,
    dockerImageConfig: configText,
    dockerImageLayers: layers,
  };
}

/**
 * The Image of a list that is kept as such (import-semantics 5.3).
 * @throws {InvalidContent} when the list contains itself (R1.18)
 */
export function imageFromIndex(input: IndexInput): Image {
  const { name, reference, manifest, created } = input;
  const itself = manifest.entries.findIndex(entry => entry.digest === name);
  if (itself >= 0) {
    throw new InvalidContent({
      what: 'manifest',
      detail: `manifests[${itself}].digest: expected not the index itself`,
    });
  }
  return {
    metadata: { name },
    dockerImageReference: reference,
    dockerImageMetadata: emptyMetadata(name, created),
    dockerImageMetadataVersion: METADATA_VERSION,
    dockerImageManifestMediaType: manifest.mediaType,
    ...(manifest.entries.length === 0 ? {} : { dockerImageManifests: manifest.entries.map(manifestEntry) }),
  };
}

function manifestEntry({ digest, mediaType, size, platform }: IndexEntry): ImageManifestEntry {
  const { architecture = '', os = '', variant = '' } = platform ?? {};
  return { digest, mediaType, manifestSize: size, architecture, os, ...(variant === '' ? {} : { variant }) };
}
