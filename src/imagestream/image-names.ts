/*
 * An image is named by its digest, `sha256:<hex>`. A custom resource cannot be: its object has a dash in place of the
 * colon (design D1).
 */

const OBJECT_NAME = /^([a-z0-9]+)-([0-9a-f]{32,})$/;

/** Name of the Image object: `sha256-<hex>` of `sha256:<hex>`. */
export function imageObjectName(image: string): string {
  return image.replace(':', '-');
}

/** Name of the image that an Image object is about; undefined for an object that is none of ours. */
export function imageNameOf(objectName: string): string | undefined {
  const [, algorithm, hex] = OBJECT_NAME.exec(objectName) ?? [];
  return algorithm === undefined ? undefined : `${algorithm}:${hex}`;
}
