import type { TagChange } from '../imagestream/tag-change.ts';

/** What a Kubernetes Event says. */
export interface EventNews {
  readonly type: 'Normal' | 'Warning';
  /** In one word, for machines. */
  readonly reason: string;
  /** What was being done. */
  readonly action: string;
  /** For people. */
  readonly note: string;
}

/** The Event for a change of a tag. */
export function newsOf(tag: string, change: TagChange): EventNews {
  const { image = '', previousImage = '', reason, failure = '' } = change;
  const action = 'Import';
  switch (change.change) {
    case 'imported':
      return { type: 'Normal', reason: 'TagImported', action, note: `Tag ${tag} is ${image} (${reason})` };
    case 'moved':
      return {
        type: 'Normal',
        reason: 'TagMoved',
        action,
        note: `Tag ${tag} moved from ${previousImage} to ${image} (${reason})`,
      };
    case 'healed':
      return {
        type: 'Normal',
        reason: 'TagHealed',
        action,
        note: `Tag ${tag} is imported again: ${image} (${reason})`,
      };
    case 'failed':
      return { type: 'Warning', reason: 'TagImportFailed', action, note: `Tag ${tag}: ${failure} (${reason})` };
  }
}
