import type { ImageStream, ImageStreamStatus, SpecTag, TagHistory } from '../api/image-stream.ts';
import { withStreamDefaults } from './defaults.ts';

/**
 * The stream as OpenShift's API prints it (api-types 2.1): defaults filled in, tags sorted by name, keys that are always
 * there even when they say nothing, and none of our additions (design D4, D6).
 */
export function inOpenShiftForm(stream: ImageStream): ImageStream {
  const { spec = {}, status: _status, ...head } = withStreamDefaults(stream);
  return {
    ...head,
    spec: { ...spec, ...(spec.tags && { tags: byName(spec.tags.map(printedTag), tag => tag.name) }) },
    status: printedStatus(stream),
  };
}

function printedStatus({ spec, status = {} }: ImageStream): ImageStreamStatus {
  const { observedGeneration: _generation, lastHandledRequest: _request, conditions: _conditions, ...theirs } = status;
  return {
    ...theirs,
    // Computed on every write (controllers 5.7). One that an integrated registry gave it stays: we know of none.
    dockerImageRepository: status.dockerImageRepository || spec?.dockerImageRepository || '',
    ...(status.tags && { tags: byName(status.tags.map(printedHistory), history => history.tag) }),
  };
}

function printedTag(tag: SpecTag): SpecTag {
  const { name, annotations, ...rest } = tag;
  return { name, annotations: annotations ?? null, ...rest, generation: tag.generation ?? null };
}

function printedHistory({ source: _source, ...history }: TagHistory): TagHistory {
  return { ...history, items: history.items?.length ? history.items : null };
}

/** OpenShift keeps tags in maps and prints them in the order of their names. */
function byName<T>(list: readonly T[], nameOf: (element: T) => string): readonly T[] {
  return list.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : Number(nameOf(a) > nameOf(b))));
}
