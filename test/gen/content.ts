import { sampleLayer, sha256 } from './layer.ts';

export { deleteManifest, type PushHeaders, pushContent } from './push.ts';

/** Whose media types and habits a manifest follows. */
export type Format = 'oci' | 'docker';

/** A manifest with all it needs: what a push sends and what an import must find. */
export interface Content {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** Config and layers, by digest. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  /** Manifests that this one names and that are pushed before it, by digest. */
  readonly children: readonly Content[];
  /** What an index that holds this one says of it. */
  readonly platform?: Platform;
}

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

export interface ImageOptions {
  /** Default `linux`. */
  readonly os?: string;
  /** Default `amd64`. */
  readonly architecture?: string;
  readonly variant?: string;
  /** Default `oci`. */
  readonly format?: Format;
  /** Makes the content unlike that of another seed. */
  readonly seed?: string;
  /** How many layers; default 1. */
  readonly layers?: number;
  /** Members put into the image config (`{config: {Labels: {…}}}`), over what is there. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Members put into the manifest, over what is there: `{annotations: {…}}`, `{subject: …}`. */
  readonly manifest?: Readonly<Record<string, unknown>>;
}

export const MEDIA_TYPE = {
  oci: {
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    index: 'application/vnd.oci.image.index.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  },
  docker: {
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    index: 'application/vnd.docker.distribution.manifest.list.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  },
} as const;

/** A small image with a config that says who made it and layers that are real archives. Equal options, equal bytes. */
export function sampleImage(options: ImageOptions = {}): Content {
  const { os = 'linux', architecture = 'amd64', variant, format = 'oci', seed = '1', layers = 1 } = options;
  const types = MEDIA_TYPE[format];
  const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
  const made = Array.from({ length: layers }, (_, at) => sampleLayer(`layer-${at}`, `${seed} ${os}/${architecture}\n`));
  const config = json({
    created: '2026-01-02T03:04:05Z',
    ...platform,
    config: { Env: ['PATH=/usr/bin'], Cmd: ['/app'], Labels: { seed } },
    rootfs: { type: 'layers', diff_ids: made.map(layer => layer.diffId) },
    history: made.map((_, at) => ({ created: '2026-01-02T03:04:05Z', created_by: `step ${at}` })),
    ...options.config,
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: types.manifest,
    config: descriptor(types.config, config),
    layers: made.map(layer => descriptor(types.layer, layer.bytes)),
    ...options.manifest,
  });
  return contentOf(types.manifest, manifest, { blobs: [config, ...made.map(layer => layer.bytes)], platform });
}

export interface IndexOptions {
  /** Default `oci`. */
  readonly format?: Format;
  /** Members put into the index, over what is there. */
  readonly manifest?: Readonly<Record<string, unknown>>;
}

/** An index (OCI) or manifest list (docker) of the given manifests, in order. */
export function sampleIndex(children: readonly Content[], options: IndexOptions = {}): Content {
  const mediaType = MEDIA_TYPE[options.format ?? 'oci'].index;
  const bytes = json({
    schemaVersion: 2,
    mediaType,
    manifests: children.map(child => ({
      ...descriptor(child.mediaType, child.bytes),
      ...(child.platform === undefined ? {} : { platform: child.platform }),
    })),
    ...options.manifest,
  });
  return contentOf(mediaType, bytes, { children });
}

/** Any manifest, made of its own bytes and the blobs and manifests it names. */
export function contentOf(
  mediaType: string,
  bytes: Uint8Array,
  parts: { blobs?: readonly Uint8Array[]; children?: readonly Content[]; platform?: Platform; digest?: string } = {},
): Content {
  return {
    digest: parts.digest ?? sha256(bytes),
    mediaType,
    bytes,
    blobs: new Map((parts.blobs ?? []).map(blob => [sha256(blob), blob])),
    children: parts.children ?? [],
    ...(parts.platform === undefined ? {} : { platform: parts.platform }),
  };
}

export function descriptor(mediaType: string, bytes: Uint8Array): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest: sha256(bytes), size: bytes.length };
}

/** JSON as tools write it into registries: indented by three, no newline at the end. */
export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value, undefined, 3));
}
