import type { ImportPolicy, ReferencePolicy } from '../api/common.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { ImageImport, ImageStreamImport } from '../api/image-stream-import.ts';
import { InvalidReference, parseReference } from '../reference/reference.ts';

/**
 * The request with what it leaves open filled in (api-types 3.1): import mode `Legacy`, reference policy `Source`, and
 * the target tag of an image, which is the tag its pull spec names. An implied `latest` names none.
 */
export function withImportDefaults(request: ImageStreamImport): ImageStreamImport {
  const { images, repository } = request.spec;
  return {
    ...request,
    spec: {
      ...request.spec,
      ...(repository && { repository: withPolicies(repository) }),
      ...(images && { images: images.map(image => withTarget(withPolicies(image))) }),
    },
  };
}

/** The stream with what its spec leaves open filled in (api-types 2.1). The order of the tags stays. */
export function withStreamDefaults(stream: ImageStream): ImageStream {
  const { spec = {} } = stream;
  return {
    ...stream,
    spec: {
      ...spec,
      lookupPolicy: spec.lookupPolicy ?? { local: false },
      ...(spec.tags && { tags: spec.tags.map(withPolicies) }),
    },
  };
}

interface Policies {
  readonly importPolicy?: ImportPolicy;
  readonly referencePolicy?: ReferencePolicy;
}

function withPolicies<T extends Policies>(value: T): T {
  const { importPolicy, referencePolicy } = value;
  return {
    ...value,
    importPolicy: { ...importPolicy, importMode: importPolicy?.importMode || 'Legacy' },
    referencePolicy: { type: referencePolicy?.type || 'Source' },
  };
}

function withTarget(image: ImageImport): ImageImport {
  const tag = image.to === undefined ? tagOf(image.from.name ?? '') : '';
  return tag === '' ? image : { ...image, to: { name: tag } };
}

/** The tag that a pull spec names; "" when it names none, or is no pull spec: validation says so. */
function tagOf(pullSpec: string): string {
  try {
    return parseReference(pullSpec).tag;
  } catch (error) {
    if (error instanceof InvalidReference) return '';
    throw error;
  }
}
