import type { Image } from '../api/image.ts';

/** The image as an import stores and returns it: without raw manifest, raw config and signatures (import-semantics 8.6). */
export function storedImage(image: Image): Image {
  const { dockerImageManifest: _manifest, dockerImageConfig: _config, signatures: _signatures, ...stored } = image;
  return stored;
}

/**
 * The Images that one import creates, each name once. The children of a list are added before it, so that whoever sees
 * the list finds them.
 */
export class ImagesToStore {
  readonly #byName = new Map<string, Image>();

  add(image: Image, children: readonly Image[]): void {
    for (const each of [...children, image]) {
      const name = each.metadata.name ?? '';
      if (!this.#byName.has(name)) this.#byName.set(name, storedImage(each));
    }
  }

  inOrder(): readonly Image[] {
    return [...this.#byName.values()];
  }
}
