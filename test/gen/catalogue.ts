import { createHash } from 'node:crypto';
import { type Content, contentOf, descriptor, json, MEDIA_TYPE, sampleImage, sampleIndex } from './content.ts';
import { sha256 } from './layer.ts';

/** One kind of content a registry may hold. */
export interface CatalogueEntry {
  /** A tag of its own: `index-in-index`. */
  readonly name: string;
  readonly content: Content;
  /** Whether the content's own children stay out of the registry (deleted after the push). */
  readonly sparse?: true;
}

const EMPTY = Buffer.from('{}');
const EMPTY_CONFIG = { ...descriptor('application/vnd.oci.empty.v1+json', EMPTY), data: EMPTY.toString('base64') };

/** Every kind of content of registry-client 9.1 b, once. */
export function catalogue(): readonly CatalogueEntry[] {
  const subject = sampleImage({ seed: 'subject' });
  const platforms = [sampleImage(), sampleImage({ architecture: 'arm64', variant: 'v8' })];
  return [
    { name: 'image', content: sampleImage() },
    { name: 'docker-image', content: sampleImage({ format: 'docker' }) },
    { name: 'index', content: sampleIndex(platforms) },
    { name: 'docker-list', content: dockerList() },
    { name: 'index-in-index', content: sampleIndex([sampleIndex(platforms)]) },
    { name: 'artifact', content: artifact({ artifactType: 'application/vnd.example.report' }) },
    { name: 'subject', content: subject },
    { name: 'with-subject', content: artifact({ subject: descriptor(subject.mediaType, subject.bytes) }) },
    { name: 'with-missing-subject', content: artifact({ subject: descriptor(MEDIA_TYPE.oci.manifest, EMPTY) }) },
    { name: 'index-with-type', content: typedIndex(platforms, subject) },
    { name: 'custom-fields', content: sampleImage({ manifest: { 'x-custom': { deep: [1, 'two', null] } } }) },
    { name: 'no-layers', content: sampleImage({ layers: 0 }) },
    { name: 'zero-byte-layer', content: zeroByteLayer() },
    { name: 'layer-elsewhere', content: layerElsewhere() },
    { name: 'sha512', content: sha512Image() },
    {
      name: 'sparse-index',
      content: sampleIndex([...platforms, sampleImage({ architecture: 's390x' })]),
      sparse: true,
    },
  ];
}

function dockerList(): Content {
  const image = (architecture: string) => sampleImage({ architecture, format: 'docker' });
  return sampleIndex([image('amd64'), image('arm64')], { format: 'docker' });
}

/** A manifest that carries no image: an empty config with inline data. */
function artifact(members: Readonly<Record<string, unknown>>): Content {
  const bytes = json({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.oci.manifest,
    artifactType: 'application/vnd.example.artifact',
    config: EMPTY_CONFIG,
    layers: [EMPTY_CONFIG],
    ...members,
  });
  return contentOf(MEDIA_TYPE.oci.manifest, bytes, { blobs: [EMPTY] });
}

function typedIndex(children: readonly Content[], subject: Content): Content {
  const manifest = {
    artifactType: 'application/vnd.example.bundle',
    subject: descriptor(subject.mediaType, subject.bytes),
  };
  return sampleIndex(children, { manifest });
}

function zeroByteLayer(): Content {
  const nothing = Buffer.alloc(0);
  const image = sampleImage({ layers: 0, manifest: { layers: [descriptor(MEDIA_TYPE.oci.layer, nothing)] } });
  return { ...image, blobs: new Map([...image.blobs, [sha256(nothing), nothing]]) };
}

/** A layer that may not be given on: the registry does not hold it, the manifest says where it is. */
function layerElsewhere(): Content {
  const layer = {
    ...descriptor('application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', Buffer.from('kept elsewhere')),
    urls: ['https://layers.example.com/kept-elsewhere'],
  };
  return sampleImage({ format: 'docker', layers: 0, manifest: { layers: [layer] } });
}

/** Config and layer are named by sha512; the manifest is not, since the registry names manifests by sha256 alone. */
function sha512Image(): Content {
  const { blobs } = sampleImage({ seed: 'sha512' });
  const [config = EMPTY, layer = EMPTY] = [...blobs.values()];
  const named = (mediaType: string, bytes: Uint8Array) => ({
    ...descriptor(mediaType, bytes),
    digest: `sha512:${createHash('sha512').update(bytes).digest('hex')}`,
  });
  const descriptors = [named(MEDIA_TYPE.oci.config, config), named(MEDIA_TYPE.oci.layer, layer)] as const;
  const bytes = json({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.oci.manifest,
    config: descriptors[0],
    layers: [descriptors[1]],
  });
  const image = contentOf(MEDIA_TYPE.oci.manifest, bytes);
  return {
    ...image,
    blobs: new Map([
      [descriptors[0].digest, config],
      [descriptors[1].digest, layer],
    ]),
  };
}
