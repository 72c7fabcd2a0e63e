import type { ImageLayer } from '../api/image.ts';
import type { ObjectMeta } from '../api/meta.ts';
import { LAYERS_ORDER_ANNOTATION } from '../api/names.ts';
import { InvalidContent } from './content.ts';

/** Metadata of an Image whose layers are listed base first. */
export function layeredMeta(name: string): ObjectMeta {
  return { name, annotations: { [LAYERS_ORDER_ANNOTATION]: 'ascending' } };
}

/**
 * Bytes of layers, each digest counted once.
 * @throws {InvalidContent} when they add up to more than a number holds exactly
 */
export function sizeOfDistinct(layers: readonly ImageLayer[]): number {
  const sizes = new Map(layers.toReversed().map(layer => [layer.name, layer.size]));
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  if (Number.isSafeInteger(total)) return total;
  throw new InvalidContent({ what: 'manifest', detail: 'layers: expected sizes with a sensible sum' });
}
