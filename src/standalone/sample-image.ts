import { sampleLayer, sha256 } from './sample-layer.ts';

/** A manifest or a blob, as a registry hands it out. */
export interface Content {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** An image for several platforms, with all that a pull of it asks for. */
export interface SampleImage {
  /** The index; its digest is the image's. */
  readonly index: Content;
  /** One for each platform. */
  readonly manifests: readonly Content[];
  /** Configs and layers. */
  readonly blobs: readonly Content[];
}

const MEDIA_TYPE = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

const ARCHITECTURES = ['amd64', 'arm64'] as const;

/** An image that holds a file with its version in it. The same version and time of building give the same digests. */
export function sampleImage(version: string, builtAtMs: number): SampleImage {
  const created = new Date(builtAtMs).toISOString();
  const { bytes, diffId } = sampleLayer('etc/demo-app-version', `${version}\n`);
  const layer = content(MEDIA_TYPE.layer, bytes);
  const platforms = ARCHITECTURES.map(architecture => {
    const config = json(MEDIA_TYPE.config, {
      created,
      architecture,
      os: 'linux',
      config: {
        Env: ['PATH=/bin'],
        Cmd: ['/bin/demo-app'],
        Labels: { 'org.opencontainers.image.title': 'demo/app', 'org.opencontainers.image.version': version },
      },
      rootfs: { type: 'layers', diff_ids: [diffId] },
      history: [{ created, created_by: 'the sample registry of imagestream-operator' }],
    });
    const manifest = json(MEDIA_TYPE.manifest, {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      config: descriptor(config),
      layers: [descriptor(layer)],
    });
    return { architecture, config, manifest };
  });
  const index = json(MEDIA_TYPE.index, {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.index,
    manifests: platforms.map(({ architecture, manifest }) => ({
      ...descriptor(manifest),
      platform: { architecture, os: 'linux' },
    })),
  });
  return {
    index,
    manifests: platforms.map(({ manifest }) => manifest),
    blobs: [layer, ...platforms.map(({ config }) => config)],
  };
}

function content(mediaType: string, bytes: Uint8Array): Content {
  return { digest: sha256(bytes), mediaType, bytes };
}

function json(mediaType: string, value: unknown): Content {
  return content(mediaType, Buffer.from(JSON.stringify(value)));
}

function descriptor({ mediaType, digest, bytes }: Content): object {
  return { mediaType, digest, size: bytes.length };
}
