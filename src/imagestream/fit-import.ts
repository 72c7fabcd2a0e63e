import type { Image } from '../api/image.ts';
import type { ImageImportStatus, ImageStreamImport, ImageStreamImportStatus } from '../api/image-stream-import.ts';
import { MAX_STORED_BYTES, sizeOf, storedBytes } from './sizes.ts';

/** One thing that can be left out, and how it is told. */
interface Cut {
  readonly what: string;
  readonly from: (status: ImageStreamImportStatus) => ImageStreamImportStatus;
}

/** In the order of what is missed least (design D7). */
const CUTS: readonly Cut[] = [
  { what: 'raw manifests and configs', from: status => everyImage(status, withoutRawTexts, withoutRawTexts) },
  { what: 'the stream', from: ({ import: _stream, ...rest }) => rest },
  { what: 'metadata and layers of the manifests of lists', from: status => everyImage(status, same, withoutContent) },
  { what: 'metadata and layers of images', from: status => everyImage(status, withoutContent, withoutContent) },
];

/** What is said of what was left out takes room, too. */
const MAX_NOTE_BYTES = 200;

/**
 * Makes a completed import small enough to be stored (design D7), and says in its `Complete` condition what was left
 * out. The same object when it was small enough.
 */
export function fitImport(isi: ImageStreamImport, maxBytes: number = MAX_STORED_BYTES): ImageStreamImport {
  if (storedBytes(isi) <= maxBytes) return isi;
  const roomBytes = maxBytes - MAX_NOTE_BYTES;
  let fitted = isi;
  const left: string[] = [];
  for (const { what, from } of CUTS) {
    if (storedBytes(fitted) <= roomBytes) break;
    const status = from(fitted.status ?? {});
    if (sizeOf(status) === sizeOf(fitted.status ?? {})) continue;
    left.push(what);
    fitted = { ...fitted, status };
  }
  return left.length === 0 ? isi : withNote(fitted, `left out, to be stored: ${left.join(', ')}`);
}

function withNote(isi: ImageStreamImport, note: string): ImageStreamImport {
  const conditions = (isi.status?.conditions ?? []).map(condition =>
    condition.type === 'Complete' ? { ...condition, message: `${condition.message ?? ''} (${note})` } : condition,
  );
  return { ...isi, status: { ...isi.status, conditions } };
}

type Trim = (image: Image) => Image;

function everyImage(status: ImageStreamImportStatus, ofImage: Trim, ofManifest: Trim): ImageStreamImportStatus {
  const trimmed = (entry: ImageImportStatus): ImageImportStatus => ({
    ...entry,
    ...(entry.image && { image: ofImage(entry.image) }),
    ...(entry.manifests && { manifests: entry.manifests.map(ofManifest) }),
  });
  const { images, repository } = status;
  return {
    ...status,
    ...(images && { images: images.map(trimmed) }),
    ...(repository && {
      repository: { ...repository, ...(repository.images && { images: repository.images.map(trimmed) }) },
    }),
  };
}

function same(image: Image): Image {
  return image;
}

function withoutRawTexts({ dockerImageManifest: _manifest, dockerImageConfig: _config, ...image }: Image): Image {
  return image;
}

function withoutContent(image: Image): Image {
  const { dockerImageMetadata: _metadata, dockerImageLayers: _layers, ...rest } = withoutRawTexts(image);
  return rest;
}
