import type { TagChange } from '../imagestream/tag-change.ts';
import { oneLine, shortDigest } from './table.ts';

export { streamName, type TagChange, tagChange, tagChanges } from '../imagestream/tag-change.ts';

/** `10:01:22 demo/app:latest moved sha256:4f1c… → sha256:9a0e… (scheduled)`, in local time. */
export function changeLine(change: TagChange): string {
  const time = localTime(Date.parse(change.time));
  return `${oneLine(`${time} ${change.tag} ${change.change} ${whatChanged(change)} (${change.reason})`)}\n`;
}

/** `sha256:4f1c… → sha256:9a0e…`, or the one image, or the failure. */
export function whatChanged(change: TagChange): string {
  const [image, previous] = [change.image, change.previousImage].map(name => shortDigest(name ?? ''));
  return change.failure ?? (change.previousImage === undefined ? (image ?? '') : `${previous} → ${image}`);
}

/** `10:01:22` */
export function localTime(atMs: number): string {
  return new Date(atMs).toTimeString().slice(0, 8);
}
