import { isDigest } from '../reference/digest.ts';
import { emptyHistory, InvalidContent } from './content.ts';
import { digestOf } from './digest.ts';
import { Fields } from './fields.ts';
import { decodeText, readJson } from './json.ts';
import { readJws } from './jws.ts';
import type { Descriptor, ImageManifest, IndexEntry, IndexManifest, Manifest, Schema1Manifest } from './manifest.ts';
import { kindOfMediaType, type ManifestKind, MEDIA_TYPES, mediaTypeOf } from './media-types.ts';

// R6.11, R1.18
const MAX_LAYERS = 1_000;
const MAX_ENTRIES = 1_000;

/**
 * Reads a manifest and checks it field by field. What it is, the `Content-Type` says when it names a manifest type, else
 * the document's `mediaType`, else its shape (R1.14); two that contradict each other are refused (R1.15).
 * @throws {InvalidContent} and nothing else
 */
export function parseManifest(bytes: Uint8Array, contentType: string | undefined): Manifest {
  const fields = new Fields('manifest', readJson(decodeText(bytes, 'manifest'), 'manifest'));
  const declared = mediaTypeOf(contentType);
  const written = fields.text('mediaType');
  const mediaType = kindOfMediaType(declared) === undefined ? writtenType(fields, written) : declared;
  if (kindOfMediaType(declared) !== undefined) checkAgreement(fields, declared, written);

  switch (kindOfMediaType(mediaType)) {
    case 'image':
      return imageManifest(fields, mediaType, bytes);
    case 'index':
      return indexManifest(fields, mediaType);
    default:
      return schema1Manifest(bytes);
  }
}

/** The media type a document has by itself; "" when nothing tells but that it may be signed. */
function writtenType(fields: Fields, written: string): string {
  if (written !== '') return kindOfMediaType(written) === undefined ? '' : written;
  if (fields.has('manifests')) return MEDIA_TYPES.ociIndex;
  return fields.has('config') && fields.has('layers') ? MEDIA_TYPES.ociManifest : '';
}

/** What must be written, per type (import-semantics 4): the Docker types demand a `mediaType`, the OCI types allow it. */
function checkAgreement(fields: Fields, declared: string, written: string): void {
  const mustBeWritten = declared === MEDIA_TYPES.dockerManifest || declared === MEDIA_TYPES.dockerList;
  if (written === '' ? mustBeWritten : written !== declared) throw fields.fault('mediaType', declared);
}

// A document that is both can be one thing for whoever checks it and another for whoever runs it (CVE-2021-41190).
function refuseMembers(fields: Fields, kind: ManifestKind, names: readonly string[]): void {
  const foreign = names.find(name => fields.has(name));
  if (foreign !== undefined) throw fields.fault('', `no ${foreign} in an ${kind}`);
}

function imageManifest(fields: Fields, mediaType: string, bytes: Uint8Array): ImageManifest {
  refuseMembers(fields, 'image', ['manifests']);
  const config = fields.object('config');
  if (config === undefined) throw fields.fault('config', 'a descriptor');
  const layers = fields.objects('layers', MAX_LAYERS);
  fields.labels('annotations');
  checkSchemaVersion(fields.integer('schemaVersion'), bytes);
  return { kind: 'image', mediaType, config: descriptor(config), layers: layers.map(descriptor) };
}

// OpenShift finds this when it makes an Image, hence its text names the image and lacks the reference (5.4).
function checkSchemaVersion(version: number, bytes: Uint8Array): void {
  if (version === 2) return;
  throw new InvalidContent({
    what: 'manifest',
    detail: 'schemaVersion: expected 2',
    openshift: `unrecognized container image manifest schema ${version} for "${digestOf(bytes)}" ()`,
    prefixed: false,
  });
}

function indexManifest(fields: Fields, mediaType: string): IndexManifest {
  refuseMembers(fields, 'index', ['config', 'layers']);
  fields.labels('annotations');
  return { kind: 'index', mediaType, entries: fields.objects('manifests', MAX_ENTRIES).map(indexEntry) };
}

function indexEntry(fields: Fields): IndexEntry {
  const platform = fields.object('platform');
  if (platform === undefined) return descriptor(fields);
  const [os, architecture, variant] = [platform.text('os'), platform.text('architecture'), platform.text('variant')];
  return { ...descriptor(fields), platform: { os, architecture, variant } };
}

/** A descriptor with a digest that may become part of a URL (R0.6). Its `urls` are never read (R1.19). */
function descriptor(fields: Fields): Descriptor {
  fields.labels('annotations');
  const data = fields.text('data');
  return {
    digest: digestField(fields, 'digest'),
    size: fields.size('size'),
    mediaType: fields.text('mediaType'),
    ...(data === '' ? {} : { data }),
  };
}

function digestField(fields: Fields, name: string): string {
  const digest = fields.text(name);
  if (!isDigest(digest)) throw fields.fault(name, 'a digest');
  return digest;
}

/** Everything is read from what was signed: that is what the digest is of. */
function schema1Manifest(bytes: Uint8Array): Schema1Manifest {
  const { payload, signatures } = readJws(bytes);
  const fields = new Fields('manifest', readJson(decodeText(payload, 'manifest'), 'manifest'));
  if (fields.integer('schemaVersion') !== 1) throw fields.fault('schemaVersion', '1');
  const history = fields.objects('history', MAX_LAYERS).map(entry => entry.text('v1Compatibility'));
  if (history.length === 0) throw emptyHistory();
  return {
    kind: 'schema1',
    mediaType: MEDIA_TYPES.signedSchema1,
    architecture: fields.text('architecture'),
    fsLayers: fields.objects('fsLayers', MAX_LAYERS).map(layer => digestField(layer, 'blobSum')),
    history,
    signatures,
  };
}
