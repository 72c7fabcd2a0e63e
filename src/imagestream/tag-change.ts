import type { ImageStream, TagHistory } from '../api/image-stream.ts';
import type { DueReason } from './due.ts';

/** Something about a tag that a person watching wants to hear. */
export interface TagChange {
  /** RFC 3339. */
  readonly time: string;
  /** `namespace/stream:tag`. */
  readonly tag: string;
  readonly change: 'imported' | 'moved' | 'failed' | 'healed';
  readonly reason: DueReason;
  /** Image (or pull spec, where there is none) that the tag points to now. */
  readonly image?: string;
  readonly previousImage?: string;
  /** `NotFound: …`, for a failure. */
  readonly failure?: string;
}

/** What changed about one tag from one version of its stream to the next; undefined when nothing worth a line. */
export function tagChange(
  before: ImageStream,
  after: ImageStream,
  tag: string,
  reason: DueReason,
  nowMs: number,
): TagChange | undefined {
  const old = stateOf(before, tag);
  const now = stateOf(after, tag);
  const told = { time: new Date(nowMs).toISOString(), tag: `${streamName(after)}:${tag}`, reason };
  if (now.failure !== undefined) {
    return now.failure === old.failure ? undefined : { ...told, change: 'failed', failure: now.failure };
  }
  if (now.image === undefined) return undefined;
  if (old.image === undefined) return { ...told, change: 'imported', image: now.image };
  if (old.image !== now.image) return { ...told, change: 'moved', image: now.image, previousImage: old.image };
  return old.failure === undefined ? undefined : { ...told, change: 'healed', image: now.image };
}

/** What one import, asked for by a person, changed about the tags of a stream; it may have created the stream. */
export function tagChanges(before: ImageStream | undefined, after: ImageStream, nowMs: number): TagChange[] {
  const old = before ?? { metadata: after.metadata };
  const known = new Set((old.status?.tags ?? []).map(({ tag }) => tag));
  return (after.status?.tags ?? []).flatMap(({ tag }) => {
    const reason = known.has(tag) ? 'requested' : 'neverImported';
    return tagChange(old, after, tag, reason, nowMs) ?? [];
  });
}

export function streamName({ metadata }: ImageStream): string {
  return [metadata.namespace, metadata.name].filter(part => part !== undefined && part !== '').join('/');
}

function stateOf(stream: ImageStream, tag: string): { readonly image?: string; readonly failure?: string } {
  const history: TagHistory | undefined = stream.status?.tags?.find(candidate => candidate.tag === tag);
  const head = history?.items?.[0];
  const failed = history?.conditions?.find(({ type, status }) => type === 'ImportSuccess' && status === 'False');
  return {
    ...(head !== undefined && { image: head.image === '' ? head.dockerImageReference : head.image }),
    ...(failed !== undefined && { failure: `${failed.reason ?? 'Failed'}: ${failed.message ?? ''}` }),
  };
}
