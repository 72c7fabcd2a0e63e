import type { ObjectReference } from '../api/common.ts';
import type { ImageStream, SpecTag } from '../api/image-stream.ts';
import { saysTheSame } from './sameness.ts';

/**
 * Whether a spec tag now refers to something else (controllers 5.3). Its kind, `insecure`, `scheduled`, the reference
 * policy and annotations do not count. `namespace` is the stream's.
 */
export function tagRefChanged(old: SpecTag, next: SpecTag, namespace: string): boolean {
  const from: ObjectReference | undefined = next.from;
  if (from === undefined || ((from.kind ?? '') === '' && (from.name ?? '') === '')) return false;
  if ((old.from?.namespace || namespace) !== (from.namespace || namespace)) return true;
  if ((old.from?.name ?? '') !== (from.name ?? '')) return true;
  if ((old.reference ?? false) !== (next.reference ?? false)) return true;
  if (importMode(old) !== importMode(next)) return true;
  return next.generation === 0 && typeof old.generation === 'number' && old.generation !== 0;
}

/** The API server defaults the mode before anybody compares it. */
function importMode(tag: SpecTag): string {
  return tag.importPolicy?.importMode || 'Legacy';
}

/**
 * The next stream with the generations that OpenShift's API gives it (controllers 5.3, on create 5.1). A user picks no
 * generation but 0; a tag that is new, refers to something else or has none takes the stream's.
 */
export function withGenerations(old: ImageStream | undefined, next: ImageStream): ImageStream {
  if (old === undefined) {
    return generated(next, 1, tag => ({ ...tag, generation: 1 }));
  }
  const namespace = next.metadata.namespace ?? '';
  const before = new Map((old.spec?.tags ?? []).map(tag => [tag.name, tag]));
  const pinned = generated(next, old.metadata.generation ?? 0, tag => {
    const was = before.get(tag.name);
    return was === undefined || tag.generation === 0 ? tag : { ...tag, generation: was.generation ?? null };
  });
  const current = pinned.metadata.generation ?? 0;
  const unchanged = current !== 0 && saysTheSame(old.spec, pinned.spec);
  const generation = unchanged ? current : current + 1;
  return generated(pinned, generation, tag => {
    const was = before.get(tag.name);
    const takes = was === undefined || (tag.generation ?? 0) === 0 || tagRefChanged(was, tag, namespace);
    return takes ? { ...tag, generation } : tag;
  });
}

function generated(stream: ImageStream, generation: number, each: (tag: SpecTag) => SpecTag): ImageStream {
  const metadata = { ...stream.metadata, generation };
  const tags = stream.spec?.tags;
  return tags === undefined
    ? { ...stream, metadata }
    : { ...stream, metadata, spec: { ...stream.spec, tags: tags.map(each) } };
}

/** The generation written with what is recorded for a tag: the API server's, or a larger one of the user's (design D5). */
export function eventGeneration(streamGeneration: number, tag: SpecTag | undefined): number {
  return Math.max(streamGeneration, tag?.generation ?? 0);
}
