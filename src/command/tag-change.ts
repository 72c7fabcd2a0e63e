import type { TagChange } from '../imagestream/tag-change.ts';
import { oneLine, shortDigest } from './table.ts';

export { streamName, type TagChange, tagChange, tagChanges } from '../imagestream/tag-change.ts';

/** `10:01:22 demo/app:latest moved sha256:4f1c… → sha256:9a0e… (scheduled)`, in local time. */
export function changeLine(change: TagChange): string {
  const time = new Date(change.time).toTimeString().slice(0, 8);
  const [image, previous] = [change.image, change.previousImage].map(name => shortDigest(name ?? ''));
  const what = change.failure ?? (change.previousImage === undefined ? image : `${previous} → ${image}`);
  return `${oneLine(`${time} ${change.tag} ${change.change} ${what} (${change.reason})`)}\n`;
}
