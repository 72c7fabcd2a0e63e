import type { DueReason, DueTag } from '../../../src/imagestream/due.ts';
import { PRIORITY } from '../../../src/imagestream/due.ts';
import { LINUX_AMD64 } from '../../../src/imagestream/source.ts';

/** What is asked for a tag: `from` as the spec writes it. */
export function dueTag(tag: string, from = 'quay.io/acme/app:1', more: Partial<DueTag> = {}): DueTag {
  const reason: DueReason = 'scheduled';
  const request = { tag, from, importMode: 'Legacy', insecure: false, platform: LINUX_AMD64, asked: { from } } as const;
  return { tag, reason, priority: PRIORITY.scheduled, request, ...more };
}
