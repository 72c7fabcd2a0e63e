/** Media types of the manifests that we ask for, and of what an Image says of them. */
export const MEDIA_TYPES = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  signedSchema1: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
  schema1: 'application/vnd.docker.distribution.manifest.v1+json',
  schema1Layer: 'application/vnd.docker.container.image.rootfs.diff+x-gtar',
} as const;

/**
 * `Accept` of every manifest request (R1.1). Never changes without a new `ACCEPT_VERSION`: registries choose by it what
 * a tag points to, so another list looks like another image (R1.2).
 */
export const ACCEPT: string = [
  MEDIA_TYPES.ociIndex,
  MEDIA_TYPES.dockerList,
  MEDIA_TYPES.ociManifest,
  MEDIA_TYPES.dockerManifest,
  MEDIA_TYPES.signedSchema1,
].join(', ');

/** Stored next to every source digest (design D4). */
export const ACCEPT_VERSION = 1;

/** What a manifest turns out to be. */
export type ManifestKind = 'image' | 'index' | 'schema1';

const KINDS: ReadonlyMap<string, ManifestKind> = new Map([
  [MEDIA_TYPES.ociIndex, 'index'],
  [MEDIA_TYPES.dockerList, 'index'],
  [MEDIA_TYPES.ociManifest, 'image'],
  [MEDIA_TYPES.dockerManifest, 'image'],
  [MEDIA_TYPES.signedSchema1, 'schema1'],
  [MEDIA_TYPES.schema1, 'schema1'],
]);

/** `undefined` for a media type that is no manifest's. */
export function kindOfMediaType(mediaType: string): ManifestKind | undefined {
  return KINDS.get(mediaType);
}

/** Media type of a `Content-Type` header: no parameters, lower case; "" for none. */
export function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1).join('').trim().toLowerCase();
}
