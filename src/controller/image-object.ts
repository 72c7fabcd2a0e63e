import type { Image } from '../api/image.ts';
import { GROUP } from '../api/names.ts';
import { imageObjectName } from '../imagestream/image-names.ts';
import { MAX_STORED_BYTES, sizeOf } from '../imagestream/sizes.ts';
import { storedImage } from '../imagestream/stored-image.ts';
import { IMAGES } from '../kube/resource.ts';

/**
 * The object that is stored for an image: its name, its annotations (the order of its layers) and what it holds. One
 * that is too large loses what it tells of the image, then its layers: that it exists is what streams count on.
 */
export function imageObject(image: Image, maxBytes: number = MAX_STORED_BYTES): Image {
  const { metadata, ...fields } = storedImage(image);
  const { name = '', annotations } = metadata;
  const object: Image = {
    ...fields,
    apiVersion: `${GROUP}/${IMAGES.version}`,
    kind: 'Image',
    metadata: { name: imageObjectName(name), ...(annotations && { annotations }) },
  };
  if (sizeOf(object) <= maxBytes) return object;
  const { dockerImageMetadata: _metadata, dockerImageMetadataVersion: _version, ...bare } = object;
  if (sizeOf(bare) <= maxBytes) return bare;
  const { dockerImageLayers: _layers, ...least } = bare;
  return least;
}

/**
 * Images in groups that are stored one after the other, those of a group side by side: a list comes after its children,
 * so that whoever sees it finds them. `images` has children before their list.
 */
export function inStoringOrder(images: readonly Image[]): readonly (readonly Image[])[] {
  const depths = new Map<string, number>();
  const groups: Image[][] = [];
  for (const image of images) {
    const below = (image.dockerImageManifests ?? []).map(({ digest }) => depths.get(digest) ?? -1);
    const depth = Math.max(-1, ...below) + 1;
    depths.set(image.metadata.name ?? '', depth);
    const group = groups[depth] ?? [];
    groups[depth] = group;
    group.push(image);
  }
  return groups;
}
