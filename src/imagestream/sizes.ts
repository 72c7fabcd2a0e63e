import { Buffer } from 'node:buffer';
import type { ImageStream, TagHistory } from '../api/image-stream.ts';
import type { ObjectMeta } from '../api/meta.ts';
import { trackedBytes } from './fit-tracking.ts';

/** Objects are made smaller until they are stored in this (design D7). */
export const MAX_STORED_BYTES = 1_000_000;
/**
 * What is stored all the same when nothing more can be left out. etcd refuses at 1.5 MiB; a stream of a thousand tags
 * that was applied by the server has 1.1 MB with nothing but its heads, a third of it `managedFields`.
 */
const MOST_STORED_BYTES = 1_400_000;
const CUT_MESSAGE_LENGTH = 64;

export interface SizeLimits {
  /** What is aimed at. */
  readonly maxBytes: number;
  /** What can be stored at all. */
  readonly mostBytes: number;
}

const LIMITS: SizeLimits = { maxBytes: MAX_STORED_BYTES, mostBytes: MOST_STORED_BYTES };

export interface FittedStream {
  /** The same object when it was small enough. */
  readonly stream: ImageStream;
  /** Whether it can be stored; a stream that cannot must not be written. */
  readonly fits: boolean;
}

/**
 * Makes a stream small enough to be stored (design D7): drops the oldest events of its longest histories, never a head,
 * as many as needed; then cuts the messages of conditions.
 */
export function fitStream(stream: ImageStream, { maxBytes, mostBytes }: SizeLimits = LIMITS): FittedStream {
  const size = storedBytes(stream);
  if (size <= maxBytes) return { stream, fits: true };
  const trimmed = withHistories(stream, trimHistories(stream.status?.tags ?? [], size - maxBytes));
  if (storedBytes(trimmed) <= maxBytes) return { stream: trimmed, fits: true };
  const cut = withHistories(trimmed, (trimmed.status?.tags ?? []).map(cutMessages));
  return { stream: cut, fits: storedBytes(cut) <= mostBytes };
}

interface Stored {
  readonly metadata: ObjectMeta;
  readonly status?: object;
}

/** Bytes that an object will have once its status is written: the API server notes who wrote each member of it. */
export function storedBytes(object: Stored): number {
  const noted = (object.metadata.managedFields ?? []).filter(({ subresource }) => subresource === 'status');
  const toCome = trackedBytes(object.status) - noted.reduce((bytes, entry) => bytes + sizeOf(entry), 0);
  return sizeOf(object) + Math.max(0, toCome);
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
