import type { Image, ImageLayer } from '../api/image.ts';
import { emptyHistory, InvalidContent } from './content.ts';
import { Fields } from './fields.ts';
import { decodeText, readJson } from './json.ts';
import { layeredMeta, sizeOfDistinct } from './layers.ts';
import type { Schema1Manifest } from './manifest.ts';
import { MEDIA_TYPES } from './media-types.ts';
import { dockerImageMetadata, type ImageIdentity, METADATA_VERSION } from './metadata.ts';

export interface Schema1Input extends ImageIdentity {
  readonly manifest: Schema1Manifest;
  readonly manifestBytes: Uint8Array;
  /** Bytes per layer digest, asked from the registry for `missingLayerSizes`. */
  readonly sizes?: ReadonlyMap<string, number>;
}

/**
 * The distinct layers whose size has to be asked from the registry: all when the history gives no size at all, else none
 * (import-semantics 5.5). None for a manifest that `imageFromSchema1` refuses for its cardinality.
 * @throws {InvalidContent}
 */
export function missingLayerSizes(manifest: Schema1Manifest): readonly string[] {
  if (manifest.history.length !== manifest.fsLayers.length) return [];
  const layers = layersOf(manifest, historyOf(manifest));
  return sizeOfDistinct(layers) === 0 ? [...new Set(layers.map(layer => layer.name))] : [];
}

/**
 * The Image of a signed schema 1 manifest, raw manifest and signatures included (import-semantics 5.5).
 * @throws {InvalidContent}
 */
export function imageFromSchema1(input: Schema1Input): Image {
  const { name, reference, manifest, manifestBytes, sizes } = input;
  checkCardinality(name, manifest);
  const history = historyOf(manifest);
  const [newest] = history;
  if (newest === undefined) throw emptyHistory();
  const listed = layersOf(manifest, history);
  const layers = sizeOfDistinct(listed) === 0 ? withSizes(listed, sizes) : listed;
  return {
    metadata: layeredMeta(name),
    dockerImageReference: reference,
    dockerImageMetadata: dockerImageMetadata(newest, newest.text('id'), sizeOfDistinct(layers)),
    dockerImageMetadataVersion: METADATA_VERSION,
    dockerImageManifest: decodeText(manifestBytes, 'manifest'),
    dockerImageManifestMediaType: MEDIA_TYPES.schema1,
    dockerImageLayers: layers,
    dockerImageSignatures: manifest.signatures,
  };
}

function checkCardinality(name: string, { history, fsLayers }: Schema1Manifest): void {
  if (history.length === fsLayers.length) return;
  const counts = `${history.length} != ${fsLayers.length}`;
  throw new InvalidContent({
    what: 'manifest',
    detail: 'history: expected one entry per layer',
    openshift: `the image ${name} () has mismatched history and fslayer cardinality (${counts})`,
    prefixed: false,
  });
}

// A history entry is the config of its layer; its faults are told like those of a config.
function historyOf(manifest: Schema1Manifest): readonly Fields[] {
  return manifest.history.map((text, at) => new Fields('config', readJson(text, 'config'), `history[${at}]`));
}

/** Base first, that is the other way round than schema 1 writes them. */
function layersOf(manifest: Schema1Manifest, history: readonly Fields[]): readonly ImageLayer[] {
  const layers = manifest.fsLayers.map((digest, at) => ({
    name: digest,
    size: history[at]?.size('Size') ?? 0,
    mediaType: MEDIA_TYPES.schema1Layer,
  }));
  return layers.toReversed();
}

function withSizes(layers: readonly ImageLayer[], sizes: ReadonlyMap<string, number> | undefined): ImageLayer[] {
  return layers.map(layer => ({ ...layer, size: sizes?.get(layer.name) ?? 0 }));
}
