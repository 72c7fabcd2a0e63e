import { type FieldError, invalidField, requiredField } from '../api/errors.ts';
import type { Image, ImageManifestEntry } from '../api/image.ts';
import { pathSegmentFaults } from './validation-metadata.ts';
import { tryReference } from './validation-reference.ts';

/**
 * Says the same as OpenShift's unanchored search for `algorithm:hex{32,}`, whose algorithm may have several parts: any
 * match of that has one of this in it. Written so that a long text costs one pass.
 */
const DIGEST = /[A-Za-z][0-9]*:[0-9A-Fa-f]{32}/;
const MEDIA_TYPE = /^ *[A-Za-z0-9][A-Za-z0-9!#$&^_-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126} *$/;

/**
 * Faults of an Image (api-types 4.2), empty when there are none. Signatures are not looked at: an import stores none.
 */
export function validateImage(image: Image): FieldError[] {
  const { dockerImageReference = '', dockerImageManifests: manifests = [], dockerImageLayers: layers } = image;
  const name = image.metadata.name ?? '';
  const errors = pathSegmentFaults(name).map(fault => invalidField('metadata.name', name, fault));
  if (dockerImageReference === '') {
    errors.push(requiredField('dockerImageReference'));
  } else {
    const parsed = tryReference(dockerImageReference);
    if ('refusal' in parsed) errors.push(invalidField('dockerImageReference', dockerImageReference, parsed.refusal));
  }
  for (const [index, entry] of manifests.entries()) {
    errors.push(...manifestErrors(`dockerImageManifests[${index}]`, entry));
  }
  if (manifests.length > 0 && layers && layers.length > 0) {
    const detail = 'dockerImageLayers should not be set when dockerImageManifests is set';
    errors.push(invalidField('dockerImageLayers', layers, detail));
  }
  return errors;
}

function manifestErrors(path: string, entry: ImageManifestEntry): FieldError[] {
  const errors: FieldError[] = [];
  if (!DIGEST.test(entry.digest)) {
    errors.push(invalidField(`${path}.digest`, entry.digest, 'digest does not conform with OCI image specification'));
  }
  if (!MEDIA_TYPE.test(entry.mediaType)) {
    errors.push(invalidField(`${path}.mediaType`, entry.mediaType, 'media type does not conform to RFC6838'));
  }
  if (entry.architecture === '') errors.push(requiredField(`${path}.architecture`));
  if (entry.os === '') errors.push(requiredField(`${path}.os`));
  if (entry.manifestSize < 0) {
    // The path is OpenShift's: the field is called manifestSize.
    errors.push(invalidField(`${path}.size`, entry.manifestSize, 'manifest size cannot be negative'));
  }
  return errors;
}
