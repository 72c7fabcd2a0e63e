import { Buffer } from 'node:buffer';
import type { ImageStream, TagHistory } from '../api/image-stream.ts';

/** Stored objects stay below this (design D7): etcd and the API server refuse somewhat above. */
export const MAX_STORED_BYTES = 1_000_000;
const CUT_MESSAGE_LENGTH = 64;

export interface FittedStream {
  /** The same object when it was small enough. */
  readonly stream: ImageStream;
  /** Whether it is small enough now; a stream that is not must not be written. */
  readonly fits: boolean;
}

/**
 * Makes a stream small enough to be stored (design D7): drops the oldest events of its longest histories, never a head,
 * as many as needed; then cuts the messages of conditions.
 */
export function fitStream(stream: ImageStream, maxBytes: number = MAX_STORED_BYTES): FittedStream {
  const size = sizeOf(stream);
  if (size <= maxBytes) return { stream, fits: true };
  const trimmed = withHistories(stream, trimHistories(stream.status?.tags ?? [], size - maxBytes));
  if (sizeOf(trimmed) <= maxBytes) return { stream: trimmed, fits: true };
  const cut = withHistories(trimmed, (trimmed.status?.tags ?? []).map(cutMessages));
  return { stream: cut, fits: sizeOf(cut) <= maxBytes };
}

/** Bytes of a value as JSON. */
export function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function trimHistories(tags: readonly TagHistory[], excessBytes: number): readonly TagHistory[] {
  const kept = tags.map(tag => tag.items?.length ?? 0);
  let excess = excessBytes;
  // Level by level from the longest: whatever has the length of this level is one of the longest there are.
  for (let level = Math.max(0, ...kept); level > 1 && excess > 0; level -= 1) {
    for (const [index, tag] of tags.entries()) {
      if (kept[index] !== level || excess <= 0) continue;
      // An event goes with the comma before it.
      excess -= sizeOf(tag.items?.[level - 1]) + 1;
      kept[index] = level - 1;
    }
  }
  return tags.map((tag, index) =>
    tag.items && tag.items.length !== kept[index] ? { ...tag, items: tag.items.slice(0, kept[index]) } : tag,
  );
}

function cutMessages(tag: TagHistory): TagHistory {
  if (tag.conditions === undefined) return tag;
  const conditions = tag.conditions.map(condition =>
    condition.message === undefined ? condition : { ...condition, message: cut(condition.message) },
  );
  return { ...tag, conditions };
}

/** By characters, so that none is torn in two. */
function cut(text: string): string {
  return [...text].slice(0, CUT_MESSAGE_LENGTH).join('');
}

function withHistories(stream: ImageStream, tags: readonly TagHistory[]): ImageStream {
  return stream.status?.tags === undefined ? stream : { ...stream, status: { ...stream.status, tags } };
}
